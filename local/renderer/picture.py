"""From a theme and a seed to frames: checks, seeds the scene, develops its light. Writes no file."""

import hashlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from local.renderer.brief import Brief, brief_for
from local.renderer.canvas import Canvas
from local.renderer.catalogue import THEMES, theme_for, variant_for
from local.renderer.painting.colour import develop, grain
from local.renderer.theme import Painter, Scene, Theme

SMALLEST = 64  # pixels along a side
LARGEST = 1280
MOST_FRAMES = 600


def frames(
    theme: str,
    *,
    seed: int,
    width: int,
    height: int,
    count: int,
    variant: str | None = None,
    brief: Brief = Brief(),  # noqa: B008 - frozen, so sharing it is safe
) -> Iterator[NDArray[np.uint8]]:
    """The `count` frames of one loop, each (height, width, 3) RGB; one more would equal the first.

    Same arguments, same bytes. One theme and seed show the same scene at every size; `variant` None leaves its
    choice to the seed. Raises ValueError at once for an unknown theme or variant, a side that is odd or outside
    64 to 1280, or a count outside 1 to 600.
    """
    if theme not in THEMES:
        raise ValueError(f"there is no theme {theme!r}; themes: {', '.join(THEMES)}")
    for name, side in (("width", width), ("height", height)):
        if side % 2 or not SMALLEST <= side <= LARGEST:
            raise ValueError(f"{name} must be even and from {SMALLEST} to {LARGEST} pixels, not {side}")
    if not 1 <= count <= MOST_FRAMES:
        raise ValueError(f"a clip has 1 to {MOST_FRAMES} frames, not {count}")
    canvas = Canvas(width, height)
    rng = np.random.default_rng(_digest(f"{theme}\n{seed}"))
    # drawn even where it is given, so that naming the variant a seed has does not change its scene
    by_chance = int(rng.integers(len(THEMES[theme].variants)))
    scene = _scene(THEMES[theme], variant, by_chance)
    return _developed(scene(canvas, rng, brief), canvas, count)


def frames_for(
    text: str, *, seed: int, width: int, height: int, count: int, theme: str | None, variant: str | None
) -> Iterator[NDArray[np.uint8]]:
    """The frames that a text calls for: its scene, in its mood, with a seed from text and `seed`.

    `theme` None means the one the text calls for, `variant` None the one the text leans to, or else the seed.
    Raises what `frames` raises.
    """
    chosen = theme_for(text) if theme is None else theme
    return frames(
        chosen,
        seed=seed_for(text, seed),
        width=width,
        height=height,
        count=count,
        variant=variant or variant_for(chosen, text),
        brief=brief_for(text),
    )


def seed_for(text: str, seed: int) -> int:
    """One seed from a text and a seed, so that a change of either changes the scene."""
    return _digest(f"{seed}\n{text}")


def _scene(theme: Theme, variant: str | None, by_chance: int) -> Scene:
    if variant is None:
        return list(theme.variants.values())[by_chance]
    if variant not in theme.variants:
        raise ValueError(f"{theme.name} has no variant {variant!r}; variants: {', '.join(theme.variants)}")
    return theme.variants[variant]


def _developed(paint: Painter, canvas: Canvas, count: int) -> Iterator[NDArray[np.uint8]]:
    dither = grain(canvas.height, canvas.width)
    for index in range(count):
        yield develop(paint(index / count), dither)


def _digest(text: str) -> int:
    # Text from a database may hold lone surrogates; they are as good a seed as any.
    return int.from_bytes(hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:8])
