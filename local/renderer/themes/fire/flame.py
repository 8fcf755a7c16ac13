"""Open flames as sheets of noise that stream upwards and return to their start. It lights nothing around them.

Noise tiles, and every sheet climbs a whole number of tiles per loop. Slow layers push the fast ones aside, the
more the higher they have risen: that makes tongues that sway, stretch, tear and go out.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import look_up, ramp, smoothstep
from local.renderer.painting.noise import fractal, sample

_SHEETS = ((-0.3, 0.70, 0.1), (0.32, 0.80, 0.5), (0.0, 1.0, 0.8))  # beside, in widths; height; place in the noise
_HIGHEST = 1.9  # heights of the flame; torn-off tips come no higher
_WIDEST = 2.2  # widths

_HEAT = ramp(
    (0, "000000"),
    (0.1, "2a0401"),
    (0.25, "8f1c02"),
    (0.45, "e8560a"),
    (0.65, "ff9422"),
    (0.85, "ffc352"),
    (1, "ffdf8c"),
)


@dataclass(frozen=True)
class Flame:
    """A fire whose foot is (`x`, `y`), about `width` to each side and `height` tall, all in short sides.

    `sway` and `gusts` push it aside; `tongues` and `threads` are what burns.
    """

    x: float
    y: float
    width: float
    height: float
    sway: Field
    gusts: Field
    tongues: Field
    threads: Field

    @classmethod
    def kindled(cls, rng: np.random.Generator, *, x: float, y: float, width: float, height: float) -> Self:
        """A fire of its own kind, by chance."""
        return cls(
            x,
            y,
            width,
            height,
            sway=fractal(rng, size=128, slope=2.4),
            gusts=fractal(rng, size=128, slope=2.2),
            tongues=fractal(rng, size=256, slope=2.1, lowest=2),
            threads=fractal(rng, size=256, slope=1.9, lowest=3),
        )

    def add(self, canvas: Canvas, picture: Field, phase: float, shade: Field) -> None:
        """Add its light to `picture` (3, height, width), in place; `shade` (height, width) 1 hides it all."""
        rows, columns = self._window(canvas)
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        across = (canvas.x[:, columns] - np.float32(self.x)) * np.float32(1 / self.width)
        up = (np.float32(self.y) - canvas.y[rows]) * np.float32(1 / self.height)
        dark = np.ones((up.shape[0], across.shape[1]), np.float32)
        for beside, tall, place in _SHEETS:
            sheet = self._sheet(across - np.float32(beside), up * np.float32(1 / tall), phase, place)
            dark *= 1 - np.float32(0.72) * sheet
        window = picture[:, rows, columns]
        hidden = shade[rows, columns]
        burning = (1 - dark) * (1 - hidden)
        window *= 1 - 0.8 * smoothstep(0.1, 0.9, burning)
        window += look_up(_HEAT, burning) * (1.5 * np.sqrt(burning))

    def _sheet(self, across: Field, up: Field, phase: float, place: float) -> Field:
        """How hot one sheet burns, 0 to 1. What is seen of the noise sinks, so that the flames climb."""
        risen = np.maximum(up, 0)
        tug = risen**0.9
        here = np.float32(place)
        sway = sample(self.sway, across * 0.07 + here, risen * 0.30 - np.float32(phase))
        gust = sample(self.gusts, across * 0.16 + here, risen * 0.50 - np.float32(2 * phase))
        aside = across + (0.22 * sway + 0.10 * gust) * tug
        stretched = risen**0.75
        tongue = sample(
            self.tongues,
            aside * 0.20 + 0.012 * gust + here,
            stretched * 0.36 + 0.035 * np.abs(aside) - np.float32(phase),
        )
        thread = sample(
            self.threads,
            aside * 0.42 + 0.02 * tongue + here,
            stretched * 0.5 + 0.02 * tongue - np.float32(2 * phase),
        )
        taper = 0.06 + (0.42 + 1.6 * np.sqrt(risen)) * np.exp(risen * -1.9)
        body = (
            0.85
            - 0.8 * (aside / taper) ** 2
            - 0.62 * risen
            - 0.3 * risen * risen
            - 2 * smoothstep(0.02, -0.12, up)
        )
        body -= 1.5 * np.maximum(risen - 1.05, 0)
        heat = body + 0.34 * tongue * (0.35 + 1.0 * risen) + 0.10 * thread * (0.5 + risen)
        sheet: Field = smoothstep(0.0, 0.5, heat) * smoothstep(-0.25, 1.25, heat + 0.2 * thread + 0.1 * tongue)
        return sheet

    def _window(self, canvas: Canvas) -> tuple[slice, slice]:
        left, right = self.x - _WIDEST * self.width, self.x + _WIDEST * self.width
        top, foot = self.y - _HIGHEST * self.height, self.y + 0.15 * self.height
        return canvas.rows(top, foot), canvas.columns(left, right)
