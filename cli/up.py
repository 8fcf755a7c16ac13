"""`storyreel up`: runs the local stack until Ctrl-C and says how to reach it."""

import asyncio
import shlex
from pathlib import Path

import click
from psycopg.conninfo import conninfo_to_dict

from cli.options import STATE_FOLDER, seconds_range
from cli.processes import run_until_told
from functions.settings import inherited
from local.sharing import use_stack
from local.stack import StackInfo, StackOptions


def run_stack(*, port: int | None, latency: str | None) -> None:
    """Run the stack until told to stop."""
    options = StackOptions(port, seconds_range(latency) if latency else None)

    async def run() -> None:
        async with use_stack(Path(STATE_FOLDER), inherited(), options, waiting=_say_waiting) as info:
            click.echo(_welcome(info))
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                click.echo("stopping")

    run_until_told(run)


def _say_waiting() -> None:
    click.echo("a `storyreel make` still uses it and may finish; Ctrl-C again ends it all the same")


def _welcome(info: StackInfo) -> str:
    settings = "\n".join(f"  export {name}={shlex.quote(value)}" for name, value in info.settings.items())
    return (
        f"Storyreel runs at {info.url} (Ctrl-C ends it)\n\n"
        f"  functions  {info.url}/functions/v1/generate-video\n"
        f"  bucket     {info.url}/storage/v1/object/public/\n"
        f"  emulator   {info.emulator_url}\n"
        f"  database   {_without_password(info.owner_url)}\n"
        f"  logs       {STATE_FOLDER}/logs/\n\n"
        f"For a worker or server of your own against it:\n{settings}"
    )


def _without_password(url: str) -> str:
    password = conninfo_to_dict(url).get("password")
    return url.replace(str(password), "…") if password else url
