"""The hill that the old tree of `seasons` stands on, with its grass and what fell into it. It paints no tree."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import look_up
from local.renderer.painting.noise import sample
from local.renderer.scenery.sky import Sky
from local.renderer.themes.nature.flowers import Blade, Touch
from local.renderer.themes.nature.layer import Layer, edge
from local.renderer.themes.nature.seasons_palettes import Palette

_BLADES = 2600
_GRASS = 0.86  # the share of them that are blades and not fallen leaves
_WIDE = 1.2  # short sides to both sides of the middle; grass grows so far


@dataclass(frozen=True)
class Place:
    """Where things stand, in short sides about the middle of the frame: the tree's foot and height, the sun, the
    horizon. `side` is 1 for a tree on the right, with the sun on the left, and -1 for the reverse.
    """

    side: int
    foot: tuple[float, float]
    tall: float
    sun: tuple[float, float]
    level: float

    @classmethod
    def chosen(cls, canvas: Canvas, rng: np.random.Generator, palette: Palette) -> tuple[Self, Sky]:
        """The tree a little off the middle, the sun low on its other side."""
        side = int(rng.choice([-1, 1]))
        tree_u, foot_v = 0.5 + side * float(rng.uniform(0.04, 0.11)), float(rng.uniform(0.8, 0.85))
        sky = palette.heaven.sky(
            horizon=float(rng.uniform(0.7, 0.75)),
            orb_u=0.5 - side * float(rng.uniform(0.16, 0.28)),
            orb_up=float(rng.uniform(0.1, 0.24)),
            orb_radius=float(rng.uniform(0.048, 0.066)),
        )
        sun_x, level = canvas.place(sky.orb_u, sky.horizon)
        tall = min(0.86 * foot_v * canvas.height, 0.8 * canvas.width) / canvas.short
        return cls(side, canvas.place(tree_u, foot_v), tall, (sun_x, level - sky.orb_up), level), sky


@dataclass(frozen=True)
class Knoll:
    """The hill the tree stands on; `grass` is its light from the foot of a blade to a lit tip, (3,) each."""

    place: Place
    grass: tuple[Field, Field]

    def crest(self, x: Field) -> Field:
        """Where it ends above."""
        away = x - np.float32(self.place.foot[0])
        dome = 0.16 * (np.sqrt(away * away + 0.09) - 0.3) + 0.006 * np.sin(9 * x)
        crest: Field = np.float32(self.place.foot[1] - 0.012) + dome.astype(np.float32)
        return crest

    def tone(self, depth: Field) -> Field:
        """How light the ground is, from foot to tip of its grass, `depth` under the crest."""
        lit: Field = 0.1 + 0.7 * np.exp(depth * -7)
        return lit

    def paint(self, layer: Layer, rough: Field) -> None:
        """The ground, and the tree's shadow on it, away from the sun."""
        x, pixel = layer.x, 1 / layer.canvas.short
        below = layer.canvas.y - self.crest(x)
        depth = np.maximum(below, 0)
        dark, light = (colour[:, None, None] for colour in self.grass)
        glow = 0.5 * np.exp(np.abs(x - np.float32(self.place.sun[0])) * -2) * np.exp(depth * -12)
        tone = 0.9 + 0.12 * sample(rough, x * 0.5, depth * 2) + glow
        cover = edge(below, pixel)
        layer.lay(cover, (dark + (light - dark) * self.tone(depth)) * tone)
        aside = (x - np.float32(self.place.foot[0] + 0.07 * self.place.side) - self.place.side * depth) / 0.24
        layer.lay(cover * (0.5 * np.exp(-(aside**2) - ((depth - 0.035) / 0.035) ** 2)), 0.7 * dark)

    def grown(self, canvas: Canvas, rng: np.random.Generator, fallen: Field) -> Layer:
        """Its grass, and in it what fell from the tree, its colours the ramp `fallen`."""
        layer = Layer.blank(canvas, 0.03)
        below = canvas.half_height - self.place.foot[1]
        # The nearest stand below the frame. In upright frames the ground runs on towards the eye, and so grows.
        near = np.sort(rng.random(_BLADES) ** 1.4)
        depth = 1.5 * below * near
        x = rng.uniform(-_WIDE, _WIDE, _BLADES)
        size = (0.25 + 1.4 * near) * min(max(below / 0.18, 1), 1.8)
        tufts = zip(x, self.crest(x) + depth, size, near, self.tone(depth), rng.random((_BLADES, 4)), strict=True)
        for at_x, at_y, scale, nearness, tone, chances in tufts:
            if abs(at_x) < canvas.half_width + 0.1:
                self._plant(layer, (at_x, at_y), (scale, nearness, tone), chances.tolist(), fallen)
        return layer

    def _plant(
        self,
        layer: Layer,
        at: tuple[float, float],
        ground: tuple[float, float, float],
        chances: list[float],
        fallen: Field,
    ) -> None:
        """One blade or leaf on the `ground`, given by its scale, nearness and tone there; `chances` are those of
        its height, lean, shade and kind.
        """
        (scale, near, tone), (high, lean, shade, kind) = ground, chances
        dark, light = self.grass
        if kind < _GRASS:
            glow = 0.35 + 0.75 * np.exp(-3 * near) * (0.5 + np.exp(-2 * abs(at[0] - self.place.sun[0])))
            blade = Blade(
                tall=0.05 * scale * (0.5 + high),
                lean=0.05 * scale * (0.5 + high) * (lean - 0.45),
                half=0.0028 * scale,
                taper=0.9,
                foot=(dark + (light - dark) * np.float32(tone)) * np.float32(0.7 + 0.3 * shade),
                tip=dark + (light - dark) * np.float32(glow * (0.4 + 0.6 * shade)),
            )
            blade.stamp(layer, at, 0.02 * max(near - 0.75, 0))
        elif abs(at[0] - self.place.foot[0]) < 0.3 + 0.5 * high:
            leaf = look_up(fallen, np.array([0.3 + 0.65 * shade], np.float32))[:, 0]
            lying = (at[0], at[1] - 0.02 * scale)
            Touch(leaf, squash=0.5).stamp(layer, lying, size=0.006 * scale, chance=0, lit=1, soft=0)
