"""A fishing boat that rides at anchor, its shadow and its lamp on the water. It has no colours of its own."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.limbs import draw
from local.renderer.painting.particles import Swarm, add_lamps

_LIMBS = np.array(  # as `limbs` draws them, in lengths of the boat about the middle of its waterline
    [
        (-0.46, -0.055, 0.035, 0.10, -0.030, 0.050),
        (0.10, -0.030, 0.050, 0.50, -0.105, 0.012),
        (-0.44, -0.100, 0.010, 0.00, -0.085, 0.012),
        (-0.30, -0.150, 0.055, -0.12, -0.150, 0.055),
        (-0.30, -0.225, 0.016, -0.09, -0.225, 0.016),
        (0.10, -0.050, 0.011, 0.10, -0.640, 0.006),
        (0.10, -0.620, 0.003, 0.50, -0.110, 0.003),
        (0.10, -0.620, 0.003, -0.45, -0.110, 0.003),
        (0.10, -0.180, 0.009, 0.38, -0.300, 0.006),
    ]
)
_LAMP, _CABIN = (0.10, -0.66), (-0.21, -0.155)


@dataclass(frozen=True)
class Boat:
    """A boat at (`u`, `deep`): a fraction of the width, and of the water from the far shore to the frame's foot.

    It is `long` short sides and looks left (`looks` -1) or right (1).
    """

    u: float
    deep: float
    looks: float

    @classmethod
    def moored(cls, rng: np.random.Generator, side: float) -> Self:
        """A boat in the left (`side` -1) or the right half, looking inwards."""
        return cls(float(0.5 + side * rng.uniform(0.1, 0.3)), float(rng.uniform(0.3, 0.5)), -side)

    def sway(self, phase: float, energy: float) -> tuple[float, float]:
        """How far it rides up, in its own lengths, and how far it rolls, in radians."""
        turn = 2 * np.pi * (phase + self.u)
        return float(0.022 * energy * np.sin(turn)), float(0.035 * energy * np.sin(turn + 1.3))

    @property
    def long(self) -> float:
        """Short sides from stem to stern: the nearer, the larger."""
        return 0.03 + 0.26 * self.deep

    def paint(
        self, canvas: Canvas, picture: Field, shore: int, sway: tuple[float, float], tints: tuple[Field, Field]
    ) -> None:
        """Put it on the water of `picture` that begins after row `shore`, in place.

        `sway` is how far it rides up, in its own lengths, and rolls, in radians; `tints` (3,) of hull and lamp.
        """
        x0, y0 = self.place(canvas, shore)
        limbs = _LIMBS.copy()
        for x, y in ((0, 1), (3, 4)):
            limbs[:, x], limbs[:, y] = self._rolled(limbs[:, x], limbs[:, y], sway)
        limbs *= self.long
        limbs[:, [0, 3]] += x0
        limbs[:, [1, 4]] += y0
        cover = np.zeros(picture.shape[1:], np.float32)
        draw(canvas, cover, limbs.astype(np.float32), -canvas.half_width)
        # The sea hides what rides below its level.
        cover *= np.clip((np.float32(y0) - canvas.y) * np.float32(canvas.short) + 0.5, 0, 1)
        hull, lamp = tints
        picture += (hull[:, None, None] - picture) * cover
        spots = [self._rolled(np.array([x]), np.array([y]), sway) for x, y in (_LAMP, _CABIN)]
        u = 0.5 + (x0 + self.long * np.array([float(x[0]) for x, _ in spots])) * canvas.short / canvas.width
        v = 0.5 + (y0 + self.long * np.array([float(y[0]) for _, y in spots])) * canvas.short / canvas.height
        light = lamp * np.array([[2.2], [1.1]])
        add_lamps(canvas, picture, Swarm(u, v, self.long * np.array([0.022, 0.03]), light))

    def mirrored(self, canvas: Canvas, sea: Field, slope: Field, lamp: Field) -> None:
        """Lay shadow and lamp on `sea` (3, rows, width) of this `slope` away from the eye, in place."""
        x0, y0 = self.place(canvas, canvas.height - sea.shape[1])
        x, below = (canvas.x - np.float32(x0)) / np.float32(self.long), canvas.y[-sea.shape[1] :] - np.float32(y0)
        below = below / np.float32(self.long) + 4 * slope
        seen = np.clip(below * 12, 0, 1)
        shadow = seen * np.exp(np.maximum(below, 0) * np.float32(-6)) * np.clip((0.5 - np.abs(x)) * 9, 0, 1)
        sea *= 1 - 0.75 * np.clip(shadow, 0, 1)
        beside = x - np.float32(_LAMP[0] * self.looks) + 1.6 * slope
        path = np.exp(-((beside / 0.05) ** 2)) * seen * np.exp(np.abs(below - 0.66) * np.float32(-2.2))
        sea += lamp[:, None, None] * (0.9 * path * np.clip(0.35 + 26 * slope, 0.0, 2.0))

    def place(self, canvas: Canvas, shore: int) -> tuple[float, float]:
        """The middle of its waterline."""
        v = (shore + self.deep * (canvas.height - shore)) / canvas.height
        return canvas.place(self.u, v)

    def _rolled(self, x: Field, y: Field, sway: tuple[float, float]) -> tuple[Field, Field]:
        """Places in lengths of the boat, after it looks its way, has rolled and ridden up."""
        x = x * self.looks
        return x - y * sway[1], y + x * sway[1] - sway[0]
