"""Ash rolling up out of a crater as lit balls that grow, lean with the wind and thin out. It knows no colours."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import smoothstep
from local.renderer.painting.noise import sample

_LIFE = 3  # loops from the crater until nothing is left
_CLIMB = 0.85  # short sides
_RAGGED = 0.34  # radii by which noise moves the outline


@dataclass(frozen=True)
class Ash:
    """Balls thrown out at (`x`, `y`), short sides; `lean` is how far the wind carries them. Each one's numbers are
    (n,): `birth` in lives, `side` of the column -1 to 1, `size`, and where it meets the noise `rough`, `place`.
    """

    x: float
    y: float
    lean: float
    birth: Field
    side: Field
    size: Field
    place: Field
    rough: Field

    @classmethod
    def thrown(
        cls, rng: np.random.Generator, count: int, *, x: float, y: float, lean: float, rough: Field
    ) -> Self:
        """Balls by chance, of every age."""
        return cls(
            x,
            y,
            lean,
            birth=(rng.permutation(count) + rng.random(count)) / count,  # those of one age lie anywhere in depth
            side=rng.uniform(-1, 1, count),
            size=rng.uniform(0.7, 1.25, count),
            place=rng.random(count),
            rough=rough,
        )

    def paint(self, canvas: Canvas, phase: float) -> tuple[Field, Field, Field]:
        """What hides the sky, what the fire below lights, what the sky lights; each (height, width), 0 to 1.

        Ash is soft: it is painted at half the size. Sides of the canvas are even.
        """
        coarse = Canvas(canvas.width // 2, canvas.height // 2)
        layers = np.zeros((3, coarse.height, coarse.width), np.float32)
        for i in range(len(self.birth)):
            for loop in range(_LIFE):
                # A ball ends the loop where the next one of its kind began it.
                self._ball(coarse, layers, i, (self.birth[i] + loop + phase) / _LIFE % 1)
        hidden, warm, cool = (_refined(layer) for layer in layers)
        return hidden, warm, cool

    def _ball(self, canvas: Canvas, layers: Field, i: int, age: float) -> None:
        """Paint one ball of this age, 0 to 1, over the layers, in place."""
        risen = _CLIMB * (1 - (1 - age) ** 1.7)
        spread = risen**0.9
        radius = float((0.022 + 0.17 * spread) * self.size[i])
        x = float(self.x + self.lean * risen**1.6 + self.side[i] * (0.016 + 0.17 * spread))
        y = self.y - risen
        reach = radius * (1 + _RAGGED)
        columns = canvas.columns(x - reach, x + reach)
        rows = canvas.rows(y - reach, y + reach)
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        right = (canvas.x[:, columns] - np.float32(x)) * np.float32(1 / radius)
        down = (canvas.y[rows] - np.float32(y)) * np.float32(1 / radius)
        place = np.float32(self.place[i])
        bumps = sample(self.rough, right * 0.3 + place, down * 0.3 + 7 * place)
        away = np.sqrt(right * right + down * down)
        cover = smoothstep(1.0, 0.72, away + np.float32(0.5 * _RAGGED) * bumps)
        # Bumps end before the window does.
        cover *= smoothstep(1 + _RAGGED, 1 + 0.3 * _RAGGED, away) * np.float32(_thickness(age))
        turned = 0.16 + 0.95 * down - 0.33 * bumps - np.float32(0.35 * self.side[i]) * right
        warm = np.clip(turned, 0, 1.5) * np.float32(np.exp(-4.6 * risen))
        cool = np.clip(0.30 - 0.62 * down - 0.29 * bumps + 0.2 * right, 0, 1.2) * np.float32(
            min(0.3 + 1.8 * risen, 1)
        )
        for layer, value in zip(layers, (np.ones_like(cover), warm, cool), strict=True):
            window = layer[rows, columns]
            window += (value - window) * cover


def _thickness(age: float) -> float:
    """A ball comes out of the crater at once, and melts into the air over the second half of its life."""
    left = float(np.clip((1 - age) / 0.45, 0, 1))
    return min(25 * age, 1) * left * left * (3 - 2 * left)


def _refined(coarse: Field) -> Field:
    """The field with twice as many rows and columns, each mixed of its two nearest."""
    rows = np.pad(coarse, ((1, 1), (0, 0)), mode="edge")
    tall = np.empty((2 * coarse.shape[0], coarse.shape[1]), np.float32)
    tall[0::2] = 0.75 * coarse + 0.25 * rows[:-2]
    tall[1::2] = 0.75 * coarse + 0.25 * rows[2:]
    columns = np.pad(tall, ((0, 0), (1, 1)), mode="edge")
    fine = np.empty((tall.shape[0], 2 * tall.shape[1]), np.float32)
    fine[:, 0::2] = 0.75 * tall + 0.25 * columns[:, :-2]
    fine[:, 1::2] = 0.75 * tall + 0.25 * columns[:, 2:]
    return fine
