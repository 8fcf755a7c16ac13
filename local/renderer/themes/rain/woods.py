"""Rows of trees beyond the water: round crowns with ragged edges. They have no colours here."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import smoothstep
from local.renderer.painting.noise import sample

_TREES = 44  # in a row


@dataclass(frozen=True)
class Wood:
    """A row of trees: `place` (n,) short sides from the middle, `round` how broad and `tall` how high each crown
    is; `depth` is 0 for the farthest row and 1 for the nearest, which leaves the frame open about `clearing`.
    """

    place: Field
    round: Field
    tall: Field
    depth: float
    clearing: float

    @classmethod
    def grown(cls, rng: np.random.Generator, depth: float, clearing: float) -> Self:
        """Crowns side by side, small and large."""
        place = (np.arange(_TREES) + rng.uniform(0.1, 0.9, _TREES)) / _TREES * 2.4 - 1.2
        size = rng.uniform(0.5, 1.3, _TREES)
        return cls(place, (0.05 + 0.035 * depth) * size, rng.uniform(0.6, 1.25, _TREES), depth, clearing)

    def cover(self, canvas: Canvas, rows: int, rough: Field) -> Field:
        """How far it hides what is behind, (rows, width); `rough` is the noise of its leaves."""
        stretch = max(1.0, canvas.width / canvas.short / 2.4)
        away = np.abs(self.place * stretch * (canvas.short / canvas.width) + 0.5 - self.clearing)
        rise = (
            0.05 + 0.04 * self.depth + (0.27 * self.depth + 0.06) * smoothstep(0.4 * self.depth - 0.1, 0.85, away)
        )
        rise -= 0.09 * self.depth**2 * smoothstep(0.5, 0.1, away)
        beside = (canvas.x.T - self.place * stretch) / (self.round * stretch)
        crown = np.sqrt(np.maximum(1 - beside * beside, 0)) * (rise * self.tall)
        line = np.maximum(crown.max(axis=1), 0)[None, :].astype(np.float32)
        above = above_water(canvas, rows)
        leaves = sample(rough, canvas.x * 1.7 + np.float32(self.depth), above * 1.9 + np.float32(0.3 * self.depth))
        leaves += 0.6 * sample(rough, canvas.x * 4.3, above * 4.9 + np.float32(0.5 * self.depth))
        ragged = np.float32(0.007 + 0.006 * self.depth)
        soft = np.float32(max(1.2 / canvas.short, 0.004 + 0.016 * (1 - self.depth)))
        return smoothstep(-0.5, 0.5, (line - above + ragged * leaves) / soft)


def above_water(canvas: Canvas, rows: int) -> Field:
    """Height over the water, which begins after `rows`, in short sides, (rows, 1)."""
    return (np.float32(rows / canvas.height) - canvas.v[:rows]) * np.float32(canvas.height / canvas.short)
