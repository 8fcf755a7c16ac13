"""A contact sheet of the themes, for people to look at. It draws nothing itself."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from local.renderer.brief import Brief
from local.renderer.catalogue import THEMES
from local.renderer.picture import frames
from local.renderer.still import png


def sheet(
    file: Path,
    *,
    themes: Sequence[str],
    seeds: Sequence[int],
    width: int,
    height: int,
    brief: Brief = Brief(),  # noqa: B008 - frozen, so sharing it is safe
) -> list[str]:
    """Write a PNG with a row per theme and variant and a column per seed: each the first frame, of this size.

    Returns what the rows show, as `theme/variant`, from the top. Raises what `picture.frames` raises.
    """
    scenes = [(theme, variant) for theme in themes for variant in THEMES[theme].variants]
    rows = [
        np.hstack(
            [
                next(frames(theme, seed=seed, width=width, height=height, count=1, variant=variant, brief=brief))
                for seed in seeds
            ]
        )
        for theme, variant in scenes
    ]
    file.write_bytes(png(np.vstack(rows)))
    return [f"{theme}/{variant}" for theme, variant in scenes]
