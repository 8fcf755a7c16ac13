"""Which edges of a flat silhouette look towards a light from the side, for a rim of light. It lights nothing."""

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import smoothstep

_SHARES = (0.1, 0.25, 0.4, 0.6, 0.8, 1.0)  # of the reach: where it is looked for an edge


def turned_to(canvas: Canvas, cover: Field, x: float, reach: float) -> Field:
    """Where a shape's edges look towards the column `x`: 1 at such an edge, 0 from `reach` short sides inwards."""
    side = smoothstep(-0.1, 0.1, canvas.x - np.float32(x))
    turned = np.zeros_like(cover)
    for share in _SHARES:
        step = max(round(share * reach * canvas.short), 1)
        padded = np.pad(cover, ((0, 0), (step, step)), mode="edge")
        from_left, from_right = padded[:, : -2 * step], padded[:, 2 * step :]
        turned += (1 - from_right - (from_left - from_right) * side) / len(_SHARES)
    return turned
