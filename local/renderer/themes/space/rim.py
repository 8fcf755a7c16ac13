"""The rim of a planet before space: where each pixel lies on it, how the sun lights it, its air, the sun's glare.

Directions are along the rim (right), up from it, and out towards the eye, in radii of the planet.
"""

from dataclasses import dataclass

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import look_up, smoothstep
from local.renderer.painting.noise import sample
from local.renderer.themes.space.globe import Light

_AIR = 0.022  # radii; how high the air still shows


@dataclass(frozen=True)
class Sunlight:
    """Ramps: light on the `ground` from night to day, `air` from the ground up. The sun's `glare` is (3, 1, 1)."""

    ground: Field
    air: Field
    glare: Field


@dataclass(frozen=True)
class Rim:
    """A planet of `radius` short sides whose rim passes (`u`, `v`), fractions of the frame, leaning by `roll`.

    The sun stands over the rim `sun` radians from there and `behind` radians beyond it.
    """

    u: float
    v: float
    roll: float
    radius: float
    sun: float
    behind: float

    def axes(self, canvas: Canvas) -> tuple[Field, Field]:
        """Each pixel's place from the planet's middle, in radii: along the rim, and up towards it."""
        right, up = np.float32(np.cos(self.roll)), np.float32(np.sin(self.roll))
        x0, y0 = canvas.place(self.u, self.v)
        x = (canvas.x - np.float32(x0)) / np.float32(self.radius)
        y = (canvas.y - np.float32(y0)) / np.float32(self.radius)
        return x * right + y * up, x * up - y * right + 1

    def at(self, canvas: Canvas, angle: Field, height: Field) -> tuple[Field, Field]:
        """Fractions of the frame of places over the rim: `angle` radians along it, `height` radii up."""
        a, b = (1 + height) * np.sin(angle), (1 + height) * np.cos(angle) - 1
        x0, y0 = canvas.place(self.u, self.v)
        x = x0 + self.radius * (a * np.cos(self.roll) + b * np.sin(self.roll))
        y = y0 + self.radius * (a * np.sin(self.roll) - b * np.cos(self.roll))
        return 0.5 + x * canvas.short / canvas.width, 0.5 + y * canvas.short / canvas.height

    def facing(self, across: Field, up: Field, out: Field) -> Field:
        """How squarely the ground there faces the sun, -1 to 1."""
        flat = np.cos(self.behind)
        beside, above = np.float32(np.sin(self.sun) * flat), np.float32(np.cos(self.sun) * flat)
        facing: Field = across * beside + up * above - out * np.float32(np.sin(self.behind))
        return facing

    def light(self, canvas: Canvas, rows: slice, sunlight: Sunlight) -> tuple[Light, tuple[Field, Field]]:
        """What falls on the ground of these rows of pixels, and where they lie: radians along and from the rim."""
        across, up = (axis[rows] for axis in self.axes(canvas))
        away = np.maximum(np.sqrt(across * across + up * up), 1)
        across, up = across / away, up / away
        out = np.sqrt(np.maximum(1 - across * across - up * up, 0))
        facing = self.facing(across, up, out)
        day = smoothstep(-0.3, 0.42, facing)
        # The sun's mirror image lies where the ground faces half way between sun and eye; waves spread it.
        half = (out + facing) / np.float32(np.sqrt(2.1 - 2 * np.sin(self.behind)))
        air = look_up(sunlight.air, 0.75 - 0.55 * (1 - out) ** 5) * (0.95 * smoothstep(-0.35, 0.5, facing))
        light = Light(
            sun=look_up(sunlight.ground, day),
            dark=smoothstep(0.06, -0.16, facing),
            haze=0.1 + 0.85 * (1 - out) ** 3.2,
            air=air,
            glint=sunlight.glare * (0.2 * day * np.exp((half - 1) * 30)),
        )
        return light, (np.arcsin(across), np.arctan2(out, up))

    def outer_air(self, canvas: Canvas, sunlight: Sunlight) -> Field:
        """Light of the air above the rim, seen against space, (3, height, width)."""
        across, up = self.axes(canvas)
        away = np.sqrt(across * across + up * up)
        facing = self.facing(across / away, up / away, np.zeros_like(away))
        high = np.maximum(away - 1, 0) / np.float32(_AIR)
        lit = smoothstep(-0.55, 0.75, facing)
        thin = np.exp(-2.1 * high) + 0.16 * np.exp(-0.55 * high)
        air: Field = look_up(sunlight.air, 0.42 * high + 0.55 * (1 - lit)) * (thin * (0.05 + 0.95 * lit))
        return air

    def glare(self, canvas: Canvas, sunlight: Sunlight, rays: Field) -> Field:
        """The sun over the rim: its disc, halo, rays and a streak along the rim; `rays` is a noise field."""
        u, v = self.at(canvas, np.array(self.sun), np.array(0.006))
        x0, y0 = canvas.place(float(u), float(v))
        x, y = canvas.x - np.float32(x0), canvas.y - np.float32(y0)
        away = np.sqrt(x * x + y * y)
        angle = np.arctan2(y, x) * np.float32(0.5 / np.pi)
        spread = 1 + 0.1 * sample(rays, angle, np.zeros_like(angle))
        cos, sin = np.float32(np.cos(self.roll + self.sun)), np.float32(np.sin(self.roll + self.sun))
        along, off = x * cos + y * sin, y * cos - x * sin
        halo = 4 * np.exp(-((away / 0.014) ** 2)) + 0.9 * np.exp(away * -26) + 0.3 * spread * np.exp(away * -6)
        halo += 0.35 * np.exp(np.abs(off) * -90) * np.exp(np.abs(along) * -5)
        shown = smoothstep(0.2, 0.8, np.array(self.behind, np.float32)) * (1 - 0.6 * self.cover(canvas))
        glare: Field = sunlight.glare * (halo * shown)
        return glare

    def cover(self, canvas: Canvas) -> Field:
        """How much of each pixel the planet hides."""
        across, up = self.axes(canvas)
        edge = (1 - np.sqrt(across * across + up * up)) * np.float32(self.radius * canvas.short)
        cover: Field = np.clip(edge + 0.5, 0, 1)
        return cover
