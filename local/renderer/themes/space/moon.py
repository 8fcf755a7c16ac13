"""A bare moon, as `space` hangs it over the rim of a planet. It does not move."""

from dataclasses import dataclass

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.colour import plane, smoothstep
from local.renderer.noise import sample

_EARTHSHINE = 0.004  # linear light of its night side


@dataclass(frozen=True)
class Moon:
    """A moon at (`u`, `v`), `radius` short sides, marked by a noise; `sun` is its light's direction."""

    u: float
    v: float
    radius: float
    sun: tuple[float, float, float]
    marks: Field

    def rise(self, canvas: Canvas, picture: Field) -> None:
        """Paint it over the sky, in place."""
        x0, y0 = canvas.place(self.u, self.v)
        x, y = (canvas.x - np.float32(x0)) / self.radius, (canvas.y - np.float32(y0)) / self.radius
        away = np.sqrt(x * x + y * y)
        cover = np.clip((1 - away) * np.float32(self.radius * canvas.short) + 0.5, 0, 1)
        inside = np.maximum(away, 1)
        x, y = x / inside, y / inside
        z = np.sqrt(np.maximum(1 - x * x - y * y, 0))
        lit = smoothstep(-0.06, 0.6, x * self.sun[0] + y * self.sun[1] + z * self.sun[2])
        grey = 0.62 + 0.2 * sample(self.marks, x * 0.22, y * 0.22)
        picture += (plane("fff6ea") * (lit * grey) + _EARTHSHINE - picture) * cover
