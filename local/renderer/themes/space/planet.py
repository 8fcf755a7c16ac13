"""A lit planet with air around it, as `space` hangs it before the stars. It does not move."""

from dataclasses import dataclass

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import linear, look_up, ramp, smoothstep
from local.renderer.painting.noise import fractal, sample
from local.renderer.themes.space.ball import Ball

_SURFACES = (
    ((0, "1b2340"), (0.3, "39568c"), (0.55, "86a4c8"), (0.78, "d7d2c8"), (1, "f3ece0")),
    ((0, "3a1f1c"), (0.3, "8a4a34"), (0.55, "c98a5e"), (0.78, "e6c79a"), (1, "f6e8cc")),
    ((0, "10262b"), (0.3, "1f5a5d"), (0.55, "5a9c8c"), (0.78, "b7cfae"), (1, "eaf0d8")),
    ((0, "221733"), (0.3, "553a73"), (0.55, "9a6f9f"), (0.78, "d3aebb"), (1, "f1dfe0")),
)
_AIRS = ("6fa8ff", "ffa873", "7fe6d6", "c79bff")


@dataclass(frozen=True)
class Planet:
    """A sphere at (`u`, `v`), `radius` short sides, lit from `sun` (unit vector: right, down, towards us);
    `tilt` turns its belts, in radians.
    """

    u: float
    v: float
    radius: float
    sun: tuple[float, float, float]
    tilt: float
    kind: int
    weather: Field

    def paint(self, canvas: Canvas) -> tuple[Field, Field]:
        """How much of what lies behind still shows (height, width), and the planet's own light (3, ...)."""
        ball = Ball.seen(canvas, self.u, self.v, self.radius)
        x, y, z = ball.normal
        facing, cover, inside = ball.facing(self.sun), ball.cover, np.maximum(ball.away, 1)
        day = smoothstep(-0.1, 1.05, facing) * (0.35 + 0.45 * z)
        air = smoothstep(-0.45, 0.75, facing)
        light = self._surface(x, y, z) * (day * cover)
        rim = (1 - z) ** 3 * cover * 0.8 + np.exp((1 - inside) * 26) * (1 - cover) * 0.55
        light += linear(_AIRS[self.kind])[:, None, None] * (rim * air)
        return 1 - cover, light.astype(np.float32)

    def _surface(self, x: Field, y: Field, z: Field) -> Field:
        along = x * np.float32(np.cos(self.tilt)) + y * np.float32(np.sin(self.tilt))
        across = y * np.float32(np.cos(self.tilt)) - x * np.float32(np.sin(self.tilt))
        longitude = np.arctan2(along, z + np.float32(1e-3)) * np.float32(0.5 / np.pi)
        swirl = sample(self.weather, longitude * 0.8, across * 0.5)
        belts = sample(self.weather, longitude * 0.06 + 0.3, across * 0.9 + swirl * 0.022)
        return look_up(ramp(*_SURFACES[self.kind]), 0.52 + 0.2 * belts + 0.07 * swirl)


def far_side(rng: np.random.Generator) -> Planet:
    """A planet low in a corner or over the rim of the frame, its day side turned to the picture's middle."""
    u, v = (
        rng.choice([0.08, 0.92]) + rng.uniform(-0.1, 0.1),
        rng.choice([0.2, 0.85, 1.0]) + rng.uniform(-0.08, 0.08),
    )
    angle = np.arctan2(0.5 - v, 0.5 - u) + rng.uniform(-0.7, 0.7)
    height = rng.uniform(-0.3, 0.3)
    flat = np.sqrt(1 - height * height)
    return Planet(
        u=float(u),
        v=float(v),
        radius=float(rng.uniform(0.2, 0.46)),
        sun=(float(flat * np.cos(angle)), float(flat * np.sin(angle)), float(height)),
        tilt=float(rng.uniform(-0.6, 0.6)),
        kind=int(rng.integers(len(_SURFACES))),
        weather=fractal(rng, size=256, slope=1.5),
    )
