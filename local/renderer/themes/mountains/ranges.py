"""`mountains`, variant `ranges`: ridge behind ridge in the haze of a low sun, mist in the valleys, birds."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import even_ramp, linear, look_up, plane, smoothstep
from local.renderer.painting.limbs import draw
from local.renderer.painting.noise import fractal, orbit, sample
from local.renderer.scenery.relief import massif
from local.renderer.scenery.ridges import chain
from local.renderer.scenery.sky import Sky, night
from local.renderer.scenery.vista import Vista
from local.renderer.theme import Painter
from local.renderer.themes.mountains.birds import Flock
from local.renderer.themes.mountains.shores import hillside

_PLAN = ((0.24, 0.5, 0.15), (0.2, 0.62, 0.62), (0.2, 0.8, -0.66), (0.18, 1.0, 0.62))
"""Of each range from the back: height and scale in short sides, and how it leans to the sun's side."""


@dataclass(frozen=True)
class Palette:
    """Colours of a time of day: `air` from horizon to zenith, ridges from the farthest to the nearest, mist, the
    sun's disc and glow, clouds from shaded to lit. `stars` is their brightness.
    """

    tags: frozenset[str]
    air: tuple[str, ...]
    ridge: tuple[str, ...]
    mist: str
    orb: str
    glow: str
    cloud: tuple[str, ...]
    stars: float


_PALETTES = (
    Palette(
        frozenset({"dawn", "pink", "spring"}),
        ("ffd9b8", "f7b7ae", "d79bbd", "9d8cc8", "6b7cc0"),
        ("cf9fb4", "a57fae", "755f9b", "463f77", "1f2148"),
        "f9cfc4",
        "fff0d0",
        "ffb98a",
        ("a98fbe", "e3a9b8", "ffd8c4"),
        0.0,
    ),
    Palette(
        frozenset({"dusk", "red", "gold", "autumn"}),
        ("ffc56a", "f98c4f", "d65a56", "86406f", "3b2a5c"),
        ("d9785a", "ab4f57", "7a3653", "46223f", "1d1026"),
        "ffcf94",
        "fff0bb",
        "ff8a3c",
        ("5c2f5c", "b34d5c", "ff9d62"),
        0.0,
    ),
    Palette(
        frozenset({"day", "mist", "green", "summer"}),
        ("eef0dc", "cfe2df", "a3cbd6", "74abc8", "4b86b3"),
        ("a9c6c6", "7fa8a6", "527f78", "2d5650", "12302e"),
        "eaf1e6",
        "fffbe6",
        "fff0c0",
        ("a9bfc9", "dbe5e4", "fffaf0"),
        0.0,
    ),
    Palette(
        frozenset({"night", "blue", "winter"}),
        ("4f7aa6", "305a8c", "1c3d6e", "102650", "081534"),
        ("3f6590", "2b4a75", "1b3259", "0f1f3d", "060d1f"),
        "6f9ac2",
        "eef4ff",
        "7ea4d8",
        ("122244", "2c4a78", "7f9cc4"),
        1.0,
    ),
    Palette(
        frozenset({"dusk", "violet", "storm"}),
        ("ffb9a0", "e087a0", "a565a8", "64509a", "2f3272"),
        ("b57ba6", "855c9a", "584385", "332b62", "151435"),
        "eab0c0",
        "ffeed6",
        "ff9a8a",
        ("4a3a7a", "9a5f9c", "f5a3a0"),
        0.3,
    ),
)


