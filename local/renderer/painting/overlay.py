"""Overlays: what is painted once and laid over moving pictures. Three planes of light, already times their cover,
and a fourth of that cover, 0 to 1. They know no shapes.

As wide as the frame and laid where they are; an overlay that moves is a `sprite`.
"""

import numpy as np

from local.renderer.canvas import Canvas, Field


def blank(canvas: Canvas, rows: int) -> Field:
    """An empty overlay (4, rows, width)."""
    return np.zeros((4, rows, canvas.width), np.float32)


def lay(overlay: Field, light: Field, cover: Field) -> None:
    """Put a thing before all that is in the overlay, or in a window of it, in place: its light and its cover."""
    overlay[:3] += (light - overlay[:3]) * cover
    overlay[3] += (1 - overlay[3]) * cover


def put(overlay: Field, picture: Field) -> None:
    """Lay the overlay over `picture` (3, rows, width), in place."""
    picture *= 1 - overlay[3]
    picture += overlay[:3]
