"""Options that several commands have."""

from pathlib import Path

import click

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)

MODEL = click.option("--model", help="A name that `storyreel models` lists, or the id of a fal endpoint.")
PARAM = click.option(
    "--param", "params", multiple=True, metavar="NAME=VALUE", help="What to ask of the model, e.g. duration=5."
)
PORT = click.option(
    "--port", type=click.IntRange(1, 65535), help="Port of the local server (default: 54321 or next free)."
)
LATENCY = click.option("--latency", help="How long the emulator takes, in seconds: 2 or 2-4.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object, and nothing else.")
