"""Small lights for the scenes of `dream`: lanterns that rise, and stars. It adds none to a picture."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from local.renderer.canvas import Field
from local.renderer.painting.colour import linear
from local.renderer.painting.particles import Swarm, fade


@dataclass(frozen=True)
class Lights:
    """Lights that rise through one life per loop; `birth` is each one's phase, `climb` in fractions."""

    swarm: Swarm
    birth: Field
    climb: Field

    @classmethod
    def lit(
        cls,
        rng: np.random.Generator,
        count: int,
        colour: Field,
        *,
        radius: tuple[float, float],
        span: tuple[float, float],
        energy: float,
    ) -> Self:
        """Lights between two heights of the frame (`span`) and two sizes; `colour` (3,) is the brightest."""
        size = rng.random(count) ** 2
        light = colour * (0.5 + 0.5 * rng.random((count, 1)))
        return cls(
            swarm=Swarm(
                u=rng.random(count).astype(np.float32),
                v=rng.uniform(*span, count).astype(np.float32),
                radius=(radius[0] + (radius[1] - radius[0]) * size).astype(np.float32),
                light=light.astype(np.float32),
            ),
            birth=rng.random(count).astype(np.float32),
            climb=(energy * (0.03 + 0.05 * size)).astype(np.float32),
        )

    def at(self, phase: float) -> Swarm:
        """Where they are and how bright."""
        life = (self.birth + np.float32(phase)) % 1
        side = 0.006 * np.sin(2 * np.pi * (life + self.birth * 7))
        rising = replace(self.swarm, u=self.swarm.u + side, v=self.swarm.v - self.climb * (life - 0.5))
        return rising.dimmed(fade(life))


def stars(rng: np.random.Generator, count: int, tint: str) -> Swarm:
    """Stars over the upper half of the frame, dimmer towards its middle."""
    high = rng.random(count)
    return Swarm(
        u=rng.random(count).astype(np.float32),
        v=(0.5 * high).astype(np.float32),
        radius=np.full(count, 0.0012, np.float32),
        light=(((1 - high) * rng.random(count) ** 2)[:, None] * linear(tint) * 1.5).astype(np.float32),
    )
