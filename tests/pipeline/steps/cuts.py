"""Ways for a step to end before its time: a real port that breaks, hangs, or is where the plug is pulled.

Each delegates everything but one method to the port it stands before.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Literal, TypeVar, cast

When = Literal["before", "after"]
Port = TypeVar("Port")


class PulledPlug(Exception):
    """The process ended here."""


class Killed(BaseException):
    """The process was killed: nothing that catches errors comes to run any more."""


class _Cut:
    """A port of which one method breaks."""

    def __init__(self, port: object, method: str, when: When, error: BaseException) -> None:
        self._port, self._method, self._when, self._error = port, method, when, error

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._port, name)
        if name != self._method:
            return real

        async def end(*args: Any, **named: Any) -> None:
            if self._when == "after":
                await real(*args, **named)
            raise self._error

        return end


def cut(port: Port, method: str, when: When) -> Port:
    """The port, with the plug pulled right before or right after its method had its effect."""
    return cast("Port", _Cut(port, method, when, PulledPlug()))


def deadly(port: Port, method: str) -> Port:
    """The port, whose method kills the process right before it had any effect."""
    return cast("Port", _Cut(port, method, "before", Killed()))


def broken(port: Port, method: str, error: Exception) -> Port:
    """The port, one method of which does nothing but fail."""
    return cast("Port", _Cut(port, method, "before", error))


class _Stumbling:
    """A port of which one method fails a few times."""

    def __init__(self, port: object, method: str, errors: list[Exception]) -> None:
        self._port, self._method, self._errors = port, method, errors

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._port, name)
        if name != self._method:
            return real

        async def stumble(*args: Any, **named: Any) -> Any:
            if self._errors:
                raise self._errors.pop()
            return await real(*args, **named)

        return stumble


def stumbling(port: Port, method: str, errors: list[Exception]) -> Port:
    """The port, one method of which fails with each of the errors, last first, before it works."""
    return cast("Port", _Stumbling(port, method, errors))


class _Stuck:
    """A port of which one method never ends."""

    def __init__(self, port: object, method: str, reached: asyncio.Event) -> None:
        self._port, self._method, self._reached = port, method, reached

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._port, name)
        if name != self._method:
            return real

        async def hang(*_: Any, **__: Any) -> None:
            self._reached.set()
            await asyncio.Event().wait()

        return hang


def stuck(port: Port, method: str) -> tuple[Port, asyncio.Event]:
    """The port, one method of which hangs; the event tells that it was reached."""
    reached = asyncio.Event()
    return cast("Port", _Stuck(port, method, reached)), reached


async def until_cut(step: Coroutine[Any, Any, object]) -> None:
    """Run a step into its cut."""
    ended = False
    try:
        await step
        ended = True
    except* PulledPlug:
        pass
    assert not ended, "the step came to its end"
