"""Points at which a process of a test ends: right before, inside or right after one call of one port's method.

Everything that a step does to the world goes through a port, so that no line of ours has to know of this: the
ports are armed where they are composed, in a process of the test's own. Decides nothing about what is to follow.
"""

import asyncio
import inspect
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeVar, cast, get_args

from functions.services import Media, Services
from pipeline.ports import Bucket, ClipSource, Generator, Moderator, Transcoder
from pipeline.stores import Plans, Renders, Sweep, Takes
from storage.database import Database, Transaction

Moment = Literal["before", "inside", "after", "hang", "freeze"]
Port = TypeVar("Port")

PORTS: Mapping[str, type] = {
    "plans": Plans,
    "renders": Renders,
    "takes": Takes,
    "sweep": Sweep,
    "generator": Generator,
    "source": ClipSource,
    "moderator": Moderator,
    "bucket": Bucket,
    "transcoder": Transcoder,
}
"""By the name that each has in `Services`, its stores, or `Media`."""

METHODS = frozenset(
    f"{name}.{method}"
    for name, port in PORTS.items()
    for method, _ in inspect.getmembers(port, inspect.iscoroutinefunction)
    if not method.startswith("_")
)
"""Every `port.method` that may do anything to the world: what only computes is no coroutine."""


@dataclass(frozen=True)
class Point:
    """The nth time, counted from 1 in one process, that the method comes to the moment.

    `inside` is right after a statement of the method's transaction, of which each counts; at `hang` the method
    does nothing, and for ever; at `freeze`, before it, the whole process does nothing until it is thawed. With
    `about`, only calls count in whose arguments that text stands.
    """

    method: str
    moment: Moment
    nth: int = 1
    about: str = ""

    def __str__(self) -> str:
        return f"{self.method}:{self.moment}" + (f":{self.nth}" if self.nth > 1 else "")


def point(text: str, *, about: str = "") -> Point:
    """Read `port.method:moment` or `port.method:moment:nth`."""
    method, moment, *nth = text.split(":")
    assert method in METHODS, f"no port has {method}"
    assert moment in get_args(Moment), f"nothing is {moment}"
    return Point(method, cast("Moment", moment), int(*nth) if nth else 1, about)


class Fuse:
    """Ends the process at whichever of the points comes first, having told which."""

    def __init__(self, points: Sequence[Point], tell: Callable[[Point], None]) -> None:
        """What `tell` says must be out of this process when it returns."""
        self._points = points
        self._tell = tell
        self._reached: Counter[Point] = Counter()

    async def reach(self, method: str, moment: Moment, arguments: str) -> None:
        """The method came to that moment."""
        for at in self._points:
            if (at.method, at.moment) != (method, moment) or at.about not in arguments:
                continue
            self._reached[at] += 1
            if self._reached[at] != at.nth:
                continue
            self._tell(at)
            if moment == "hang":
                await asyncio.Event().wait()
            os.kill(os.getpid(), signal.SIGSTOP if moment == "freeze" else signal.SIGKILL)


def arm_services(services: Services, fuse: Fuse) -> Services:
    """The services with a fuse at every method of every port; the stores' also between statements."""
    watched = cast("Database", _WatchedDatabase(services.database, fuse))
    stores = {
        field.name: _armed(field.name, type(getattr(services.stores, field.name))(watched), fuse)
        for field in fields(services.stores)
        if field.name in PORTS
    }
    return replace(
        services,
        stores=replace(services.stores, **stores),
        generator=_armed("generator", services.generator, fuse),
        source=_armed("source", services.source, fuse),
        moderator=_armed("moderator", services.moderator, fuse),
    )


def arm_media(media: Media, fuse: Fuse) -> Media:
    """Likewise."""
    return Media(_armed("bucket", media.bucket, fuse), _armed("transcoder", media.transcoder, fuse))


_running: ContextVar[tuple[str, str]] = ContextVar("_running")
"""The method of a store that runs, and its arguments."""


class _ArmedPort:
    """A port of which every call passes by the fuse."""

    def __init__(self, name: str, port: object, fuse: Fuse) -> None:
        self._name, self._port, self._fuse = name, port, fuse

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._port, name)
        method = f"{self._name}.{name}"
        if method not in METHODS:
            return real

        async def call(*given: Any, **named: Any) -> Any:
            arguments = repr((given, named))
            _running.set((method, arguments))
            await self._fuse.reach(method, "before", arguments)
            await self._fuse.reach(method, "hang", arguments)
            await self._fuse.reach(method, "freeze", arguments)
            answer = await real(*given, **named)
            await self._fuse.reach(method, "after", arguments)
            return answer

        return call


def _armed(name: str, port: Port, fuse: Fuse) -> Port:
    return cast("Port", _ArmedPort(name, port, fuse))


class _WatchedDatabase:
    """A database whose transactions pass by the fuse after each statement."""

    def __init__(self, database: Database, fuse: Fuse) -> None:
        self._database, self._fuse = database, fuse

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with self._database.transaction() as tx:
            yield cast("Transaction", _WatchedTransaction(tx, self._fuse))


class _WatchedTransaction:
    """Its `all`, `one` and `run`, each of which runs one statement."""

    def __init__(self, tx: Transaction, fuse: Fuse) -> None:
        self._tx, self._fuse = tx, fuse

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._tx, name)

        async def run(*given: Any) -> Any:
            answer = await real(*given)
            method, arguments = _running.get()
            await self._fuse.reach(method, "inside", arguments)
            return answer

        return run
