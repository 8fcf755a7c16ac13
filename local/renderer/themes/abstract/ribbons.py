"""`abstract`, variant `ribbons`: folded ribbons of satin that fan out across the frame, lit from one side."""

from dataclasses import dataclass

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import even_ramp, look_up, plane, smoothstep
from local.renderer.theme import Painter
from local.renderer.themes.abstract.waves import Waves

_TURN = np.float32(2 * np.pi)
_KINDS = 64  # after so many ribbons their characters repeat; no frame shows as many


@dataclass(frozen=True)
class Palette:
    """`satin` from the shaded to the lit side of the picture, the light on its edges, the dark of the folds."""

    satin: tuple[str, ...]
    edge: str
    fold: str
    tags: frozenset[str]


_PALETTES = (
    Palette(
        ("1b1464", "3a35c8", "7b4dff", "d65db1", "ff8f8f", "ffd3a5"),
        "fff1e0",
        "0d0838",
        frozenset({"dusk", "violet", "pink"}),
    ),
    Palette(
        ("04222f", "0a4c6a", "1180a0", "36b8b0", "9be3c0", "f3f6cf"),
        "fdfff0",
        "02161f",
        frozenset({"day", "blue", "green", "summer"}),
    ),
    Palette(
        ("2b0a1e", "7a1431", "c8323c", "f06a3c", "f9a94e", "fde6b0"),
        "fff3da",
        "1c0512",
        frozenset({"red", "gold", "autumn", "dusk"}),
    ),
    Palette(
        ("050a26", "12205e", "2745ab", "5a83e2", "a5c3f8", "f2e9f4"),
        "ffffff",
        "030616",
        frozenset({"night", "blue", "winter"}),
    ),
    Palette(
        ("8a78b8", "c08fbe", "eba6b2", "f8c3ab", "fbe0bd", "fdf6e2"),
        "fffdf6",
        "4f3f7c",
        frozenset({"dawn", "spring", "pink"}),
    ),
    Palette(
        ("08221e", "0f4a3c", "2a8057", "7fb556", "dccb66", "fbeeb8"),
        "fff8dc",
        "04120f",
        frozenset({"green", "gold", "summer", "day"}),
    ),
)


@dataclass(frozen=True)
class Fan:
    """Where the ribbons run: along `angle`, `count` of them to a short side in the middle of the frame, closer
    by `spread` before it and wider behind; `bend` (short sides) and `waves` curve them.
    """

    angle: float
    count: float
    spread: float
    bend: float
    start: float
    waves: Waves
    swing: float

    def place(self, canvas: Canvas, phase: float) -> Field:
        """Which ribbon each pixel lies on, and, after the point, how far from its free edge to the next."""
        turn, lean = np.float32(np.cos(self.angle)), np.float32(np.sin(self.angle))
        along = canvas.x * turn + canvas.y * lean
        across = canvas.y * turn - canvas.x * lean
        swung = np.float32(self.start + self.swing * np.sin(2 * np.pi * phase))
        across += np.float32(self.bend) * np.sin(_TURN * (np.float32(0.42) * along + swung))
        # The tanh bounds the fan in frames many times as long as high.
        across *= np.exp(np.float32(-self.spread) * np.tanh(along * np.float32(1.3)))
        across *= np.float32(self.count)
        across += np.float32(0.42) * self.waves.at(canvas.x, canvas.y, phase)
        return across


@dataclass(frozen=True)
class Satin:
    """The cloth and its light. `lit` (height, width) runs from -1/2 on the shaded side to 1/2 on the lit one;
    `pools` and `tints` are where light and colour gather; `shift` and `lift` (_KINDS,) each ribbon's own.
    """

    colours: Field
    edge: Field
    fold: Field
    lit: Field
    pools: Waves
    tints: Waves
    shift: Field
    lift: Field

    def paint(self, canvas: Canvas, place: Field, phase: float) -> Field:
        """Planar light of ribbons that lie as `place` says."""
        down, right = np.gradient(place)
        # Ribbons per pixel, with a floor where one lies flat and its edge would grow endlessly wide.
        steep = np.sqrt(down * down + right * right) + np.float32(0.3 / canvas.short)
        index = np.floor(place)
        part = place - index
        kind = index.astype(np.int32) & (_KINDS - 1)
        pixels = part / steep
        front = pixels * np.float32(1 / canvas.short)  # short sides from the free edge, and to the next one's
        back = (1 - part) / steep * np.float32(1 / canvas.short)
        pool = self.pools.at(canvas.x, canvas.y, phase)
        shift = self.shift[kind]
        crease = np.sin(_TURN * (1.7 * part + 0.35 * pool + 4 * shift)) * part * (1 - part)
        light = self.lift[kind] + 0.15 * pool + 0.6 * (1 - part) ** 2 + 0.55 * crease
        # Light moves the colour along its ramp as well, so that no shade of it is merely greyer.
        hue = 0.3 + 0.82 * self.lit + 0.07 * self.tints.at(canvas.x, canvas.y, phase) + shift
        picture = look_up(self.colours, hue + 0.24 * light + 0.08 * np.exp(front * -40))
        picture *= 0.45 + 0.5 * light
        gloss = 0.13 * np.exp(front * -30) + 0.45 * np.exp(front * -420)
        picture += self.edge * (gloss * smoothstep(-1.6, 1.6, pool + 3 * self.lit))
        # The next ribbon's shadow, and the edge's own share of its pixels: what lies beneath it is all shade.
        shadow = (1 - 0.85 * np.exp(back * -17) - 0.1 * np.exp(back * -160)) * np.clip(pixels, 0, 1)
        picture -= self.fold
        picture *= shadow
        picture += self.fold
        return picture.astype(np.float32, copy=False)


def _lit(canvas: Canvas, heading: float) -> Field:
    """How far each pixel lies towards the light, -1/2 to 1/2 in frames of every shape."""
    right, down = np.cos(heading), np.sin(heading)
    towards = (canvas.u - 0.5) * right + (canvas.v - 0.5) * down
    lit: Field = (towards / (abs(right) + abs(down))).astype(np.float32)
    return lit


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """Everything swings slowly about its place: the ribbons, and the light upon them."""
    palette = brief.choose(rng, _PALETTES)
    fan = Fan(
        angle=float(rng.uniform(-0.9, 0.9) + np.pi * rng.integers(2)),
        count=float(rng.uniform(4.2, 5.6)),
        spread=float(rng.uniform(0.75, 1.15)),
        bend=float(rng.uniform(0.1, 0.22)),
        start=float(rng.random()),
        waves=Waves.drawn(rng, 6, rate=(0.3, 1.1), fall=1.5, swing=0.017 * brief.energy),
        swing=0.007 * brief.energy,
    )
    satin = Satin(
        colours=even_ramp(palette.satin),
        edge=plane(palette.edge),
        fold=plane(palette.fold),
        lit=_lit(canvas, float(rng.uniform(0, 2 * np.pi))),
        pools=Waves.drawn(rng, 6, rate=(0.4, 1.3), fall=1.0, swing=0.022 * brief.energy),
        tints=Waves.drawn(rng, 5, rate=(0.3, 1.0), fall=1.0, swing=0.017 * brief.energy),
        shift=rng.normal(0, 0.07, _KINDS).astype(np.float32),
        lift=rng.uniform(0.5, 0.85, _KINDS).astype(np.float32),
    )
    return lambda phase: satin.paint(canvas, fan.place(canvas, phase), phase)
