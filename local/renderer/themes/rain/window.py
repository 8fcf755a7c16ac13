"""`rain`, variant `window`: rain on a pane at which somebody sits, and behind it a street of blurred lights."""

from dataclasses import dataclass, replace

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import linear, look_up, plane, ramp, smoothstep
from local.renderer.painting.noise import fractal, sample
from local.renderer.painting.overlay import blank, put
from local.renderer.painting.particles import Swarm, add_discs, add_glows, fade
from local.renderer.theme import Painter
from local.renderer.themes.rain.glass import Hanging, Lens, Runner

_MOST = 14  # runners in the wildest rain
_LAMPS, _CARS = 84, 14
_LEVEL = 0.56  # of the height: where the street ends, at eye level


@dataclass(frozen=True)
class Palette:
    """Colours: `air` from the top of the frame to its foot, `mist` on the glass, and of lamps."""

    tags: frozenset[str]
    air: tuple[str, ...]
    mist: str
    lamps: tuple[str, ...]
    strength: float


_PALETTES = (
    Palette(
        frozenset({"night", "blue", "winter"}),
        ("0a1430", "16305c", "3a5a8c", "1a2c54", "0a1228"),
        "2c4672",
        ("ffb45c", "ffd9a0", "ff6a4a", "7fd0ff", "ffc47a"),
        1.0,
    ),
    Palette(
        frozenset({"dusk", "violet", "pink"}),
        ("1c1440", "4a2a70", "b0608a", "4a2a62", "150e2e"),
        "6a4a86",
        ("ff8fb0", "ffc48a", "ff5a7a", "b08aff", "ffe0c0"),
        0.95,
    ),
    Palette(
        frozenset({"night", "autumn", "gold", "red"}),
        ("1a0f12", "4a2418", "b0622c", "4f2818", "160c0c"),
        "6a4430",
        ("ffa040", "ffc870", "ff5a2a", "ffe0a0", "ff8a3a"),
        0.95,
    ),
    Palette(
        frozenset({"day", "spring", "summer", "green"}),
        ("7a9c96", "a4c4a4", "cfe0a8", "4a7a58", "1c3a30"),
        "8fae9c",
        ("f0ffb8", "b8e878", "fff0b0", "7fcf78", "ffb8a8"),
        0.6,
    ),
    Palette(
        frozenset({"night", "storm", "green"}),
        ("061a20", "0e3a42", "2f7a78", "124248", "06161c"),
        "2a5c60",
        ("ffc060", "7fffd8", "ff7a4a", "c8fff0", "ffe0a0"),
        0.95,
    ),
    Palette(
        frozenset({"dawn", "mist", "day"}),
        ("7088b8", "b0aeca", "ffd2b0", "8c7290", "2c2c4a"),
        "b4aabc",
        ("ffe8b0", "ffc488", "ff9a88", "fff0d8", "c8b8ff"),
        0.8,
    ),
)


@dataclass(frozen=True)
class Street:
    """A street that leads away to (`eye`, `_LEVEL`): its lamps out of focus, their mirror images on the wet
    ground, and cars. `sway` (2, n) turns, one per lamp; `cars` (3, n) are side, birth and size of each.
    """

    eye: float
    lamps: Swarm
    wet: Swarm
    sway: Field
    cars: Field

    def moved(self, phase: float) -> Swarm:
        """The lamps as the eye moves a little: the larger, the farther."""
        angle = 2 * np.pi * (phase + self.sway)
        reach = 0.15 * self.lamps.radius
        u, v = self.lamps.u + reach * np.sin(angle[0]), self.lamps.v + reach * np.cos(angle[0])
        return replace(self.lamps, u=u, v=v).dimmed(0.85 + 0.2 * np.sin(angle[1]))

    def traffic(self, phase: float, lights: tuple[Field, Field], strength: float) -> Swarm:
        """Cars of this moment: on the right they come and show the first light (3,), on the left they go and
        show the second. One life a loop.
        """
        side, birth, size = self.cars
        life = (birth + phase) % 1
        near = np.where(side > 0, life, 1 - life) ** 1.6
        light = (
            np.where(side[:, None] > 0, lights[0], lights[1]) * (strength * fade(life) * (1 - 0.5 * near))[:, None]
        )
        u = self.eye + side * (0.02 + (0.10 + 0.26 * size) * near)
        return Swarm(u, _LEVEL + 0.03 + 0.16 * near, 0.011 + (0.014 + 0.02 * size) * near, light)


