"""`storyreel rerender`: the third door. Asks for a further revision of a story's video."""

import asyncio
import secrets

import click

from functions.services import open_services
from functions.settings import Settings, from_environment
from storage.stories import Kind


def rerender_video(source_table: str, source_id: str, *, new_take: bool, seed: int | None) -> int:
    """Ask, and say what was asked. Returns the exit code. Raises `BadSetting`, `UnknownTable`."""
    chosen = secrets.randbelow(2**31) if new_take and seed is None else seed
    return asyncio.run(_rerender(from_environment(), source_table, source_id, new_take=new_take, seed=chosen))


async def _rerender(
    settings: Settings, source_table: str, source_id: str, *, new_take: bool, seed: int | None
) -> int:
    async with open_services(settings, connections=1) as services:
        kind: Kind = "new_take" if new_take else "rerender"
        stories = services.stores.stories
        if await stories.request_of(source_table, source_id, kind=kind, seed=seed):
            click.echo(f"asked for a further revision of {source_table} {source_id}")
            return 0
    click.echo(f"Error: {source_table} has no row {source_id!r}", err=True)
    return 2
