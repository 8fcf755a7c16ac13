"""One stack per folder, shared by all who need it at the same time: who starts it, who joins, when it ends.

Two locks: whoever holds `stack.lock` runs the stack and has written how to reach it into `stack.json`, and for
shells into `stack.env`; everybody who uses it shares `users.lock`, and the one who runs it waits for the others
before it ends. Both end with their process, however that ends. Those two files hold secrets, and nobody else may
read them. Starts nothing itself.
"""

import asyncio
import fcntl
import json
import os
import shlex
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO

from local.stack import StackInfo, StackOptions, start_stack
from pipeline.errors import BadSetting

SHELL_FILE = "stack.env"
"""What a shell reads to reach the running stack: `. .storyreel/stack.env`."""

_STACK_FILE = "stack.json"
_LOOK_SECONDS = 0.1


def _ignore() -> None:
    """Nobody wants to know."""


@asynccontextmanager
async def use_stack(
    folder: Path, environment: Mapping[str, str], options: StackOptions, *, waiting: Callable[[], None] = _ignore
) -> AsyncIterator[StackInfo]:
    """A stack to work with: the one that runs in this folder, or a new one that ends with the block.

    Whoever started it waits for all others to leave before it ends it, and says so by `waiting`. Raises as
    `start_stack` does, and `BadSetting` where the running one is not what `options` ask for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)  # as root, Postgres runs as somebody else below it
    with (folder / "users.lock").open("a") as users:
        while (owner := _try(folder / "stack.lock")) is None:
            fcntl.flock(users, fcntl.LOCK_SH)
            if (info := _read(folder / _STACK_FILE)) is not None:
                _require_same(info, options)
                yield info
                return
            fcntl.flock(users, fcntl.LOCK_UN)  # it is starting, or ending
            await asyncio.sleep(_LOOK_SECONDS)
        with owner:
            _unlink_both(folder)  # of one that was killed
            async with start_stack(folder, environment, options) as (info, _):
                with _announced(folder, info):
                    yield info
                await _until_alone(users, waiting)


def _try(file: Path) -> IO[str] | None:
    """The lock, held as long as the file is open; None where someone else holds it."""
    handle = file.open("a")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        return None
    return handle


def _read(file: Path) -> StackInfo | None:
    try:
        return StackInfo(**json.loads(file.read_text()))
    except FileNotFoundError:
        return None


def _require_same(info: StackInfo, options: StackOptions) -> None:
    port = int(info.url.rpartition(":")[2])
    if options.port not in {None, port}:
        raise BadSetting(f"a stack runs in this folder already, on port {port}; leave out --port, or end that one")
    if options.latency is not None:
        raise BadSetting("a stack runs in this folder already, with a latency of its own; leave out --latency")


async def _until_alone(users: IO[str], waiting: Callable[[], None]) -> None:
    told = False
    while True:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not told:
                waiting()
                told = True
            await asyncio.sleep(_LOOK_SECONDS)
        else:
            return


@contextmanager
def _announced(folder: Path, info: StackInfo) -> Iterator[None]:
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in info.settings.items())
    try:
        _write_secretly(folder / SHELL_FILE, exports)
        _write_secretly(folder / _STACK_FILE, json.dumps(asdict(info)))  # last: whoever finds it finds the other
        yield
    finally:
        _unlink_both(folder)


def _write_secretly(file: Path, text: str) -> None:
    """Seen whole or not at all, and by ourselves alone."""
    draft = file.with_name(f"{file.name}.draft")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.rename(file)


def _unlink_both(folder: Path) -> None:
    for name in (_STACK_FILE, SHELL_FILE):
        (folder / name).unlink(missing_ok=True)
