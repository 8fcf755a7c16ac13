"""`mountains`, variant `summit`: one great peak in snow over a tarn that mirrors it, clouds passing."""

from dataclasses import dataclass

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import even_ramp, linear, plane, smoothstep
from local.renderer.painting.noise import fractal, orbit, sample
from local.renderer.scenery.mirror import Mirror
from local.renderer.scenery.relief import Relief, massif
from local.renderer.scenery.ridges import chain, peak
from local.renderer.scenery.sky import Sky, air_ramp, night
from local.renderer.scenery.vista import Vista
from local.renderer.theme import Painter
from local.renderer.themes.mountains.shores import far_shore, near_bank

_HALF, _GRID = 0.95, 640  # of the summit's relief


@dataclass(frozen=True)
class Palette:
    """Colours of a time of day: `air` from horizon to zenith, light of the sun and of the open sky, clouds from
    shaded to lit, trees, and water where one sees into it. `stars` is their brightness.
    """

    tags: frozenset[str]
    air: tuple[str, ...]
    sun: str
    power: float
    sky: str
    cloud: tuple[str, ...]
    tree: str
    deep: str
    stars: float


_PALETTES = (
    Palette(
        tags=frozenset({"dawn", "pink", "winter"}),
        air=("f7d9c8", "eab8b8", "b69cc4", "7f86bd", "5570ad"),
        sun="ffb493",
        power=1.25,
        sky="7f92cf",
        cloud=("8f88b8", "d7a9b8", "ffd9c4"),
        tree="1c2233",
        deep="0f1c38",
        stars=0.0,
    ),
    Palette(
        tags=frozenset({"day", "summer", "blue", "spring"}),
        air=("d6e8f0", "a8cde4", "6fa6d6", "427dbd", "2a5fa3"),
        sun="fff0d6",
        power=1.15,
        sky="8fb4e6",
        cloud=("9db4cf", "d9e3ec", "fff8ec"),
        tree="1a3024",
        deep="0c3a48",
        stars=0.0,
    ),
    Palette(
        tags=frozenset({"dusk", "red", "gold", "autumn"}),
        air=("ffd08a", "f3966a", "b7658a", "60508f", "343672"),
        sun="ff8a4e",
        power=1.45,
        sky="6a74bd",
        cloud=("4f4580", "b0627f", "ffb07a"),
        tree="17151f",
        deep="10132c",
        stars=0.15,
    ),
    Palette(
        tags=frozenset({"night", "blue", "winter"}),
        air=("3a5f8c", "254673", "15305a", "0b1d40", "06112b"),
        sun="b9d0f5",
        power=0.62,
        sky="22427c",
        cloud=("101f3d", "2c4a78", "7f9cc4"),
        tree="050b16",
        deep="030a18",
        stars=1.0,
    ),
    Palette(
        tags=frozenset({"mist", "storm", "autumn", "violet"}),
        air=("e8cdb4", "b9a2a8", "7f7896", "565878", "373c5c"),
        sun="ffcf9a",
        power=1.15,
        sky="7a84b0",
        cloud=("474a66", "8f889e", "f2d6ba"),
        tree="181d28",
        deep="121a2c",
        stars=0.0,
    ),
)


def _summit(
    canvas: Canvas, rng: np.random.Generator, palette: Palette, level: float, side: float
) -> tuple[Field, Field]:
    """Cover and light of the peak over water at `level`, the sun on one `side`."""
    relief, ribs = massif(
        rng, peak(rng, float(rng.uniform(0.48, 0.56))), half=_HALF, shape=(_GRID, _GRID), steep=1.6
    )
    upright = relief.upright()
    # Snow holds by the lie of the land and, less, by each rock; gullies fill, ribs are swept.
    hold = 0.55 * relief.smoothed(4).upright() + 0.45 * upright
    line = np.linspace(0, 1, _GRID, dtype=np.float32)
    flakes = sample(fractal(rng, size=512, slope=1.1, lowest=16), line[None, :], line[:, None])
    snow = smoothstep(0.62, 0.67, hold - 0.05 * ribs - 0.045 * flakes + 0.7 * relief.height)
    vista = Vista(relief, u=float(rng.uniform(0.36, 0.64)), foot=level, scale=1.0, eye=0.05, distance=2.6)
    seen = vista.paint(canvas, [_sunlight(relief, side), 0.3 + 0.7 * upright, snow, 1 + 0.25 * ribs])
    sunlight, openness, snow, tone = seen.maps
    rock = plane("3c3a3c") * tone
    light = plane(palette.sun) * (1.6 * palette.power * sunlight) + plane(palette.sky) * (0.45 * openness)
    light *= rock + (np.float32(0.88) - rock) * snow
    return seen.cover, _hazy(light, seen.up, palette, 0.1)


