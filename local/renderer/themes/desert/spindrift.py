"""Sand (or snow) that wind tears off edges and drives along the ground. It knows neither colours nor the land."""

from dataclasses import dataclass

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import smoothstep
from local.renderer.painting.noise import sample

_STEPS = 36


@dataclass(frozen=True)
class Spindrift:
    """Where it can fly, each (height, width) and 0 to 1: `plumes` off crests, `clouds` over the far ground,
    `sheets` along the near one. `down` and `across` are the ground's coordinates with the wind and across it.

    `wind` is 1 to the right of the frame and -1 to the left; `dust` is a noise field.
    """

    plumes: Field
    clouds: Field
    sheets: Field
    down: Field
    across: Field
    wind: float
    dust: Field

    def at(self, canvas: Canvas, phase: float) -> tuple[Field, Field]:
        """How much flies before each pixel, 0 to 1, and by how much the ground there is brighter (or, below 0,
        darker) for what runs along it. Gusts run whole tiles per loop.
        """
        blown = canvas.x * np.float32(self.wind)
        gust = sample(self.dust, blown * 0.5 - np.float32(phase), canvas.y * 0.8)
        fine = sample(self.dust, blown * 1.3 - np.float32(2 * phase), canvas.y * 3.2 + blown * 0.5)
        torn = self.plumes * np.clip(0.6 + 0.5 * gust + 0.3 * fine, 0, 1.6)
        cloud = sample(self.dust, self.down * 0.3 - np.float32(phase), self.across * 0.22)
        flying = np.clip(torn + self.clouds * (0.5 * smoothstep(0.0, 2.4, cloud)), 0, 1)
        run = sample(self.dust, self.down * 0.5 - np.float32(phase), self.across * 1.7)
        return flying, self.sheets * np.clip(run, -1.3, 2.5)


def plumes(canvas: Canvas, depth: Field, *, wind: float, long: float) -> Field:
    """What flies off the edges in a picture of these depths (in widths of a dune): (height, width), 0 to 1.

    An edge is where a pixel is much nearer than the one over it. Its plume drifts `long` short sides with the
    wind, rises a little and thins out.
    """
    near = np.minimum(depth, 1e3)
    above = np.vstack((near[:1], near[:-1]))
    drop = np.clip(1.6 * np.log(np.maximum(above / near, 1)) - 0.1, 0, 1)
    edge = drop * np.exp(near * np.float32(-1 / 9)) * smoothstep(0.25, 0.9, near)
    step = long * canvas.short / _STEPS
    plume = np.zeros_like(edge)
    for i in range(_STEPS):
        way = i / _STEPS
        moved = _moved(edge, right=round(wind * i * step), up=round(i * step * (0.15 + 0.22 * way)))
        plume += moved * np.float32((1 - way) ** 1.7)
    # A picture twice as fine has edges half as wide.
    return np.clip(plume * np.float32(120 * step / canvas.short), 0, 1)


def _moved(field: Field, *, right: int, up: int) -> Field:
    moved = np.zeros_like(field)
    height, width = field.shape
    to = slice(max(right, 0), min(width + right, width))
    start = slice(max(-right, 0), min(width - right, width))
    moved[: height - up, to] = field[up:, start]
    return moved
