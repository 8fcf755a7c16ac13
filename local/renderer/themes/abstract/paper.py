"""`abstract`, variant `paper`: a light box of cut paper, sheet behind sheet around a glowing opening."""

from dataclasses import dataclass

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import even_ramp, look_up, plane, smoothstep
from local.renderer.painting.noise import fractal, sample
from local.renderer.theme import Painter
from local.renderer.themes.abstract.waves import Waves

_SHEETS = 8
_FROM = (-0.026, -0.034)  # right and down, short sides: how far a sheet's shadow falls, and whence the light
_FAR = float(np.hypot(*_FROM))


@dataclass(frozen=True)
class Palette:
    """`sheets` from the innermost to the outermost; `lamp` from the middle of the light outwards; the sun."""

    sheets: tuple[str, ...]
    lamp: tuple[str, ...]
    sun: str
    tags: frozenset[str]


_PALETTES = (
    Palette(
        ("f2a277", "e67a62", "cf5560", "a03a66", "6b2b63", "41214f", "261638"),
        ("ffc978", "fbb066", "f59a66"),
        "fff8dc",
        frozenset({"dusk", "red", "gold"}),
    ),
    Palette(
        ("6cc3bb", "3fa3a8", "23839a", "186388", "12476e", "0d3055", "0a1f3c"),
        ("f6f0d0", "d9ebd0", "a3d8c8"),
        "ff9a6c",
        frozenset({"day", "blue", "summer"}),
    ),
    Palette(
        ("e9c48c", "dba562", "c1813f", "98602f", "6b4630", "46342e", "2b2528"),
        ("fbeed4", "f8e0b4", "f2cf98"),
        "e8743c",
        frozenset({"gold", "autumn"}),
    ),
    Palette(
        ("8d86d8", "6c64c6", "5049ac", "3a358c", "28276b", "1a1b4c", "111233"),
        ("f0c3cf", "cfaee0", "a596e0"),
        "fff4d8",
        frozenset({"night", "violet", "winter"}),
    ),
    Palette(
        ("a9cb7f", "76ad68", "48895c", "2d6b55", "1f5049", "16383b", "0f262c"),
        ("f4f2c4", "e6eaa6", "c4d98e"),
        "ffb84e",
        frozenset({"green", "spring", "dawn"}),
    ),
    Palette(
        ("f3b3b2", "e2889a", "c4668a", "98507c", "6c3f6b", "483056", "2d2340"),
        ("fdeee0", "fcdccc", "f8c6bf"),
        "f2a65a",
        frozenset({"pink", "spring", "dawn"}),
    ),
)


@dataclass(frozen=True)
class Cut:
    """Where the sheets are cut: along contours about a hollow at (`u`, `v`), `long` times as long along `angle`
    as across, that `waves` wrinkle by `rough` sheets.
    """

    u: float
    v: float
    angle: float
    long: float
    waves: Waves
    rough: float

    def height(self, canvas: Canvas, phase: float, shift: tuple[float, float] = (0, 0)) -> Field:
        """How many sheets lie over the lamp, not rounded, seen `shift` short sides away from each pixel."""
        x, y = canvas.x + np.float32(shift[0]), canvas.y + np.float32(shift[1])
        x0, y0 = np.array(canvas.place(self.u, self.v), np.float32)[:, None, None]
        # Half drawn out with a longer frame, whose ends would otherwise be all one sheet.
        right = (x - x0) * np.float32(2 * canvas.short / (canvas.width + canvas.short))
        below = (y - y0) * np.float32(2 * canvas.short / (canvas.height + canvas.short))
        turn, lean = np.float32(np.cos(self.angle)), np.float32(np.sin(self.angle))
        along = (right * turn + below * lean) * np.float32(1 / self.long)
        across = below * turn - right * lean
        # Rounded at the bottom, where a cone would crease.
        away = np.sqrt(along * along + across * across + np.float32(0.012))
        # However the waves fall, the lamp shows about alike: they count from the middle of the hollow.
        wrinkles = self.waves.at(x, y, phase) - self.waves.at(x0, y0, 0.0)
        height: Field = away * np.float32(13.5) - np.float32(3.3) + np.float32(self.rough) * wrinkles
        return height


