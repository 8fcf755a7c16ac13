"""What drifts in the water: specks that catch the light, bubbles that rise. It paints neither."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from local.renderer.canvas import Field
from local.renderer.painting.particles import Swarm, fade


@dataclass(frozen=True)
class Motes:
    """Specks that circle once a loop about their places; `reach` (fractions of the frame) and `start` (2, n)."""

    resting: Swarm
    reach: Field
    start: Field

    @classmethod
    def adrift(cls, rng: np.random.Generator, count: int, light: Field, *, stir: float) -> Self:
        """Specks all over the frame, most of them small."""
        size = rng.random(count) ** 3
        resting = Swarm(
            u=rng.random(count),
            v=rng.random(count),
            radius=0.0009 + 0.0035 * size,
            light=light * (0.25 + 0.75 * rng.random((count, 1))),
        )
        return cls(resting, stir * rng.uniform(0.006, 0.02, (2, count)), rng.random((2, count)))

    def at(self, phase: float) -> Swarm:
        """Where they are."""
        across, down = self.reach * np.sin(2 * np.pi * (self.start + phase))
        return replace(self.resting, u=self.resting.u + across, v=self.resting.v + down)


@dataclass(frozen=True)
class Bubbles:
    """Bubbles that rise through one life a loop by `climb` of the frame; `birth` is each one's phase."""

    swarm: Swarm
    birth: Field
    climb: Field

    @classmethod
    def rising(cls, rng: np.random.Generator, count: int, light: Field, *, pace: float) -> Self:
        """Bubbles in three strings that leave the reef."""
        string = rng.integers(3, size=count)
        swarm = Swarm(
            u=rng.uniform(0.1, 0.9, 3)[string] + rng.normal(0, 0.008, count),
            v=rng.uniform(0.3, 0.8, count),
            radius=0.0025 + 0.0045 * rng.random(count) ** 2,
            light=np.tile(light, (count, 1)),
        )
        return cls(swarm, rng.random(count), pace * rng.uniform(0.2, 0.4, count))

    def at(self, phase: float) -> Swarm:
        """Where they are; each appears and is lost unseen."""
        life = (self.birth + phase) % 1
        side = 0.006 * np.sin(2 * np.pi * (2 * life + self.birth * 7))
        rising = replace(self.swarm, u=self.swarm.u + side, v=self.swarm.v - self.climb * (life - 0.5))
        return rising.dimmed(fade(life) ** 0.5)
