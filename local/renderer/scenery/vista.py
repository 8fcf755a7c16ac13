"""How a relief looks from the plain before it: which place of it each pixel sees. It knows no colours."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from local.renderer.canvas import Canvas, Field
from local.renderer.scenery.relief import Relief

_SHARP = 2  # samples along each side of a pixel
_BELOW = 0.02  # short sides under the foot that are still looked at


@dataclass(frozen=True)
class Seen:
    """What the pixels see, each (height, width): how much of a pixel the relief covers, how high over the foot it
    is in short sides, and the maps asked for. Everything under the foot counts as covered.
    """

    cover: Field
    up: Field
    maps: list[Field]


@dataclass(frozen=True)
class Vista:
    """A relief with its middle at `u` and its `foot`, fractions of the frame, `scale` short sides per length.

    The eye is `eye` over the ground and `distance` before the middle, in lengths of the relief.
    """

    relief: Relief
    u: float
    foot: float
    scale: float
    eye: float
    distance: float

    def paint(self, canvas: Canvas, maps: Sequence[Field]) -> Seen:
        """The relief and these maps on its grid."""
        fine = Canvas(canvas.width * _SHARP, canvas.height * _SHARP)
        x0, foot = fine.place(self.u, self.foot)
        above = int(np.count_nonzero(fine.y < foot + _BELOW)) // _SHARP * _SHARP
        above = max(above, 2 * _SHARP)
        up = np.float32(foot) - fine.y
        across = (fine.x - np.float32(x0)) / np.float32(self.scale)
        hit, x, z = self._first_met(across, up[:above] / np.float32(self.scale))
        solid = np.where(up[:above] > 0, hit, True).astype(np.float32)
        cover = _shrunk(solid)
        shown = [
            _shrunk(self.relief.at(field, x, z) * solid) / np.maximum(cover, np.float32(1e-3)) for field in maps
        ]
        high = _shrunk(np.broadcast_to(up, (fine.height, fine.width)))
        return Seen(_extended(cover, canvas.height), high, [_extended(field, canvas.height) for field in shown])

    def _first_met(self, across: Field, up: Field) -> tuple[NDArray[np.bool_], Field, Field]:
        """Whether a look meets the relief, and at which x and z; `across` (1, columns) and `up` (rows, 1), falling
        evenly, are points on the plane through the middle.
        """
        relief, eye = self.relief, np.float32(self.eye)
        z = np.linspace(-relief.deep, relief.deep, len(relief.height), dtype=np.float32)[:, None]
        scale = 1 + z / np.float32(self.distance)
        seen_up = (relief.at(relief.height, across * scale, z + 0 * across) - eye) / scale + eye
        rows, columns = len(up), across.shape[1]
        step = float(up[0, 0] - up[1, 0])
        from_top = (float(up[0, 0]) - np.maximum.accumulate(seen_up, axis=0)) / step
        covers = np.ceil(from_top).clip(0, rows).astype(np.int32)
        # The sample a row meets first has as many before it as there are samples that cover only lower rows.
        index = covers * columns + np.arange(columns, dtype=np.int32)
        covering = np.bincount(index.ravel(), minlength=(rows + 1) * columns)[: rows * columns]
        first = len(z) - np.cumsum(covering.reshape(rows, columns), axis=0)
        hit = first < len(z)
        first = np.clip(first, 1, len(z) - 1)
        flat, at = seen_up.ravel(), first * columns + np.arange(columns)
        before = flat[at - columns]
        part = np.clip((up - before) / np.maximum(flat[at] - before, np.float32(1e-6)), 0, 1)
        deep = z[:, 0][first - 1] + part * np.float32(z[1, 0] - z[0, 0])
        return hit, across * (1 + deep / np.float32(self.distance)), deep


def _shrunk(field: Field) -> Field:
    """Means of `_SHARP` by `_SHARP` samples."""
    height, width = field.shape
    means: Field = field.reshape(height // _SHARP, _SHARP, width // _SHARP, _SHARP).mean(axis=(1, 3))
    return means


def _extended(field: Field, height: int) -> Field:
    """Its last row repeated down to the foot of the frame."""
    whole: Field = np.pad(field, ((0, height - len(field)), (0, 0)), mode="edge")
    return whole
