"""Dunes as heights over a plane: crests that wind, rise and sink, gentle to windward and steep to lee. Unlit."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Field

_CREST = 0.7  # of the way from one foot to the next
_SPACING = 1.8  # between two crests; the unit is about as long as a dune is wide


@dataclass(frozen=True)
class Dunes:
    """Crests across a wind to the right (`side` 1) or to the left (-1), `wind` radians off it towards ahead.

    `bends` and `swells` are waves (n, 4): rates per unit right and ahead, reach, start. They are sines and no grid
    of noise, so that no grid shows however near the eye comes.
    """

    side: float
    wind: float
    bends: Field
    swells: Field

    @classmethod
    def blown(cls, rng: np.random.Generator, side: float) -> Self:
        """Dunes by chance."""
        return cls(
            side,
            wind=float(rng.uniform(-0.45, 0.45)),
            bends=_waves(rng, rates=(0.45, 0.8, 1.3, 2.1), reach=(0.55, 0.36, 0.16, 0.05)),
            swells=_waves(rng, rates=(0.35, 0.5, 0.8, 1.2), reach=(0.5, 0.45, 0.4, 0.25)),
        )

    def height(self, x: Field, z: Field) -> Field:
        """How high the sand lies at (`x`, `z`)."""
        right = x * np.float32(self.side)
        swell = _sum(self.swells, right, z)
        tall = 0.33 + 0.32 * swell
        # A smooth floor: a hard one would draw an edge where a dune runs out.
        tall = 0.5 * (tall + np.sqrt(tall * tall + 0.02))
        height: Field = _profile(self._along(right, z) * np.float32(1 / _SPACING)) * tall + 0.12 * swell
        return height

    def slopes(self, x: Field, z: Field, reach: Field) -> tuple[Field, Field]:
        """How steeply the sand rises to the right and ahead, looked at over `reach` to both sides."""
        right = self.height(x + reach, z) - self.height(x - reach, z)
        ahead = self.height(x, z + reach) - self.height(x, z - reach)
        return right / (2 * reach), ahead / (2 * reach)

    def drift(self, x: Field, z: Field) -> tuple[Field, Field]:
        """How far down the wind a place lies, counted from crest to crest, and how far across it."""
        right = x * np.float32(self.side)
        return self._along(right, z), z * np.float32(np.cos(self.wind)) - right * np.float32(np.sin(self.wind))

    def stand(self) -> float:
        """An eye's height from which the nearest crest does not hide all others."""
        z = np.linspace(0.05, 1.8, 48, dtype=np.float32)[:, None]
        x = z * np.linspace(-0.5, 0.5, 24, dtype=np.float32)
        return float(self.height(x, z).max()) + 0.21

    def _along(self, right: Field, z: Field) -> Field:
        straight = right * np.float32(np.cos(self.wind)) + z * np.float32(np.sin(self.wind))
        return straight + _sum(self.bends, right, z)


def _waves(rng: np.random.Generator, *, rates: tuple[float, ...], reach: tuple[float, ...]) -> Field:
    heading, start = rng.uniform(0, 2 * np.pi, (2, len(rates)))
    return np.column_stack((rates * np.cos(heading), rates * np.sin(heading), reach, start)).astype(np.float32)


def _sum(waves: Field, right: Field, z: Field) -> Field:
    total = np.zeros(np.broadcast_shapes(right.shape, z.shape), np.float32)
    for to_right, ahead, reach, start in waves:
        total += reach * np.sin(right * to_right + z * ahead + start)
    return total


def _profile(turn: Field) -> Field:
    """Height of a dune, 0 to 1, on its way from foot (a whole turn) to foot: sharp at the crest alone."""
    way = turn - np.floor(turn)
    windward = way * np.float32(1 / _CREST)
    lee = np.clip((1 - way) * np.float32(1 / (1 - _CREST)), 0, 1)
    height: Field = np.where(way < _CREST, windward * windward * (2.2 - 1.2 * windward), lee**1.25)
    return height
