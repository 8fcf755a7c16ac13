"""What the scenes of `aurora` share: colours of the night, its sky, and the light the curtains throw on snow."""

from dataclasses import dataclass

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import even_ramp, linear, look_up
from local.renderer.painting.particles import Swarm, add_glows
from local.renderer.themes.aurora.curtains import Curtains, Glow, view

LAMP = "ffb45a"  # lit windows


@dataclass(frozen=True)
class Palette:
    """Colours: of the lights, `air` from horizon to zenith, and `dim`, the light on snow away from them."""

    tags: frozenset[str]
    glow: Glow
    air: tuple[str, ...]
    dim: str


PALETTES = (
    Palette(
        frozenset({"green", "night", "winter"}),
        Glow("ff9ab8", "38f08c", "7a4fd0"),
        ("123044", "0b2038", "07142a", "040a1c"),
        "27415f",
    ),
    Palette(
        frozenset({"blue", "night", "mist"}),
        Glow("b0ffe0", "2fe0c8", "3f66e8"),
        ("16344e", "0c2444", "081634", "050b20"),
        "25446a",
    ),
    Palette(
        frozenset({"violet", "pink", "spring"}),
        Glow("ffc0e0", "4aa8e8", "c048e0"),
        ("2c2550", "1e1a46", "121236", "080922"),
        "3a3a6c",
    ),
    Palette(
        frozenset({"red", "storm", "autumn"}),
        Glow("ffc890", "66e070", "ff2c58"),
        ("301f3c", "1e1735", "120f2a", "08081b"),
        "35397a",
    ),
    Palette(
        frozenset({"dusk", "dawn", "gold", "summer"}),
        Glow("ffc0a0", "4ee89a", "6a5ae0"),
        ("d98a64", "6a5a80", "243866", "0c1a40"),
        "4a4c78",
    ),
)


@dataclass(frozen=True)
class Heaven:
    """The sky above: `backdrop` (3, rows, width) of air and far stars, some stars that twinkle, and the lights."""

    backdrop: Field
    stars: Swarm
    beats: Field
    curtains: Curtains
    sight: tuple[Field, Field]
    gain: float

    def lights(self, phase: float) -> Field:
        """The curtains' light alone, (3, rows, width)."""
        return view(self.curtains.chart(phase) * np.float32(self.gain), *self.sight)

    def over(self, canvas: Canvas, lights: Field, phase: float) -> Field:
        """The whole sky with these lights of the curtains."""
        picture = self.backdrop + lights
        beat = np.sin(2 * np.pi * (phase * np.ceil(self.beats * 3) + self.beats))
        add_glows(canvas, picture, self.stars.dimmed(0.7 + 0.3 * beat))
        return picture


def heaven(
    canvas: Canvas,
    rng: np.random.Generator,
    palette: Palette,
    curtains: Curtains,
    *,
    rows: int,
    reach: float,
) -> Heaven:
    """The sky over `rows` of pixels; stars are dimmed towards `reach`, a fraction of the height."""
    height = np.clip((reach - canvas.v[:rows]) / np.float32(reach), 0, 1) ** 0.7
    backdrop = look_up(even_ramp(palette.air), height + 0 * canvas.u)
    add_glows(canvas, backdrop, _stars(rng, 420, reach, 0.7))
    bright, beats = _stars(rng, 60, reach, 2.0), rng.random(60).astype(np.float32)
    return Heaven(backdrop, bright, beats, curtains, curtains.sight(canvas, rows), _gain(curtains))


def _stars(rng: np.random.Generator, count: int, reach: float, light: float) -> Swarm:
    height, size = rng.random(count), rng.random(count) ** 3
    tint = linear("cfe0ff") + (linear("fff0dc") - linear("cfe0ff")) * rng.random((count, 1))
    return Swarm(
        u=rng.random(count),
        v=(1 - height) * reach,
        radius=0.0009 + 0.0009 * size,
        light=tint * (light * (0.15 + 0.85 * size) * np.minimum(1, 1.6 * height))[:, None],
    )


def _gain(curtains: Curtains) -> float:
    """Exposure: what makes the brightest tenth of a square frame equally bright for every seed."""
    probe = Canvas(64, 64)
    light = view(curtains.chart(0.0), *curtains.sight(probe, 40)).max(axis=0)
    return float(0.72 / np.mean(np.sort(light.ravel())[-light.size // 6 :]))


def cast(lights: Field) -> Field:
    """Light that curtains of this look throw on the land below, (3, 1, width): soft, brightest under them."""
    below = lights[:, ::4].mean(axis=1)
    width = below.shape[1]
    reach = max(width // 5, 1)
    padded = np.pad(below, ((0, 0), (reach, reach)), mode="reflect" if width > reach else "edge")
    for _ in range(2):
        total = np.cumsum(np.pad(padded, ((0, 0), (1, 0))), axis=1)
        middle = (total[:, reach:] - total[:, :-reach]) / np.float32(reach)
        padded = np.pad(middle, ((0, 0), (reach // 2, reach - 1 - reach // 2)), mode="edge")
    soft: Field = padded[:, None, reach : reach + width].astype(np.float32)
    return soft
