"""A deployment without a worker of its own: emulator and functions. Tests start workers where they want them."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from local.children import Child, Children
from local.sockets import listen
from local.stack import StackInfo
from tests.end_to_end.conftest import HASTE, Stack

_OURS = ("SUPABASE_", "STORYREEL_", "FAL_")
_FOREIGN = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
_COMMAND = [sys.executable, "-m", "cli.main"]
_LISTENERS = """
    select pid, backend_start from pg_stat_activity where query like 'LISTEN %%' and datname = current_database()
"""


@asynccontextmanager
async def deployed(
    folder: Path, *, owner_url: str, worker_url: str, host: str = "127.0.0.1"
) -> AsyncIterator[Stack]:
    """Emulator and functions on the host's address, with their bucket in the folder."""
    with listen(0, exact=True, host=host) as gateway, listen(0, exact=True, host=host) as emulator:
        url, emulator_url = (f"http://{host}:{bound.getsockname()[1]}" for bound in (gateway, emulator))
        settings = {
            "SUPABASE_URL": url,
            "SUPABASE_DB_URL": worker_url,
            "SUPABASE_SECRET_KEY": "sb_secret_for_tests_only_0123456789",
            "STORYREEL_BUCKET_FOLDER": str(folder / "bucket"),
            "STORYREEL_FAL_QUEUE_URL": emulator_url,
            "STORYREEL_PREVIEWS": "off",
            "FAL_KEY": "id:secret",
            **HASTE,
        }
        info = StackInfo(url, owner_url, emulator_url, str(folder / "bucket"), settings)
        children = [
            _child("emulator", emulator, settings, folder, "--latency=0.3-0.3"),
            _child("serve", gateway, settings, folder),
        ]
        async with Children(children) as running:
            await _until_ready(url)
            yield Stack(folder, info, running)


def _child(command: str, bound: socket.socket, settings: Mapping[str, str], folder: Path, *options: str) -> Child:
    return Child(
        name=command,
        argv=[*_COMMAND, "--end-with-parent", command, "--fd", str(bound.fileno()), *options],
        environment={**_FOREIGN, **settings},
        log=folder / f"{command}.log",
        inherited=(bound.fileno(),),
    )


async def _until_ready(url: str) -> None:
    async with asyncio.timeout(60), httpx.AsyncClient(trust_env=False) as http:
        while True:
            try:
                if (await http.get(f"{url}/functions/v1/health")).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)


@dataclass(frozen=True)
class Worker:
    """A running worker and what it says."""

    process: asyncio.subprocess.Process
    log: Path

    async def until_it_says(self, words: str, *, times: int = 1) -> None:
        """Wait for the words in its log, so many times; it must still be running then."""
        async with asyncio.timeout(90):
            while self.log.read_text().count(words) < times:
                assert self.process.returncode is None, self.log.read_text()
                await asyncio.sleep(0.05)


@asynccontextmanager
async def worker(stack: Stack, name: str, *, inside: Sequence[str] = (), **settings: str) -> AsyncIterator[Worker]:
    """A worker with these settings over the deployment's, started by `inside`. Killed with the block."""
    log = stack.folder / f"{name}.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *inside,
            *_COMMAND,
            "worker",
            env={**_FOREIGN, **stack.info.settings, **settings},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield Worker(process, log)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def listeners(stack: Stack) -> frozenset[tuple[object, ...]]:
    """The database's sessions that wait for notifications; one that has waited for half a minute is left out."""
    return frozenset(await stack.ask(_LISTENERS))


async def until_heard(stack: Stack, *, besides: frozenset[tuple[object, ...]] = frozenset()) -> None:
    """Until a worker listens on a session that is not among those."""
    async with asyncio.timeout(60):
        while not await listeners(stack) - besides:
            await asyncio.sleep(0.05)
