"""Wind that bends a painted layer of plants in loops: gusts that run across the frame. It paints no plants."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Field
from local.renderer.themes.nature.layer import Layer

_TURN = np.float32(2 * np.pi)


@dataclass(frozen=True)
class Swaying:
    """A layer rooted at the row `foot` of pixels, whose tops, at the row `top`, the wind bends by `reach` short
    sides; `start` (2,), in turns, sets it apart from other layers.
    """

    layer: Layer
    top: int
    foot: int
    reach: float
    start: Field

    @classmethod
    def standing(cls, layer: Layer, foot: int, reach: float, start: Field) -> Self:
        """A layer that has been painted."""
        return cls(layer, min(layer.top(), foot - 2), foot, reach, start)

    def paint(self, picture: Field, phase: float) -> None:
        """Lay it over the picture, in place: one gust and a quicker one, both in whole turns a loop."""
        canvas = self.layer.canvas
        rows = np.arange(self.top, self.foot, dtype=np.float32)[:, None]
        up = (self.foot - rows) * np.float32(1 / (self.foot - self.top))
        # Tips swing farthest and last.
        gust = 0.15 + 0.7 * _sine(0.8 * canvas.x - 0.12 * up + np.float32(self.start[0] - phase))
        gust += 0.3 * _sine(2.1 * canvas.x - 0.2 * up + np.float32(self.start[1] - 2 * phase))
        gust *= up**1.7 * np.float32(self.reach * canvas.short)
        self.layer.put_bent(picture, gust, slice(self.top, self.foot))


def _sine(turns: Field) -> Field:
    wave: Field = np.sin(_TURN * turns)
    return wave
