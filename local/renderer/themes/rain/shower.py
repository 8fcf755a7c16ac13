"""Falling rain and the rings it draws on water. It knows no colours.

Rain is single drops, each drawn as the streak it makes in one frame, and each falls through the frame a whole
number of times a loop: whatever the count of frames, nothing jumps and nothing tiles.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.limbs import draw
from local.renderer.scenery.water import Water

_LASTS = 0.42  # of the loop that a ring is seen
_WAVE = 0.055  # eye heights from crest to crest of a ring
_SPREAD = 0.34  # eye heights a ring reaches


@dataclass(frozen=True)
class Rain:
    """Streaks of one depth. `u`, `start` and `falls` are (n,): place, and how often each falls in a loop.

    `length` and `half` width are in short sides; `lean` is how far the wind carries a drop sideways per fall.
    """

    u: Field
    start: Field
    falls: NDArray[np.int64]
    length: float
    half: float
    lean: float

    @classmethod
    def drawn(cls, rng: np.random.Generator, most: int, shown: int, near: float, lean: float) -> Self:
        """`most` drops are drawn by chance and `shown` of them kept; `near` is 0 far away, 1 before the eye."""
        u, start, falls = rng.uniform(-0.2, 1.2, most), rng.random(most), rng.integers(0, 3, most)
        return cls(
            u=u[:shown],
            start=start[:shown],
            falls=falls[:shown] + round(3 + 3 * near),
            length=0.035 + 0.1 * near,
            half=0.0005 + 0.0011 * near,
            lean=lean,
        )

    def cover(self, canvas: Canvas, phase: float) -> Field:
        """The share of each pixel that streaks cover, (height, width)."""
        tall = canvas.height / canvas.short
        fallen = (self.start + self.falls * phase) % 1
        y = (fallen - 0.5) * (tall + 2 * self.length)
        x = (self.u - 0.5) * (canvas.width / canvas.short) + self.lean * y
        thin, broad = np.full(len(x), 0.25 * self.half), np.full(len(x), self.half)
        head = np.column_stack((x - self.lean * self.length, y - self.length, thin, x, y, broad))
        cover = np.zeros((canvas.height, canvas.width), np.float32)
        draw(canvas, cover, head.astype(np.float32), -canvas.half_width)
        return cover


@dataclass(frozen=True)
class Rings:
    """Where drops strike the water: fractions of the frame's width and of the water's depth on it, (n,), when
    in the loop, and how hard.
    """

    u: Field
    v: Field
    birth: Field
    force: Field

    @classmethod
    def drawn(cls, rng: np.random.Generator, most: int, shown: int) -> Self:
        """`most` are drawn by chance, `shown` kept."""
        u, v = rng.uniform(-0.05, 1.05, most), 0.03 + rng.random(most) ** 1.25
        birth, force = rng.random(most), rng.uniform(0.5, 1.0, most)
        return cls(u[:shown], v[:shown], birth[:shown], force[:shown])

    def add(self, water: Water, slopes: tuple[Field, Field], phase: float) -> None:
        """Add the slopes of all rings to those of the water, in place."""
        age = ((phase - self.birth) % 1) / _LASTS
        rows = len(water.up)
        for i in np.flatnonzero(age < 1):
            middle = min(int(self.v[i] * rows), rows - 1)
            ahead = float(water.ahead[middle, 0])
            aside = (self.u[i] - 0.5) * water.canvas.width / water.canvas.short
            self._ring(water, slopes, (aside * ahead / _focal(water), ahead), float(age[i]), float(self.force[i]))

    def _ring(
        self, water: Water, slopes: tuple[Field, Field], place: tuple[float, float], age: float, force: float
    ) -> None:
        radius, broad = _SPREAD * age**0.8, _WAVE * (0.55 + 0.9 * age)
        reach = radius + 2 * broad
        far, close = place[1] + reach, max(place[1] - reach, 0.2)
        near_enough = (water.ahead[:, 0] > close) & (water.ahead[:, 0] < far)
        rows = np.flatnonzero(near_enough)
        focal = _focal(water) * water.canvas.short
        edges = [(place[0] + side * reach) / away * focal for side in (-1, 1) for away in (close, far)]
        left = max(int(min(edges) + water.canvas.width / 2), 0)
        right = min(int(max(edges) + water.canvas.width / 2) + 1, water.canvas.width)
        if not rows.size or left >= right:
            return
        band, columns = slice(int(rows[0]), int(rows[-1]) + 1), slice(left, right)
        ahead = water.ahead[band]
        across, away = water.right[:, columns] * ahead - np.float32(place[0]), ahead - np.float32(place[1])
        gone = np.sqrt(across * across + away * away) + np.float32(1e-4)
        front = (gone - np.float32(radius)) / np.float32(broad)
        # Waves finer than a row of pixels would only flicker.
        footprint = ahead * ahead / np.float32(focal)
        seen = np.exp((footprint / np.float32(0.6 * _WAVE)) ** 2 * -1)
        strength = np.float32(0.24 * force * (1 - age) ** 1.5 * min(age * 12, 1))
        wave = (
            np.exp(front * front * np.float32(-1.2)) * np.sin(front * np.float32(3.6)) * (seen * strength) / gone
        )
        slopes[0][band, columns] += wave * across
        slopes[1][band, columns] += wave * away


def _focal(water: Water) -> float:
    """Short sides of the frame per slope of one."""
    return float(water.canvas.x[0, 0] / water.right[0, 0])
