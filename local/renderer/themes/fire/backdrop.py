"""The sky that both fires of `fire` burn under: air, stars, two far ranges of hills. It knows no fire."""

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import even_ramp, linear, look_up
from local.renderer.painting.noise import sample
from local.renderer.painting.particles import Swarm
from local.renderer.scenery.sky import far_stars


def air(canvas: Canvas, colours: tuple[str, ...], *, horizon: float) -> tuple[Field, Field]:
    """Its light, `colours` from zenith to `horizon` (a fraction of the height), and how far down each pixel lies,
    0 at the top and 1 at the horizon.
    """
    height = np.broadcast_to(canvas.v / np.float32(horizon), (canvas.height, canvas.width))
    return look_up(even_ramp(colours), height), height


def stars(rng: np.random.Generator, count: int, *, horizon: float, bright: float) -> Swarm:
    """Stars down to the horizon, cold and few of them bright; `bright` 1 is a clear night."""
    tint = linear("dfe9ff")
    return far_stars(rng, count, horizon=horizon, radius=(0.0007, 0.0013), rare=5, light=tint, bright=2.2 * bright)


def hills(
    canvas: Canvas, picture: Field, soft: Field, *, horizon: float, ranges: tuple[tuple[float, Field], ...]
) -> None:
    """Lay ranges over the picture, in place, from the farthest: each so `tall` (short sides) and of such a tint.

    `soft` is a noise field.
    """
    level = canvas.place(0, horizon)[1]
    for line, (tall, tint) in enumerate(ranges):
        rise = 0.9 + 0.5 * sample(soft, canvas.x * 0.25 + np.float32(0.37 * line), np.zeros_like(canvas.x))
        edge = canvas.y - np.float32(level) + np.float32(tall) * np.maximum(rise, 0.1)
        picture += (tint - picture) * np.clip(edge * np.float32(canvas.short) + 0.5, 0, 1)
