"""`forest`, variant `mist`: trees standing in mist one behind the other, shafts of light, fireflies."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import linear, look_up, plane, ramp, smoothstep
from local.renderer.painting.limbs import draw
from local.renderer.painting.noise import fractal, orbit, sample
from local.renderer.painting.particles import Swarm, add_lamps
from local.renderer.scenery.plants import fern, grass, tree
from local.renderer.theme import Painter

_SWAY = 0.014  # short sides; how far the nearest trees usually move as the eye sways

_DEPTHS = (0.05, 0.25, 0.5, 0.75, 1.0)  # of the rows of trees: 0 at the back, 1 before the eye


@dataclass(frozen=True)
class Palette:
    """Colours: `air` from the crowns down to the ground, the nearest tree, shafts of light, fireflies."""

    tags: frozenset[str]
    air: tuple[str, ...]
    tree: str
    light: str
    spark: str


_PALETTES = (
    Palette(
        tags=frozenset({"mist", "green", "storm"}),
        air=("0a2a2e", "2f7f78", "8fd0b4", "3d8378", "123a38"),
        tree="020a0b",
        light="a8f0d0",
        spark="d8ff7a",
    ),
    Palette(
        tags=frozenset({"night", "blue", "winter"}),
        air=("1a1f3a", "4a5a96", "a9b4de", "5a6a9c", "1c2444"),
        tree="04050f",
        light="c4d4ff",
        spark="ffe08a",
    ),
    Palette(
        tags=frozenset({"dusk", "gold", "autumn", "red"}),
        air=("3a2214", "a8632c", "f6cf8a", "b0703a", "40261a"),
        tree="0c0504",
        light="ffd890",
        spark="fff0b0",
    ),
    Palette(
        tags=frozenset({"day", "green", "summer", "spring"}),
        air=("1c2a10", "5f8a34", "dce89a", "7a9a48", "24381a"),
        tree="050a04",
        light="f2f6a4",
        spark="f6ffb0",
    ),
    Palette(
        tags=frozenset({"dawn", "violet", "pink"}),
        air=("241436", "74427e", "e2a2b4", "7f4a82", "2a1a3e"),
        tree="07040d",
        light="ffc2cc",
        spark="a8ffe6",
    ),
)


@dataclass(frozen=True)
class Row:
    """One row of trees, painted once; `cover` is wider than the frame by `margin` pixels on both sides."""

    cover: Field
    margin: float
    depth: float

    def seen(self, canvas: Canvas, shift: float) -> Field:
        """The row moved right by `shift` pixels, between whole pixels too."""
        start = self.margin - shift
        first = int(np.floor(start))
        part = np.float32(start - first)
        window = self.cover[:, first : first + canvas.width + 1]
        return window[:, :-1] + (window[:, 1:] - window[:, :-1]) * part


def _row(canvas: Canvas, rng: np.random.Generator, depth: float, rough: Field, sway: float) -> Row:
    """Plants, ground and, near the eye, the leaves that hang into the frame; `rough` is a noise field.

    `sway` is how far it will be moved to either side, in short sides.
    """
    margin = int(np.ceil(sway * canvas.short)) + 2
    cover = np.zeros((canvas.height, canvas.width + 2 * margin), np.float32)
    left = -(canvas.width / 2 + margin) / canvas.short
    for limbs in _plants(canvas, rng, depth):
        draw(canvas, cover, limbs, left)
    x = (np.arange(cover.shape[1], dtype=np.float32) / np.float32(canvas.short) + np.float32(left))[None, :]
    bumps = sample(rough, x * 0.4 + np.float32(depth * 3.1), np.zeros_like(x))
    ground = _ground(canvas, depth) + np.float32(0.018 * (0.4 + depth)) * bumps
    np.maximum(cover, np.clip((canvas.y - ground) * np.float32(canvas.short) + 0.5, 0, 1), out=cover)
    if depth > 0.6:
        top = canvas.y - canvas.y[0]
        leaves = 0.5 * sample(rough, x * 1.5 + np.float32(depth), canvas.y * 1.5)
        leaves += 0.3 * sample(rough, x * 0.35, canvas.y * 0.35 + np.float32(depth))
        crown = smoothstep(0.0, 0.22, leaves + 0.75 - top * np.float32(9.5 - 3 * depth))
        np.maximum(cover, crown, out=cover)
    return Row(cover, margin, depth)


def _ground(canvas: Canvas, depth: float) -> float:
    return canvas.height / canvas.short * (0.33 + 0.125 * depth)


def _plants(canvas: Canvas, rng: np.random.Generator, depth: float) -> list[Field]:
    """Trees spread over the frame, thicker and fewer towards the eye; ferns and grass in front."""
    count = round(14 - 10 * depth)
    floor = _ground(canvas, depth) + 0.02
    plants = []
    for i in range(count):
        u = (i + rng.uniform(0.1, 0.9)) / count * 1.16 - 0.08
        limbs = tree(
            rng,
            foot=(canvas.place(u, 0)[0], floor),
            tall=max(2.1, canvas.height / canvas.short),
            girth=(0.007 + 0.023 * depth**1.5) * rng.uniform(0.65, 1.3),
            bare=rng.uniform(0.2, 0.5),
            rich=round(6 + 5 * depth),
            forks=2 if depth > 0.6 else 1,
        )
        plants.append(limbs)
    for i in range(round(26 * depth)):
        foot = (canvas.place(rng.uniform(-0.05, 1.05), 0)[0], floor)
        tall = depth * rng.uniform(0.5, 1.1)
        fronds = i % 4 == 0 and depth > 0.6
        plants.append(fern(rng, foot=foot, tall=0.15 * tall) if fronds else grass(rng, foot=foot, tall=0.1 * tall))
    return plants


def _shafts(canvas: Canvas, source: tuple[float, float], beams: Field, phase: float) -> Field:
    """Light falling in shafts from `source`, a point of the frame's plane; (height, width), about 0 to 1."""
    x0, y0 = canvas.place(*source)
    x, y = canvas.x - np.float32(x0), canvas.y - np.float32(y0)
    angle = np.arctan2(x, y)
    around, through = orbit(phase, 0.006, 0.0)
    beam = smoothstep(-0.3, 1.9, sample(beams, angle * 0.5 + around, np.full_like(angle, through)))
    away = np.sqrt(x * x + y * y)
    shafts: Field = beam * np.exp(away * -1.5)
    return shafts


