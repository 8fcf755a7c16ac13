"""`storyreel limits`, `storyreel limits set`, `storyreel resume`: carries out what `cli.wording.limits` read."""

import asyncio
from collections.abc import Sequence

from cli.place import open_known_place
from cli.say import say, say_json
from cli.wording.limits import (
    OF_DEPLOYMENT,
    OF_PROVIDER,
    columns,
    limits_json,
    limits_lines,
    parse,
    resumed_lines,
)
from pipeline.errors import BadRequest
from storage.limits import AllLimits, PostgresLimits


class UnknownProvider(BadRequest):
    """No provider has that name, or which one is meant must be said; the message lists them."""

    code = "unknown_provider"


def show_limits(*, as_json: bool) -> None:
    """Print all of them."""

    async def read() -> AllLimits:
        async with open_known_place() as services:
            return await PostgresLimits(services.database).read()

    _print(asyncio.run(read()), as_json=as_json)


def set_limits(given: Sequence[str], *, provider: str | None, as_json: bool) -> None:
    """Set what is given and print all. Raises `click.UsageError` and `UnknownProvider`, and then sets nothing."""
    values = parse(given)
    of_provider = columns(values, OF_PROVIDER)

    async def change() -> AllLimits:
        async with open_known_place() as services:
            limits = PostgresLimits(services.database)
            name = await _one(limits, provider) if of_provider or provider else None
            return await limits.change(columns(values, OF_DEPLOYMENT), provider=name, of_provider=of_provider)

    _print(asyncio.run(change()), as_json=as_json)


def resume_providers(provider: str | None) -> None:
    """Go on with the provider, or with all, and say which were paused. Raises `UnknownProvider`."""

    async def resume() -> list[str]:
        async with open_known_place() as services:
            limits = PostgresLimits(services.database)
            name = None if provider is None else await _one(limits, provider)
            return resumed_lines(await limits.resume(name, now=services.clock()))

    say(*asyncio.run(resume()))


async def _one(limits: PostgresLimits, provider: str | None) -> str:
    """The provider of that name; without one, the only one that there is."""
    known = [found.name for found in (await limits.read()).providers]
    if provider in known:
        return provider
    if provider is None and len(known) == 1:
        return known[0]
    if provider is None:
        raise UnknownProvider(f"of which provider? --provider is one of {', '.join(known)}")
    raise UnknownProvider(f"there is no provider {provider[:40]!r}, but {', '.join(known)}")


def _print(found: AllLimits, *, as_json: bool) -> None:
    if as_json:
        say_json(limits_json(found))
    else:
        say(*limits_lines(found))
