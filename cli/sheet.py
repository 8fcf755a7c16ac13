"""`storyreel sheet`: all scenes of the renderer on one page."""

from collections.abc import Sequence
from pathlib import Path

import click

from cli.say import say
from local.renderer import THEMES, brief_for
from local.renderer import sheet as draw

MOST_PIXELS = 100_000_000
"""Of a whole sheet, which is held in memory: 300 MB."""


def draw_sheet(file: Path, *, themes: Sequence[str], seeds: int, size: str, text: str) -> None:
    """Write the PNG, and say what its rows show. Raises `click.ClickException`, all but disk errors at once."""
    chosen = _known(themes)
    width, height = _pixels(size)
    _check(file, pixels=width * height * seeds * sum(len(THEMES[theme].variants) for theme in chosen))
    try:
        rows = draw(
            file,
            themes=chosen,
            seeds=range(1, seeds + 1),
            width=width,
            height=height,
            brief=brief_for(text),
        )
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--size") from error
    except OSError as error:
        raise click.FileError(str(file), error.strerror) from error
    say(*(f"row {number}: {scene}" for number, scene in enumerate(rows, start=1)))
    say(f"{file} shows them with seeds 1 to {seeds}")


def _known(themes: Sequence[str]) -> list[str]:
    unknown = ", ".join(sorted(set(themes) - set(THEMES)))
    if unknown:
        raise click.BadParameter(f"there is no {unknown}, but {', '.join(THEMES)}", param_hint="--theme")
    return list(dict.fromkeys(themes)) or list(THEMES)


def _pixels(size: str) -> tuple[int, int]:
    width, _, height = size.partition("x")
    try:
        return int(width), int(height)
    except ValueError as error:
        raise click.BadParameter(f"{size!r} is no size in pixels, like 256x256", param_hint="--size") from error


def _check(file: Path, *, pixels: int) -> None:
    """What would otherwise be found out only after all is drawn."""
    if file.suffix.lower() != ".png":
        raise click.BadParameter(f"{file} is to be a PNG, so its name ends in .png", param_hint="FILE")
    if not file.parent.is_dir():
        raise click.BadParameter(f"there is no folder {file.parent}", param_hint="FILE")
    if pixels > MOST_PIXELS:
        raise click.BadParameter(
            f"the sheet would have {pixels // 1_000_000} megapixels, and {MOST_PIXELS // 1_000_000} is the most;"
            " take fewer themes or seeds, or a smaller size",
            param_hint="--size",
        )
