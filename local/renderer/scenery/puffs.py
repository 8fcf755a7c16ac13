"""Heaps of soft lit balls: cumulus clouds, crowns of trees. It decides neither their place nor their motion.

They are painted once, on a sprite. The ash of `fire` is balls too, but those grow and thin out in every frame.
"""

from dataclasses import dataclass

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import look_up, smoothstep
from local.renderer.painting.noise import sample
from local.renderer.painting.sprite import Sprite


@dataclass(frozen=True)
class Fluff:
    """How a ball's edge looks: noise moves it by `ragged` radii, one tile of the noise is `tile` radii wide, and
    the ball's foot is lost by `melted` (0 to 1) in what lies below.
    """

    ragged: float
    tile: float
    melted: float


CLOUD = Fluff(ragged=0.3, tile=3.0, melted=0.75)
LEAVES = Fluff(ragged=0.7, tile=4.0, melted=0.0)


def heap(
    canvas: Canvas,
    sprite: Sprite,
    balls: Field,
    *,
    colours: Field,
    sun: tuple[float, float],
    rough: Field,
    fluff: Fluff,
) -> None:
    """Paint balls over the sprite, one after the other, in place.

    `balls` are rows (x, y, radius, shine): short sides, and light added to each. `colours` is a ramp from shade
    to light, `sun` the direction light comes from (right, down); `rough` is a noise field.
    """
    x, y = sprite.x(canvas), sprite.y(canvas)
    reach = balls[:, 2].astype(np.float64) * (1 + fluff.ragged) + 2 / canvas.short
    lefts, rights = (np.searchsorted(x[0], balls[:, 0] + side * reach) for side in (-1, 1))
    tops, feet = (np.searchsorted(y[:, 0], balls[:, 1] + side * reach) for side in (-1, 1))
    for i in np.flatnonzero((lefts < rights) & (tops < feet)):
        ball_x, ball_y, radius, shine = balls[i].tolist()
        columns, rows = slice(lefts[i], rights[i]), slice(tops[i], feet[i])
        right, down = (x[:, columns] - np.float32(ball_x)) / radius, (y[rows] - np.float32(ball_y)) / radius
        # each ball meets the noise elsewhere, or all of a size would look alike
        from_x, from_y = np.float32(ball_x * 7.3), np.float32(ball_y * 7.3)
        bumps = sample(rough, right / fluff.tile + from_x, down / fluff.tile + from_y)
        away = np.sqrt(right * right + down * down) + np.float32(0.5 * fluff.ragged) * bumps
        soft = max(0.3 * fluff.ragged, 1.2 / (radius * canvas.short))
        cover = smoothstep(1.0, 1.0 - 2 * soft, away)
        cover *= 1 - np.float32(fluff.melted) * smoothstep(-0.2, 1.0, down)
        light = 0.5 + 0.42 * (right * np.float32(sun[0]) + down * np.float32(sun[1])) - 0.09 * bumps
        sprite.lay(look_up(colours, light + np.float32(shine)), cover, rows, columns)
