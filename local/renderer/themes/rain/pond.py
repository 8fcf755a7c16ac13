"""`rain`, variant `pond`: rain on a pond among misty trees, rings on the water, lilies, a willow and reeds."""

from dataclasses import dataclass

import numpy as np

from local.renderer.brief import WILD, Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.painting.blur import smeared
from local.renderer.painting.colour import look_up, plane, ramp, smoothstep
from local.renderer.painting.noise import fractal, orbit, sample
from local.renderer.painting.overlay import blank, put
from local.renderer.scenery.swell import Swell
from local.renderer.scenery.water import Water
from local.renderer.theme import Painter
from local.renderer.themes.rain.plants import Foreground, Pad, lay_flower, lay_pad, pads
from local.renderer.themes.rain.shower import Rain, Rings
from local.renderer.themes.rain.woods import Wood, above_water


@dataclass(frozen=True)
class Palette:
    """Colours: `air` from the top of the frame to the water, woods from far to near, `glow` where the cloud is
    thin, the water's own `deep`, plants before the eye, pads, petals, and streaks of rain.
    """

    tags: frozenset[str]
    air: tuple[str, ...]
    woods: tuple[str, str]
    glow: str
    deep: str
    plant: str
    pad: str
    petal: str
    streak: str


_PALETTES = (
    Palette(
        frozenset({"day", "spring", "green", "mist"}),
        ("6f8f8c", "9ab8a8", "c8d8b8", "dfe6c8"),
        ("9ab8a4", "2f5a4c"),
        "f0f4d0",
        "16302c",
        "0a1a16",
        "3f7a44",
        "ffb8c8",
        "eef6ee",
    ),
    Palette(
        frozenset({"dusk", "blue", "winter"}),
        ("1f3058", "3f5a86", "7f98b8", "c0c4cc"),
        ("6f86a8", "1a2f52"),
        "ffd8b8",
        "0c1a34",
        "050b18",
        "2f5a68",
        "e8d8ff",
        "d8e8ff",
    ),
    Palette(
        frozenset({"day", "autumn", "gold", "red"}),
        ("8a5a3c", "b88854", "e4bc80", "f6dcaa"),
        ("c89a64", "6a3a22"),
        "ffe8b0",
        "2a1a12",
        "140a06",
        "7a7a34",
        "fff0d8",
        "fff4e0",
    ),
    Palette(
        frozenset({"night", "storm"}),
        ("081420", "12303c", "2f6468", "6a9c94"),
        ("34686a", "0a2228"),
        "b8f0d8",
        "04101a",
        "02080c",
        "1c5048",
        "8fbcc4",
        "b0e0e0",
    ),
    Palette(
        frozenset({"dusk", "dawn", "summer", "violet", "pink"}),
        ("4a4078", "8a6a9a", "d89aa8", "f8ccb0"),
        ("a884a4", "43355f"),
        "ffe0c0",
        "1c1838",
        "0c0a1c",
        "466a5c",
        "ffd0dc",
        "fff0f0",
    ),
)
_DEPTHS = (0.0, 0.5, 1.0)  # of the woods


def _far(
    canvas: Canvas, rows: int, palette: Palette, woods: list[Wood], noise: Field, glow: tuple[float, float]
) -> Field:
    """All that stands over the water, (3, rows, width); the cloud is thin about `glow`, fractions of it."""
    level = rows / canvas.height
    colours = ramp(*zip((0, 0.4, 0.8, 1), palette.air, strict=True))
    air = look_up(colours, canvas.v[:rows] / np.float32(level) + 0 * canvas.u)
    y = canvas.y[:rows]
    cloud = sample(noise, canvas.x * 0.4, y * 0.9) + 0.4 * sample(noise, canvas.x * 0.9, y * 2.1)
    air *= 0.86 + 0.22 * smoothstep(-1.6, 1.6, cloud)
    x0, y0 = canvas.place(glow[0], glow[1] * level)
    away = ((canvas.x - np.float32(x0)) / np.float32(0.4)) ** 2 + ((y - np.float32(y0)) / np.float32(0.2)) ** 2
    air += plane(palette.glow) * (0.45 * np.exp(-away))
    far, close = plane(palette.woods[0]), plane(palette.woods[1])
    above = above_water(canvas, rows)
    for wood in woods:
        tint = far + (close - far) * np.float32(wood.depth**0.8)
        tint = tint * (0.85 + 0.5 * np.clip(above * 4, 0, 1) + 0.5 * np.exp(-away))
        mist = (0.6 - 0.3 * wood.depth) * np.exp(above * np.float32(-16))
        tint += (plane(palette.air[3]) * 0.85 - tint) * mist
        air += (tint - air) * wood.cover(canvas, rows, noise)
    return air


