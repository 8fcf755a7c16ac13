"""Real processes of ours for the tests of crashes: workers and functions servers, with failpoints or without.

They are forked from one process that has everything imported, so that a start takes milliseconds. Their clock is
the test's: it stands still until the test tells another time. Only what is composed is special here; the steps,
the engine and the app are those of every deployment. This is what runs in them; `handles.py` is the test's side.
"""

import asyncio
import logging
import signal
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path

import uvicorn

from functions import jobs
from functions.app import create_app
from functions.drain import drain
from functions.jobs import run_worker
from functions.services import Media, Services, open_media, open_services
from functions.settings import Settings
from local.serving import Server, serve_until_cancelled
from pipeline.errors import StoryreelError
from tests.crashes.failpoints import Fuse, Point, arm_media, arm_services

_DRAIN = 60.0  # seconds; a drain ends when nothing is due
_GRACE = 0.1  # seconds, in place of a deployment's twenty, which a test would only wait out


@dataclass(frozen=True)
class Told:
    """What a process is told when it starts; what it leaves behind when it is killed lies in `folder`."""

    settings: Settings
    now: datetime
    folder: Path
    points: tuple[Point, ...] = ()


class StandingClock:
    """The time that was told last."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def drain_when_told(told: Told, line: Connection) -> None:
    """A worker without a loop of its own: at every time it is told, it runs all that is due, and reconciles.

    It answers with the errors that this brought.
    """

    async def work() -> None:
        errors = _Errors()
        logging.getLogger().addHandler(errors)
        clock = StandingClock(told.now)
        async with _armed(told, clock, line) as (services, media):
            line.send("ready")
            while (now := await asyncio.to_thread(line.recv)) is not None:
                clock.now = now
                try:
                    await drain(services, media, seconds=_DRAIN)
                except StoryreelError as error:
                    errors.seen.append(repr(error))
                line.send(errors.seen)
                errors.seen = []

    tempfile.tempdir = str(told.folder)
    asyncio.run(work())


def work_until_stopped(told: Told, line: Connection) -> None:
    """The worker of a deployment, which SIGTERM tells to stop."""

    async def work() -> None:
        jobs._GRACE = _GRACE
        async with _armed(told, StandingClock(told.now), line) as (services, media):
            worker = asyncio.create_task(run_worker(services, media))
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.cancel)
            line.send("ready")
            await asyncio.gather(worker, return_exceptions=True)

    tempfile.tempdir = str(told.folder)
    asyncio.run(work())


def serve(told: Told, line: Connection, listener: socket.socket) -> None:
    """The functions, on a socket that listens already."""

    @asynccontextmanager
    async def services() -> AsyncIterator[Services]:
        async with open_services(told.settings, connections=4) as opened:
            yield arm_services(replace(opened, clock=StandingClock(told.now)), _fuse(told, line))

    config = uvicorn.Config(create_app(services), ws="none", lifespan="on", log_config=None, access_log=False)
    server = Server(config, ready=lambda: line.send("ready"))
    asyncio.run(serve_until_cancelled(server, listener))


@asynccontextmanager
async def _armed(told: Told, clock: StandingClock, line: Connection) -> AsyncIterator[tuple[Services, Media]]:
    async with open_services(told.settings, connections=4) as services, open_media(services) as media:
        fuse = _fuse(told, line)
        timed = replace(services, clock=clock, jitter=lambda: 0.0)
        yield arm_services(timed, fuse), arm_media(media, fuse)


def _fuse(told: Told, line: Connection) -> Fuse:
    return Fuse(told.points, tell=line.send)  # into a pipe: the test reads it whatever becomes of this process


class _Errors(logging.Handler):
    """Errors that the engine caught, as text."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(self.format(record))
