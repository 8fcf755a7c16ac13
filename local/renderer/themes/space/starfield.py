"""Stars for the scenes of `space`: where they stand, how bright, in which tints. It moves nothing."""

import numpy as np

from local.renderer.painting.colour import linear
from local.renderer.painting.particles import Swarm

_STARLIGHT = ("9bb8ff", "c9d8ff", "f4f3ff", "fff1da", "ffd6a6", "ffb98a")


def stars(rng: np.random.Generator, count: int, radius: tuple[float, float], glare: float) -> Swarm:
    """Stars all over the frame and a margin around it; most are small and dim, a few large and bright."""
    size = rng.random(count) ** 4
    tints = np.array([linear(code) for code in _STARLIGHT])
    light = tints[rng.integers(len(tints), size=count)] * (glare * (0.12 + 0.88 * size))[:, None]
    return Swarm(
        u=rng.uniform(-0.1, 1.1, count).astype(np.float32),
        v=rng.uniform(-0.1, 1.1, count).astype(np.float32),
        radius=(radius[0] + (radius[1] - radius[0]) * size).astype(np.float32),
        light=light.astype(np.float32),
    )
