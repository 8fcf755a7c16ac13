"""A log cabin under snow, its windows lit, as covers of its parts. It knows its shape and no colours."""

from dataclasses import dataclass

import numpy as np

from local.renderer.canvas import Canvas, Field

_Corners = tuple[tuple[float, float], ...]

# Right and up from the foot of the gable's middle, in heights of the ridge; corners run against the clock.
_WALLS: tuple[_Corners, ...] = (
    ((-0.46, -0.1), (0.46, -0.1), (0.46, 0.52), (0.0, 0.98), (-0.46, 0.52)),
    ((0.46, -0.1), (1.55, -0.06), (1.55, 0.55), (0.46, 0.52)),
    ((0.86, 0.8), (1.06, 0.8), (1.06, 1.24), (0.86, 1.24)),
)
_SNOW: tuple[_Corners, ...] = (
    ((0.58, 0.40), (1.70, 0.45), (1.68, 0.56), (1.14, 1.09), (0.0, 1.10), (0.03, 1.0)),
    ((-0.60, 0.38), (-0.54, 0.36), (0.05, 0.96), (0.0, 1.10), (-0.62, 0.48)),
    ((0.83, 1.22), (1.09, 1.22), (1.06, 1.31), (0.86, 1.31)),
)
_PANES: tuple[_Corners, ...] = (
    ((-0.33, 0.20), (-0.12, 0.20), (-0.12, 0.44), (-0.33, 0.44)),
    ((-0.08, 0.60), (0.08, 0.60), (0.08, 0.74), (-0.08, 0.74)),
    ((0.68, 0.19), (0.90, 0.20), (0.90, 0.42), (0.68, 0.41)),
    ((1.12, 0.20), (1.34, 0.21), (1.34, 0.42), (1.12, 0.42)),
)
_DOOR: _Corners = ((0.08, -0.1), (0.30, -0.1), (0.30, 0.40), (0.08, 0.40))
_CHIMNEY = (0.96, 1.34)


@dataclass(frozen=True)
class Cabin:
    """A cabin whose gable stands on (`x`, `y`), short sides from the middle, `tall` to its ridge.

    `side` is 1 where its long wall goes to the right and -1 where to the left.
    """

    x: float
    y: float
    tall: float
    side: float

    def walls(self, canvas: Canvas) -> Field:
        """Cover of walls and chimney, (height, width)."""
        return self._cover(canvas, _WALLS)

    def snow(self, canvas: Canvas) -> Field:
        """Cover of the snow on roof and chimney."""
        return self._cover(canvas, _SNOW)

    def panes(self, canvas: Canvas) -> Field:
        """Cover of the window panes, without their bars, and faintly of the door."""
        across, up = self._local(canvas)
        lit = self._cover(canvas, _PANES)
        for pane in _PANES:
            middle = [sum(corner[axis] for corner in pane) / 4 for axis in (0, 1)]
            bar = np.minimum(np.abs(across - middle[0]), np.abs(up - middle[1]))
            near = (np.abs(across - middle[0]) < 0.13) & (np.abs(up - middle[1]) < 0.15)
            lit *= np.where(near, np.clip(bar * np.float32(self.tall * canvas.short) + 0.35, 0.25, 1), 1)
        shown: Field = np.maximum(lit, 0.12 * self._cover(canvas, (_DOOR,)))
        return shown

    def chimney(self, canvas: Canvas) -> tuple[float, float]:
        """Where its smoke begins, in fractions of the frame."""
        x, y = self.x + self.side * _CHIMNEY[0] * self.tall, self.y - _CHIMNEY[1] * self.tall
        return 0.5 + x * canvas.short / canvas.width, 0.5 + y * canvas.short / canvas.height

    def spill(self, canvas: Canvas) -> Field:
        """Light the windows throw on the ground before them and into the air around, falling with distance."""
        across, up = self._local(canvas)
        ground = 1 / (1 + ((across - 0.5) / 1.5) ** 2 + ((up + 0.35) / 0.42) ** 2) ** 2
        air = 0.16 / (1 + ((across - 0.4) ** 2 + (up - 0.3) ** 2) / 0.9) ** 1.5
        light: Field = (ground * (up < 0.15) + air).astype(np.float32)
        return light

    def _local(self, canvas: Canvas) -> tuple[Field, Field]:
        across = (canvas.x - np.float32(self.x)) * np.float32(self.side / self.tall)
        up = (np.float32(self.y) - canvas.y) * np.float32(1 / self.tall)
        return across, up

    def _cover(self, canvas: Canvas, shapes: tuple[_Corners, ...]) -> Field:
        across, up = self._local(canvas)
        cover = np.zeros((canvas.height, canvas.width), np.float32)
        for corners in shapes:
            inside = np.full(cover.shape, np.inf, np.float32)
            for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
                length = float(np.hypot(x1 - x0, y1 - y0))
                away = ((x1 - x0) * (up - np.float32(y0)) - (y1 - y0) * (across - np.float32(x0))) / np.float32(
                    length
                )
                np.minimum(inside, away, out=inside)
            np.maximum(cover, np.clip(inside * np.float32(self.tall * canvas.short) + 0.5, 0, 1), out=cover)
        return cover
