"""Runs the `storyreel` command as a stranger would: a process of its own, with no settings but those given.

A command that ends by itself is forked with its imports done, which are most of its work; `started` and `running`
start an interpreter, and each command is started so at least once.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from tests.cli.becoming import become
from tests.forked import forking

COMMAND = [sys.executable, "-m", "cli.main"]
_SECONDS = 60.0  # far more than any command takes


def environment(settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """Nothing of ours from the outside."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
    return {**kept, "COLUMNS": "100", **(settings or {})}


@dataclass(frozen=True)
class Ended:
    """How a command ended; `said` is what stands on its error output."""

    code: int
    out: str
    said: str


def storyreel(*arguments: str, settings: Mapping[str, str] | None = None, cwd: Path | None = None) -> Ended:
    """Run a command to its end. Settings of the interpreter's own, as its encoding, come too late for it."""
    with TemporaryDirectory() as folder:
        out, said = Path(folder, "out"), Path(folder, "said")
        told = (arguments, environment(settings), cwd or Path.cwd(), out, said)
        process = forking.Process(target=become, args=told, daemon=True)
        process.start()
        try:
            process.join(_SECONDS)
            assert process.exitcode is not None, f"storyreel {' '.join(arguments)} does not end"
        finally:
            process.kill()
            process.join()
        return Ended(process.exitcode, out.read_text(), said.read_text())


def started(*arguments: str, settings: Mapping[str, str] | None = None) -> Ended:
    """The same by an interpreter that has nothing imported yet."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        env=environment(settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_SECONDS,
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


def assert_sentence(ended: Ended, *words: str) -> None:
    """It failed as the command promises: exit code 2, a sentence with these words, no stack trace."""
    assert "Traceback" not in ended.said + ended.out
    assert ended.code == 2, ended
    for word in words:
        assert word in ended.said
    assert len(ended.said) < 1_000


@contextmanager
def running(
    *arguments: str,
    settings: Mapping[str, str],
    log: Path,
    stdin: int | None = subprocess.DEVNULL,
    cwd: Path | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A command that keeps running; killed at the end of the block if it still does."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*COMMAND, *arguments], env=environment(settings), stdin=stdin, stdout=output, stderr=output, cwd=cwd
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdin:
            process.stdin.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


def wait_until_served(url: str, process: subprocess.Popen[bytes]) -> httpx.Response:
    """The first answer at the address."""
    with httpx.Client(trust_env=False) as http:
        while process.poll() is None:
            try:
                return http.get(url)
            except httpx.TransportError:
                continue
    raise AssertionError(f"it ended with {process.returncode}")
