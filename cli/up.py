"""`storyreel up`: runs the local stack until Ctrl-C and says how to reach it."""

import asyncio
from pathlib import Path

import click

from cli.options import STATE_FOLDER, seconds_range
from cli.processes import run_until_told
from functions.settings import inherited
from local.sockets import PortTakenError
from local.stack import StackInfo, StackOptions, settings_of, use_stack


def run_stack(*, port: int | None, latency: str | None) -> None:
    """Run the stack until told to stop."""
    options = StackOptions(port, seconds_range(latency) if latency else None)

    async def run() -> None:
        async with use_stack(Path(STATE_FOLDER), inherited(), options) as info:
            click.echo(_welcome(info))
            await asyncio.Event().wait()

    try:
        run_until_told(run)
    except PortTakenError as error:
        raise click.ClickException(str(error)) from error


def _welcome(info: StackInfo) -> str:
    settings = "\n".join(f"  export {name}='{value}'" for name, value in settings_of(info).items())
    return (
        f"Storyreel runs at {info.url} (Ctrl-C ends it)\n\n"
        f"  functions  {info.url}/functions/v1/generate-video\n"
        f"  bucket     {info.url}/storage/v1/object/public/\n"
        f"  emulator   {info.emulator_url}\n"
        f"  database   {info.owner_url}\n"
        f"  logs       {STATE_FOLDER}/logs/\n\n"
        f"For a worker or server of your own against it:\n{settings}"
    )
