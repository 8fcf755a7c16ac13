"""A bare moon, as `space` hangs it over the rim of a planet. It does not move."""

from dataclasses import dataclass

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import plane, smoothstep
from local.renderer.painting.noise import sample
from local.renderer.themes.space.ball import Ball

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
        ball = Ball.seen(canvas, self.u, self.v, self.radius)
        lit, (x, y, _) = smoothstep(-0.06, 0.6, ball.facing(self.sun)), ball.normal
        grey = 0.62 + 0.2 * sample(self.marks, x * 0.22, y * 0.22)
        picture += (plane("fff6ea") * (lit * grey) + _EARTHSHINE - picture) * ball.cover
