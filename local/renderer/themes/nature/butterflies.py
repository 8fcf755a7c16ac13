"""A few butterflies over flowers, each on a loop of its own that closes with the clip. They know no scene."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.scenery.falling import lay_petal

_FLAPS = 9  # whole beats of the wings a loop


@dataclass(frozen=True)
class Butterflies:
    """`home` (n, 2) in fractions of the frame, `reach` (n, 2) and `size` (n,) in short sides, `start` (n, 3) in
    turns, `wing` (n, 3) their light.
    """

    home: Field
    reach: Field
    size: Field
    start: Field
    wing: Field

    @classmethod
    def over(cls, rng: np.random.Generator, count: int, *, rows: tuple[float, float], wing: Field) -> Self:
        """As many between two heights, fractions of the frame; their wings about as light as `wing` (3,)."""
        return cls(
            home=np.column_stack((rng.uniform(0.15, 0.85, count), rng.uniform(*rows, count))),
            reach=rng.uniform((0.06, 0.02), (0.16, 0.05), (count, 2)),
            size=rng.uniform(0.013, 0.021, count),
            start=rng.random((count, 3)),
            wing=wing * rng.uniform(0.7, 1.1, (count, 1)),
        )

    def paint(self, canvas: Canvas, picture: Field, phase: float) -> None:
        """Lay them over the picture, in place."""
        for home, reach, size, start, wing in zip(
            self.home, self.reach, self.size, self.start, self.wing, strict=True
        ):
            # A figure of eight, lying.
            once, twice = 2 * np.pi * (phase + start[0]), 2 * np.pi * (2 * phase + start[1])
            beat = 2 * np.pi * (_FLAPS * phase + start[2])
            x = home[0] * canvas.width / canvas.short + reach[0] * np.sin(once)
            y = home[1] * canvas.height / canvas.short + reach[1] * np.sin(twice) - 0.25 * size * np.cos(beat)
            heading = np.arctan2(2 * reach[1] * np.cos(twice), reach[0] * np.cos(once))
            _lay(canvas, picture, (x, y), size, heading, 0.3 + 0.7 * np.cos(beat / 2) ** 2, wing)


def _lay(
    canvas: Canvas,
    picture: Field,
    place: tuple[float, float],
    size: float,
    heading: float,
    spread: float,
    wing: Field,
) -> None:
    """One butterfly, its wings open by `spread`: two on each side, the farther pair in shade, then the body."""
    ahead = np.array([np.cos(heading), np.sin(heading)])
    beside = np.array([-ahead[1], ahead[0]])
    for side, tone in ((1, 0.6), (-1, 1.0)):
        for along, far, part in ((0.3, 0.62, 0.78), (-0.38, 0.5, 0.6)):
            middle = np.array(place) + size * (along * ahead + side * spread * far * beside)
            form = (size * part, 0.35 + 0.85 * spread, heading + side * (0.5 if along > 0 else -0.5), 0.0)
            lay_petal(canvas, picture, (float(middle[0]), float(middle[1])), form, wing * tone, 0.95)
    lay_petal(canvas, picture, place, (size * 0.7, 0.2, heading, 0.0), wing * 0.08, 0.9)
