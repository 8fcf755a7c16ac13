# ruff: noqa: INP001 - a script of the repository's, run from its root, and no part of the application
"""Draws the pictures of this folder with the renderer: what the README shows, and every scene of every theme.

Run from the repository: `make pictures`. It takes about a minute; same renderer, same pictures.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from local.renderer import THEMES, frames

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


def main() -> None:
    """Write both."""
    for name, picture in (("clips", clips()), ("themes", themes())):
        Image.fromarray(picture).save(HERE / f"{name}.jpg", quality=QUALITY, optimize=True, progressive=True)


if __name__ == "__main__":
    main()
