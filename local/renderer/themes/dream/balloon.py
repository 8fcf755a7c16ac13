"""A hot-air balloon. Painted once; the scene moves it."""

from dataclasses import dataclass

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import plane, smoothstep
from local.renderer.painting.limbs import covered
from local.renderer.painting.sprite import Sprite

_SHOULDER = 0.35  # radii below the middle, where the ball turns into the cone below it
_MOUTH = 1.3


@dataclass(frozen=True)
class Balloon:
    """Its middle is at (`u`, `v`), fractions of the frame; `radius` in short sides. `cloth` are two colours in
    turns, `gores` of each; `glow` is its burner's light.
    """

    u: float
    v: float
    radius: float
    gores: int
    cloth: tuple[Field, Field]
    glow: Field

    def paint(self, canvas: Canvas, *, sun: tuple[float, float], haze: tuple[Field, float]) -> Sprite:
        """The balloon lit from the direction `sun` (right, down), under so much of the air's light (`haze`)."""
        x0, y0 = canvas.place(self.u, self.v)
        reach = 1.15 * self.radius
        sprite = Sprite.blank(canvas, (x0 - reach, x0 + reach), (y0 - reach, y0 + 2.2 * self.radius))
        a = (sprite.x(canvas) - np.float32(x0)) / np.float32(self.radius)
        b = (sprite.y(canvas) - np.float32(y0)) / np.float32(self.radius)
        pixels = np.float32(self.radius * canvas.short)
        self._hang_basket(canvas, sprite, (x0, y0))
        wide = _half_width(b)
        cover = np.clip((wide - np.abs(a)) * pixels * 0.9 + 0.5, 0, 1)
        cover *= np.clip((b + 1) * pixels + 0.5, 0, 1) * np.clip((_MOUTH - b) * pixels + 0.5, 0, 1)
        turned = np.clip(a / np.maximum(wide, 0.05), -1, 1)
        around = np.arcsin(turned) * np.float32(self.gores)
        sharp = max(0.25, 1.5 * self.gores / float(pixels))
        other = smoothstep(-sharp, sharp, np.sin(around * 2))
        # seams lie a little deeper than the cloth between them
        puffed = 0.9 + 0.1 * np.abs(np.sin(around * 2))
        facing = turned * np.float32(sun[0]) + np.clip(b, -1, 1) * np.float32(sun[1])
        shade = (0.5 + 0.45 * facing) * puffed
        light = (self.cloth[0] + (self.cloth[1] - self.cloth[0]) * other) * shade
        light += self.glow * np.exp(-1.6 * np.maximum(_MOUTH - b, 0) - 1.5 * a * a)
        sprite.lay(light.astype(np.float32), cover)
        sprite.veil(*haze)
        sprite.seam()
        return sprite

    def _hang_basket(self, canvas: Canvas, sprite: Sprite, place: tuple[float, float]) -> None:
        ropes = [[side * 0.2, 1.25, 0.008, side * 0.13, 1.75, 0.008] for side in (-1.0, -0.3, 0.3, 1.0)]
        limbs = np.array([*ropes, [-0.07, 1.84, 0.08, 0.07, 1.84, 0.08]], np.float32) * np.float32(self.radius)
        cover, columns = covered(canvas, sprite, limbs + np.array([*place, 0] * 2, np.float32))
        sprite.lay(plane("3a2418"), cover, columns=columns)


def _half_width(b: Field) -> Field:
    """Radii from the axis to the cloth, `b` radii below the middle: a ball, then a cone without a kink."""
    ball = np.sqrt(np.maximum(1 - b * b, 0))
    t = np.clip((b - _SHOULDER) / (_MOUTH - _SHOULDER), 0, 1)
    cone = 0.937 - 0.355 * t - 0.38 * t * t
    wide: Field = np.where(b < _SHOULDER, ball, cone).astype(np.float32)
    return wide
