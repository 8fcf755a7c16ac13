"""Houses of an old town: gables, roofs, dormers, chimneys and windows, painted with soft edges. No palettes here.

Places are in short sides about the middle of the frame (x right, y down).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from local.renderer.canvas import Field
from local.renderer.themes.city.brush import Brush, Pane, Point

_DEEP = 0.6  # short sides that walls reach down below their foot, behind what stands before them


@dataclass(frozen=True)
class Coat:
    """Colours (3,) of one row of houses: walls and roofs to choose from, windows lit and dark; `awake` is the
    share of them that are lit.
    """

    walls: Sequence[Field]
    roofs: Sequence[Field]
    lit: Field
    dark: Field
    awake: float


@dataclass(frozen=True)
class House:
    """A house on (`x`, `foot`), `wide`, its eaves `tall` and its ridge `steep` above them; its gable to the front
    or its `long` side. `chance` (6, 6) says which windows are lit.
    """

    x: float
    foot: float
    wide: float
    tall: float
    steep: float
    long: bool
    wall: int
    roof: int
    cell: float
    chimney: float
    chance: Field

    @classmethod
    def built(cls, rng: np.random.Generator, *, x: float, foot: float, wide: float) -> Self:
        """A house of about this width."""
        long = bool(rng.random() < 0.45)
        return cls(
            x=x,
            foot=foot,
            wide=float(wide * rng.uniform(0.85, 1.25) * (1.2 if long else 0.9)),
            tall=float(wide * rng.uniform(0.55, 1.3)),
            steep=float(wide * rng.uniform(0.5, 0.75) * (0.85 if long else 1.25)),
            long=long,
            wall=int(rng.integers(64)),
            roof=int(rng.integers(64)),
            cell=float(wide * rng.uniform(0.24, 0.3)),
            chimney=float(rng.choice([-1.0, 1.0]) * rng.uniform(0.15, 0.36)),
            chance=rng.random((6, 6)),
        )

    def on(self, x: float, foot: float) -> Self:
        """The same house in another place."""
        return replace(self, x=x, foot=foot)

    @property
    def eaves(self) -> float:
        """Where the roof begins."""
        return self.foot - self.tall

    @property
    def flue(self) -> Point:
        """Where smoke leaves."""
        ridge = 1.0 if self.long else 1 - 2 * abs(self.chimney)
        return self.x + self.chimney * self.wide, self.eaves - self.steep * (ridge + 0.24)

    @property
    def perch(self) -> Point:
        """Where a cat would sit: on a ridge, else on the chimney."""
        return (self.x, self.eaves - self.steep) if self.long else self.flue

    def paint(self, brush: Brush, coat: Coat) -> list[Pane]:
        """Put the house on the brush's overlay. Returns the windows that are to go on and off."""
        wall, roof = coat.walls[self.wall % len(coat.walls)], coat.roofs[self.roof % len(coat.roofs)]
        self._chimney(brush, 0.8 * wall)
        if self.long:
            self._long_side(brush, wall, roof)
            for side in (-0.45, 0.4):
                self._dormer(brush, self.x + side * self.wide / 2, coat)
        else:
            self._gable(brush, wall, roof)
        return self._windows(brush, coat)

    def _long_side(self, brush: Brush, wall: Field, roof: Field) -> None:
        x, half, floor, top = self.x, self.wide / 2, self.foot + _DEEP, self.eaves - self.steep
        block = [(x - half, self.eaves), (x + half, self.eaves), (x + half, floor), (x - half, floor)]
        brush.convex(block, wall, wall * 0.45, self.tall * 1.3)
        over, hip = 1.06 * half, 0.84 * half
        tiles = [(x - hip, top), (x + hip, top), (x + over, self.eaves), (x - over, self.eaves)]
        brush.convex(tiles, roof * 1.25, roof * 0.75, self.steep)
        gutter = [(x - over, self.eaves), (x + over, self.eaves)]
        gutter += [(x + over, self.eaves + 0.03 * half), (x - over, self.eaves + 0.03 * half)]
        brush.convex(gutter, roof * 0.45, roof * 0.45, self.steep)

    def _gable(self, brush: Brush, wall: Field, roof: Field) -> None:
        x, half, floor, top = self.x, self.wide / 2, self.foot + _DEEP, self.eaves - self.steep
        front = [(x - half, self.eaves), (x, top), (x + half, self.eaves), (x + half, floor), (x - half, floor)]
        brush.convex(front, wall * 1.15, wall * 0.45, self.tall * 1.4 + self.steep)
        thick = 0.13 * self.steep
        for side, shine in ((-1.0, 0.85), (1.0, 1.25)):
            end = x + side * 1.14 * half, self.eaves + 0.14 * self.steep
            slope = [
                (x, top - thick),
                (x, top + 0.2 * thick),
                (end[0], end[1] + 0.2 * thick),
                (end[0], end[1] - thick),
            ]
            brush.convex(slope, roof * shine, roof * (0.8 * shine), self.steep)

    def _chimney(self, brush: Brush, brick: Field) -> None:
        x, y = self.flue
        half = 0.07 * self.wide
        brush.block((x - half, y), (x + half, y + self.steep), brick, brick * 0.8)
        brush.block((x - 1.3 * half, y), (x + 1.3 * half, y + 0.5 * half), brick * 1.25, brick)

    def _dormer(self, brush: Brush, x: float, coat: Coat) -> None:
        y, half = self.eaves - 0.2 * self.steep, 0.26 * self.steep
        wall, roof = coat.walls[self.wall % len(coat.walls)], coat.roofs[self.roof % len(coat.roofs)]
        front = [(x - half, y - half), (x, y - 1.9 * half), (x + half, y - half), (x + half, y), (x - half, y)]
        brush.convex(front, wall, wall * 0.8, 2 * half)
        for side, shine in ((-1.0, 0.9), (1.0, 1.3)):
            end = x + side * 1.3 * half, y - 0.73 * half
            slope = [(x, y - 2.2 * half), (x, y - 1.85 * half), end, (end[0], end[1] - 0.35 * half)]
            brush.convex(slope, roof * shine, roof * shine, half)
        lit = self.chance[5, int(x > self.x)] < coat.awake
        brush.pane((x, y - 0.55 * half), (0.42 * half, 0.42 * half), coat.lit if lit else coat.dark)

    def _windows(self, brush: Brush, coat: Coat) -> list[Pane]:
        columns = min(max(int(0.86 * self.wide / self.cell), 1), 6)
        places = {}
        for row in range(5):
            for column in range(columns):
                x = self.x + (column - (columns - 1) / 2) * self.cell * 1.05
                places[row, column] = x, self.eaves + (row + 0.62) * self.cell * 1.35
        if not self.long:
            places[5, 5] = self.x, self.eaves - 0.3 * self.steep
        half = 0.25 * self.cell, 0.38 * self.cell
        panes = []
        for cell, at in places.items():
            chance = float(self.chance[cell])
            light = coat.lit * (0.55 + 0.6 * (chance * 7.3 % 1))
            awake = chance < coat.awake
            brush.pane(at, half, light if awake else coat.dark)
            if coat.awake <= chance < coat.awake + 0.1:
                panes += brush.sleeping(at, half, light, chance * 31 % 1)
        return panes