@dataclass(frozen=True)
class Ranges:
    """All ranges as one picture that stands still: their `cover` of the sky, their `light`, and how high a place
    lies over the valley before it, against the mist there.
    """

    cover: Field
    light: Field
    height: Field

    @classmethod
    def painted(cls, canvas: Canvas, rng: np.random.Generator, palette: Palette, sky: Sky) -> Self:
        """The farthest stands free; before it spurs from left and right interlock, so that a valley winds away."""
        side = 1.0 if sky.orb_u > 0.5 else -1.0
        tones, near = even_ramp(palette.ridge), _near_sun(canvas, sky)
        light = np.zeros((3, canvas.height, canvas.width), np.float32)
        cover, height = np.zeros((2, canvas.height, canvas.width), np.float32)
        for i, (tall, scale, lean) in enumerate(_PLAN):
            spines = chain(rng, tall * float(rng.uniform(0.9, 1.15)) / scale, 1.6, lean * side)
            relief, _ = massif(rng, spines, half=1.6, shape=(216, 768), steep=1.35)
            u, foot = 0.5 + float(rng.uniform(-0.16, 0.16)), sky.horizon + 0.03 + 0.09 * i
            vista = Vista(relief, u=u, foot=foot, scale=scale, eye=0.12, distance=3.0)
            seen = vista.paint(canvas, [relief.lit((0.9 * side, 0.34, 0.26), 0.4)])
            depth = i / len(_PLAN)
            # Light is lost in the mist before it reaches the valley floor.
            sunlight = seen.maps[0] * smoothstep(-0.01, 0.06, seen.up)
            tone = look_up(tones, np.full((1, 1), depth, np.float32)) * (0.75 + (0.3 + 0.5 * depth) * sunlight)
            tone += plane(palette.glow) * (near * (0.22 * (1 - depth)) * (0.4 + sunlight))
            light += (tone - light) * seen.cover
            height += ((seen.up - 0.005) / np.float32(0.045 + 0.012 * depth) - height) * seen.cover
            np.maximum(cover, seen.cover, out=cover)
        return cls(cover, light, height)


def _near_sun(canvas: Canvas, sky: Sky) -> Field:
    """1 under the sun, falling with the distance from it."""
    x0, y0 = canvas.place(sky.orb_u, sky.horizon)
    near: Field = 1 / (
        1 + ((canvas.x - np.float32(x0)) ** 2 + (canvas.y - np.float32(y0)) ** 2) / np.float32(0.12)
    )
    return near


def _sky(rng: np.random.Generator, palette: Palette) -> Sky:
    return Sky(
        air=even_ramp(palette.air),
        cloud=even_ramp(palette.cloud),
        orb=plane(palette.orb),
        glow=plane(palette.glow),
        horizon=float(rng.uniform(0.5, 0.56)),
        orb_u=float(rng.choice([0.3, 0.7]) + rng.uniform(-0.1, 0.1)),
        orb_up=float(rng.uniform(0.12, 0.22)),
        orb_radius=float(rng.uniform(0.03, 0.05)),
    )


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """The ridges stand still and are painted once; mist drifts through the valleys, clouds pass, birds wheel."""
    palette = brief.choose(rng, _PALETTES)
    sky = _sky(rng, palette)
    side = 1.0 if sky.orb_u > 0.5 else -1.0
    clouds = fractal(rng, size=256, slope=1.75)
    stars = night(rng, 260, horizon=sky.horizon, light=linear("dfe9ff") * palette.stars)
    ranges = Ranges.painted(canvas, rng, palette, sky)
    flock = Flock.wheeling(rng, 7, u=0.5 + side * float(rng.uniform(-0.2, 0.0)), v=float(rng.uniform(0.22, 0.34)))
    hill = hillside(canvas, rng, -side, clouds)
    tree = plane(palette.ridge[-1]) * 0.6
    veil = plane(palette.mist) * (0.72 + 0.4 * _near_sun(canvas, sky))

    def paint(phase: float) -> Field:
        heaven = sky.paint(canvas, clouds, stars, phase)
        picture = ranges.light.copy()
        rows = heaven.shape[1]
        picture[:, :rows] += (heaven - picture[:, :rows]) * (1 - ranges.cover[:rows])
        right, down = orbit(phase, 0.08 * brief.energy, 0.0)
        drift = sample(clouds, canvas.x * 0.4 + right, canvas.y * 1.1 + down * 0.5)
        mist = np.exp(-np.maximum(ranges.height - 0.5 * drift, 0)) * (0.7 + 0.2 * np.clip(drift, -2, 1.4))
        picture += (veil - picture) * (ranges.cover * mist)
        dark = hill.copy()
        draw(canvas, dark, flock.limbs(canvas, phase), -canvas.half_width)
        picture += (tree - picture) * dark
        return picture

    return paint
