"""`storyreel init`: into a Supabase project."""

import sys
from pathlib import Path

import click

from cli.commands.options import FOLDER


@click.command(short_help="Put Storyreel into a Supabase project's folder.")
@click.argument("folder", type=FOLDER, default=".")
@click.option("--overwrite", is_flag=True, help="Replace files that were changed, instead of asking.")
def init(folder: Path, overwrite: bool) -> None:
    """Put Storyreel into the folder of a Supabase project, the one that holds supabase/config.toml.

    It writes the migrations (the engine's among them), the edge functions, their sections of config.toml and an
    .env.example with every setting. Doing it again changes nothing. A file that was changed is replaced only when
    somebody agrees; where nobody can be asked it stays, and the exit code is 1.
    """
    from cli.init.command import init_project  # noqa: PLC0415

    sys.exit(init_project(folder.resolve(), overwrite=overwrite))
