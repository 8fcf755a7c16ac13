"""`storyreel up`: runs the local stack until Ctrl-C and says how to reach it."""

import asyncio
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cli.options import STATE_FOLDER, seconds_range
from cli.processes import run_until_told
from cli.say import say
from functions.settings import inherited
from local.sharing import SHELL_FILE, use_stack
from local.stack import StackInfo, StackOptions


def run_stack(*, port: int | None, latency: str | None) -> None:
    """Run the stack until told to stop."""
    options = StackOptions(port, seconds_range(latency) if latency else None)

    async def run() -> None:
        async with use_stack(Path(STATE_FOLDER), inherited(), options, waiting=_say_waiting) as info:
            say(*_welcome(info))
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                say("stopping")

    run_until_told(run)


def _say_waiting() -> None:
    say("a `storyreel make` still uses it and may finish; Ctrl-C again ends it all the same")


def _welcome(info: StackInfo) -> list[str]:
    """No secret: what is on a screen is looked at and copied."""
    return [
        f"Storyreel runs at {info.url} (Ctrl-C ends it)",
        "",
        f"  functions  {info.url}/functions/v1/generate-video",
        f"  bucket     {info.url}/storage/v1/object/public/",
        f"  emulator   {info.emulator_url}",
        f"  database   {_without_password(info.owner_url)}",
        f"  logs       {STATE_FOLDER}/logs/",
        "",
        "For a worker or server of your own against it, its settings in a shell of yours:",
        f"  . {STATE_FOLDER}/{SHELL_FILE}",
    ]


def _without_password(url: str) -> str:
    """As libpq understands it: in a URL, a password may be written in many ways."""
    parts = conninfo_to_dict(url)
    return make_conninfo("", **{name: part for name, part in parts.items() if "password" not in name})