@dataclass(frozen=True)
class Fireflies:
    """Lights that circle once a loop, each about its own place: `reach` and `start` (turns) are (2, n)."""

    resting: Swarm
    reach: Field
    start: Field
    beat: Field

    @classmethod
    def awake(cls, rng: np.random.Generator, count: int, light: Field, energy: float) -> Self:
        """Fireflies all over the lower half of the frame; `light` (3,) at their brightest."""
        resting = Swarm(
            u=rng.random(count),
            v=rng.uniform(0.42, 0.92, count),
            radius=0.0018 + 0.0024 * rng.random(count) ** 2,
            light=np.tile(light, (count, 1)),
        )
        return cls(
            resting, energy * rng.uniform(0.01, 0.035, (2, count)), rng.random((2, count)), rng.random(count)
        )

    def at(self, phase: float) -> Swarm:
        """Where they are and how bright."""
        across, down = self.reach * np.sin(2 * np.pi * (self.start + phase))
        glow = 0.35 + 0.65 * (0.5 + 0.5 * np.sin(2 * np.pi * (self.beat + phase))) ** 1.5
        flown = replace(self.resting, u=self.resting.u + across, v=self.resting.v + down)
        return flown.dimmed(glow)


def _fog(canvas: Canvas, air: tuple[str, ...], glow_u: float) -> Field:
    """The lit air behind everything, brightest about `glow_u` at half height."""
    colours = ramp(*zip((0, 0.3, 0.58, 0.75, 1), air, strict=True))
    x0, y0 = canvas.place(glow_u, 0.5)
    away = (canvas.x - np.float32(x0)) ** 2 + ((canvas.y - np.float32(y0)) * np.float32(0.7)) ** 2
    return look_up(colours, canvas.v) * (0.3 + 0.85 * np.exp(away * np.float32(-3.2)))


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """Trees are painted once; the eye sways, and each row with it by its depth; the rest moves itself."""
    palette = brief.choose(rng, _PALETTES)
    rough = fractal(rng, size=256, slope=1.15, lowest=2)
    mist = fractal(rng, size=128, slope=1.7)
    beams = fractal(rng, size=128, slope=0.9, lowest=2)
    source = (float(rng.uniform(0.1, 0.9)), float(rng.uniform(-0.25, -0.1)))
    sway = _SWAY * brief.energy
    rows = [_row(canvas, rng, depth, rough, sway) for depth in _DEPTHS]
    spark = 2.2 * linear(palette.spark)
    behind, before = (Fireflies.awake(rng, count, spark, brief.energy) for count in (26, 16))
    fog = _fog(canvas, palette.air, 0.5 + (source[0] - 0.5) * 0.7)
    tints = [fog * (0.62 * (1 - depth) ** 1.3 + 0.035) + plane(palette.tree) for depth in _DEPTHS]
    low = smoothstep(0.35, 0.85, canvas.v) * smoothstep(1.1, 0.75, canvas.v)
    light = 0.42 * plane(palette.light)

    def paint(phase: float) -> Field:
        picture = fog.copy()
        shafts = light * _shafts(canvas, source, beams, phase)
        right, down = orbit(phase, 0.03, 0.0)
        haze = low * smoothstep(-1.2, 2.2, sample(mist, canvas.x * 0.5 + right, canvas.y * 0.9 + down * 0.5))
        eye = sway * canvas.short * np.sin(2 * np.pi * phase)
        for i, (row, tint) in enumerate(zip(rows, tints, strict=True)):
            picture += (tint - picture) * row.seen(canvas, row.depth**1.5 * eye)
            if i in (1, 3):
                picture += shafts
            if i == 2:
                add_lamps(canvas, picture, behind.at(phase))
            if row.depth < 1:
                picture += (1.25 * fog - picture) * (haze * np.float32(0.5 - 0.36 * row.depth))
        add_lamps(canvas, picture, before.at(phase))
        return picture

    return paint