def church(brush: Brush, coat: Coat, x: float, foot: float, tall: float) -> None:
    """A church tower with a lit clock and a pointed roof, `tall` from its foot to the tip."""
    half, wall, roof = 0.1 * tall, coat.walls[1], coat.roofs[0]
    eaves = foot - 0.58 * tall
    brush.block((x - half, eaves), (x + half, foot + _DEEP), wall * 1.2, wall * 0.5)
    brush.block((x - half, eaves), (x - 0.55 * half, foot + _DEEP), wall * 0.85, wall * 0.4)
    for ledge in (0.0, 0.16):
        y = eaves + ledge * tall
        brush.block((x - 1.12 * half, y - 0.008 * tall), (x + 1.12 * half, y + 0.008 * tall), wall * 1.4, wall)
    tip = foot - tall
    brush.convex(
        [(x, tip), (x + 1.15 * half, eaves), (x - 1.15 * half, eaves)], roof * 1.3, roof * 0.8, 0.42 * tall
    )
    brush.convex([(x, tip), (x, eaves), (x - 1.15 * half, eaves)], roof * 0.9, roof * 0.6, 0.42 * tall)
    brush.block((x - 0.02 * half, tip - 0.05 * tall), (x + 0.02 * half, tip), roof, roof)
    clock = x, eaves + 0.08 * tall
    brush.disc(clock, 0.62 * half, roof * 0.6)
    brush.disc(clock, 0.52 * half, coat.lit * 1.1)
    for lean, long in ((0.5, 0.26), (-2.2, 0.4)):
        right, up = float(np.sin(lean)) * half, float(np.cos(lean)) * half
        hand = [
            (clock[0] + along * right + aside * up, clock[1] - along * up + aside * right)
            for along, aside in ((-0.06, -0.035), (long, -0.02), (long, 0.02), (-0.06, 0.035))
        ]
        brush.convex(hand, roof * 0.3, roof * 0.3, tall)
    for row in range(2):
        brush.pane((x + 0.2 * half, eaves + (0.24 + 0.12 * row) * tall), (0.2 * half, 0.4 * half), coat.lit)
