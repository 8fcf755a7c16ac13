"""Blur of still pictures: smears and the bloom about bright lights. For scenes being laid out, not for frames."""

import numpy as np

from local.renderer.canvas import Canvas, Field


def smeared(picture: Field, reach: float) -> Field:
    """The picture (3, rows, width) blurred up and down by about `reach` pixels: two running means."""
    half = max(round(reach), 1)
    for _ in range(2):
        padded = np.pad(picture, ((0, 0), (half + 1, half), (0, 0)), mode="edge")
        total = np.cumsum(padded, axis=1, dtype=np.float64)
        picture = ((total[:, 2 * half + 1 :] - total[:, : -2 * half - 1]) / (2 * half + 1)).astype(np.float32)
    return picture


def bloom(canvas: Canvas, picture: Field, *, over: float, reach: float) -> Field:
    """What light above `over` scatters into the air `reach` short sides about it, (3, rows, width)."""
    upright = smeared(np.maximum(picture - np.float32(over), 0), reach * canvas.short)
    return smeared(upright.transpose(0, 2, 1), reach * canvas.short).transpose(0, 2, 1)
