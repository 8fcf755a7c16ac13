"""`space`, variant `low_orbit`: the rim of a living planet, its air, clouds and towns, the sun behind it."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import even_ramp, linear, plane
from local.renderer.painting.noise import fractal
from local.renderer.painting.particles import Swarm, add_glows, add_spikes, fade
from local.renderer.theme import Painter
from local.renderer.themes.space.globe import Globe, Soil, on_tile
from local.renderer.themes.space.moon import Moon
from local.renderer.themes.space.rim import Rim, Sunlight
from local.renderer.themes.space.starfield import stars


@dataclass(frozen=True)
class Palette:
    """`behind` is how far the sun stands behind the rim, in radians. Colours: `sunlight` on the ground from
    night to day, `air` from the ground up, `glare` of the sun, the empty sky.
    """

    tags: frozenset[str]
    behind: float
    sunlight: tuple[str, ...]
    air: tuple[str, ...]
    glare: str
    sky: str
    soil: Soil
    cover: float


_BLUE = Soil(("08204a", "0d3a74", "16608f", "3f93a0", "5f7a44", "a08a5a", "d8d0c0"), "f4f6fa", "ffb866")
_PALETTES = (
    Palette(
        tags=frozenset({"dawn", "gold", "blue"}),
        behind=1.12,
        sunlight=("141e3e", "1e2040", "7a3c34", "e8995c", "fff0d8"),
        air=("ffd9a0", "ff9a58", "8fb0e8", "2f6ad0", "0a1f5c"),
        glare="ffdca8",
        sky="02040a",
        soil=_BLUE,
        cover=0.52,
    ),
    Palette(
        tags=frozenset({"day", "blue", "summer", "green", "spring"}),
        behind=0.1,
        sunlight=("04070f", "20304a", "8a8a90", "f0e8da", "ffffff"),
        air=("d8ecff", "9fd0ff", "5fa4f4", "2f6ad8", "0c2a78"),
        glare="fff4e0",
        sky="03060f",
        soil=_BLUE,
        cover=0.5,
    ),
    Palette(
        tags=frozenset({"dusk", "red", "gold", "autumn"}),
        behind=0.85,
        sunlight=("070308", "240c18", "8a2f2a", "f0884c", "ffe6bc"),
        air=("ffc070", "ff6f45", "c04a70", "5a3a9a", "1a1850"),
        glare="ffb878",
        sky="05030a",
        soil=Soil(("1a1834", "33305a", "5f4f6f", "94705f", "a8744a", "c89a6a", "f0dcc0"), "fff0e4", "ffa050"),
        cover=0.48,
    ),
    Palette(
        tags=frozenset({"night", "winter", "blue"}),
        behind=1.32,
        sunlight=("1a2c54", "162a4c", "1c3858", "6fa0d0", "e0f0ff"),
        air=("c8f4e8", "58d0c0", "3a88d8", "1f4aa8", "0a1a50"),
        glare="9fc4ee",
        sky="01030a",
        soil=_BLUE,
        cover=0.42,
    ),
    Palette(
        tags=frozenset({"violet", "pink", "mist"}),
        behind=0.7,
        sunlight=("06040f", "1c1030", "6a3a70", "e8a0b0", "fff0ec"),
        air=("ffe0e0", "ffa8c8", "c07ae8", "6a4ad0", "221a6a"),
        glare="ffe0e4",
        sky="04030c",
        soil=Soil(("141a4a", "2a3f84", "5a74b0", "8fa0b8", "8a6a98", "b890b0", "f0dce8"), "fbf0f6", "9ff0e0"),
        cover=0.55,
    ),
    Palette(
        tags=frozenset({"storm", "green", "mist"}),
        behind=0.45,
        sunlight=("04070a", "14222a", "4f6a66", "c8d0b4", "f8fbee"),
        air=("e4f4dc", "a8e0c0", "58b0a8", "2a6f88", "0c2c4c"),
        glare="f4fbe0",
        sky="02050a",
        soil=Soil(("08282f", "11484c", "267068", "4c8f78", "5a6a48", "8a8468", "d0ccb8"), "eef2ec", "ffd088"),
        cover=0.8,
    ),
)


@dataclass(frozen=True)
class Craft:
    """Ships that pass over the rim, one life a loop: from `start` on for `span` radians, at a `height`."""

    start: Field
    span: Field
    height: Field
    birth: Field

    @classmethod
    def launched(cls, rng: np.random.Generator, count: int) -> Self:
        """Ships in low and high orbits, going either way."""
        return cls(
            start=rng.uniform(-0.6, 0.6, count),
            span=rng.choice([-1.0, 1.0], count) * rng.uniform(0.15, 0.4, count),
            height=rng.uniform(-0.2, 0.35, count),
            birth=rng.random(count),
        )

    def at(self, canvas: Canvas, rim: Rim, phase: float) -> Swarm:
        """Where they are and how bright."""
        life = (self.birth + phase) % 1
        u, v = rim.at(canvas, self.start + self.span * (life - 0.5), self.height)
        light = fade(life)[:, None] * linear("fff2d8") * 2.0
        return Swarm(u=u, v=v, radius=np.full(len(life), 0.0019), light=light)


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """Sky, air, moon and the sun's glare stand still; the ground turns, craft pass over the rim."""
    palette = brief.choose(rng, _PALETTES)
    side = float(rng.choice([-1.0, 1.0]))
    rim = Rim(
        u=0.5,
        v=float(rng.uniform(0.42, 0.58)),
        roll=-side * float(rng.uniform(0.08, 0.32)),
        radius=float(rng.uniform(1.1, 1.6)),
        sun=side * float(rng.uniform(0.1, 0.3)),
        behind=palette.behind,
    )
    globe = Globe.made(rng, palette.soil, cover=palette.cover, drift=0.03 * brief.energy)
    far, bright = stars(rng, 800, (0.0007, 0.0015), 0.8), stars(rng, 4, (0.002, 0.003), 1.2)
    moon = Moon(
        u=0.5 - side * float(rng.uniform(0.12, 0.32)),
        v=float(rng.uniform(0.12, 0.24)),
        radius=float(rng.uniform(0.035, 0.075)),
        sun=(side * 0.75, 0.45, 0.3),
        marks=fractal(rng, size=256, slope=1.4, lowest=2),
    )
    craft = Craft.launched(rng, 7)
    rays = fractal(rng, size=256, slope=0.9, lowest=8)
    sunlight = Sunlight(even_ramp(palette.sunlight), even_ramp(palette.air), plane(palette.glare))
    cover = rim.cover(canvas)
    top = int(np.argmax(cover.max(axis=1) > 0))
    light, place = rim.light(canvas, slice(top, None), sunlight)
    ground = on_tile(*place)
    clouds = globe.wound(*ground)
    backdrop = np.zeros((3, canvas.height, canvas.width), np.float32) + plane(palette.sky)
    add_glows(canvas, backdrop, far)
    add_spikes(canvas, backdrop, bright)
    moon.rise(canvas, backdrop)
    backdrop += rim.outer_air(canvas, sunlight)
    glare = rim.glare(canvas, sunlight, rays)

    def paint(phase: float) -> Field:
        picture = backdrop.copy()
        window = picture[:, top:]
        window += (globe.paint(ground, clouds, light, phase) - window) * cover[top:]
        picture += glare
        add_glows(canvas, picture, craft.at(canvas, rim, phase))
        return picture

    return paint
