"""The clearing that a campfire stands in: hills and spruces behind it, ground and grass lit by the fire."""

from dataclasses import dataclass

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import plane, smoothstep
from local.renderer.painting.limbs import draw
from local.renderer.painting.noise import sample
from local.renderer.painting.particles import Swarm, add_glows
from local.renderer.painting.rims import turned_to
from local.renderer.scenery.plants import grass
from local.renderer.scenery.sky import FOCAL
from local.renderer.scenery.spruces import spruce
from local.renderer.themes.fire.backdrop import air, hills
from local.renderer.themes.fire.stage import Stage, falloff

HORIZON = 0.66  # fraction of the height: the far edge of the clearing
RING = 0.2  # short sides; of the stones about the fire
FLAT = 0.27  # how much shorter the ground looks towards the eye than across
FIRELIGHT = plane("ff8a3c")


@dataclass(frozen=True)
class Palette:
    """Colours: `air` from zenith to horizon, `trees` far and near, `ground` by the sky's light and `lit` by the
    fire's. `stars` is their brightness.
    """

    air: tuple[str, ...]
    trees: tuple[str, str]
    ground: str
    lit: str
    stars: float
    tags: frozenset[str]


@dataclass(frozen=True)
class Place:
    """Where the fire stands, (`x`, `y`), and the `horizon` of the ground it stands on, in short sides."""

    canvas: Canvas
    x: float
    y: float
    horizon: float

    def away(self, depth: float = 0.0) -> Field:
        """Distance from the middle of the flames, for things that stand `depth` short sides behind them."""
        right, down = self.canvas.x - np.float32(self.x), self.canvas.y - np.float32(self.y - 0.12)
        return np.sqrt(right * right + down * down + np.float32(depth * depth))

    def ground(self) -> tuple[Field, Field]:
        """Points of the ground: right of the fire and behind it, in short sides as measured at the fire."""
        below = np.maximum(self.canvas.y - np.float32(self.horizon), np.float32(0.35 / self.canvas.short))
        far = np.float32(self.y - self.horizon) / below
        return (self.canvas.x - np.float32(self.x)) * far, (far - 1) * np.float32(FOCAL)

    def glow(self) -> Field:
        """Firelight on the ground."""
        right, behind = self.ground()
        return falloff(np.sqrt(right * right + behind * behind), 0.3)


def sky(canvas: Canvas, palette: Palette, stars: Swarm, soft: Field) -> Field:
    """Air, stars and two far ranges of hills."""
    picture, height = air(canvas, palette.air, horizon=HORIZON)
    add_glows(canvas, picture, stars)
    haze = 0.22 * plane(palette.air[-1]) * smoothstep(0.0, 1.0, height) ** 3
    far, near = (
        plane(palette.air[1]) * (1 - dark) + plane(palette.trees[0]) * dark + haze for dark in (0.45, 0.75)
    )
    hills(canvas, picture, soft, horizon=HORIZON, ranges=((0.16, far), (0.09, near)))
    return picture


def forest(stage: Stage, rng: np.random.Generator, place: Place, palette: Palette, rough: Field) -> None:
    """Three rows of spruces that leave the view over the fire open; the fire lights the sides turned to it."""
    canvas = place.canvas
    middle = place.x * canvas.short / canvas.width + 0.5
    far, near = plane(palette.trees[0]), plane(palette.trees[1])
    haze = 0.1 * plane(palette.air[-1]) * smoothstep(-0.2, 0.0, canvas.y - np.float32(place.horizon))
    for count, low, high, depth, dark, boughs in (
        (46, 0.07, 0.13, 2.0, 0.0, 12),
        (26, 0.13, 0.39, 0.8, 0.55, 24),
        (14, 0.22, 0.97, 0.3, 1.0, 42),
    ):
        cover = np.zeros((canvas.height, canvas.width), np.float32)
        for i in range(count):
            u = (i + rng.random()) / count * 1.1 - 0.05
            flank = min(abs(u - middle) * 1.9, 1.0)
            tall = (low + (high - low) * flank**1.5) * rng.uniform(0.7, 1.2)
            foot = (canvas.place(u, 0)[0], place.horizon + 0.03 * dark)
            limbs = spruce(rng, foot=foot, tall=tall, boughs=boughs)
            if dark < 1 or flank > 0.35:
                draw(canvas, cover, limbs, -canvas.half_width)
        clumps = sample(rough, canvas.x * 1.6 + np.float32(depth), canvas.y * 1.6)
        light = falloff(place.away(depth), 0.31) * np.clip(0.5 + 0.5 * clumps, 0.05, 2)
        light *= 0.12 + turned_to(canvas, cover, place.x, 0.03) ** 1.3
        stage.lay(
            cover, far + (near - far) * dark + haze * (1 - dark), FIRELIGHT * plane(palette.lit) * (3.2 * light)
        )


