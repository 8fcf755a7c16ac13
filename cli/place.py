"""Where a command works: on the deployment that the environment names, or else on this folder's own stack."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cli.options import STATE_FOLDER
from functions.services import Services, open_services
from functions.settings import from_environment, inherited, read
from pipeline.errors import BadSetting

_CONNECTIONS = 2
_DEPLOYMENT = ("SUPABASE_URL", "SUPABASE_SECRET_KEY", "SUPABASE_SERVICE_ROLE_KEY")
"""Where one of these is set, a deployment is meant; what else it lacks is then told."""


def is_deployment() -> bool:
    """Whether commands work on a deployment, whose workers run on when a command ends."""
    environment = inherited()
    return any(environment.get(name, "").strip() for name in _DEPLOYMENT)


@asynccontextmanager
async def open_place() -> AsyncIterator[Services]:
    """The deployment; without one, the stack that `storyreel up` runs here, or one that ends with the block.

    Raises `BadSetting`, `StoreUnavailable`, and as `local.sharing.use_stack` does.
    """
    if is_deployment():
        async with open_services(from_environment(), connections=_CONNECTIONS) as services:
            yield services
        return
    # A third of a second, renderer and all, that who works on a deployment need not wait for.
    from local.sharing import use_stack  # noqa: PLC0415 - see above
    from local.stack import StackOptions  # noqa: PLC0415 - see above

    async with (
        use_stack(Path(STATE_FOLDER), inherited(), StackOptions()) as info,
        open_services(read(info.settings, cores=os.cpu_count() or 1), connections=_CONNECTIONS) as services,
    ):
        yield services


@asynccontextmanager
async def open_known_place() -> AsyncIterator[Services]:
    """The same, for whoever only looks or sets: in a folder where nothing ever ran, nothing is made.

    Raises as `open_place` does.
    """
    if not is_deployment() and not Path(STATE_FOLDER, "stack.lock").exists():
        raise BadSetting(
            "there is nothing to look at: SUPABASE_URL is not set, and no stack has run in this folder "
            "(`storyreel up` starts one)"
        )
    async with open_place() as services:
        yield services
