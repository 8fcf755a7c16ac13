"""`ocean`, variant `reef`: under water over a reef; shafts of light, schools of fish, corals, swaying weed."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import even_ramp, linear, look_up, plane
from local.renderer.painting.noise import fractal
from local.renderer.painting.particles import add_discs, add_glows
from local.renderer.theme import Painter
from local.renderer.themes.ocean.coral import Mound
from local.renderer.themes.ocean.depths import Depths
from local.renderer.themes.ocean.drift import Bubbles, Motes
from local.renderer.themes.ocean.fish import Lanes, Ring, Stream
from local.renderer.themes.ocean.weeds import Weeds, blades, kelp


@dataclass(frozen=True)
class Palette:
    """Colours: `water` from the surface down, the `light` that enters, `sand`, `weed`, `stone` from shade to
    light, those of the `corals`, and a fish's `belly`.
    """

    tags: frozenset[str]
    water: tuple[str, ...]
    light: str
    sand: str
    weed: str
    stone: tuple[str, ...]
    corals: tuple[str, ...]
    belly: str


_PALETTES = (
    Palette(
        tags=frozenset({"day", "summer", "blue"}),
        water=("9be8e4", "3fb8d0", "1787b8", "0d5f9a", "0a3f74"),
        light="e8fff4",
        sand="f0dca0",
        weed="1a4a3c",
        stone=("0a2238", "1f4a60", "5a8a8c", "b8d8c0"),
        corals=("e86a7a", "f0a050", "c87ad0", "e8c860", "58b8a8"),
        belly="d0f0f0",
    ),
    Palette(
        tags=frozenset({"green", "spring", "dawn"}),
        water=("d8f4c0", "7fd0b0", "3a9c94", "1c6a74", "0f4454"),
        light="f8ffd8",
        sand="e0d8a0",
        weed="20502c",
        stone=("0c2a30", "24504c", "648c70", "c0d8a8"),
        corals=("f08a80", "f0c060", "b890d8", "88c878", "f0e0b0"),
        belly="e0f4d8",
    ),
    Palette(
        tags=frozenset({"dusk", "gold", "pink", "red", "autumn"}),
        water=("ffd8a0", "e89a90", "9a6aa0", "54488c", "2a2c64"),
        light="ffe8c0",
        sand="e8b890",
        weed="2c2c4c",
        stone=("1a1a40", "443c6c", "8c6c84", "e0b49c"),
        corals=("f07078", "f8a860", "d878b8", "f8d080", "9a88d8"),
        belly="ffe0cc",
    ),
    Palette(
        tags=frozenset({"night", "violet", "winter"}),
        water=("88b0e8", "3a5cb4", "24388c", "18246c", "0c1448"),
        light="c8dcff",
        sand="7888b8",
        weed="101c48",
        stone=("080c2c", "1c2c60", "40609c", "90b4dc"),
        corals=("a868f0", "48c8e0", "f068b8", "68e0b8", "6888f8"),
        belly="b8d0f8",
    ),
    Palette(
        tags=frozenset({"storm", "mist"}),
        water=("a8c0b0", "5c8c90", "38646f", "244854", "16303c"),
        light="d8e8d8",
        sand="a0a488",
        weed="18342c",
        stone=("0c1c24", "28404a", "5c7878", "acc0b0"),
        corals=("c07078", "c89860", "9078a0", "b8b070", "60948c"),
        belly="c8d8d4",
    ),
)


@dataclass(frozen=True)
class Bed:
    """The mounds of the reef from the row `top` of pixels down: their light, and how much shows past them."""

    light: Field
    clear: Field
    top: int

    @classmethod
    def laid(cls, canvas: Canvas, rng: np.random.Generator, palette: Palette, side: float, water: Field) -> Self:
        """A great mound across from the light, one under it, and one between them farther off."""
        rough = fractal(rng, size=256, slope=1.4, lowest=2)
        stone = even_ramp(palette.stone)
        corals = [even_ramp((palette.stone[0], code, palette.light)) for code in palette.corals]
        # On black the mounds show their light, on white also what is seen past them.
        light, clear = np.zeros((2, 3, canvas.height, canvas.width), np.float32)
        clear += 1
        for mound in (
            Mound(u=0.5 + side * 0.24, high=0.35, wide=0.3, size=0.028, haze=0.42),
            Mound(u=0.5 + side * 0.44, high=0.35, wide=0.34, size=0.042, haze=0.24),
            Mound(u=0.5 - side * 0.42, high=0.39, wide=0.46, size=0.06, haze=0.1),
        ):
            sprite = mound.paint(canvas, rng, stone=stone, corals=corals, rough=rough, water=water)
            sprite.put(light)
            sprite.put(clear)
        clear = clear[0] - light[0]
        top = int(np.argmax(clear.min(axis=1) < 1))
        return cls(light[:, top:], clear[top:], top)

    def put(self, picture: Field, dance: Field) -> None:
        """Cover the picture with it, in place, brightened where light dances (0 to 1)."""
        window = picture[:, self.top :]
        window *= self.clear
        window += self.light * (0.88 + 0.45 * dance)


def _schools(rng: np.random.Generator, side: float, energy: float) -> tuple[Ring, Stream]:
    """Small fish that circle in the light, larger ones that pass below them."""
    ring = Ring(
        lanes=Lanes.drawn(rng, 14, 11, pace=0.16 * energy),
        u=0.5 + side * float(rng.uniform(-0.05, 0.15)),
        v=float(rng.uniform(0.27, 0.36)),
        wide=0.25,
        deep=0.05,
        high=0.035,
        length=0.016,
        way=side,
    )
    stream = Stream(
        lanes=Lanes.drawn(rng, 5, 5, pace=0.2 * energy),
        v=float(rng.uniform(0.47, 0.55)),
        high=0.05,
        swing=0.04,
        start=float(rng.random()),
        length=0.034,
        way=-side,
    )
    return ring, stream


def _weeds(canvas: Canvas, rng: np.random.Generator, side: float, energy: float) -> tuple[Weeds, Weeds]:
    """Sea grass along the foot of the frame, and kelp at its sides, most of it before the great mound."""
    foot = canvas.place(0, 1.02)[1]
    stalks, tufts = [], []
    for beside in (*(0.17 * rng.random(5) ** 1.3 - 0.5), *rng.uniform(0.4, 0.5, 2)):
        tall = canvas.height / canvas.short * float(rng.uniform(0.45, 0.95))
        stalks.append(kelp(rng, foot=(canvas.place(0.5 + side * float(beside), 1)[0], foot), tall=tall))
    for beside in rng.choice([-1, 1], 26) * rng.uniform(0.12, 0.52, 26):
        tall = float(rng.uniform(0.08, 0.2))
        tufts.append(blades(rng, foot=(canvas.place(0.5 + float(beside), 1)[0], foot), tall=tall))
    return (
        Weeds.rooted(canvas, rng, tufts, bend=0.06 * energy),
        Weeds.rooted(canvas, rng, stalks, bend=0.045 * energy),
    )


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """Rock and corals stand still; light dances, weed sways, fish swim along their tracks."""
    palette = brief.choose(rng, _PALETTES)
    side = float(rng.choice([-1.0, 1.0]))
    depths = Depths(
        water=even_ramp(palette.water),
        light=plane(palette.light),
        sand=plane(palette.sand),
        level=float(rng.uniform(0.48, 0.54)),
        sun_u=0.5 + side * float(rng.uniform(0.05, 0.22)),
        ripple=fractal(rng, size=256, slope=2.2, lowest=4),
        beams=fractal(rng, size=128, slope=1.0, lowest=4),
        stir=brief.energy,
    )
    water = look_up(depths.water, np.full((1, 1), 0.72, np.float32))
    bed = Bed.laid(canvas, rng, palette, side, water)
    ring, stream = _schools(rng, side, brief.energy)
    grass, stalks = _weeds(canvas, rng, side, brief.energy)
    motes = Motes.adrift(rng, 90, 0.5 * linear(palette.light), stir=brief.energy)
    bubbles = Bubbles.rising(rng, 30, 0.16 * linear(palette.light), pace=brief.energy)
    backdrop = depths.backdrop(canvas)
    back, belly = plane(palette.water[-1]) * 0.6, plane(palette.belly)
    weed = plane(palette.weed) * (0.35 + 0.65 * np.exp(-2.2 * canvas.v)) + 0.12 * water

    def paint(phase: float) -> Field:
        picture = depths.paint(canvas, backdrop, phase)
        ring.at(canvas, phase).draw(canvas, picture, back, back + 0.25 * (belly - back))
        picture += depths.light * (0.4 * depths.shafts(canvas, phase))
        bed.put(picture, depths.dance(canvas, slice(bed.top, None), phase))
        stream.at(canvas, phase).draw(canvas, picture, back, belly * 0.6)
        add_glows(canvas, picture, motes.at(phase))
        add_discs(canvas, picture, bubbles.at(phase))
        grass.put(canvas, picture, 0.7 * weed, phase)
        stalks.put(canvas, picture, weed, phase)
        return picture

    return paint