def meadow(stage: Stage, place: Place, palette: Palette, rough: Field, turns: list[float]) -> None:
    """The clearing, lit about the fire; the stones at these `turns` throw shadows outwards."""
    canvas = place.canvas
    right, behind = place.ground()
    far = 1 + behind / np.float32(FOCAL)
    soil = sample(rough, right * 0.35, behind * 0.35) * smoothstep(6, 1, far)
    clumps = sample(rough, right * 1.1 + 0.3, behind * 0.7) * smoothstep(4, 0.8, far)
    blades = sample(rough, right * 3.1 + 0.6, behind * 1.1) * smoothstep(2.2, 0.6, far)
    relief = np.clip(0.85 + 0.2 * soil + 0.26 * clumps + 0.26 * blades, 0.12, 2.2)
    rise = 0.012 * sample(rough, canvas.x * 0.6, np.zeros_like(canvas.x))
    below = canvas.y - np.float32(place.horizon) + rise
    ground, edge = plane(palette.ground) * relief, plane(palette.trees[1])
    light = place.glow() * relief * _shadows(right, behind, turns)
    stage.lay(
        np.clip(below * np.float32(canvas.short) + 0.5, 0, 1),
        ground + (edge - ground) * np.exp(np.maximum(below, 0) * -14),
        FIRELIGHT * plane(palette.lit) * (2.6 * light),
    )


def _shadows(right: Field, behind: Field, turns: list[float]) -> Field:
    """How much firelight passes between the stones; a fire is wide, so that shadows blur as they lengthen."""
    away = np.sqrt(right * right + behind * behind)
    turn = np.arctan2(-behind, right) * np.float32(0.5 / np.pi)
    beyond = smoothstep(0.95 * RING, 1.2 * RING, away) * np.exp(np.maximum(away - RING, 0) * -3)
    blur = 0.012 + 0.03 * np.maximum(away - RING, 0)
    passing = np.ones_like(away)
    for centre in turns:
        beside = np.abs((turn - np.float32(centre) + 0.5) % 1 - 0.5)
        passing *= 1 - 0.75 * beyond * np.clip((0.022 - beside) / blur + 0.5, 0, 1)
    return passing


def tufts(stage: Stage, rng: np.random.Generator, place: Place, palette: Palette) -> None:
    """Tufts all over the clearing, and dark ones at the foot of the frame."""
    canvas = place.canvas
    left, foot = -canvas.half_width, canvas.half_height
    low, near = np.zeros((2, canvas.height, canvas.width), np.float32)
    for _ in range(240):
        u, depth = rng.uniform(-0.02, 1.02), rng.random() ** 0.7
        x, y = canvas.place(u, 0)[0], place.horizon + (foot - place.horizon) * depth
        tuft = grass(rng, foot=(x, y), tall=0.012 + 0.035 * depth)
        if np.hypot(x - place.x, (y - place.y) / FLAT) > 1.5 * RING:
            draw(canvas, low, tuft, left)
    for _ in range(70):
        u = rng.random()
        tall = (0.06 + 0.12 * (2 * u - 1) ** 2) * rng.uniform(0.7, 1.2)
        draw(canvas, near, grass(rng, foot=(canvas.place(u, 0)[0], foot + 0.02), tall=tall), left)
    light = FIRELIGHT * plane(palette.lit) * place.glow()
    stage.lay(low * np.float32(0.85), plane(palette.ground) * 0.7, 3.0 * light)
    stage.lay(near * np.float32(0.97), plane(palette.trees[1]), 0.35 * light)
