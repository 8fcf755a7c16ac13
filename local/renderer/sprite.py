"""A part of a picture painted once and then moved, by parts of a pixel too. It knows no shapes."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Canvas, Field


@dataclass(frozen=True)
class Sprite:
    """`light` (3, h, w), already times `cover` (h, w; 0 to 1); at rest its corner is the pixel (`left`, `top`)."""

    light: Field
    cover: Field
    left: int
    top: int

    @classmethod
    def blank(cls, canvas: Canvas, x: tuple[float, float], y: tuple[float, float]) -> Self:
        """An empty one from the first to the last `x` and `y`, in short sides about the middle of the frame."""
        left, right = (int(np.floor(edge * canvas.short + canvas.width / 2)) for edge in x)
        top, bottom = (int(np.floor(edge * canvas.short + canvas.height / 2)) for edge in y)
        # one empty pixel all around lets it move between pixels without a hard edge
        height, width = max(bottom - top, 1) + 2, max(right - left, 1) + 2
        light, cover = np.zeros((3, height, width), np.float32), np.zeros((height, width), np.float32)
        return cls(light, cover, left - 1, top - 1)

    def x(self, canvas: Canvas) -> Field:
        """Short sides right of the frame's middle, (1, w)."""
        columns = np.arange(self.cover.shape[1], dtype=np.float32)[None, :]
        x: Field = (columns + np.float32(self.left + 0.5 - canvas.width / 2)) / np.float32(canvas.short)
        return x

    def y(self, canvas: Canvas) -> Field:
        """Short sides below the frame's middle, (h, 1)."""
        rows = np.arange(self.cover.shape[0], dtype=np.float32)[:, None]
        y: Field = (rows + np.float32(self.top + 0.5 - canvas.height / 2)) / np.float32(canvas.short)
        return y

    def add(self, light: Field, cover: Field, rows: slice = slice(None), columns: slice = slice(None)) -> None:
        """Lay `light` (3, ...), not yet times `cover`, over a window of what is painted so far, in place."""
        window = self.light[:, rows, columns]
        window += (light - window) * cover
        below = self.cover[rows, columns]
        below += (1 - below) * cover

    def seam(self) -> None:
        """Empty the outermost pixels, which whatever was painted last may have touched."""
        for planes in (self.light, self.cover):
            planes[..., [0, -1], :] = 0
            planes[..., [0, -1]] = 0

    def lay(self, picture: Field, right: float = 0.0, down: float = 0.0) -> None:
        """Cover `picture` (3, height, width) with it, in place, moved by so many pixels."""
        left, top = self.left + int(np.floor(right)), self.top + int(np.floor(down))
        height, width = self.cover.shape
        first_row, first_column = max(-top - 1, 0), max(-left - 1, 0)
        last_row, last_column = min(height, picture.shape[1] - top), min(width, picture.shape[2] - left)
        if first_row + 1 >= last_row or first_column + 1 >= last_column:
            return
        part = np.float32(right - np.floor(right)), np.float32(down - np.floor(down))
        box = (..., slice(first_row, last_row), slice(first_column, last_column))
        light, cover = _between(self.light[box], *part), _between(self.cover[box], *part)
        rows = slice(top + first_row + 1, top + last_row)
        columns = slice(left + first_column + 1, left + last_column)
        window = picture[:, rows, columns]
        window *= 1 - cover
        window += light


def _between(planes: Field, right: np.float32, down: np.float32) -> Field:
    """The planes moved by parts of a pixel, without their first row and column."""
    moved = planes[..., 1:]
    if right:
        moved = moved + (planes[..., :-1] - moved) * right
    if not down:
        return moved[..., 1:, :]
    lowered: Field = moved[..., 1:, :] + (moved[..., :-1, :] - moved[..., 1:, :]) * down
    return lowered
