"""`fire`, variant `campfire`: a fire burning in a clearing among spruces, its sparks going up to the stars."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import plane, smoothstep
from local.renderer.painting.noise import fractal, orbit, sample
from local.renderer.painting.particles import add_glows
from local.renderer.scenery.solids import Solid, log, stone
from local.renderer.theme import Painter
from local.renderer.themes.fire.backdrop import stars
from local.renderer.themes.fire.clearing import (
    FIRELIGHT,
    FLAT,
    HORIZON,
    RING,
    Palette,
    Place,
    forest,
    meadow,
    sky,
    tufts,
)
from local.renderer.themes.fire.embers import Embers
from local.renderer.themes.fire.flame import Flame
from local.renderer.themes.fire.stage import Stage

_FOOT = 0.84  # fraction of the height: of the fire
_STONES = 13
_BARK, _STONE = plane("6a4a34"), plane("9a8f88")

Direction: TypeAlias = tuple[float, float, float]
"""Right, down, towards the eye."""

_PALETTES = (
    Palette(
        ("04081a", "0a1838", "15305e", "2b5a86", "5f90a4"),
        ("1a3a56", "03070d"),
        "0a1418",
        "b9a068",
        1.0,
        frozenset({"night", "blue", "summer"}),
    ),
    Palette(
        ("0d0a26", "241a4a", "4c2f6a", "9a4a72", "f09a6a"),
        ("3f2c5a", "07060f"),
        "100e16",
        "c09064",
        0.6,
        frozenset({"dusk", "autumn", "violet", "pink"}),
    ),
    Palette(
        ("031012", "08262c", "12484c", "2c7a70", "86b894"),
        ("14443f", "020808"),
        "08140f",
        "a8a860",
        0.9,
        frozenset({"night", "green", "spring", "mist"}),
    ),
    Palette(
        ("060a18", "101c3c", "26406e", "5a80a8", "b4c8d4"),
        ("48688a", "081220"),
        "3a4c66",
        "e0ccb8",
        0.9,
        frozenset({"night", "winter", "blue"}),
    ),
    Palette(
        ("141022", "38203c", "7a3a40", "cc6f3c", "f8bc66"),
        ("5c3236", "0a0508"),
        "140c0a",
        "c08850",
        0.35,
        frozenset({"dusk", "summer", "gold", "red"}),
    ),
    Palette(
        ("1a2444", "3a4a78", "7478a4", "c8949c", "f4c4a0"),
        ("54587c", "0c0d18"),
        "1c1e26",
        "b8a078",
        0.25,
        frozenset({"dawn", "pink", "mist"}),
    ),
    Palette(
        ("060a14", "0f1a2a", "1e3040", "385460", "648084"),
        ("203844", "030608"),
        "0a1014",
        "a89870",
        0.1,
        frozenset({"night", "storm"}),
    ),
)


def _ring(rng: np.random.Generator, place: Place, turns: list[float]) -> list[tuple[Solid, Direction]]:
    """Stones about the fire, each with the direction of the flames."""
    stones = []
    for turn in turns:
        right, ahead = RING * np.cos(2 * np.pi * turn), RING * np.sin(2 * np.pi * turn)
        radius = rng.uniform(0.02, 0.031) * (1 + 0.9 * ahead)
        boulder = stone(place.canvas, rng, x=place.x + right, y=place.y + FLAT * ahead, radius=radius)
        stones.append((boulder, (-right, -0.2, -ahead)))
    return stones


def _pile(rng: np.random.Generator, place: Place) -> list[tuple[Solid, Direction]]:
    """Logs leaning against each other before the flames, each with the direction of these."""
    logs = []
    for side in (-1.0, 1.0, -1.0, 1.0, 0.3):
        foot = (place.x + side * rng.uniform(0.09, 0.14), place.y + rng.uniform(-0.008, 0.018))
        tip = (place.x - side * rng.uniform(0.0, 0.04), place.y - rng.uniform(0.07, 0.12))
        logs.append((log(place.canvas, (foot, tip), rng.uniform(0.011, 0.016)), (-0.3 * side, -0.2, -0.25)))
    return logs


@dataclass(frozen=True)
class Hearth:
    """Stones and logs, painted onto a stage; `colour` is what they reflect, `sky` the light from above."""

    canvas: Canvas
    rough: Field
    sky: Field

    def lay(self, stage: Stage, things: list[tuple[Solid, Direction]], colour: Field) -> None:
        """Put the things before the picture, in their order."""
        for solid, fire in things:
            x, y = self.canvas.x[:, solid.columns], self.canvas.y[solid.rows]
            relief = np.clip(0.85 + 0.25 * sample(self.rough, x * 2.2, y * 2.2), 0.2, 2)
            above, lit = solid.facing((0, -1, 0.3)), solid.facing(fire)
            rim = 0.5 * np.sqrt(lit) * (1 - solid.normal[2]) ** 2
            stage.window(solid.rows, solid.columns).lay(
                solid.cover,
                colour * self.sky * (0.25 * relief * (0.3 + 0.7 * above)),
                colour * FIRELIGHT * (1.3 * relief * (0.02 + lit + rim)),
            )


def _front(canvas: Canvas, logs: list[tuple[Solid, Direction]], stones: list[tuple[Solid, Direction]]) -> Field:
    """How far things hide the flames behind them, (height, width): these lick round logs, not through stones."""
    hidden = np.zeros((canvas.height, canvas.width), np.float32)
    for things, dense in ((logs, 0.6), (stones, 1.0)):
        for thing, _ in things:
            window = hidden[thing.rows, thing.columns]
            np.maximum(window, thing.cover * np.float32(dense), out=window)
    return hidden


def _stage(
    canvas: Canvas, rng: np.random.Generator, place: Place, palette: Palette, soft: Field
) -> tuple[Stage, Field]:
    """All that stands still, and what of it hides the flames."""
    rough = fractal(rng, size=256, slope=1.2, lowest=2)
    heaven = stars(rng, 420, horizon=HORIZON, bright=palette.stars)
    backdrop = sky(canvas, palette, heaven, soft)
    stage = Stage(backdrop, np.zeros_like(backdrop))
    forest(stage, rng, place, palette, rough)
    about = (np.arange(_STONES) + rng.uniform(-0.25, 0.25, _STONES)) / _STONES
    # From behind the fire to before it; a quarter turn is towards the eye.
    turns = sorted(about.tolist(), key=lambda turn: float(np.sin(2 * np.pi * turn)))
    meadow(stage, place, palette, rough, turns)
    tufts(stage, rng, place, palette)
    hearth = Hearth(canvas, rough, plane(palette.air[-2]))
    stones, logs = _ring(rng, place, turns), _pile(rng, place)
    behind, before = stones[: _STONES // 2 + 1], stones[_STONES // 2 + 1 :]
    hearth.lay(stage, behind, _STONE)
    hearth.lay(stage, logs, _BARK)
    hearth.lay(stage, before, _STONE)
    front = _front(canvas, logs, before)
    away = place.away()
    stage.warm[:] += FIRELIGHT * ((0.4 * np.exp(away * -8) + 0.03 * np.exp(away * -3)) * (1 - 0.8 * front))
    return stage, front


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """All but flames, sparks and mist stands still, and is painted once under two lights."""
    palette = brief.choose(rng, _PALETTES)
    soft = fractal(rng, size=256, slope=1.7)
    x, y = canvas.place(float(rng.uniform(0.4, 0.6)), _FOOT)
    flame = Flame.kindled(rng, x=x, y=y, width=0.125, height=0.45 * (0.78 + 0.22 * brief.energy))
    embers = Embers.thrown(rng, 140, climb=(0.2, 0.95))
    share = 0.3 + 0.38 * brief.energy
    place = Place(canvas, x, y, canvas.place(0, HORIZON)[1])
    stage, front = _stage(canvas, rng, place, palette, soft)
    # Mist hangs over the far side of the clearing.
    band = canvas.rows(place.horizon - 0.16, place.horizon + 0.14)
    low = canvas.y[band] - np.float32(place.horizon)
    thick = smoothstep(-0.16, -0.02, low) * smoothstep(0.14, 0.0, low) * (1 - 0.9 * front[band])
    veil = 0.16 * plane(palette.air[-1]) * thick

    def paint(phase: float) -> Field:
        picture = stage.at(phase)
        right, down = orbit(phase, 0.035, 0.0)
        picture[:, band] += veil * smoothstep(-0.9, 2.2, sample(soft, canvas.x * 0.4 + right, low * 1.4 + down))
        flame.add(canvas, picture, phase, front)
        add_glows(canvas, picture, embers.at(canvas, phase, x=x, y=y - 0.15, width=0.05, share=share))
        return picture

    return paint
