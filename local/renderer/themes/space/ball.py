"""A ball before the sky, as moons and planets are painted: where it is seen, and which way it faces there."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Canvas, Field


@dataclass(frozen=True)
class Ball:
    """All (height, width): `cover` of pixels, radii `away` from the middle, the `normal` (right, down, to us).

    Outside the disc the normal is that of the edge, so that light runs on into the air without a seam.
    """

    cover: Field
    away: Field
    normal: tuple[Field, Field, Field]

    @classmethod
    def seen(cls, canvas: Canvas, u: float, v: float, radius: float) -> Self:
        """A ball at (`u`, `v`), fractions of the frame, of `radius` short sides."""
        x0, y0 = canvas.place(u, v)
        x, y = (canvas.x - np.float32(x0)) / np.float32(radius), (canvas.y - np.float32(y0)) / np.float32(radius)
        away = np.sqrt(x * x + y * y)
        cover = np.clip((1 - away) * np.float32(radius * canvas.short) + 0.5, 0, 1)
        inside = np.maximum(away, 1)
        x, y = x / inside, y / inside
        return cls(cover, away, (x, y, np.sqrt(np.maximum(1 - x * x - y * y, 0))))

    def facing(self, sun: tuple[float, float, float]) -> Field:
        """Cosine towards a far sun: a unit vector (right, down, towards us)."""
        x, y, z = self.normal
        facing: Field = x * sun[0] + y * sun[1] + z * sun[2]
        return facing
