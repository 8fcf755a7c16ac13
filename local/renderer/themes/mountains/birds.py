"""Birds far away, wheeling in slow circles, as strokes for `limbs.draw`. No colours here."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Canvas, Field


@dataclass(frozen=True)
class Flock:
    """Birds about (`u`, `v`), fractions of the frame; the rest is of each bird, (n,), in short sides and turns.

    A bird goes round once a loop on an ellipse of its own `reach`, and beats its wings `beats` whole times.
    """

    u: float
    v: float
    x: Field
    y: Field
    reach: Field
    start: Field
    span: Field
    beats: Field

    @classmethod
    def wheeling(cls, rng: np.random.Generator, count: int, *, u: float, v: float) -> Self:
        """Some birds, the first ones nearer and so larger."""
        size = np.linspace(1, 0.45, count)
        return cls(
            u=u,
            v=v,
            x=rng.uniform(-0.11, 0.11, count),
            y=rng.uniform(-0.05, 0.05, count),
            reach=rng.uniform(0.03, 0.07, count) * size,
            start=rng.random() + rng.uniform(0, 0.35, count),
            span=0.017 * size,
            beats=rng.integers(4, 7, count).astype(float),
        )

    def limbs(self, canvas: Canvas, phase: float) -> Field:
        """Two wings of two pieces each per bird."""
        x0, y0 = canvas.place(self.u, self.v)
        turn = 2 * np.pi * (self.start + phase)
        x = x0 + self.x + self.reach * np.cos(turn)
        y = y0 + self.y + 0.4 * self.reach * np.sin(turn)
        # Seen from the side a bird is shorter than from before or behind.
        wide = self.span * (0.65 + 0.35 * np.abs(np.sin(turn)))
        lift = 0.25 + 0.55 * np.sin(2 * np.pi * self.beats * (self.start + phase))
        half = self.span * 0.075
        rows = []
        for side in (-1, 1):
            bend = x + side * 0.42 * wide, y - 0.45 * lift * self.span - 0.06 * self.span
            tip = x + side * wide, y - 0.35 * lift * self.span + 0.12 * self.span
            rows.append(np.column_stack((x, y, half * 1.4, *bend, half)))
            rows.append(np.column_stack((*bend, half, *tip, half * 0.2)))
        return np.concatenate(rows).astype(np.float32)