def _street(rng: np.random.Generator, colours: Field, strength: float) -> Street:
    """Lamps in two rows, windows over them, signs on both sides."""
    near = rng.random(_LAMPS) ** 1.3
    kind = rng.random(_LAMPS)
    eye = float(rng.uniform(0.36, 0.64))
    u = eye + rng.choice([-1.0, 1.0], _LAMPS) * rng.uniform(0.3, 0.62, _LAMPS) * (0.06 + near)
    high = np.where(kind < 0.65, 0.1 + 0.3 * rng.random(_LAMPS), 0.55) * rng.uniform(0.2, 1.2, _LAMPS)
    v = _LEVEL + 0.02 - high * (0.12 + 0.9 * near)
    tint = colours[rng.integers(len(colours), size=_LAMPS)]
    bright = strength * (0.1 + 0.75 * rng.random(_LAMPS) ** 3) * (1.3 - 0.85 * near)
    radius = (0.016 + 0.045 * near) * rng.uniform(0.55, 1.2, _LAMPS)
    lamps = Swarm(u, v, radius, (tint * bright[:, None]).astype(np.float32))
    wet = Swarm(u, _LEVEL + 0.05 + 0.36 * near, radius * 1.9, (0.13 * tint * bright[:, None]).astype(np.float32))
    cars = np.stack((rng.choice([-1.0, 1.0], _CARS), rng.random(_CARS), rng.random(_CARS)))
    return Street(eye, lamps, wet, rng.random((2, _LAMPS)), cars)


def _air(canvas: Canvas, palette: Palette, eye: float, patches: Field) -> Field:
    """The sky over the street, its two dark rows of houses, and the ground, all out of focus."""
    colours = ramp(*zip((0, 0.3, _LEVEL, 0.74, 1), palette.air, strict=True))
    away = np.abs(canvas.u - np.float32(eye))
    uneven = sample(patches, canvas.u * 0.8, canvas.v * 0.1)
    roofs = away * 1.5 + canvas.v - np.float32(_LEVEL - 0.03) + 0.07 * uneven
    houses = smoothstep(-0.02, 0.2, roofs) * smoothstep(_LEVEL + 0.2, _LEVEL, canvas.v)
    air = look_up(colours, canvas.v + 0 * canvas.u)
    return air * (1 - 0.8 * houses) * (0.95 + 0.1 * uneven)


def _view(palette: Palette, street: Street, patches: Field) -> Field:
    """The street in focus and small, (side, side, 3), for drops to show."""
    canvas = Canvas(96, 96)
    picture = 1.3 * _air(canvas, palette, street.eye, patches)
    lamps = replace(street.lamps, radius=street.lamps.radius * 0.8, light=street.lamps.light * 1.5)
    add_glows(canvas, picture, lamps)
    return np.ascontiguousarray(np.moveaxis(picture, 0, -1))


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """Drops that hang are painted once; lamps swim as the eye moves, drops run and wipe the mist away."""
    palette = brief.choose(rng, _PALETTES)
    colours = np.array([linear(code) for code in palette.lamps])
    street = _street(rng, colours, palette.strength)
    patches = fractal(rng, size=128, slope=1.8)
    hanging = Hanging.scattered(rng, 3200)
    runners = [Runner.drawn(rng) for _ in range(_MOST)][: round(7.5 * brief.energy)]
    lens = Lens(_view(palette, street, patches))
    still = hanging.clear_of(canvas, runners).layer(canvas, lens)
    air = _air(canvas, palette, street.eye, patches)
    add_glows(canvas, air, street.wet)
    mist = plane(palette.mist)
    misted = 0.08 + 0.2 * smoothstep(-1.5, 1.8, sample(patches, canvas.x * 0.5 + 0.5, canvas.y * 0.5))
    heads = linear(palette.lamps[0]) * 0.5 + linear("fff4e4") * 0.5, linear("ff3826")

    def paint(phase: float) -> Field:
        picture = air.copy()
        add_discs(canvas, picture, street.moved(phase))
        add_discs(canvas, picture, street.traffic(phase, heads, 0.9 * palette.strength))
        wiped = np.zeros((canvas.height, canvas.width), np.float32)
        for runner in runners:
            runner.wipe(canvas, wiped, phase)
        dry = 1 - wiped
        picture += (mist - picture) * (misted * dry)
        picture += (still[:3] - picture * still[3]) * dry
        water = blank(canvas, canvas.height)
        for runner in runners:
            runner.add(canvas, water, lens, phase)
        put(water, picture)
        return picture

    return paint