@dataclass(frozen=True)
class Bank:
    """What stands over the water, `view` (3, rows, width), and the mist of colour `mist` that drifts along its
    foot; `noise` gives the mist its shape.
    """

    view: Field
    mist: Field
    noise: Field

    def still(self, canvas: Canvas) -> Field:
        """The bank as it is on the whole, for the water to mirror."""
        return self.view + (self.mist - self.view) * (0.28 * self._low(canvas))

    def at(self, canvas: Canvas, phase: float) -> Field:
        """The bank of this moment."""
        right, down = orbit(phase, 0.03, 0.0)
        y = canvas.y[: self.view.shape[1]]
        haze = smoothstep(-1.3, 1.8, sample(self.noise, canvas.x * 0.35 + right, y * 0.9 + down))
        return self.view + (self.mist - self.view) * (0.55 * self._low(canvas) * haze)

    def _low(self, canvas: Canvas) -> Field:
        low: Field = np.exp(-((above_water(canvas, self.view.shape[1]) / np.float32(0.075)) ** 2))
        return low


def _lilies(canvas: Canvas, palette: Palette, lilies: list[Pad]) -> Field:
    """Pads and flowers as an overlay, (4, height, width)."""
    layer = blank(canvas, canvas.height)
    for pad in lilies:
        lay_pad(canvas, layer, pad, plane(palette.pad), plane(palette.air[2]))
    for pad in lilies:
        if pad.bloom:
            lay_flower(canvas, layer, pad, plane(palette.petal), plane("ffc850"))
    return layer


def _showers(rng: np.random.Generator, energy: float, side: float) -> list[tuple[Rain, float]]:
    """Rain far away, nearer, and before the eye, each with how well it is seen; wind blows from `side`."""
    lean = side * 0.07 * energy**1.5
    drawn = ((720, 0.0, 0.16), (260, 0.5, 0.2), (70, 1.0, 0.17))
    return [(Rain.drawn(rng, most, round(most / WILD * energy), near, lean), seen) for most, near, seen in drawn]


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """Woods and lilies stand still and are painted once; rain, rings, mist and the near plants move."""
    palette = brief.choose(rng, _PALETTES)
    level, side = float(rng.uniform(0.38, 0.46)), float(rng.choice([-1.0, 1.0]))
    glow = float(0.5 - side * rng.uniform(0.02, 0.2)), float(rng.uniform(0.55, 0.85))
    noise = fractal(rng, size=256, slope=1.5)
    woods = [Wood.grown(rng, depth, glow[0]) for depth in _DEPTHS]
    lilies = pads(rng, u=0.5 - 0.16 * side, level=level)
    plants = Foreground.grown(canvas, rng, side)
    wind = float(rng.uniform(0, 2 * np.pi))
    swells = (
        Swell.blown(rng, size=128, side=4.0, steep=0.012 * brief.energy, wind=wind),
        Swell.blown(rng, size=128, side=0.9, steep=0.012 * brief.energy, wind=wind + 0.8),
    )
    rings = Rings.drawn(rng, 560, round(560 / WILD * brief.energy))
    *behind, before = _showers(rng, brief.energy, side)
    mist = plane(palette.air[3]) * 0.9
    bank = Bank(_far(canvas, round(level * canvas.height), palette, woods, noise, glow), mist, noise)
    water = Water(canvas, swells, smeared(bank.still(canvas), 0.006 * canvas.short))
    afloat = _lilies(canvas, palette, lilies)
    clear = 0.5 + 0.5 * np.exp(water.up * np.float32(3.2))
    deep = plane(palette.deep) * (1 - clear)
    veil = 0.28 * np.exp(water.up * np.float32(22))
    streak, plant = plane(palette.streak), plane(palette.plant)

    def paint(phase: float) -> Field:
        slopes = water.waves(phase)
        rings.add(water, slopes, phase)
        pond = water.reflection(slopes)
        # A wave's far side mirrors the more, the flatter it is looked at.
        pond *= np.maximum(clear + slopes[1], 0.1)
        pond += deep + (mist - deep - pond) * veil
        picture = np.concatenate((bank.at(canvas, phase), pond), axis=1)
        put(afloat, picture)
        for rain, seen in behind:
            picture += (streak - picture) * (rain.cover(canvas, phase) * np.float32(seen))
        picture += (plant - picture) * plants.swayed(canvas, phase, 0.011 * brief.energy)
        picture += (streak - picture) * (before[0].cover(canvas, phase) * np.float32(before[1]))
        return picture

    return paint
