"""`storyreel placeholders …`: libraries of loops."""

from pathlib import Path

import click

from cli.commands.options import FOLDER


@click.group(short_help="The loops that play from the first moment.")
def placeholders() -> None:
    """The loops that play from the first moment."""


_library = click.argument("folder", required=False, type=FOLDER)


@placeholders.command(short_help="Make the files that are missing or outdated.")
@_library
@click.option("--only", metavar="THEME", multiple=True, help="Only this theme; may be given several times.")
@click.option("--force", is_flag=True, help="Make all anew, also those that are there.")
@click.option("--yes", is_flag=True, help="Agree to what AI clips cost, instead of being asked.")
def build(folder: Path | None, only: tuple[str, ...], force: bool, yes: bool) -> None:
    """Make the files of a library of placeholders that are missing or outdated, in its folder `built`.

    FOLDER holds a placeholders.toml; without one it is the library that comes with Storyreel. Clips that the
    provider renders cost money: what is shown first, and nothing is spent until somebody agrees.
    """
    from cli.placeholders import build_placeholders  # noqa: PLC0415

    build_placeholders(folder, only=only, force=force, yes=yes)


@placeholders.command("list", short_help="Show what a library holds.")
@_library
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array, and nothing else.")
def list_(folder: Path | None, as_json: bool) -> None:
    """Show what a library of placeholders holds, and what of it is published where a deployment is set."""
    from cli.placeholders import list_placeholders  # noqa: PLC0415

    list_placeholders(folder, as_json=as_json)


@placeholders.command(short_help="Give a library to the deployment.")
@_library
def publish(folder: Path | None) -> None:
    """Upload a library of placeholders to the bucket and register it in the database.

    Doing it again changes nothing. Themes of other libraries stay as they are.
    """
    from cli.placeholders import publish_placeholders  # noqa: PLC0415

    publish_placeholders(folder)
