"""`storyreel rerender`: the third door. Asks for a further revision of a story's video."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import click

from functions.services import open_services
from functions.settings import Settings, from_environment
from pipeline.models import find_model
from pipeline.parameters import read_given
from storage.stories import Kind


@dataclass(frozen=True)
class Wish:
    """What the next revision shall be; `model` and `seed` None for the default ones."""

    new_take: bool
    seed: int | None
    model: str | None
    parameters: Mapping[str, object]

    @property
    def kind(self) -> Kind:
        """The door's word for it."""
        return "new_take" if self.new_take else "rerender"


def rerender_video(source_table: str, source_id: str, wish: Wish) -> int:
    """Ask, and say what was asked. Returns the exit code.

    Raises `BadSetting`, `UnknownTable`, `UnknownModel`, `BadParameters`.
    """
    seed = secrets.randbelow(2**31) if wish.new_take and wish.seed is None else wish.seed
    return asyncio.run(_rerender(from_environment(), source_table, source_id, wish, seed=seed))


async def _rerender(settings: Settings, source_table: str, source_id: str, wish: Wish, *, seed: int | None) -> int:
    async with open_services(settings, connections=1) as services:
        given = read_given(wish.parameters)
        services.generator.check(find_model(wish.model), given)
        if await services.stores.stories.request_of(
            source_table, source_id, kind=wish.kind, model=wish.model, seed=seed, parameters=given
        ):
            click.echo(f"asked for a further revision of {source_table} {source_id}")
            return 0
    click.echo(f"Error: {source_table} has no row {source_id!r}", err=True)
    return 2
