"""Smooth, slowly living fields: a few plane waves added up. It draws nothing.

A sine of a sum splits into products of sines, so that a whole field is one product of two thin matrices:
cheaper than any lattice of noise, and exact at every size, without the creases that interpolation leaves.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Field

_TURN = np.float32(2 * np.pi)


@dataclass(frozen=True)
class Waves:
    """Plane waves: `reach` (n,) their heights, `rate` (2, n) waves per short side right and down.

    Each starts at `start` (n,) turns and swings about it, once a loop, by `swing` turns from its own `beat`.
    """

    reach: Field
    rate: Field
    start: Field
    beat: Field
    swing: float

    @classmethod
    def drawn(
        cls, rng: np.random.Generator, count: int, *, rate: tuple[float, float], fall: float, swing: float
    ) -> Self:
        """Waves of every direction and of rates spread evenly between the two, whose heights fall with the
        rate to the power `fall`; their field spreads by 1.
        """
        rates = rate[0] * (rate[1] / rate[0]) ** ((np.arange(count) + rng.random(count)) / count)
        # Directions of neighbours in rate lie far apart, or one of them would rule the picture.
        heading = np.pi * ((np.arange(count) * 0.618 + rng.random()) % 1) + rng.normal(0, 0.15, count)
        reach = rates**-fall
        reach *= np.sqrt(2 / np.sum(reach**2))
        return cls(
            reach=reach.astype(np.float32),
            rate=(rates * np.stack((np.cos(heading), np.sin(heading)))).astype(np.float32),
            start=rng.random(count).astype(np.float32),
            beat=rng.random(count).astype(np.float32),
            swing=swing,
        )

    def at(self, x: Field, y: Field, phase: float) -> Field:
        """The field at `x` (1, width) and `y` (height, 1), in short sides."""
        moved = self.start + np.float32(self.swing) * np.sin(_TURN * (self.beat + np.float32(phase)))
        across, down = _TURN * (x.T * self.rate[0]), _TURN * (y * self.rate[1] + moved)
        left = np.hstack((np.cos(down), np.sin(down))) * np.tile(self.reach, 2)
        field: Field = left @ np.hstack((np.sin(across), np.cos(across))).T
        return field
