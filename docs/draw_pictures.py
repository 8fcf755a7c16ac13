# ruff: noqa: INP001 - a script of the repository's, run from its root, and no part of the application
"""Draws the pictures of this folder: what the README shows, every scene of every theme, and all placeholders.

Run from the repository: `make pictures`. It takes about a minute; same renderer and library, same pictures.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from local.library.description import SCENES, SHIPPED, DrawnClip, read_library
from local.library.loops import Loop, loops
from local.library.shelf import Shelf
from local.renderer import THEMES, frames
from pipeline.boxes import Shape
from pipeline.ffmpeg.transcoder import FfmpegTranscoder

HERE = Path(__file__).parent
QUALITY = 88

CLIPS = (
    (("nature/seasons", 3), ("space/low_orbit", 2), ("ocean/reef", 3), ("forest/mist", 1)),
    (("city/rooftops", 8), ("fire/campfire", 3), ("aurora/valley", 3), ("mountains/summit", 7)),
    (("rain/pond", 3), ("desert/dunes", 4), ("abstract/ribbons", 2), ("dream/islands", 3)),
)
"""Scene and seed of each clip in the README, row by row."""

SEEDS = (1, 2, 3, 4)
"""Of the sheet: four pictures of each scene, two scenes of a theme side by side."""

HEIGHT, LABEL = 150, 16
"""Of a placeholder on its sheet and of the line under it, in pixels."""


def still(scene: str, seed: int, *, width: int, height: int) -> NDArray[np.uint8]:
    """The first frame of a scene, written `theme/variant`."""
    theme, variant = scene.split("/")
    return next(frames(theme, variant=variant, seed=seed, width=width, height=height, count=1))


def clips() -> NDArray[np.uint8]:
    """One of each theme, lying."""
    rows = [np.hstack([still(*clip, width=400, height=226) for clip in row]) for row in CLIPS]
    return np.vstack(rows)


def themes() -> NDArray[np.uint8]:
    """A row per theme."""
    rows = [
        np.hstack(
            [
                still(f"{theme.name}/{variant}", seed, width=192, height=192)
                for variant in theme.variants
                for seed in SEEDS
            ]
        )
        for theme in THEMES.values()
    ]
    return np.vstack(rows)


def placeholders() -> NDArray[np.uint8]:
    """The poster of every loop that comes with Storyreel, a row per theme, with its scene, seed and kilobytes."""
    library, shelf = read_library(SHIPPED), Shelf(SHIPPED)
    every = sorted(
        loops(library, recipe=FfmpegTranscoder.recipe),
        key=lambda loop: (list(SCENES).index(loop.label), list(Shape).index(loop.shape or Shape.SQUARE)),
    )
    rows = [
        np.hstack([labelled(shelf, loop) for loop in every if loop.theme == theme.name])
        for theme in library.themes
    ]
    return np.vstack(rows)


def labelled(shelf: Shelf, loop: Loop) -> NDArray[np.uint8]:
    """A poster with a line under it."""
    built = shelf.find(loop.theme, loop.digest)
    assert built is not None, "build it first: storyreel placeholders build"
    with Image.open(shelf.file(built.poster)) as poster:
        width = round(HEIGHT * poster.width / poster.height)
        tile = Image.new("RGB", (width, HEIGHT + LABEL))
        tile.paste(poster.resize((width, HEIGHT)))
    seed = loop.clip.seed if isinstance(loop.clip, DrawnClip) else ""
    line = f"{loop.label} {seed}  {built.video.bytes / 1000:.0f} KB"
    ImageDraw.Draw(tile).text((3, HEIGHT + 2), line, fill=(220, 220, 220))
    return np.asarray(tile)


def main() -> None:
    """Write all."""
    for name, picture in (("clips", clips()), ("themes", themes()), ("placeholders", placeholders())):
        Image.fromarray(picture).save(HERE / f"{name}.jpg", quality=QUALITY, optimize=True, progressive=True)


if __name__ == "__main__":
    main()
