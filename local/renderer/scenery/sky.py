"""An open sky down to a level horizon: air, sun or moon, clouds, stars. It knows nothing of what lies below.

A direction is given as two slopes, `right` and `up`, per one ahead: it may come from a pixel or a mirror.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import look_up, ramp, smoothstep
from local.renderer.painting.noise import orbit, sample
from local.renderer.painting.particles import Swarm, add_glows

FOCAL = 1.15  # short sides; the lens


@dataclass(frozen=True)
class Sky:
    """`air` is a ramp from horizon to zenith, `cloud` one from shaded to lit; `orb` and `glow` are (3, 1, 1).

    `horizon` is a fraction of the height; the orb stands at `orb_u`, a fraction of the width, `orb_up` short
    sides over the horizon, and is `orb_radius` short sides large. `overcast` 1 hides nearly all the sky.
    """

    air: Field
    cloud: Field
    orb: Field
    glow: Field
    horizon: float
    orb_u: float
    orb_up: float
    orb_radius: float
    overcast: float = 0.0

    def row(self, canvas: Canvas) -> int:
        """The first row of pixels below the horizon."""
        return round(self.horizon * canvas.height)

    def rays(self, canvas: Canvas, rows: slice) -> tuple[Field, Field]:
        """Directions looked in: right, (1, width), and up, (rows, 1)."""
        level = np.float32(self.row(canvas) / canvas.height)
        up = (level - canvas.v[rows]) * np.float32(canvas.height / canvas.short / FOCAL)
        return canvas.x / np.float32(FOCAL), up

    def offset(self, canvas: Canvas, right: Field, up: Field) -> tuple[Field, Field]:
        """How far right of the orb and above it a direction points."""
        x, _ = canvas.place(self.orb_u, 0.0)
        return right - np.float32(x / FOCAL), up - np.float32(self.orb_up / FOCAL)

    def nearness(self, canvas: Canvas, right: Field, up: Field, *, spread: float) -> Field:
        """1 at the orb, falling to a half at `spread` and on with the square of the distance."""
        beside, above = self.offset(canvas, right, up)
        return 1 / (1 + (beside * beside + above * above) * np.float32(1 / spread**2))

    def clear(self, canvas: Canvas, right: Field, up: Field) -> Field:
        """Light (3, ...) of the air alone. Directions below the horizon see its mirror image."""
        height = np.sqrt(np.abs(up)) * np.float32(1.12)
        picture = look_up(self.air, np.broadcast_to(height, np.broadcast_shapes(right.shape, up.shape)))
        picture += self.glow * (0.5 * self.nearness(canvas, right, up, spread=0.16))
        return picture

    def paint(self, canvas: Canvas, clouds: Field, stars: Swarm, phase: float) -> Field:
        """All there is above the horizon, (3, rows, width). `clouds` is a noise field."""
        right, up = self.rays(canvas, slice(0, self.row(canvas)))
        picture = self.clear(canvas, right, up)
        add_glows(canvas, picture, stars)
        self._add_orb(canvas, picture, right, up)
        # Clouds hang on a plane overhead: they crowd and flatten towards the horizon.
        over = 1 / (up + np.float32(0.16))
        across, along = orbit(phase, 0.012, 0.0)
        cover = sample(clouds, right * over * 0.22 + across, over * 0.3 + along)
        cover += 0.35 * sample(clouds, right * over * 0.7 + across, over * 0.9 - along)
        cover += np.float32(1.3 * self.overcast)
        thick = smoothstep(0.15, 1.9, cover) * smoothstep(0.0, 0.07, up) * 0.92
        near = self.nearness(canvas, right, up, spread=0.3)
        picture += (look_up(self.cloud, 0.45 + 0.75 * near - 0.3 * thick - 0.12 * cover) - picture) * thick
        return picture

    def _add_orb(self, canvas: Canvas, picture: Field, right: Field, up: Field) -> None:
        beside, above = self.offset(canvas, right, up)
        away = np.sqrt(beside * beside + above * above) * np.float32(FOCAL / self.orb_radius)
        picture += self.orb * (0.9 * smoothstep(1.06, 0.94, away))
        picture += self.glow * (0.9 * np.exp(away * np.float32(-1.1)))


def air_ramp(codes: Sequence[str], crowd: float) -> Field:
    """A ramp of colours from horizon to zenith: evenly for a `crowd` of 1, with more closer at the horizon."""
    places = np.linspace(0, 1, len(codes)) ** crowd
    return ramp(*zip(places.tolist(), codes, strict=True))


def far_stars(
    rng: np.random.Generator,
    count: int,
    *,
    horizon: float,
    radius: tuple[float, float],
    rare: int,
    light: Field,
    bright: float,
) -> Swarm:
    """Stars above the horizon, as many low as high; the brightest have `bright` times `light` (3,). The greater
    `rare`, the fewer come near that.
    """
    return Swarm(
        u=rng.random(count),
        v=rng.random(count) * horizon,
        radius=rng.uniform(*radius, count),
        light=rng.random((count, 1)) ** rare * light * np.float32(bright),
    )


def night(rng: np.random.Generator, count: int, *, horizon: float, light: Field) -> Swarm:
    """Stars above the horizon, dimmer towards it; `light` (3,) is that of the brightest."""
    height = rng.random((count, 1))
    return Swarm(
        u=rng.random(count),
        v=(1 - height[:, 0]) * horizon,
        radius=np.full(count, 0.0011),
        light=rng.random((count, 1)) ** 3 * height * light,
    )
