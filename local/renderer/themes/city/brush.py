"""Straight-edged shapes laid on an overlay with soft edges, and windows that can be lit later. No colours here.

Places are in short sides about the middle of the frame (x right, y down); light is (3,).
"""

from dataclasses import dataclass, replace
from typing import Self, TypeAlias

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.overlay import lay

Point: TypeAlias = tuple[float, float]
Box: TypeAlias = tuple[slice, slice]


@dataclass(frozen=True)
class Pane:
    """A window whose light goes on and off: its pixels, its light (3, rows, columns) there, and when; `owner` is
    the number of the brush that laid it.
    """

    box: Box
    light: Field
    beat: float
    owner: int

    def seen(self, layer: Field) -> Self:
        """As much of it as nothing stands before, once all is on the overlay."""
        return replace(self, light=self.light * (layer[4][self.box] == self.owner))

    def add(self, picture: Field, phase: float) -> None:
        """Add its light of this moment, in place."""
        bright = np.sin(np.pi * (phase + self.beat)) ** 2
        picture[:, self.box[0], self.box[1]] += self.light * np.float32(bright)


@dataclass(frozen=True)
class Brush:
    """Lays shapes on `layer`, an overlay with a fifth plane: the `number` of the brush that was there last."""

    canvas: Canvas
    layer: Field
    number: int

    def convex(self, corners: list[Point], top: Field, foot: Field, tall: float) -> None:
        """A convex shape: light `top` at its upper edge, `foot` from `tall` below on."""
        points = np.array(corners)
        low, high = points.min(axis=0), points.max(axis=0)
        box = self._box((low[0], low[1]), (high[0], high[1]))
        if box is None:
            return
        x, y = self.canvas.x[:, box[1]], self.canvas.y[box[0]]
        ahead = np.roll(points, -1, axis=0)
        turn = np.sign(np.sum(points[:, 0] * ahead[:, 1] - ahead[:, 0] * points[:, 1]))
        inside = np.full((y.shape[0], x.shape[1]), 9.0, np.float32)
        for (x0, y0), (x1, y1) in zip(points, ahead, strict=True):
            length = np.hypot(x1 - x0, y1 - y0)
            along, down = np.float32(turn * (x1 - x0) / length), np.float32(turn * (y1 - y0) / length)
            np.minimum(inside, (y - np.float32(y0)) * along - (x - np.float32(x0)) * down, out=inside)
        fallen = np.clip((y - np.float32(low[1])) / np.float32(tall), 0, 1)
        light = top[:, None, None] + (foot - top)[:, None, None] * fallen
        self._lay(box, light, np.clip(inside * np.float32(self.canvas.short) + 0.5, 0, 1))

    def block(self, corner: Point, other: Point, top: Field, foot: Field) -> None:
        """An upright rectangle from its upper left to its lower right corner."""
        box = self._box(corner, other)
        if box is None:
            return
        x, y = self.canvas.x[:, box[1]], self.canvas.y[box[0]]
        cover = self._share(y, corner[1], other[1]) * self._share(x, corner[0], other[0])
        fallen = np.clip((y - np.float32(corner[1])) / np.float32(min(other[1] - corner[1], 0.25)), 0, 1)
        self._lay(box, top[:, None, None] + (foot - top)[:, None, None] * fallen, cover)

    def disc(self, middle: Point, radius: float, light: Field) -> None:
        """An even disc."""
        reach = radius + 1 / self.canvas.short
        box = self._box((middle[0] - reach, middle[1] - reach), (middle[0] + reach, middle[1] + reach))
        if box is None:
            return
        away = np.hypot(
            self.canvas.x[:, box[1]] - np.float32(middle[0]), self.canvas.y[box[0]] - np.float32(middle[1])
        )
        cover = np.clip((np.float32(radius) - away) * np.float32(self.canvas.short) + 0.5, 0, 1)
        self._lay(box, light[:, None, None], cover)

    def pane(self, at: Point, half: Point, light: Field) -> None:
        """A window with its cross of wood, `half` as wide and as high."""
        box = self._box((at[0] - half[0], at[1] - half[1]), (at[0] + half[0], at[1] + half[1]))
        if box is not None:
            self._lay(box, self._shaded(box, at, half, light), self._glass(box, at, half))

    def sleeping(self, at: Point, half: Point, light: Field, beat: float) -> list[Pane]:
        """The light that such a window adds when it goes on, if it is in the frame."""
        box = self._box((at[0] - half[0], at[1] - half[1]), (at[0] + half[0], at[1] + half[1]))
        if box is None:
            return []
        shown = self._shaded(box, at, half, light) * self._glass(box, at, half)
        return [Pane(box, shown, beat, self.number)]

    def _lay(self, box: Box, light: Field, cover: Field) -> None:
        window = self.layer[:, box[0], box[1]]
        lay(window, light, cover)
        window[4][cover > 0.5] = self.number

    def _shaded(self, box: Box, at: Point, half: Point, light: Field) -> Field:
        """Light (3, rows, 1) in a window: a little more at its foot, as from a lamp in the room."""
        y = (self.canvas.y[box[0]] - np.float32(at[1])) / np.float32(half[1])
        shaded: Field = light[:, None, None] * (1 + 0.22 * y)
        return shaded

    def _glass(self, box: Box, at: Point, half: Point) -> Field:
        """The share of each pixel in the four parts of the glass."""
        x, y, bar, rail = self.canvas.x[:, box[1]], self.canvas.y[box[0]], 0.12 * half[0], at[1] - 0.2 * half[1]
        across = self._share(x, at[0] - half[0], at[0] - bar) + self._share(x, at[0] + bar, at[0] + half[0])
        down = self._share(y, at[1] - half[1], rail - bar) + self._share(y, rail + bar, at[1] + half[1])
        return across * down

    def _share(self, middle: Field, low: float, high: float) -> Field:
        """How much of each pixel, by its middle along one axis, lies between two places."""
        pixel = np.float32(0.5 / self.canvas.short)
        inside = np.minimum(middle + pixel, np.float32(high)) - np.maximum(middle - pixel, np.float32(low))
        share: Field = np.clip(inside * np.float32(self.canvas.short), 0, 1)
        return share

    def _box(self, low: Point, high: Point) -> Box | None:
        """The pixels about a part of the plane; None where none are in the frame."""
        short, width, height = self.canvas.short, self.canvas.width, self.canvas.height
        left, right = (int(x * short + width / 2) for x in (low[0], high[0]))
        top, bottom = (int(y * short + height / 2) for y in (low[1], high[1]))
        columns, rows = (
            slice(max(left - 1, 0), min(right + 2, width)),
            slice(max(top - 1, 0), min(bottom + 2, height)),
        )
        if columns.start >= columns.stop or rows.start >= rows.stop:
            return None
        return rows, columns
