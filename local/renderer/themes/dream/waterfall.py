"""Water falling from a floating island into the clouds, where it ends as spray. No colours here."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import smoothstep
from local.renderer.painting.noise import sample
from local.renderer.themes.dream.island import Island


@dataclass(frozen=True)
class Fall:
    """Water from (`x`, `y`), `wide` and `long`, all in short sides."""

    x: float
    y: float
    wide: float
    long: float
    light: Field

    @classmethod
    def over(cls, rng: np.random.Generator, canvas: Canvas, island: Island, rough: Field, light: Field) -> Self:
        """Water that leaves the island over its brow, left or right of the middle."""
        x0, y0 = canvas.place(island.u, island.v)
        across = float(rng.choice([-1.0, 1.0]) * rng.uniform(0.2, 0.6))
        brow = float(island.brow(np.array([[across]], np.float32), rough)[0, 0])
        return cls(
            x=x0 + across * island.half,
            y=y0 + (brow - 0.03) * island.half,
            wide=0.06 * island.half,
            long=float(rng.uniform(1.7, 2.2)) * island.half,
            light=light,
        )

    def pour(self, canvas: Canvas, picture: Field, streaks: Field, down: float, phase: float) -> None:
        """Lay the water over the picture, in place, moved `down` pixels with its island."""
        top = self.y + down / canvas.short
        rows = canvas.rows(top, top + self.long)
        columns = canvas.columns(self.x - 4 * self.wide, self.x + 4 * self.wide)
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        fallen = (canvas.y[rows] - np.float32(top)) / np.float32(self.long)
        across = (canvas.x[:, columns] - np.float32(self.x)) / np.float32(self.wide)
        # it spreads and thins out as it falls; whole tiles of streaks pass in a loop
        spread = 1 + 2 * fallen * fallen
        drop = 0.7 * np.sqrt(fallen + 0.02) - np.float32(phase)
        streak = sample(streaks, across / spread * 0.09 + np.float32(self.x), drop)
        cover = smoothstep(1.0, 0.55, np.abs(across) / spread) / spread
        cover = cover * smoothstep(1.0, 0.35, fallen) * np.clip(0.6 + 0.35 * streak, 0, 1)
        cover *= smoothstep(0.0, 0.06, fallen)
        window = picture[:, rows, columns]
        window += (self.light - window) * cover
