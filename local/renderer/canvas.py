"""The picture plane: sizes and coordinates every theme paints in. It knows no colours and no themes.

Pixels are addressed in two ways, so that one scene comes out alike at any size and shape: composition in
fractions of the frame (`u` right, `v` down, 0 to 1), and shapes in units of the short side around the centre
(`x` right, `y` down), so that a circle stays round. Light is planar, (3, height, width), because NumPy loops
over long rows far faster than over triples.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Field: TypeAlias = NDArray[np.floating]
"""Numbers in single precision, which halves the time; NumPy's stubs cannot follow that through arithmetic."""


@dataclass(frozen=True)
class Canvas:
    """A frame of `width` by `height` pixels. Coordinates are those of pixel centres."""

    width: int
    height: int

    @property
    def short(self) -> int:
        """Pixels of the shorter side: one unit of `x` and `y`."""
        return min(self.width, self.height)

    @property
    def half_width(self) -> float:
        """Short sides from the middle of the frame to its left and right edge."""
        return self.width / self.short / 2

    @property
    def half_height(self) -> float:
        """Short sides from the middle of the frame to its top and foot."""
        return self.height / self.short / 2

    @cached_property
    def u(self) -> Field:
        """Fraction of the width, shape (1, width)."""
        return ((np.arange(self.width, dtype=np.float32) + 0.5) / self.width)[None, :]

    @cached_property
    def v(self) -> Field:
        """Fraction of the height, shape (height, 1)."""
        return ((np.arange(self.height, dtype=np.float32) + 0.5) / self.height)[:, None]

    @cached_property
    def x(self) -> Field:
        """Short sides right of the centre, shape (1, width)."""
        return (self.u - np.float32(0.5)) * np.float32(self.width / self.short)

    @cached_property
    def y(self) -> Field:
        """Short sides below the centre, shape (height, 1)."""
        return (self.v - np.float32(0.5)) * np.float32(self.height / self.short)

    def columns(self, first: float, last: float) -> slice:
        """The columns of pixels between two values of `x`."""
        return span(self.x[0], first, last)

    def rows(self, first: float, last: float) -> slice:
        """The rows of pixels between two values of `y`."""
        return span(self.y[:, 0], first, last)

    def place(self, u: float, v: float) -> tuple[float, float]:
        """The (x, y) of a point given in fractions of the frame."""
        return (u - 0.5) * self.width / self.short, (v - 0.5) * self.height / self.short


def span(places: Field, first: float, last: float) -> slice:
    """Of ascending places, (n,), those from the first to the last of two values; empty where none lie between."""
    start, stop = np.searchsorted(places, (first, last)).tolist()
    return slice(start, stop)
