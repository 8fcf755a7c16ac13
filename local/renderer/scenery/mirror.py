"""Still water that mirrors what stands over it, ruffled by a breath of wind. It paints nothing above the shore.

A tarn or fjord seen from its bank: the picture above is flipped row by row and may move. Where swell runs in
perspective and lights draw out into columns, `water` is the one.
"""

from dataclasses import dataclass

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import smoothstep
from local.renderer.painting.noise import orbit, sample


@dataclass(frozen=True)
class Mirror:
    """Water from `level`, a fraction of the height, to the foot of the frame; `ruffle` is a noise field.

    `deep` (3, 1, 1) is the water's own colour, seen where the eye looks down into it. `rough` scales the ripples.
    """

    level: float
    ruffle: Field
    deep: Field
    rough: float

    def row(self, canvas: Canvas) -> int:
        """The first row of pixels of water."""
        return min(max(round(self.level * canvas.height), 2), canvas.height - 2)

    def paint(self, canvas: Canvas, above: Field, phase: float) -> Field:
        """Light (3, rows, width) of the water under `above`, which ends at the shore."""
        first = self.row(canvas)
        below = (np.arange(canvas.height - first, dtype=np.float32)[:, None] + np.float32(0.5)) / np.float32(
            canvas.short
        )
        slope, gust = self._ruffled(canvas, below, phase)
        # The nearer the water, the more of the sky a ripple sweeps through.
        reach = np.float32(0.004 * self.rough) + np.float32(0.05 * self.rough) * below
        source = (below * np.float32(1.12) + reach * slope) * np.float32(canvas.short)
        source = np.clip(np.abs(source), 0, first - 1.01)
        upper = source.astype(np.int32)
        part = source - np.floor(source)
        at = (first - 1 - upper) * canvas.width + np.arange(canvas.width, dtype=np.int32)
        picture = np.empty((3, len(below), canvas.width), np.float32)
        for channel, flat in enumerate(above.reshape(3, -1)):
            near = flat[at]
            picture[channel] = near + (flat[at - canvas.width] - near) * part
        sight = np.exp(below * np.float32(-1.9))
        picture *= 0.42 + 0.5 * sight + 0.1 * gust
        picture += self.deep * (1 - 0.75 * sight)
        return picture

    def _ruffled(self, canvas: Canvas, below: Field, phase: float) -> tuple[Field, Field]:
        """Slope of the ripples, and where gusts roughen the water (0 to 1)."""
        # The plane of the water, as if the eye stood over it at the height of a man.
        away = 1 / (below + np.float32(0.035))
        x = canvas.x * away
        right, down = orbit(phase, 0.035, 0.0)
        slow = sample(self.ruffle, x * 0.021 + right * 0.3, away * 0.10 + down * 0.3)
        gust = smoothstep(-0.2, 1.5, slow)
        slope = sample(self.ruffle, x * 0.07 + right, away * 0.36 + down)
        slope += 0.5 * sample(self.ruffle, x * 0.19 - down, away * 0.83 + right)
        # Far off a pixel would see several waves, which show as none.
        slope *= (0.25 + gust) * smoothstep(12.0, 3.0, away)
        return slope, gust
