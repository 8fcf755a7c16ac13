"""`storyreel make|models|sheet`: one video, and what there is to make it of."""

import sys
from pathlib import Path

import click

from cli.commands.options import JSON, LATENCY, MODEL, PARAM, PORT


@click.command()
@click.argument("text")
@MODEL
@PARAM
@JSON
@PORT
@LATENCY
def make(
    text: str, model: str | None, params: tuple[str, ...], as_json: bool, port: int | None, latency: str | None
) -> None:
    """Make one video of TEXT and show how it went.

    Inserts a story row as an app would, and watches its video. Uses the stack that `storyreel up` runs, or
    starts one for the purpose.
    """
    from cli.make import Story, make_video  # noqa: PLC0415
    from cli.options import parameters  # noqa: PLC0415

    story = Story(text, model, parameters(params))
    sys.exit(make_video(story, as_json=as_json, port=port, latency=latency))


@click.command(short_help="List the models: what they make, and what they cost.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array, and nothing else.")
def models(as_json: bool) -> None:
    """List the models that --model knows: what each makes, its price with its date, and what nobody confirms.

    The id of any other fal endpoint is a model, too.
    """
    from cli.models import list_models  # noqa: PLC0415

    list_models(as_json=as_json)


@click.command(short_help="Draw a contact sheet of the renderer's themes.")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--theme", "themes", multiple=True, help="Only this theme; may be given several times.")
@click.option("--seeds", type=click.IntRange(1, 24), default=4, show_default=True, help="Columns.")
@click.option("--size", default="256x256", show_default=True, help="Of one picture, in pixels.")
@click.option("--text", default="", help="What the pictures shall listen to: night, storm, autumn, gold…")
def sheet(file: Path, themes: tuple[str, ...], seeds: int, size: str, text: str) -> None:
    """Draw a contact sheet of the renderer's themes as a PNG: a row per scene, a column per seed."""
    from cli.sheet import draw_sheet  # noqa: PLC0415

    draw_sheet(file, themes=themes, seeds=seeds, size=size, text=text)
