"""Runs the `storyreel` command at a terminal, with a person at its other end."""

import os
import pty
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from tests.cli.running import COMMAND, environment


@contextmanager
def at_a_terminal(*arguments: str, settings: Mapping[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The command, and the end that the person sits at."""
    person, terminal = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        env=environment(settings),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    try:
        yield process, person
    finally:
        process.kill()
        process.wait()
        os.close(person)


def read_until(person: int, words: str) -> str:
    """What appears at the terminal, up to these words."""
    seen = ""
    while words not in seen:
        seen += os.read(person, 4096).decode(errors="replace")
    return seen


def interrupt(process: subprocess.Popen[bytes]) -> None:
    """Press Ctrl-C, again where the first came just before the program began to wait, until it ends."""
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
