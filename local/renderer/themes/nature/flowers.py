"""Meadow plants as shapes to stamp on a layer: blades, flower heads, cups, spikes, seed clocks. No wind here.

Sizes are in short sides. `soft` is how far out of focus a plant is, `lit` how much light falls through it, and
`chance` (0 to 1) what makes it differ from others of its kind.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from local.renderer.canvas import Field
from local.renderer.themes.nature.layer import Layer, Shape, edge

Place = tuple[float, float]


class Flower(Protocol):
    """What stands on top of a stem."""

    def stamp(self, layer: Layer, place: Place, *, size: float, chance: float, lit: float, soft: float) -> None:
        """Paint it over the layer, the end of its stem at `place`."""


@dataclass(frozen=True)
class Blade:
    """A blade or stem `tall` high, its tip `lean` aside, `half` wide at its foot, narrowed by the share `taper` at
    its tip. `foot` and `tip` are its light there, (3,).
    """

    tall: float
    lean: float
    half: float
    taper: float
    foot: Field
    tip: Field

    def stamp(self, layer: Layer, place: Place, soft: float) -> None:
        """Paint it with its foot at `place`."""
        half = self.half + soft
        reach = (half - min(self.lean, 0), self.tall + soft, half + max(self.lean, 0), 0.0)
        layer.stamp(place, reach, self._shape(soft))

    def _shape(self, soft: float) -> Shape:
        def shape(across: Field, down: Field, pixel: float) -> tuple[Field, Field]:
            up = np.clip(down * np.float32(-1 / self.tall), 0, 1)
            wide = np.float32(self.half) * (1 - np.float32(self.taper) * up * up)
            # Finer than a pixel, it is drawn as wide as one and fainter.
            faint = np.minimum(wide * np.float32(2 / pixel), 1)
            inside = np.maximum(wide, np.float32(0.5 * pixel)) - np.abs(across - np.float32(self.lean) * up * up)
            inside = np.minimum(inside, down + np.float32(self.tall))
            light = self.foot[:, None, None] + (self.tip - self.foot)[:, None, None] * (up * up)
            # Its foot goes under in the grass before it.
            return edge(inside, pixel, soft) * (faint * np.minimum(up * 3, 1)), light

        return shape


@dataclass(frozen=True)
class Head:
    """An open flower: so many `petals`, cut in by `notch` (0 to 1), round a heart of `core` of its radius."""

    petals: int
    notch: float
    core: float
    petal: Field
    heart: Field
    wide: float = 1.0

    def stamp(self, layer: Layer, place: Place, *, size: float, chance: float, lit: float, soft: float) -> None:
        """Paint it turned more or less towards the eye."""
        radius = size * self.wide
        squash = 0.42 + 0.5 * chance
        reach = radius + soft
        layer.stamp(place, (reach, reach, reach, reach), self._shape(radius, squash, chance * 7, lit, soft))

    def _shape(self, radius: float, squash: float, turn: float, lit: float, soft: float) -> Shape:
        petal, heart = self.petal[:, None, None] * np.float32(lit), self.heart[:, None, None] * np.float32(lit)

        def shape(across: Field, down: Field, pixel: float) -> tuple[Field, Field]:
            x, y = across * np.float32(1 / radius), down * np.float32(1 / (radius * squash))
            away = np.sqrt(x * x + y * y)
            around = np.arctan2(y, x) * np.float32(self.petals / (2 * np.pi)) + np.float32(turn)
            gap = 2 * np.abs(around - np.floor(around) - np.float32(0.5))
            gap *= gap * gap
            inside = (1 - np.float32(self.notch) * gap - away) * np.float32(radius * squash)
            light = petal * ((0.6 + 0.5 * away) * (1 - 0.35 * gap) * (1 - 0.22 * y))
            core = edge((self.core - away) * np.float32(radius * squash), pixel, soft)
            light += (heart * (1.1 - 0.5 * away / self.core - 0.3 * y) - light) * core
            return edge(inside, pixel, soft), light

        return shape


@dataclass(frozen=True)
class Cup:
    """A poppy or tulip seen from the side, one petal before another; light shines through their rims."""

    petal: Field
    heart: Field

    def stamp(self, layer: Layer, place: Place, *, size: float, chance: float, lit: float, soft: float) -> None:
        """Paint it standing on `place`."""
        wide = size * (1.0 + 0.3 * chance)
        reach = wide + soft
        shape = self._shape(wide, 1.4 * size, chance, lit, soft)
        layer.stamp(place, (reach, 1.6 * size + soft, reach, soft), shape)

    def _shape(self, wide: float, tall: float, chance: float, lit: float, soft: float) -> Shape:
        petal, heart = self.petal[:, None, None] * np.float32(lit), self.heart[:, None, None]
        side = np.float32(0.8 * chance - 0.4)

        def shape(across: Field, down: Field, pixel: float) -> tuple[Field, Field]:
            up, x = down * np.float32(-1 / tall), across * np.float32(1 / wide)
            bulge = np.sqrt(np.clip(up * (1.95 - up), 0, 1))
            rim = 0.93 + 0.05 * np.cos(x * 9 + 4 * side) - 0.12 * x * x
            inside = np.minimum((bulge - np.abs(x)) * np.float32(wide), (rim - up) * np.float32(tall))
            before = edge(
                (0.7 - 0.5 * (x - side) ** 2 + 0.03 * np.cos(x * 11) - up) * np.float32(tall), pixel, soft
            )
            # Each petal is dark at its foot and lit at its rim; the one behind is in the shade of the other.
            tone = 0.62 + 0.35 * up + before * (0.2 + 0.35 * up - 0.06 * np.cos(x * 14))
            light = petal * np.maximum(tone, 0.3)
            light += (heart - light) * np.clip(0.75 - up * 3.4, 0, 1)
            return edge(inside, pixel, soft), light

        return shape


@dataclass(frozen=True)
class Spike:
    """Lavender or lupin: whorls of small blossoms up the end of a stem, paler to the tip."""

    petal: Field
    tip: Field

    def stamp(self, layer: Layer, place: Place, *, size: float, chance: float, lit: float, soft: float) -> None:
        """Paint it: five times `size` high, most of it above `place`."""
        tall = size * (4.2 + 2 * chance)
        foot = (place[0], place[1] + 0.35 * tall)
        reach = 0.75 * size + soft
        layer.stamp(foot, (reach, tall + soft, reach, soft), self._shape(0.7 * size, tall, lit, soft))

    def _shape(self, wide: float, tall: float, lit: float, soft: float) -> Shape:
        petal = self.petal[:, None, None] * np.float32(lit)
        tip = self.tip[:, None, None] * np.float32(lit)
        whorls = np.float32(np.pi * 9)

        def shape(across: Field, down: Field, pixel: float) -> tuple[Field, Field]:
            up = np.clip(down * np.float32(-1 / tall), 0, 1)
            # Blossoms of one side stand between those of the other, and crowd together upwards.
            turn = whorls * (0.6 * up + 0.4 * up * up) + np.float32(0.5 * np.pi) * (across > 0)
            lobe = np.abs(np.sin(turn))
            half = np.float32(wide) * (1 - 0.85 * up) * np.sqrt(np.minimum(up * 9, 1))
            half = half * (0.62 + 0.38 * np.sqrt(lobe))
            middle = 1 - np.minimum(np.abs(across) / (half + np.float32(1e-5)), 1)
            tone = 0.5 + 0.45 * lobe + 0.25 * middle * np.cos(2 * turn + 1)
            light = (petal + (tip - petal) * (up * up)) * tone
            inside = np.minimum(half - np.abs(across), down + np.float32(tall))
            return edge(inside, pixel, soft), light

        return shape


@dataclass(frozen=True)
class Touch:
    """An oval touch of the brush, lighter above: a leaf or a petal in the grass."""

    light: Field
    squash: float = 0.7

    def stamp(self, layer: Layer, place: Place, *, size: float, chance: float, lit: float, soft: float) -> None:  # noqa: ARG002
        """Paint it around `place`."""
        light = self.light[:, None, None] * np.float32(lit)

        def shape(across: Field, down: Field, pixel: float) -> tuple[Field, Field]:
            y = down * np.float32(1 / self.squash)
            inside = np.float32(size) - np.sqrt(across * across + y * y)
            # Smaller than a pixel, it is drawn as large as one and fainter.
            faint = np.float32(min(1.0, (1.6 * size / pixel) ** 2))
            inside = inside + np.float32(max(0.6 * pixel - size, 0))
            return edge(inside, pixel, soft) * faint, light * (1 - np.float32(0.3 / size) * y)

        reach = max(size, 1 / layer.canvas.short) + soft
        layer.stamp(place, (reach, reach, reach, reach), shape)


@dataclass(frozen=True)
class Clock:
    """A dandelion gone to seed, a globe of rays with the light behind it."""

    light: Field

    def stamp(self, layer: Layer, place: Place, *, size: float, chance: float, lit: float, soft: float) -> None:
        """Paint it around `place`."""
        radius = 1.05 * size
        light = self.light[:, None, None] * np.float32(lit)

        def shape(across: Field, down: Field, pixel: float) -> tuple[Field, Field]:
            away = np.sqrt(across * across + down * down) * np.float32(1 / radius)
            rays = 0.5 + 0.5 * np.cos(np.arctan2(down, across) * 21 + np.float32(6 * chance))
            ball = edge((1 - away) * np.float32(radius), pixel, radius * 0.3 + soft)
            core = np.exp(away * away * -40)
            dense = np.minimum(0.5 + 0.2 * away * away + 0.3 * rays * away + 0.5 * core, 0.95)
            return ball * dense, light * ((0.7 + 0.3 * away) * (1 - 0.6 * core))

        reach = 1.2 * radius + soft
        layer.stamp(place, (reach, reach, reach, reach), shape)
