"""A transparent sheet to paint plants on once and lay over every frame, bent by the wind. It knows no plants.

Each row is shifted by itself, so that light and cover of a pixel lie side by side: four planes, as overlays and
sprites have them, would be fetched four times.
Shapes are stamped one over the other; each says how much of a point it covers and in what light. Positions are
in short sides around the centre of the frame, y down.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Self, TypeAlias

import numpy as np

from local.renderer.canvas import Canvas, Field

Shape: TypeAlias = Callable[[Field, Field, float], tuple[Field, Field]]
"""Of points right (1, n) and down (m, 1) of a shape's place, and the width of a pixel, all in short sides: the
cover (m, n), 0 to 1, and the linear light, (3, m, n) or what broadcasts to it.
"""


@dataclass(frozen=True)
class Layer:
    """`painted` (height, width, 4) is light times cover, then cover; wider than the frame by `margin` pixels on
    both sides, so that what bends in from there has been painted too.
    """

    canvas: Canvas
    painted: Field
    margin: int

    @classmethod
    def blank(cls, canvas: Canvas, reach: float) -> Self:
        """An empty layer that can be shifted by up to `reach` short sides."""
        margin = int(np.ceil(reach * canvas.short)) + 2
        return cls(canvas, np.zeros((canvas.height, canvas.width + 2 * margin, 4), np.float32), margin)

    @property
    def x(self) -> Field:
        """Short sides right of the centre of the frame for every column, those in the margins too; (1, width)."""
        columns = np.arange(self.painted.shape[1], dtype=np.float32) - np.float32(self.margin - 0.5)
        return ((columns - np.float32(self.canvas.width / 2)) * np.float32(1 / self.canvas.short))[None, :]

    def lay(self, cover: Field, light: Field) -> None:
        """Paint all over what is there: `cover` (height, width with margins) and light that broadcasts to it."""
        _lay(self.painted, cover, light)

    def stamp(self, place: tuple[float, float], reach: tuple[float, float, float, float], shape: Shape) -> None:
        """Paint a shape over what is there; `reach` is how far it extends left, up, right and down."""
        short = self.canvas.short
        x = place[0] * short + self.canvas.width / 2 + self.margin - 0.5
        y = place[1] * short + self.canvas.height / 2 - 0.5
        height, width, _ = self.painted.shape
        left, right = max(int(x - reach[0] * short), 0), min(int(x + reach[2] * short) + 2, width)
        top, bottom = max(int(y - reach[1] * short), 0), min(int(y + reach[3] * short) + 2, height)
        if left >= right or top >= bottom:
            return
        across = (np.arange(left, right, dtype=np.float32)[None, :] - np.float32(x)) * np.float32(1 / short)
        down = (np.arange(top, bottom, dtype=np.float32)[:, None] - np.float32(y)) * np.float32(1 / short)
        _lay(self.painted[top:bottom, left:right], *shape(across, down, 1 / short))

    def press(self, place: tuple[float, float], cover: Field, light: Field) -> None:
        """Paint a small shape whose cover (k, k), k odd, has been worked out, in one light (3,). It is put on the
        nearest whole pixel: for the many leaves of a tree, where nobody sees the difference.
        """
        half = len(cover) // 2
        left = round(place[0] * self.canvas.short + self.canvas.width / 2 - 0.5) + self.margin - half
        top = round(place[1] * self.canvas.short + self.canvas.height / 2 - 0.5) - half
        window = self.painted[max(top, 0) : max(top + len(cover), 0), max(left, 0) : max(left + len(cover), 0)]
        height, width, _ = window.shape
        seen = cover[max(-top, 0) :, max(-left, 0) :][:height, :width, None]
        window *= 1 - seen
        window += seen * np.append(light, np.float32(1))

    def put_bent(self, picture: Field, shift: Field, rows: slice) -> None:
        """Lay these rows over planar light, in place, each pixel moved right by its `shift` (rows, width), in
        pixels: between whole ones too.
        """
        height, width = rows.stop - rows.start, self.canvas.width
        start = np.arange(width, dtype=np.float32) + np.float32(self.margin) - shift
        column = start.astype(np.int32)
        part = (start - column)[:, :, None]
        row = np.arange(height, dtype=np.int32)[:, None]
        first = row * self.painted.shape[1] + column
        pixels = self.painted[rows].reshape(-1, 4)
        seen = pixels.take(first, axis=0)
        seen += (pixels.take(first + 1, axis=0) - seen) * part
        window = picture[:, rows]
        window *= 1 - seen[:, :, 3]
        window += np.moveaxis(seen[:, :, :3], -1, 0)

    def put(self, picture: Field) -> None:
        """Lay all of it over planar light, in place, unbent."""
        light, cover, rows = self._planes
        picture[:, rows] *= 1 - cover
        picture[:, rows] += light

    @cached_property
    def _planes(self) -> tuple[Field, Field, slice]:
        rows = slice(self.top(), self.canvas.height)
        planes = np.moveaxis(self.painted[rows, self.margin : -self.margin], -1, 0)
        return np.ascontiguousarray(planes[:3]), np.ascontiguousarray(planes[3]), rows

    def top(self) -> int:
        """The first row with paint on it; the height of the frame where there is none."""
        used = np.flatnonzero(self.painted[:, :, 3].any(axis=1))
        return int(used[0]) if len(used) else self.canvas.height


def _lay(window: Field, cover: Field, light: Field) -> None:
    window *= (1 - cover)[:, :, None]
    window[:, :, :3] += np.moveaxis(light * cover, 0, -1)
    window[:, :, 3] += cover


def edge(inside: Field, pixel: float, soft: float = 0.0) -> Field:
    """Cover of points that lie `inside` short sides within a shape; out of focus by `soft`."""
    cover: Field = np.clip(inside * np.float32(1 / max(pixel, soft)) + np.float32(0.5), 0, 1)
    return cover