@dataclass(frozen=True)
class Lamp:
    """The lit ground behind the opening: a glow about (`u`, `v`) and a sun of `radius` short sides in it."""

    u: float
    v: float
    radius: float
    glow: Field
    sun: Field

    def paint(self, canvas: Canvas) -> Field:
        """Planar light of the whole frame; sheets cover most of it."""
        x0, y0 = canvas.place(self.u, self.v)
        away = np.sqrt((canvas.x - np.float32(x0)) ** 2 + (canvas.y - np.float32(y0)) ** 2)
        light = look_up(self.glow, away * np.float32(2.2))
        disc = np.clip((self.radius - away) * np.float32(canvas.short) + 0.5, 0, 1)
        light += (self.sun - light) * disc
        light += self.sun * (0.22 * np.exp(np.maximum(away - self.radius, 0) * -14) * (1 - disc))
        return light


@dataclass(frozen=True)
class Box:
    """The sheets over the lamp: `tones` from the innermost out, `spill` the lamp's light on them, `fibre` their
    texture; `behind` is what the opening shows.
    """

    cut: Cut
    tones: Field
    spill: Field
    fibre: Field
    behind: Field

    def paint(self, canvas: Canvas, phase: float) -> Field:
        """Planar light of the frame."""
        height = self.cut.height(canvas, phase)
        down, right = np.gradient(height)
        # Sheets per pixel, with a floor where the ground is level and an edge would grow endlessly wide.
        steep = np.sqrt(down * down + right * right) + np.float32(0.6 / canvas.short)
        sheet = np.clip(np.floor(height), -1, _SHEETS - 1)
        # Pixels inwards from the sheet's own edge; the lamp has none.
        inside = np.where(sheet < 0, np.float32(canvas.short), (height - sheet) / steep)
        share, depth = np.clip(inside, 0, 1), inside * np.float32(1 / canvas.short)
        tone = self._shade(canvas, height, steep, sheet, share, phase)
        # The cut through the paper: a light line where it looks to the light, and hardly one where it does not.
        facing = (right * np.float32(_FROM[0]) + down * np.float32(_FROM[1])) / (steep * np.float32(-_FAR))
        tone *= 1 + np.exp(depth * -260) * (np.float32(0.1) + np.float32(0.22) * facing)
        picture = look_up(self.tones, (sheet - 1 + share) * np.float32(1 / (_SHEETS - 1)))
        picture += self.spill * (np.exp(depth * -9) / (2 + np.maximum(sheet, 0) ** 2))
        picture += (self.behind - picture) * np.clip(1 - height / steep, 0, 1)
        picture *= tone * self.fibre
        return picture

    def _shade(
        self, canvas: Canvas, height: Field, steep: Field, sheet: Field, share: Field, phase: float
    ) -> Field:
        """The light that the sheets above leave. A pixel on an edge has a `share` of its own sheet's light, and
        for the rest that of the one beneath, which lies just under the edge.
        """
        over = self.cut.height(canvas, phase, _FROM)
        reach = np.float32(1 / canvas.short) / steep
        above = _left((sheet + 1 - over) * reach, (sheet + 1 - height) * reach)
        above[sheet == _SHEETS - 1] = 1
        below = _left((sheet - over) * reach, np.zeros_like(over))
        return below + (above - below) * share


def _left(thrown: Field, near: Field) -> Field:
    """Light left under a sheet whose edge is `near` short sides away and its shadow's edge `thrown`."""
    deep = 0.52 * smoothstep(0.04, -0.03, thrown) + 0.2 * np.exp(np.maximum(near, 0) * -45)
    left: Field = np.float32(1) - deep
    return left


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """The lamp stands still; the cuts breathe, each wave of them swinging about its place."""
    palette = brief.choose(rng, _PALETTES)
    cut = Cut(
        u=float(rng.uniform(0.34, 0.66)),
        v=float(rng.uniform(0.36, 0.62)),
        angle=float(rng.uniform(0, np.pi)),
        long=float(rng.uniform(1.1, 1.7)),
        waves=Waves.drawn(rng, 10, rate=(0.5, 2.8), fall=1.3, swing=0.036 * brief.energy),
        rough=float(rng.uniform(0.8, 1.15)),
    )
    lamp = Lamp(
        u=cut.u + float(rng.uniform(-0.05, 0.05)),
        v=cut.v + float(rng.uniform(-0.05, 0.05)),
        radius=float(rng.uniform(0.06, 0.1)),
        glow=even_ramp(palette.lamp),
        sun=1.35 * plane(palette.sun),
    )
    grain = sample(fractal(rng, size=512, slope=0.55, lowest=8), canvas.x * 0.9, canvas.y * 0.9)
    box = Box(
        cut=cut,
        tones=even_ramp(palette.sheets),
        spill=plane(palette.lamp[-1]) * 0.35,
        fibre=1 + np.float32(0.02) * grain,
        behind=lamp.paint(canvas),
    )
    return lambda phase: box.paint(canvas, phase)
