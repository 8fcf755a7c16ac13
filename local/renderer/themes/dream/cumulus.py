"""Banks of cumulus, as `dream` lays them below its islands. Painted once; the scene moves them."""

from dataclasses import dataclass

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import look_up, smoothstep
from local.renderer.painting.sprite import Sprite
from local.renderer.scenery.puffs import CLOUD, heap

_STRIP = 2.6  # short sides; a bank repeats after this, farther than any usual frame is wide
_MARGIN = 0.05  # short sides beyond the frame's sides, in which a bank may be moved


@dataclass(frozen=True)
class Bank:
    """Clouds about the height `v` of the frame, their crest rising and falling by `swell` short sides; `near` is
    0 at the horizon and 1 before the eye.
    """

    v: float
    swell: float
    near: float

    def paint(self, canvas: Canvas, rng: np.random.Generator, colours: Field, sun: float, soft: Field) -> Sprite:
        """The bank, down to the foot of the frame. `colours` is a ramp from shade to light, `sun` the side light
        comes from (-1 left, 1 right), `soft` a noise field.
        """
        middle = canvas.place(0, self.v)[1]
        half, foot = canvas.half_width + _MARGIN, canvas.half_height + 0.02
        sprite = Sprite.blank(canvas, (-half, half), (middle - 3 * self.swell - 0.2, foot))
        body = smoothstep(middle + 0.02, middle + 0.1, sprite.y(canvas)) + 0 * sprite.x(canvas)
        sprite.lay(look_up(colours, np.full((1, 1), 0.3, np.float32)), body)
        copies = np.arange(-np.ceil(half / _STRIP), np.ceil(half / _STRIP) + 1)
        balls = self._balls(rng, canvas.height / canvas.short) + np.array([0, middle, 0, 0], np.float32)
        strips = [balls + np.array([_STRIP * copy, 0, 0, 0], np.float32) for copy in copies]
        heap(
            canvas,
            sprite,
            np.concatenate(strips),
            colours=colours,
            sun=(0.45 * sun, -0.8),
            rough=soft,
            fluff=CLOUD,
        )
        return sprite

    def _balls(self, rng: np.random.Generator, tall: float) -> Field:
        """Rows (x, y, radius, shine) about the height 0: great balls, and small ones that bud from their upper
        sides; the highest, which are the farthest, first. `tall` is the height of the frame in short sides.
        """
        great, small = round(84 - 36 * self.near), round(360 - 130 * self.near)
        x, low = rng.uniform(-0.5, 0.5, great) * _STRIP, rng.random(great) ** 1.1
        y = (0.12 + 0.2 * self.near) * tall * low - self._crest(rng, x)
        radius = (0.06 + 0.09 * self.near) * rng.uniform(0.6, 1, great)
        bodies = np.column_stack((x, y, radius, 0.06 - 0.24 * low, low))
        parent, angle = rng.integers(great, size=small), rng.normal(0, 0.95, small)
        size, out = rng.uniform(0.22, 0.5, small), rng.uniform(0.7, 1.0, small) * radius[parent]
        buds = np.column_stack(
            (
                x[parent] + out * np.sin(angle),
                y[parent] - out * np.cos(angle),
                size * radius[parent],
                0.10 - 0.22 * low[parent] + 0.05 * rng.normal(size=small),
                low[parent] + 0.01 * rng.random(small),
            )
        )
        balls = np.concatenate((bodies, buds))
        ordered: Field = balls[np.argsort(balls[:, 4])][:, :4].astype(np.float32)
        return ordered

    def _crest(self, rng: np.random.Generator, x: Field) -> Field:
        """How high the bank rises at `x`; it closes after a strip."""
        waves = np.arange(1, 5)[:, None]
        across, along = rng.normal(0, 0.7, (2, 4, 1)) / waves
        turns = 2 * np.pi / _STRIP * waves * x
        crest: Field = self.swell * (across * np.sin(turns) + along * np.cos(turns)).sum(axis=0)
        return crest
