"""The real Supabase command line, as tests run it: quiet, in a folder of the test's own, on databases over TCP."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.conftest import ROOT, program
from tests.hosts.forwarder import forwarding
from tests.hosts.standby import socket_of
from tests.supabase.hosted import OWNER, Project

# Neither reports nor looks for news of itself.
QUIET = {"SUPABASE_TELEMETRY_DISABLED": "1", "DO_NOT_TRACK": "1", "SUPABASE_NO_UPDATE_NOTIFIER": "1"}


class Checkout:
    """A project's folder. It begins with our config alone; what the command line keeps, it keeps there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.supabase = folder / "supabase"
        self.supabase.mkdir()
        shutil.copy(ROOT / "supabase" / "config.toml", self.supabase)

    async def run(self, *arguments: str, **variables: str) -> tuple[int | None, str]:
        """`supabase <arguments>`; its exit code and all it said."""
        process = await asyncio.create_subprocess_exec(
            program("supabase"), *arguments, "--yes",
            cwd=self.folder, env={"HOME": str(self.folder), **QUIET, **variables},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
        return process.returncode, said.decode()


@asynccontextmanager
async def reachable(project: Project) -> AsyncIterator[str]:
    """Its URL for the command line, which knows no sockets."""
    async with forwarding(socket_of(project.server)) as forwarder:
        yield f"postgresql://{OWNER}@127.0.0.1:{forwarder.port}/{project.name}"
