"""`ocean`, variant `open_sea`: swell under a low sun or moon, its glitter on the water, clouds, a far headland."""

from dataclasses import dataclass

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import even_ramp, linear, plane, smoothstep
from local.renderer.painting.noise import fractal, sample
from local.renderer.scenery.sky import FOCAL, Sky, air_ramp, night
from local.renderer.scenery.swell import Swell
from local.renderer.theme import Painter


@dataclass(frozen=True)
class Palette:
    """Colours of a time of day: `air` from horizon to zenith, `cloud` from shaded to lit, water: deep, and
    where light comes through. `stars` is their brightness, `overcast` how much cloud there is.
    """

    tags: frozenset[str]
    air: tuple[str, ...]
    cloud: tuple[str, ...]
    orb: str
    glow: str
    deep: str
    crest: str
    stars: float
    overcast: float = 0.0


_SUNSET = Palette(
    tags=frozenset({"dusk", "gold", "pink"}),
    air=("ffb45e", "f58a5c", "c9597a", "6b3f8f", "2a2a66", "171a47"),
    cloud=("3a2a66", "8a4480", "e8786a", "ffc58a"),
    orb="ffe9b8",
    glow="ff9a4a",
    deep="0a1230",
    crest="1f5a78",
    stars=0.0,
)
_MOONLIGHT = Palette(
    tags=frozenset({"night", "blue", "winter"}),
    air=("4a6f96", "2c4f7c", "1a3460", "101f45", "0a1330", "060b20"),
    cloud=("0c1630", "27406b", "6f8fb5", "c3d6ea"),
    orb="eef4ff",
    glow="7ea4d8",
    deep="030917",
    crest="123a55",
    stars=1.0,
)
_DAWN = Palette(
    tags=frozenset({"dawn", "pink", "spring", "mist"}),
    air=("ffe0bd", "ffc1b0", "e9a0b6", "a98cc4", "6f87c4", "4a6bb0"),
    cloud=("8a7fb5", "c79bb8", "f7b9ac", "ffe6c8"),
    orb="fff3d6",
    glow="ffc890",
    deep="123a5c",
    crest="3f9aa3",
    stars=0.0,
)
_AFTERGLOW = Palette(
    tags=frozenset({"dusk", "red", "violet", "autumn"}),
    air=("ff8a5a", "d9596a", "8f3f7d", "4a2f78", "1f2158", "0d1238"),
    cloud=("1c1740", "5a2a66", "c04d6a", "ff9a70"),
    orb="ffd9a0",
    glow="ff6a4a",
    deep="070a24",
    crest="1b3f6a",
    stars=0.5,
)
_GOLD = Palette(
    tags=frozenset({"day", "gold", "green"}),
    air=("ffe9b0", "f9cf86", "dcb384", "8fa79c", "4f8597", "2c6480"),
    cloud=("5c7480", "a89a86", "eac792", "fff0c4"),
    orb="fff6d8",
    glow="ffd480",
    deep="06302f",
    crest="3aa58a",
    stars=0.0,
)
_NOON = Palette(
    tags=frozenset({"day", "blue", "summer"}),
    air=("dff0ec", "b4dcea", "7fbfe4", "4f9cd8", "2f7cc4", "1f62aa"),
    cloud=("8fb0cc", "bcd2e2", "e4eef0", "fffaf0"),
    orb="fffbe6",
    glow="fff0c8",
    deep="05345c",
    crest="2fa6b4",
    stars=0.0,
)
_GALE = Palette(
    tags=frozenset({"storm", "mist", "winter"}),
    air=("c2cdbe", "93a6a6", "687f88", "465c69", "2f414f", "202e3b"),
    cloud=("1d2832", "3a4a56", "6c7d84", "c8cdbf"),
    orb="f4f2dc",
    glow="b9c4ae",
    deep="061a22",
    crest="194450",
    stars=0.0,
    overcast=0.9,
)
_PALETTES = (_SUNSET, _MOONLIGHT, _DAWN, _AFTERGLOW, _GOLD, _NOON, _GALE)


def _sky(rng: np.random.Generator, palette: Palette) -> Sky:
    return Sky(
        air=air_ramp(palette.air, 1.3),
        cloud=even_ramp(palette.cloud),
        orb=plane(palette.orb),
        glow=plane(palette.glow),
        horizon=float(rng.uniform(0.36, 0.5)),
        orb_u=float(rng.uniform(0.22, 0.78)),
        orb_up=float(rng.uniform(0.06, 0.16)),
        orb_radius=float(rng.uniform(0.028, 0.045)),
        overcast=palette.overcast,
    )


