"""`storyreel placeholders publish`: gives a deployment the loops that its videos begin with."""

import asyncio

import click

from functions.services import open_media, open_services
from functions.settings import Settings, from_environment
from local.placeholders import publish_missing


def publish_placeholders() -> None:
    """Publish what is missing, and say what was. Raises `BadSetting`, `BucketError`, `StoreUnavailable`."""
    published = asyncio.run(_publish(from_environment()))
    for theme in published:
        click.echo(f"published  {theme}")
    if not published:
        click.echo("every theme has its placeholder")


async def _publish(settings: Settings) -> list[str]:
    async with open_services(settings, connections=1) as services, open_media(services) as media:
        return await publish_missing(settings.database.url, media.bucket, media.transcoder)
