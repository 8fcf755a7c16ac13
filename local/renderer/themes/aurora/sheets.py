"""Sheets of northern light as curves: how they fold, sway and brighten along their length. Nobody sees them yet.

A curve lies in the plane of the lower border, in units of that border's height; `curtains` shows it.
"""

import itertools
from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Field
from local.renderer.painting.colour import smoothstep
from local.renderer.painting.noise import orbit, sample

SAMPLES = 6000  # along a sheet
_ALONG = np.linspace(0, 1, SAMPLES, dtype=np.float32)


@dataclass(frozen=True)
class Sheet:
    """One curtain along a curve in the plane of the lower border; the eye is at (0, 0).

    `path` is the curve without its folds, (2, SAMPLES): right, and away from the radiant down the frame. Folds
    are `rate` waves along it, each `reach` wide, beginning at `start` and running on by whole `turns` a loop, all
    (n,). `rays` is a noise field, read about its `row`.
    """

    path: Field
    reach: Field
    rate: Field
    start: Field
    turns: Field
    rays: Field
    row: float
    bright: float

    @classmethod
    def hung(cls, rng: np.random.Generator, path: Field, *, rays: Field, bright: float) -> Self:
        """A curtain with folds of its own along `path`."""
        rate = np.array([1.3, 2.9, 5.3, 9.7, 17.0]) * rng.uniform(0.8, 1.25, 5)
        return cls(
            path=path,
            reach=(np.array([0.34, 0.32, 0.26, 0.14, 0.045]) * rng.uniform(0.7, 1.3, 5)).astype(np.float32),
            rate=rate.astype(np.float32),
            start=rng.random(5).astype(np.float32),
            turns=np.array([0, 0, 0, 0, rng.choice([-1, 1])], np.float32),
            rays=rays,
            row=float(rng.random()),
            bright=bright,
        )

    def place(self, phase: float, energy: float) -> tuple[Field, Field]:
        """Where the curtain stands, right and away, at each sample of its length."""
        across, away = self.path
        far = np.sqrt(np.hypot(across, away)) * 0.8
        folds = np.zeros((2, SAMPLES), np.float32)
        for reach, rate, start, turns in zip(self.reach, self.rate, self.start, self.turns, strict=True):
            # Waves sway to and fro, finer ones farther: to run on they would have to run a whole wave in a loop.
            swing = 0.017 * energy * rate**0.6 * np.sin(2 * np.pi * (phase + 3 * start))
            angle = 2 * np.pi * (_ALONG * rate + start + turns * phase + swing)
            folds[0] += reach * np.sin(angle)
            folds[1] += 0.7 * reach * np.sin(angle + 0.9)
        return across + folds[0] * far, away + folds[1] * far

    def light(self, phase: float, energy: float) -> tuple[Field, Field]:
        """Brightness of short and of tall rays along the curtain: patches that swell, rays that run along it."""
        right, down = orbit(phase, 0.0055 * energy, self.row)
        s = _ALONG
        row = np.full_like(s, np.float32(self.row) + down)
        patch = sample(self.rays, s * 0.11 + right, row)
        broad = sample(self.rays, s * 0.45 + right * 1.5, row + 0.31)
        fine = sample(self.rays, s * 1.6 - right * 2, row + 0.57)
        rays = np.exp(0.45 * broad + smoothstep(-0.6, 1.6, broad - 0.4 * patch) * 0.5 * fine)
        ends = smoothstep(0.0, 0.16, s) * smoothstep(1.0, 0.86, s)
        glow = rays * (0.45 + 0.8 * smoothstep(-1.2, 1.6, patch)) * ends * np.float32(self.bright / SAMPLES)
        tall = smoothstep(-0.9, 1.7, 0.8 * broad + 0.5 * patch + 0.35 * fine)
        return glow * (1 - tall), glow * tall


def bezier(points: Field) -> Field:
    """The curve of these control points (n, 2), as a sheet's path, by de Casteljau."""
    curve = [np.outer(point, np.ones(SAMPLES, np.float32)).astype(np.float32) for point in points]
    while len(curve) > 1:
        curve = [a + (b - a) * _ALONG for a, b in itertools.pairwise(curve)]
    return curve[0]


def spiral(*, start: float, turns: float, near: float, far: float) -> Field:
    """A path around the radiant from `far` in to `near`; `start` in turns, 0 down the frame."""
    angle = 2 * np.pi * (start + turns * _ALONG)
    away = far * (near / far) ** _ALONG
    return np.stack((away * np.sin(angle), away * np.cos(angle))).astype(np.float32)
