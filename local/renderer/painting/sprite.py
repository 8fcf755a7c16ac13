"""A sprite: an overlay of part of the frame, painted once and then moved, between pixels too. It knows no shapes.

It is moved as a whole; `nature` bends its sheets row by row, and has a layer of its own for that.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting import overlay


@dataclass(frozen=True)
class Sprite:
    """`layer` (4, h, w) is an overlay; at rest its corner is the pixel (`left`, `top`) of the frame."""

    layer: Field
    left: int
    top: int

    @classmethod
    def blank(cls, canvas: Canvas, x: tuple[float, float], y: tuple[float, float]) -> Self:
        """An empty one from the first to the last `x` and `y`, in short sides about the middle of the frame."""
        left, right = (int(np.floor(edge * canvas.short + canvas.width / 2)) for edge in x)
        top, bottom = (int(np.floor(edge * canvas.short + canvas.height / 2)) for edge in y)
        # one empty pixel all around lets it move between pixels without a hard edge
        height, width = max(bottom - top, 1) + 2, max(right - left, 1) + 2
        return cls(np.zeros((4, height, width), np.float32), left - 1, top - 1)

    def x(self, canvas: Canvas) -> Field:
        """Short sides right of the frame's middle, (1, w)."""
        columns = np.arange(self.layer.shape[2], dtype=np.float32)[None, :]
        x: Field = (columns + np.float32(self.left + 0.5 - canvas.width / 2)) / np.float32(canvas.short)
        return x

    def y(self, canvas: Canvas) -> Field:
        """Short sides below the frame's middle, (h, 1)."""
        rows = np.arange(self.layer.shape[1], dtype=np.float32)[:, None]
        y: Field = (rows + np.float32(self.top + 0.5 - canvas.height / 2)) / np.float32(canvas.short)
        return y

    def lay(self, light: Field, cover: Field, rows: slice = slice(None), columns: slice = slice(None)) -> None:
        """Lay a thing over a window of what is painted so far, in place: its light (3, ...) and its cover."""
        overlay.lay(self.layer[:, rows, columns], light, cover)

    def shade(self, factor: Field) -> None:
        """Dim what is painted, in place."""
        self.layer[:3] *= factor

    def veil(self, air: Field, share: float) -> None:
        """Put so much of the air's light (3, ...) before what is painted, in place."""
        self.layer[:3] += (air * self.layer[3] - self.layer[:3]) * np.float32(share)

    def seam(self) -> None:
        """Empty the outermost pixels, which whatever was painted last may have touched."""
        self.layer[:, [0, -1]] = 0
        self.layer[..., [0, -1]] = 0

    def put(self, picture: Field, right: float = 0.0, down: float = 0.0) -> None:
        """Lay the sprite over `picture` (3, height, width), in place, moved by so many pixels."""
        left, top = self.left + int(np.floor(right)), self.top + int(np.floor(down))
        _, height, width = self.layer.shape
        first_row, first_column = max(-top - 1, 0), max(-left - 1, 0)
        last_row, last_column = min(height, picture.shape[1] - top), min(width, picture.shape[2] - left)
        if first_row + 1 >= last_row or first_column + 1 >= last_column:
            return
        part = np.float32(right - np.floor(right)), np.float32(down - np.floor(down))
        moved = _between(self.layer[:, first_row:last_row, first_column:last_column], *part)
        rows = slice(top + first_row + 1, top + last_row)
        columns = slice(left + first_column + 1, left + last_column)
        overlay.put(moved, picture[:, rows, columns])


def _between(planes: Field, right: np.float32, down: np.float32) -> Field:
    """The planes moved by parts of a pixel, without their first row and column."""
    moved = planes[..., 1:]
    if right:
        moved = moved + (planes[..., :-1] - moved) * right
    if not down:
        return moved[..., 1:, :]
    lowered: Field = moved[..., 1:, :] + (moved[..., :-1, :] - moved[..., 1:, :]) * down
    return lowered
