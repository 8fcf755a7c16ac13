"""Kelp and sea grass that bend with the water: silhouettes painted once and bent anew for every frame."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.limbs import draw

_JOINTS = 16  # of a stalk of kelp


@dataclass(frozen=True)
class Weeds:
    """`cover` is wider than the frame by `margin` pixels on both sides, and starts at its row `top`.

    `bend` is how far the tips of the tallest move to either side, in short sides; `start` (turns) when.
    """

    cover: Field
    margin: int
    top: int
    bend: float
    start: float

    @classmethod
    def rooted(cls, canvas: Canvas, rng: np.random.Generator, plants: list[Field], *, bend: float) -> Self:
        """Weeds of these limbs, which may bend so far."""
        margin = int(np.ceil(bend * canvas.short)) + 2
        cover = np.zeros((canvas.height, canvas.width + 2 * margin), np.float32)
        for limbs in plants:
            draw(canvas, cover, limbs, -(canvas.width / 2 + margin) / canvas.short)
        used = np.flatnonzero(cover.max(axis=1))
        top = int(used[0]) if len(used) else canvas.height
        return cls(cover[top:], margin, top, bend, float(rng.random()))

    def put(self, canvas: Canvas, picture: Field, tint: Field, phase: float) -> None:
        """Cover the picture with them, in place; `tint` is (3, height, 1) or (3, 1, 1)."""
        rows = self.cover.shape[0]
        if not rows:
            return
        high = (np.arange(rows, 0, -1, dtype=np.float32) / canvas.height)[:, None]
        # the swell runs along the reef and up each plant
        wave = np.float32(2 * np.pi) * (np.float32(phase + self.start) + 0.35 * canvas.x + 0.3 * high)
        shift = np.float32(self.bend * canvas.short) * high**1.3 * np.sin(wave)
        start = np.arange(canvas.width, dtype=np.float32) + np.float32(self.margin) - shift
        first = start.astype(np.int32)
        start -= first
        first += np.arange(rows, dtype=np.int32)[:, None] * np.int32(self.cover.shape[1])
        flat = self.cover.ravel()
        seen = flat.take(first)
        seen += (flat.take(first + 1) - seen) * start
        window = picture[:, self.top :]
        window += ((tint[:, self.top :] if tint.shape[1] > 1 else tint) - window) * seen


def kelp(rng: np.random.Generator, *, foot: tuple[float, float], tall: float) -> Field:
    """A stalk of kelp from `foot`, `tall` short sides long, with a blade at every joint: limbs (n, 6)."""
    t = np.linspace(0, 1, _JOINTS + 1)
    lean, wind = rng.normal(0, 0.1), rng.random()
    x = foot[0] + tall * (lean * t + 0.035 * np.sin(2 * np.pi * (1.6 * t + wind)) * t)
    y = foot[1] - tall * t
    stem = 0.005 * (1 - 0.6 * t)
    rows: list[Field] = [np.column_stack((x[:-1], y[:-1], stem[:-1], x[1:], y[1:], stem[1:]))]
    for i in range(2, _JOINTS + 1):
        angle = (1.0 if i % 2 else -1.0) * rng.uniform(0.6, 1.15)
        rows.append(_blade((x[i], y[i]), angle, np.sqrt(tall) * rng.uniform(0.085, 0.14) * (1.15 - 0.6 * t[i])))
    return np.concatenate(rows).astype(np.float32)


def _blade(root: tuple[float, float], angle: float, long: float) -> Field:
    """A narrow leaf that bends upwards; `angle` from straight up, in radians."""
    t = np.linspace(0, 1, 7)
    turned = angle * (1 - 0.55 * t[1:])
    x = root[0] + np.concatenate(([0], np.cumsum(np.sin(turned)))) * long / 6
    y = root[1] - np.concatenate(([0], np.cumsum(np.cos(turned)))) * long / 6
    half = 0.002 + 0.1 * long * np.sin(np.pi * t**0.8) * (1 - 0.4 * t)
    return np.column_stack((x[:-1], y[:-1], half[:-1], x[1:], y[1:], half[1:]))


def blades(rng: np.random.Generator, *, foot: tuple[float, float], tall: float) -> Field:
    """A tuft of sea grass: limbs (n, 6)."""
    rows = []
    for _ in range(7):
        lean, long = rng.normal(0, 0.16), tall * rng.uniform(0.5, 1)
        t = np.linspace(0, 1, 5)
        x = foot[0] + rng.normal(0, 0.012) + long * (lean * t + 0.5 * lean * t * t)
        half = 0.0045 * (1 - 0.85 * t)
        y = foot[1] - long * t
        rows.append(np.column_stack((x[:-1], y[:-1], half[:-1], x[1:], y[1:], half[1:])))
    return np.concatenate(rows).astype(np.float32)