def _headlands(canvas: Canvas, sky: Sky, ridge: Field) -> Field:
    """How far land across from the orb hides the sky, (rows, width): two ranges, the farther one paler."""
    _, up = sky.rays(canvas, slice(0, sky.row(canvas)))
    side = -2 if sky.orb_u > 0.5 else 2
    away = np.clip((canvas.u - 0.5) * side + np.float32(0.25), 0, 1)
    cover = np.zeros((up.shape[0], canvas.width), np.float32)
    for line, (reach, tall, dark) in enumerate(((0.0, 0.05, 0.45), (0.35, 0.035, 0.75))):
        rough = sample(ridge, canvas.x * 0.31 + 0.4 * line, np.zeros_like(canvas.x))
        rise = smoothstep(reach, 1.2, away) * (1 + 0.45 * rough) * np.float32(tall)
        edge = np.clip((rise - up) * np.float32(FOCAL * canvas.short), 0, 1)
        cover = np.maximum(cover, edge * np.float32(dark))
    return cover


@dataclass(frozen=True)
class Water:
    """The sea below the horizon of `sky`; `deep` is its own colour, `crest` that of light shining through."""

    sky: Sky
    swells: tuple[Swell, ...]
    deep: Field
    crest: Field

    def paint(self, canvas: Canvas, phase: float) -> Field:
        """Planar light (3, rows, width), from the horizon to the foot of the frame."""
        right, up = self.sky.rays(canvas, slice(self.sky.row(canvas), canvas.height))
        up = np.minimum(up, np.float32(-0.25 / canvas.short))
        z = -1 / up  # eye heights ahead; one pixel sees the more of the water the farther it lies
        x = right * z
        footprint = z * np.sqrt(z) * np.float32(1 / (FOCAL * canvas.short))
        slope_x, slope_z = np.zeros((2, *x.shape), np.float32)
        rough = np.zeros_like(footprint)
        for swell in self.swells:
            rough += swell.add(phase, x, z, footprint, (slope_x, slope_z))
        picture = self._mirror(canvas, (right, up), (slope_x, slope_z), rough)
        # Air softens the far water into the sky over it.
        haze = np.exp(up * 28) * 0.8
        picture += (self.sky.clear(canvas, right, np.full_like(up, 0.015)) - picture) * haze
        return picture

    def _mirror(self, canvas: Canvas, ray: tuple[Field, Field], slope: tuple[Field, Field], rough: Field) -> Field:
        """Light that water of this slope sends to the eye: mirrored sky, glitter, its own colour.

        Schlick's approximation of Fresnel; glitter is a normal spread of slopes, as Cox and Munk found.
        """
        right, up = ray
        length = np.sqrt(1 + right * right + up * up)
        tilt = 1 / np.sqrt(1 + slope[0] * slope[0] + slope[1] * slope[1])
        facing = (slope[0] * right + slope[1] - up) * (tilt / length)
        # A wave's far side is hidden: a smooth floor in place of a hard one, which would draw outlines.
        facing = 0.5 * (facing + np.sqrt(facing * facing + 0.006))
        # Mirrored ray: d + 2 (n.-d) n, with n = (-slope x, 1, -slope z) tilt.
        twice = 2 * facing * tilt * length
        ahead = 1 / np.maximum(1 - twice * slope[1], 0.05)
        to_right = (right - twice * slope[0]) * ahead
        rising = up + twice
        to_up = np.sqrt(rising * rising + 0.004) * ahead
        fresnel = 0.03 + 0.97 * (1 - facing) ** 5
        body = self.deep + self.crest * smoothstep(0.05, 0.65, facing)
        picture = body + (self.sky.clear(canvas, to_right, to_up) - body) * fresnel
        beside, above = self.sky.offset(canvas, to_right, to_up)
        wide = 0.002 + 0.45 * rough
        glitter = np.exp((0.81 * beside * beside + 0.30 * above * above) / -wide) * (0.002 / wide) ** 0.3
        picture += self.sky.orb * ((2.0 * fresnel + 0.15) * glitter)
        return picture


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """Land and stars stand still; clouds drift and the swell runs towards the eye."""
    palette = brief.choose(rng, _PALETTES)
    sky = _sky(rng, palette)
    clouds = fractal(rng, size=256, slope=1.7)
    wind = float(-np.pi / 2 + rng.uniform(-0.7, 0.7))
    swells = (
        Swell.blown(rng, size=256, side=9.0, steep=0.13 * brief.energy, wind=wind),
        Swell.blown(rng, size=256, side=2.3, steep=0.11 * brief.energy, wind=wind + 0.5),
        Swell.blown(rng, size=128, side=0.55, steep=0.08, wind=wind - 0.4),  # ripples are much alike in any wind
    )
    water = Water(sky, swells, deep=plane(palette.deep), crest=plane(palette.crest))
    land = _headlands(canvas, sky, fractal(rng, size=256, slope=1.25))
    shade = plane(palette.cloud[0]) * 0.6
    stars = night(rng, 220, horizon=sky.horizon, light=linear("dfe9ff") * palette.stars)

    def paint(phase: float) -> Field:
        heaven = sky.paint(canvas, clouds, stars, phase)
        heaven += (shade - heaven) * land
        return np.concatenate((heaven, water.paint(canvas, phase)), axis=1)

    return paint
