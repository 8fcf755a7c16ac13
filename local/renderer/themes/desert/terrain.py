"""What an eye sees of land given as heights over a plane: how far each pixel's ray runs. It colours nothing.

Land is a function of `x` (right) and `z` (ahead); lengths are in the land's own unit, whatever that is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from local.renderer.canvas import Canvas, Field
from local.renderer.scenery.sky import FOCAL

Land: TypeAlias = Callable[[Field, Field], Field]
"""Height at (`x`, `z`), of any shapes that broadcast."""

_BLOCK = 256  # columns looked down at once; bounds the memory


@dataclass(frozen=True)
class View:
    """A level look over `land` from `eye` above its plane; `horizon` is a fraction of the frame's height."""

    land: Land
    eye: float
    horizon: float

    def across(self, canvas: Canvas, z: Field) -> Field:
        """How far right the points of the land lie that pixels show `z` ahead, (rows, width)."""
        return z * (canvas.x / np.float32(FOCAL))

    def depth(self, canvas: Canvas, *, near: float, far: float, slices: int) -> Field:
        """Distance ahead of what each pixel shows, (height, width); infinite where it shows no land.

        The land is cut into slices across the view, the closer together the nearer. A slice's outline rises over
        all those before it or is hidden by them; between two slices the land is taken as straight.
        """
        z = np.geomspace(near, far, slices, dtype=np.float32)[:, None]
        looks = ((np.float32(self.horizon) - canvas.v) * np.float32(canvas.height / canvas.short / FOCAL))[:, 0]
        depth = np.full((canvas.height, canvas.width), np.inf, np.float32)
        for left in range(0, canvas.width, _BLOCK):
            steep = self._steepness(canvas.x[:, left : left + _BLOCK], z)
            outline = np.maximum.accumulate(steep, axis=0)
            for column in range(steep.shape[1]):
                first = np.searchsorted(outline[:, column], looks)
                seen = first < slices
                depth[seen, left + column] = _met(z[:, 0], steep[:, column], first[seen], looks[seen])
        return depth

    def skyline(self, x: Field, *, near: float, far: float) -> tuple[Field, Field]:
        """The land's outline against the sky in columns `x` (1, n): short sides over the horizon, and how far."""
        z = np.geomspace(near, far, 1200, dtype=np.float32)[:, None]
        steep = self._steepness(x, z)
        return steep.max(axis=0) * np.float32(FOCAL), z[steep.argmax(axis=0), 0]

    def _steepness(self, x: Field, z: Field) -> Field:
        """How far up one looks, per one ahead, to see the land `z` (slices, 1) away."""
        return (self.land(z * (x / np.float32(FOCAL)), z) - np.float32(self.eye)) / z


def _met(z: Field, steep: Field, first: NDArray[np.integer], looks: Field) -> Field:
    """Where rays meet the land: between their `first` slice that rises over them and the one before."""
    before = np.maximum(first - 1, 0)
    low, high = steep[before], steep[first]
    part = np.clip((looks - low) / np.maximum(high - low, np.float32(1e-9)), 0, 1)
    met: Field = z[before] + (z[first] - z[before]) * part
    return met
