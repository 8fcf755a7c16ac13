"""Towers of a city by night: tiers of lit windows and spires, painted with exact edges. It chooses no colours.

A window is often smaller than a pixel, so each pixel takes the share of every window that falls into it:
a city seen small turns into an even glow and never into speckle.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.overlay import lay

_TABLE = 64  # cells along a side of the table of chance that all towers share


@dataclass(frozen=True)
class Tower:
    """Stacked `tiers` (half width, top) over the foot at `x`, in short sides, and a mast of `mast` above them.

    `pitch` is the size of a window's cell (right, down); `awake` how many of them are lit; `first` where in
    the table its windows begin; `warm` 0 to 1, `tone` how light its walls are.
    """

    x: float
    tiers: tuple[tuple[float, float], ...]
    mast: float
    pitch: tuple[float, float]
    awake: float
    first: tuple[int, int]
    warm: float
    tone: float

    @property
    def top(self) -> float:
        """Height of the roof."""
        return max(top for _, top in self.tiers)

    @classmethod
    def built(cls, rng: np.random.Generator, *, x: float, wide: float, tall: float, cell: float) -> Self:
        """A tower of about this width and height; a third of them step back towards the top."""
        kind, steps = rng.random(), rng.uniform(0.55, 0.9, 2)
        half = wide * rng.uniform(0.7, 1.15) / 2
        mast = tall * rng.uniform(0.12, 0.3)
        tiers = [(half, tall)]
        if kind < 0.3:
            tiers = [(half, tall * steps[0]), (half * 0.68, tall * (1 + steps[0]) / 2), (half * 0.4, tall)]
        elif kind < 0.5:
            tiers = [(half, tall * steps[1]), (half * 0.62, tall)]
        elif kind < 0.7:
            tiers = [(half, tall), (half * 0.5, tall + 0.35 * half)]
        return cls(
            x=x,
            tiers=tuple((float(w), float(t)) for w, t in tiers),
            mast=float(mast) if kind < 0.42 else 0.0,
            pitch=(float(cell * rng.uniform(0.8, 1.25)), float(cell * rng.uniform(1.0, 1.5))),
            awake=float(rng.uniform(0.15, 1.0)),
            first=(int(rng.integers(_TABLE)), int(rng.integers(_TABLE))),
            warm=float(rng.random()),
            tone=float(rng.uniform(0.75, 1.3)),
        )

    def moved(self, wide: float, focus: float, tall: float) -> Self:
        """The tower in a frame so much wider and taller, whose city has its middle at `focus`."""
        tiers = tuple((half, top * tall) for half, top in self.tiers)
        return replace(self, x=self.x * wide + focus, tiers=tiers, mast=self.mast * tall)


@dataclass(frozen=True)
class Chance:
    """Numbers 0 to 1 on a table (64, 64) that repeats: whether a window is lit, and how."""

    lit: Field
    bright: Field

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Self:
        """Windows of one floor are lit together more often than not."""
        lit, floor = rng.random((_TABLE, _TABLE)), rng.random((_TABLE, 1))
        return cls(0.6 * lit + 0.4 * floor, rng.random((_TABLE, _TABLE)))


@dataclass(frozen=True)
class Wall:
    """How a row of towers is coloured: light (3,) of its walls at the top and `foot` at the ground, of warm and
    of cold windows; `awake` dims all the lighting of the row.
    """

    top: Field
    foot: Field
    warm: Field
    cold: Field
    awake: float


def paint(canvas: Canvas, layer: Field, tower: Tower, *, ground: float, wall: Wall, chance: Chance) -> None:
    """Stand the tower on row `ground` of the overlay `layer` (4, rows, width), in place."""
    short = canvas.short
    middle = canvas.width / 2 + tower.x * short
    base = 0.0
    for half, top in tower.tiers:
        box = (middle - half * short, ground - top * short, middle + half * short, ground - base * short)
        _tier(layer, box, tower, wall, chance, short)
        base = top
    if tower.mast:
        _mast(layer, middle, ground - tower.top * short, tower.mast * short, wall.top * tower.tone)


def _tier(
    layer: Field,
    box: tuple[float, float, float, float],
    tower: Tower,
    wall: Wall,
    chance: Chance,
    short: int,
) -> None:
    left, top, right, bottom = box
    columns = slice(max(int(left), 0), min(int(np.ceil(right)), layer.shape[2]))
    rows = slice(max(int(top), 0), min(int(np.ceil(bottom)), layer.shape[1]))
    if columns.start >= columns.stop or rows.start >= rows.stop:
        return
    across, down = _shares([left], [right], columns), _shares([top], [bottom], rows)
    cover = down.T @ across
    # The side turned away takes a fifth of what is seen and less light.
    edge = left + 0.22 * (right - left)
    shade = tower.tone * (1 - 0.4 * _shares([left], [edge], columns))
    height = ((bottom - np.arange(rows.start, rows.stop, dtype=np.float32)) / np.float32(0.22 * short))[:, None]
    low = np.exp(-np.maximum(height, 0))
    walls = wall.top[:, None, None] * (shade * (1 - low)) + wall.foot[:, None, None] * low
    walls += _windows(box, rows, columns, tower, wall, chance, short)
    lay(layer[:, rows, columns], walls, cover)


def _windows(
    box: tuple[float, float, float, float],
    rows: slice,
    columns: slice,
    tower: Tower,
    wall: Wall,
    chance: Chance,
    short: int,
) -> Field:
    """Light (3, rows, columns) of a tier's windows."""
    left, top, right, bottom = box
    wide, tall = tower.pitch[0] * short, tower.pitch[1] * short
    count = max(int((right - left) / wide + 1e-3), 1), max(int((bottom - top) / tall + 1e-3), 1)
    wide = (right - left) / count[0]
    x, y = left + wide * np.arange(count[0]), top + tall * (np.arange(count[1]) + 0.4)
    across = _shares(x + 0.2 * wide, x + 0.8 * wide, columns)
    down = _shares(y + 0.22 * tall, y + 0.78 * tall, rows)
    cells = np.ix_(
        (tower.first[1] + np.arange(count[1])) % _TABLE,
        (tower.first[0] + np.arange(count[0])) % _TABLE,
    )
    awake = tower.awake * wall.awake
    bright = np.clip((awake - chance.lit[cells]) * 6, 0, 1) * (0.3 + 0.7 * chance.bright[cells] ** 2)
    warm = np.clip(tower.warm * 1.6 - 0.3 + 0.4 * chance.bright[cells], 0, 1)
    tint = wall.cold[:, None, None] + (wall.warm - wall.cold)[:, None, None] * warm
    light: Field = (down.T @ (bright * tint) @ across).astype(np.float32)
    return light


def _mast(layer: Field, x: float, foot: float, tall: float, light: Field) -> None:
    """A needle that tapers to nothing."""
    rows = slice(max(int(foot - tall), 0), min(int(foot) + 1, layer.shape[1]))
    columns = slice(max(int(x) - 3, 0), min(int(x) + 4, layer.shape[2]))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] + 0.5
    half = np.clip((y - (foot - tall)) / tall, 0, 1) * max(tall * 0.028, 0.4)
    pixel = np.arange(columns.start, columns.stop, dtype=np.float32)[None, :]
    cover = np.clip(np.minimum(pixel + 1, x + half) - np.maximum(pixel, x - half), 0, 1)
    lay(layer[:, rows, columns], light[:, None, None], cover)


def _shares(low: Field | list[float], high: Field | list[float], pixels: slice) -> Field:
    """How much of each pixel lies between each `low` and `high`: (intervals, pixels)."""
    first = np.arange(pixels.start, pixels.stop, dtype=np.float32)[None, :]
    starts, ends = np.asarray(low, np.float32)[:, None], np.asarray(high, np.float32)[:, None]
    shares: Field = np.clip(np.minimum(first + 1, ends) - np.maximum(first, starts), 0, 1)
    return shares
