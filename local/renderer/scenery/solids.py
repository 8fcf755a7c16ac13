"""Stones and logs as rounded solids: where they cover the frame and which way they face. It lights nothing."""

from dataclasses import dataclass

import numpy as np

from local.renderer.canvas import Canvas, Field


@dataclass(frozen=True)
class Solid:
    """What a solid shows inside the window `rows`, `columns` of the frame: `cover` (0 to 1) and its normal (right,
    down, towards the eye), each of the window's shape.
    """

    rows: slice
    columns: slice
    cover: Field
    normal: tuple[Field, Field, Field]

    def facing(self, light: tuple[float, float, float]) -> Field:
        """Cosine towards a light in the direction (right, down, towards the eye), not negative."""
        length = np.float32(1 / np.linalg.norm(light))
        right, down, ahead = (axis * np.float32(part) for axis, part in zip(self.normal, light, strict=True))
        cosine: Field = np.maximum((right + down + ahead) * length, 0)
        return cosine


def stone(canvas: Canvas, rng: np.random.Generator, *, x: float, y: float, radius: float) -> Solid:
    """A boulder about (`x`, `y`), a little wider than high, worn to an uneven round."""
    wide, high = radius * rng.uniform(1.0, 1.35), radius * rng.uniform(0.72, 1.0)
    waves = rng.uniform(0.02, 0.07, 3), rng.random(3)
    rows, columns = _window(canvas, (x - 1.3 * wide, x + 1.3 * wide), (y - 1.3 * high, y + 1.3 * high))
    right = (canvas.x[:, columns] - np.float32(x)) * np.float32(1 / wide)
    down = (canvas.y[rows] - np.float32(y)) * np.float32(1 / high)
    turn = np.arctan2(down, right)
    edge = 1 + sum(
        size * np.sin((lobes + 2) * turn + 2 * np.pi * start)
        for lobes, (size, start) in enumerate(zip(*waves, strict=True))
    )
    away = np.sqrt(right * right + down * down) / edge
    cover = np.clip((1 - away) * np.float32(min(wide, high) * canvas.short) + 0.5, 0, 1)
    # Flatter in the middle than a ball.
    steep = np.minimum(away, 1) ** 1.5 / np.maximum(away, 1e-3)
    across, along = right / edge * steep, down / edge * steep
    ahead = np.sqrt(np.maximum(1 - across * across - along * along, 0))
    return Solid(rows, columns, cover.astype(np.float32), (across, along, ahead))


def log(canvas: Canvas, ends: tuple[tuple[float, float], tuple[float, float]], radius: float) -> Solid:
    """A round log between two points, `radius` thick to each side of its axis."""
    (x0, y0), (x1, y1) = ends
    rows, columns = _window(
        canvas,
        (min(x0, x1) - 1.5 * radius, max(x0, x1) + 1.5 * radius),
        (min(y0, y1) - 1.5 * radius, max(y0, y1) + 1.5 * radius),
    )
    x, y = canvas.x[:, columns] - np.float32(x0), canvas.y[rows] - np.float32(y0)
    length = float(np.hypot(x1 - x0, y1 - y0))
    dx, dy = np.float32((x1 - x0) / length), np.float32((y1 - y0) / length)
    along = x * dx + y * dy
    across = (y * dx - x * dy) * np.float32(1 / radius)
    # The sawn ends are seen a little from the side: they bulge.
    past = np.maximum(np.maximum(-along, along - length), 0) * np.float32(2 / radius)
    away = np.sqrt(across * across + past * past)
    cover = np.clip((1 - away) * np.float32(radius * canvas.short) + 0.5, 0, 1)
    bend = np.clip(across, -1, 1)
    return Solid(rows, columns, cover, (-bend * dy, bend * dx, np.sqrt(1 - bend * bend)))


def _window(canvas: Canvas, x: tuple[float, float], y: tuple[float, float]) -> tuple[slice, slice]:
    return canvas.rows(*y), canvas.columns(*x)