def _neighbours(
    canvas: Canvas, rng: np.random.Generator, palette: Palette, level: float, side: float
) -> tuple[Field, Field]:
    """Cover and light of the range far behind the peak."""
    relief, _ = massif(rng, chain(rng, 0.42, 1.6, 0.0), half=1.6, shape=(216, 768), steep=1.3)
    vista = Vista(relief, u=0.5 + float(rng.uniform(-0.2, 0.2)), foot=level, scale=0.5, eye=0.1, distance=3.0)
    seen = vista.paint(canvas, [_sunlight(relief, side), smoothstep(0.1, 0.3, relief.height)])
    light = plane(palette.sun) * (1.3 * palette.power * seen.maps[0]) + plane(palette.sky) * 0.4
    light *= 0.25 + 0.55 * seen.maps[1]
    return seen.cover, _hazy(light, seen.up, palette, 0.5)


def _sunlight(relief: Relief, side: float) -> Field:
    return relief.lit((0.837 * side, 0.387, 0.387), 0.45)


def _hazy(light: Field, up: Field, palette: Palette, haze: float) -> Field:
    """The light after its way through the air, which is thickest low over the water."""
    thick = np.minimum(haze + 0.42 * np.exp(np.maximum(up, 0) * np.float32(-9)), np.float32(0.85))
    light += (plane(palette.air[1]) * 0.8 - light) * thick
    return light


def _sky(rng: np.random.Generator, palette: Palette, level: float, side: float) -> Sky:
    """The sun stands beside the frame."""
    return Sky(
        air=air_ramp(palette.air, 1.2),
        cloud=even_ramp(palette.cloud),
        orb=plane(palette.sun),
        glow=plane(palette.sun) * 0.8,
        horizon=level,
        orb_u=0.5 + side * float(rng.uniform(0.75, 0.95)),
        orb_up=float(rng.uniform(0.1, 0.2)),
        orb_radius=0.03,
    )


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """Mountains, shores and trees stand still; clouds pass, mist drifts and the water stirs."""
    palette = brief.choose(rng, _PALETTES)
    side = float(rng.choice([-1.0, 1.0]))
    clouds = fractal(rng, size=256, slope=1.75)
    ruffle = fractal(rng, size=256, slope=1.9, lowest=3)
    mirror = Mirror(
        level=float(rng.uniform(0.58, 0.63)), ruffle=ruffle, deep=plane(palette.deep), rough=brief.energy
    )
    rows = mirror.row(canvas)
    level = rows / canvas.height
    sky = _sky(rng, palette, level, side)
    stars = night(rng, 260, horizon=level, light=linear("dfe9ff") * 1.4 * palette.stars)
    far, distant = _neighbours(canvas, rng, palette, level, side)
    cover, massive = _summit(canvas, rng, palette, level, side)
    land = (distant + (massive - distant) * cover)[:, :rows]
    cover = np.maximum(far, cover)[:rows]
    woods = far_shore(canvas, rng, level, ruffle)[:rows]
    wood = plane(palette.tree) + 0.10 * plane(palette.air[0])
    bank = near_bank(canvas, rng, -side, ruffle)
    tree = plane(palette.tree) * 0.35
    up = canvas.place(0, level)[1] - canvas.y[:rows]
    low = 0.75 * np.exp(-(((up - 0.035) / np.float32(0.05)) ** 2))
    midway = 0.6 * np.exp(-(((up - 0.19) / np.float32(0.06)) ** 2))
    veil = plane(palette.air[0]) * 0.75 + plane(palette.sun) * 0.1

    def paint(phase: float) -> Field:
        above = sky.paint(canvas, clouds, stars, phase)
        above += (land - above) * cover
        right, down = orbit(phase, 0.05 * brief.energy, 0.0)
        drift = sample(clouds, canvas.x * 0.35 + right, up * 2.2 + down * 0.4)
        above += (veil - above) * (low * smoothstep(-0.9, 1.6, drift) + midway * smoothstep(0.2, 2.0, drift))
        above += (wood - above) * woods
        picture = np.concatenate((above, mirror.paint(canvas, above, phase)), axis=1)
        picture += (tree - picture) * bank
        return picture

    return paint
