"""Glowing stones thrown out of a crater, each on its arc with a short trail. They draw nothing."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import look_up
from local.renderer.painting.particles import Swarm

_TRAIL = ((0.0, 1.0), (0.02, 0.6), (0.04, 0.35))  # how far behind, in lives, and how bright
_DROP = 0.1  # short sides; below the crater that stones come to lie


@dataclass(frozen=True)
class Bombs:
    """Each stone's numbers, all (n,): how far it flies aside and up, in short sides, its `birth` and whole `lives`
    per loop, and `size` 0 to 1.
    """

    aside: Field
    rise: Field
    birth: Field
    lives: Field
    size: Field

    @classmethod
    def thrown(cls, rng: np.random.Generator, count: int) -> Self:
        """Stones of every age, so that as many start at any moment as come down."""
        return cls(
            aside=rng.normal(0, 0.09, count),
            rise=0.05 + 0.22 * rng.random(count) ** 1.5,
            birth=rng.random(count),
            lives=rng.integers(1, 3, count).astype(np.float64),
            size=rng.random(count) ** 2,
        )

    def at(self, canvas: Canvas, phase: float, *, x: float, y: float, share: float, colours: Field) -> Swarm:
        """The first `share` of the stones thrown from (`x`, `y`), and their trails; `colours` from cold to hot."""
        shown = slice(0, round(share * len(self.size)))
        rows = []
        for behind, strength in _TRAIL:
            age = (self.birth[shown] + self.lives[shown] * phase) % 1 - behind
            flown = np.maximum(age, 0)
            right = x + self.aside[shown] * flown
            down = y - 4 * self.rise[shown] * flown * (1 - flown) + _DROP * flown * flown
            bright = strength * (1 - flown) ** 0.7 * (1 - flown**6) * (0.4 + self.size[shown]) * (age > 0)
            rows.append((right, down, 0.95 - 0.5 * flown, bright))
        right, down, heat, bright = (np.concatenate(parts) for parts in zip(*rows, strict=True))
        return Swarm(
            u=right * (canvas.short / canvas.width) + 0.5,
            v=down * (canvas.short / canvas.height) + 0.5,
            radius=np.tile(0.0012 + 0.0016 * self.size[shown], len(_TRAIL)),
            light=(look_up(colours, heat) * (1.8 * bright)).T.astype(np.float32),
        )
