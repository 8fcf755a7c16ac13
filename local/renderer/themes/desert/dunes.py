"""`desert`, variant `dunes`: a sea of sand under a low sun or moon, sand blowing off its crests, a far caravan."""

from dataclasses import dataclass

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import even_ramp, linear, plane, smoothstep
from local.renderer.painting.limbs import draw
from local.renderer.painting.noise import fractal
from local.renderer.scenery.sky import Sky, air_ramp, night
from local.renderer.theme import Painter
from local.renderer.themes.desert.caravan import caravan
from local.renderer.themes.desert.dune import Dunes
from local.renderer.themes.desert.sand import FAR, HAZE, Sand, Still, drama
from local.renderer.themes.desert.spindrift import Spindrift, plumes
from local.renderer.themes.desert.terrain import View

_HEIGHT = 0.24  # of the sun that lights the sand, in radians; the disc may hang lower
_TRIES = 10


@dataclass(frozen=True)
class Palette:
    """Colours: `air` from horizon to zenith, `cloud` from shaded to lit, `orb` and its `glow`; sand in the light
    and in the shade. `stars` is their brightness.
    """

    air: tuple[str, ...]
    cloud: tuple[str, ...]
    orb: str
    glow: str
    light: str
    shade: str
    stars: float
    tags: frozenset[str]


_PALETTES = (
    Palette(
        ("ffd08a", "fba56a", "e07a66", "a85a78", "5f4678", "33305e"),
        ("5a3a60", "a8586a", "f08a62", "ffd49a"),
        "fff0c8",
        "ffb060",
        "f59a50",
        "4a2c4c",
        0.0,
        frozenset({"dusk", "gold", "summer"}),
    ),
    Palette(
        ("ffe6cc", "fcc8b8", "dda6bc", "a48cc0", "6c78b4", "46589a"),
        ("7a6a9c", "c08fa8", "f4b4a0", "ffe4cc"),
        "fff6e0",
        "ffd0a0",
        "f4b48c",
        "54487a",
        0.0,
        frozenset({"dawn", "pink", "spring"}),
    ),
    Palette(
        ("f6e8cc", "d8dcd0", "a8cadc", "6aa6d4", "3a7cbc", "1f5698"),
        ("a8b4c0", "d0d4d4", "f4f0e6", "fffaf0"),
        "fffae8",
        "fff0c8",
        "f8c27c",
        "6a4c50",
        0.0,
        frozenset({"day", "blue", "summer"}),
    ),
    Palette(
        ("5a7898", "38587e", "203c66", "12264c", "0a1734", "060e22"),
        ("0c1630", "223a5c", "5a7898", "a8bccc"),
        "f0f4ff",
        "88a8d8",
        "7e94b4",
        "0c1a38",
        1.0,
        frozenset({"night", "blue", "winter"}),
    ),
    Palette(
        ("ffb072", "f27a50", "c8483e", "862e40", "481f3c", "24142e"),
        ("3a1830", "8a3040", "e0603e", "ffb070"),
        "ffe4b0",
        "ff8040",
        "e8703c",
        "3a1628",
        0.1,
        frozenset({"dusk", "red", "autumn"}),
    ),
    Palette(
        ("f2b0a0", "c87a98", "8c5598", "573e88", "302a68", "181a44"),
        ("2c2458", "6a3f7c", "b8688c", "f0a898"),
        "ffe8d0",
        "f89088",
        "d88a86",
        "2e2250",
        0.5,
        frozenset({"dusk", "violet"}),
    ),
    Palette(
        ("e8c892", "dcb078", "c0905e", "98704e", "6c5244", "4a3a38"),
        ("6a5040", "9a7450", "d0a468", "f0d29a"),
        "fff0c8",
        "f4c880",
        "e0a860",
        "5a3c34",
        0.0,
        frozenset({"storm", "mist", "gold"}),
    ),
)


def _sky(rng: np.random.Generator, palette: Palette, side: float) -> Sky:
    return Sky(
        air=air_ramp(palette.air, 1.2),
        cloud=even_ramp(palette.cloud),
        orb=plane(palette.orb),
        glow=plane(palette.glow),
        horizon=float(rng.uniform(0.34, 0.42)),
        orb_u=0.5 - side * float(rng.uniform(0.12, 0.32)),
        orb_up=float(rng.uniform(0.09, 0.17)),
        orb_radius=float(rng.uniform(0.03, 0.045)),
    )


def _spindrift(canvas: Canvas, sand: Sand, still: Still, dust: Field) -> Spindrift:
    z = np.minimum(still.depth, FAR)
    down, across = sand.dunes.drift(sand.view.across(canvas, z), z)
    return Spindrift(
        plumes=plumes(canvas, still.depth, wind=sand.dunes.side, long=0.13),
        clouds=smoothstep(1.0, 4.0, z) * np.exp(z / -20) * still.cover,
        sheets=smoothstep(0.1, 0.6, z) * np.exp(z / -7) * (0.07 + 0.93 * still.lit),
        down=down,
        across=across,
        wind=sand.dunes.side,
        dust=dust,
    )


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """Land and camels are painted once; sand and clouds move. The wind comes from the sun's side."""
    palette = brief.choose(rng, _PALETTES)
    side = float(rng.choice((-1.0, 1.0)))
    sky = _sky(rng, palette, side)
    clouds, rough, dust = (fractal(rng, size=256, slope=slope) for slope in (1.8, 2.0, 1.5))
    stars = night(rng, 320, horizon=sky.horizon, light=linear("dfe9ff") * np.float32(palette.stars))
    # Far more from the side than the disc hangs, or all that is seen would lie in shade.
    turn = -side * float(rng.uniform(0.85, 1.2))
    sun = (float(np.sin(turn) * np.cos(_HEIGHT)), float(np.sin(_HEIGHT)), float(np.cos(turn) * np.cos(_HEIGHT)))
    tries = [Dunes.blown(rng, side) for _ in range(_TRIES)]
    dunes = max(tries, key=lambda dunes: drama(dunes, sky.horizon, sun))
    view = View(dunes.height, dunes.stand(), sky.horizon)
    sand = Sand(view, dunes, sun, plane(palette.light), plane(palette.shade), rough)
    still = Still.of(canvas, sand, sky)
    spindrift = _spindrift(canvas, sand, still, dust)
    camels, away = caravan(canvas, view, side)
    shape = np.zeros((canvas.height, canvas.width), np.float32)
    for camel in camels:
        draw(canvas, shape, camel, -canvas.half_width)
    tint = 0.5 * plane(palette.shade) + 0.4 * plane(palette.air[0]) * np.float32(1 - np.exp(-away / HAZE))
    land, cover = still.light + (tint - still.light) * shape, np.maximum(still.cover, shape)
    row = sky.row(canvas)
    strong = np.float32(0.7 * brief.energy**0.6)
    dusty = 0.6 * plane(palette.glow) + 0.5 * plane(palette.light)
    gleam = strong * (0.24 * plane(palette.light) + 0.05 * plane(palette.glow))

    def paint(phase: float) -> Field:
        picture = land.copy()
        heaven = sky.paint(canvas, clouds, stars, phase)
        picture[:, :row] = heaven + (picture[:, :row] - heaven) * cover[:row]
        flying, running = spindrift.at(canvas, phase)
        picture += (dusty - picture) * (flying * strong)
        picture += gleam * running
        return picture

    return paint
