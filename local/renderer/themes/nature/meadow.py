"""`nature`, variant `meadow`: a flower meadow against a low sun, hills behind it, seeds adrift on the wind."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import linear, plane, smoothstep
from local.renderer.painting.noise import fractal
from local.renderer.painting.particles import Swarm, add_discs, add_lamps, fade
from local.renderer.scenery.sky import Sky, night
from local.renderer.theme import Painter
from local.renderer.themes.nature.butterflies import Butterflies
from local.renderer.themes.nature.flowers import Blade
from local.renderer.themes.nature.hills import Hill
from local.renderer.themes.nature.layer import Layer
from local.renderer.themes.nature.meadow_palettes import PALETTES, Palette
from local.renderer.themes.nature.wind import Swaying

_WIDE = 1.3  # short sides to both sides of the middle; plants grow so far, and wide frames see more of them
_FOCUS = 0.8  # nearness beyond which the lens blurs
_GRASS = 0.87  # the share of plants that are blades of grass
_HILLS = (  # rise of the crest over the horizon, height and rate of its waves, height of its woods, mist
    (0.1, 0.045, 0.5, 0.012, 0.6),
    (0.055, 0.04, 0.6, 0.018, 0.45),
    (0.015, 0.03, 0.7, 0.026, 0.3),
    (-0.025, 0.018, 0.5, 0.0, 0.0),
)
_ROWS = (((0.06, 0.3), 1500, 0.003), ((0.3, 0.8), 1500, 0.008), ((0.8, 1.9), 620, 0.02))
"""Nearness, number of plants and reach of the wind in it, for each row of them."""


@dataclass(frozen=True)
class Ground:
    """The plane of the meadow: a plant `near` as the foot of the frame (1) stands `depth` short sides under the
    horizon at `level`. Light comes from about `sun`, short sides right of the middle.
    """

    level: float
    depth: float
    sun: float

    @classmethod
    def under(cls, canvas: Canvas, sky: Sky) -> Self:
        """The ground below this sky."""
        level = canvas.place(0, sky.horizon)[1]
        return cls(level, canvas.half_height - level, canvas.place(sky.orb_u, 0)[0])

    def scale(self, near: float) -> float:
        """Short sides to the height of a man. In upright frames it does not grow without limit."""
        return near * min(self.depth, 0.55)


@dataclass(frozen=True)
class Plant:
    """One blade of grass or flower, in chances of 0 to 1."""

    across: float
    high: float
    lean: float
    shade: float
    kind: float
    whim: float

    def stamp(self, layer: Layer, palette: Palette, ground: Ground, near: float) -> None:
        """Paint it, if the frame is wide enough to show it."""
        x = (2 * self.across - 1) * _WIDE
        if abs(x) > layer.canvas.width / layer.canvas.short / 2 + 0.04 + 0.3 * ground.scale(near):
            return
        # Plants towards the sun are lower, which keeps the view open, and let its light through.
        aside = min(abs(x - ground.sun) / 0.6, 1)
        tall, lit = ground.scale(near) * (0.8 + 0.3 * aside), 0.7 + 0.65 * (1 - aside) ** 2
        place, soft = (x, ground.level + ground.depth * near), 0.038 * max(near - _FOCUS, 0)
        if self.shade < _GRASS:
            self._blade(palette, 0.3 * tall + 0.34 * self.high * tall, lit).stamp(layer, place, soft)
            return
        tall *= 0.46 + 0.34 * self.high
        lean = (self.lean - 0.45) * 0.4 * tall
        foot, tip = linear(palette.grass[0]), linear(palette.grass[1]) * np.float32(0.5 * lit)
        Blade(tall, lean, 0.007 * ground.scale(near), 0.3, foot, tip).stamp(layer, place, soft)
        flower = palette.flowers[int(self.kind**2 * len(palette.flowers))]
        size = ground.scale(near) * (0.05 + 0.026 * self.whim)
        flower.stamp(layer, (x + lean, place[1] - tall), size=size, chance=self.whim, lit=lit, soft=soft)

    def _blade(self, palette: Palette, tall: float, lit: float) -> Blade:
        return Blade(
            tall=tall,
            lean=(self.lean - 0.45) * 0.8 * tall,
            half=0.028 * tall * (0.5 + 0.8 * self.whim),
            taper=0.92,
            foot=linear(palette.grass[0]) * np.float32(0.6 + self.kind),
            tip=linear(palette.grass[1]) * np.float32(lit * (0.35 + 0.75 * self.kind)),
        )


def _row(
    canvas: Canvas,
    rng: np.random.Generator,
    palette: Palette,
    ground: Ground,
    *,
    near: tuple[float, float],
    count: int,
    reach: float,
) -> Swaying:
    """The plants between two nearnesses, which bend by `reach` short sides."""
    layer = Layer.blank(canvas, 2 * reach)
    nears = np.sort(rng.uniform(*near, count))
    for distance, chances in zip(nears.tolist(), rng.random((count, 6)).tolist(), strict=True):
        Plant(*chances).stamp(layer, palette, ground, distance)
    return Swaying.standing(layer, canvas.height, reach, rng.random(2))


@dataclass(frozen=True)
class Motes:
    """Seeds and dust adrift on the wind, one life a loop; `drift` in fractions of the frame."""

    swarm: Swarm
    birth: Field
    drift: Field

    def at(self, phase: float) -> Swarm:
        """Where they are and how bright."""
        life = (self.birth + np.float32(phase)) % 1
        u = self.swarm.u + self.drift * (life - 0.5)
        v = self.swarm.v + 0.02 * np.sin(2 * np.pi * (life + self.birth * 5)) - 0.3 * self.drift * (life - 0.5)
        return replace(self.swarm, u=u, v=v).dimmed(fade(life))


def _motes(
    rng: np.random.Generator, count: int, light: Field, *, radius: tuple[float, float], energy: float
) -> Motes:
    size = rng.random(count)
    return Motes(
        swarm=Swarm(
            u=rng.uniform(-0.05, 1.05, count),
            v=rng.uniform(0.42, 0.95, count),
            radius=radius[0] + (radius[1] - radius[0]) * size,
            light=light * (0.5 + 0.5 * rng.random((count, 1))),
        ),
        birth=rng.random(count),
        drift=(0.05 + 0.1 * size) * energy,
    )


def _land(canvas: Canvas, rng: np.random.Generator, ground: Ground, palette: Palette, rough: Field) -> Layer:
    """Three hills and the meadow, which darkens towards the eye."""
    land = Layer.blank(canvas, 0)
    for (rise, tall, rate, wood, misty), body in zip(_HILLS, palette.hills, strict=True):
        hill = Hill(
            level=ground.level - rise,
            tall=tall,
            rate=rate,
            start=rng.random(3),
            wood=wood,
            body=plane(body),
            mist=plane(palette.heaven.air[0]),
            misty=misty,
        )
        hill.paint(land, rough, ground.sun)
    near = (canvas.y - np.float32(ground.level)) * np.float32(1 / ground.depth)
    land.lay(0.94 * smoothstep(0.03, 0.55, near) + 0 * land.x, plane(palette.grass[0]))
    return land


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """Hills are painted once, and each row of plants, which then bends; clouds and seeds drift."""
    palette = brief.choose(rng, PALETTES)
    sky = palette.heaven.sky(
        horizon=float(rng.uniform(0.5, 0.58)),
        orb_u=float(rng.choice([0.3, 0.7]) + rng.uniform(-0.1, 0.1)),
        orb_up=float(rng.uniform(0.11, 0.2)),
        orb_radius=float(rng.uniform(0.03, 0.042)),
    )
    clouds = fractal(rng, size=256, slope=1.8)
    rough = fractal(rng, size=256, slope=1.2, lowest=2)
    stars = night(rng, 220, horizon=sky.horizon, light=linear("dfe9ff") * palette.heaven.stars)
    ground = Ground.under(canvas, sky)
    land = _land(canvas, rng, ground, palette, rough)
    far, middle, near = (
        _row(canvas, rng, palette, ground, near=distance, count=count, reach=reach * brief.energy)
        for distance, count, reach in _ROWS
    )
    mote = linear(palette.mote)
    seeds = _motes(rng, 26, 1.2 * mote, radius=(0.0014, 0.003), energy=brief.energy)
    blurred = _motes(rng, 9, 0.12 * mote, radius=(0.012, 0.03), energy=brief.energy)
    butterflies = Butterflies.over(
        rng, 3, rows=(sky.horizon - 0.06, sky.horizon + 0.14), wing=linear(palette.wing)
    )
    right, up = sky.rays(canvas, slice(0, canvas.height))
    bloom = sky.glow * (0.12 * sky.nearness(canvas, right, up, spread=0.2))

    def paint(phase: float) -> Field:
        picture = np.empty((3, canvas.height, canvas.width), np.float32)
        picture[:, : sky.row(canvas)] = sky.paint(canvas, clouds, stars, phase)
        picture[:, sky.row(canvas) :] = 0
        land.put(picture)
        far.paint(picture, phase)
        middle.paint(picture, phase)
        picture += bloom
        add_lamps(canvas, picture, seeds.at(phase))
        butterflies.paint(canvas, picture, phase)
        near.paint(picture, phase)
        add_discs(canvas, picture, blurred.at(phase))
        return picture

    return paint
