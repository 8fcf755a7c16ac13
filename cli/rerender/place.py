"""Where a command works: on the deployment that the environment names, or else on this folder's own stack."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cli.options import STATE_FOLDER
from functions.services import Services, open_services
from functions.settings import from_environment, inherited, read
from local.sharing import use_stack
from local.stack import StackOptions

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
    async with (
        use_stack(Path(STATE_FOLDER), inherited(), StackOptions()) as info,
        open_services(read(info.settings, cores=1), connections=_CONNECTIONS) as services,
    ):
        yield services
