"""Paper lanterns on strings hung across the frame, swaying in the wind. No palettes here."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.limbs import draw
from local.renderer.painting.particles import Swarm, add_glows

_BULGE = 1.15  # height of a lantern against its width


@dataclass(frozen=True)
class Garland:
    """A string from the left edge to the right one. `ends` are its heights there and `sag` how far its lowest
    point hangs below them, fractions of the height; `at` (n,) are its lanterns' places along it, 0 to 1, and
    `beat` when each of them swings, `size` their radius in short sides, `tint` which paper they are of.
    """

    ends: tuple[float, float]
    sag: float
    at: Field
    beat: Field
    size: Field
    tint: NDArray[np.int64]

    @classmethod
    def hung(cls, rng: np.random.Generator, *, high: float, count: int, size: float) -> Self:
        """A string of `count` lanterns about `high` under the top of the frame."""
        return cls(
            ends=(float(high + rng.uniform(-0.05, 0.05)), float(high + rng.uniform(-0.05, 0.05))),
            sag=float(rng.uniform(0.06, 0.1)),
            at=(np.arange(count) + rng.uniform(0.3, 0.7, count)) / count,
            beat=rng.random(count),
            size=size * rng.uniform(0.8, 1.15, count),
            tint=rng.integers(64, size=count),
        )

    def paint(self, canvas: Canvas, picture: Field, phase: float, papers: list[Field], wind: float) -> None:
        """Hang it before `picture`, in place; `papers` are lights (3,), `wind` 1 as usual."""
        along = np.linspace(-0.02, 1.02, 60)
        x, y = self._string(canvas, along, phase, wind)
        broad = np.full(59, 0.0011)
        limbs = [np.column_stack((x[:-1], y[:-1], broad, x[1:], y[1:], broad))]
        x, y = self._string(canvas, self.at, phase, wind)
        swing = 0.16 * wind * np.sin(2 * np.pi * (phase + self.beat))
        low = x + np.sin(swing) * self.size * 2.0, y + np.cos(swing) * self.size * 2.0
        thin = np.full(len(x), 0.0008)
        limbs.append(np.column_stack((x, y, thin, *low, thin)))
        cover = np.zeros(picture.shape[1:], np.float32)
        draw(canvas, cover, np.concatenate(limbs).astype(np.float32), -canvas.half_width)
        picture *= 1 - 0.85 * cover
        light = np.array([papers[int(tint) % len(papers)] for tint in self.tint])
        u, v = 0.5 + low[0] * canvas.short / canvas.width, 0.5 + low[1] * canvas.short / canvas.height
        add_glows(canvas, picture, Swarm(u, v, self.size * 2.2, light * np.float32(0.1)))
        for i in range(len(x)):
            _lantern(
                canvas,
                picture,
                (float(low[0][i]), float(low[1][i])),
                float(self.size[i]),
                float(swing[i]),
                light[i],
            )

    def _string(self, canvas: Canvas, along: Field, phase: float, wind: float) -> tuple[Field, Field]:
        breath = 1 + 0.05 * wind * np.sin(2 * np.pi * (phase + self.beat[0]))
        v = self.ends[0] + (self.ends[1] - self.ends[0]) * along + self.sag * breath * 4 * along * (1 - along)
        return (along - 0.5) * canvas.width / canvas.short, (v - 0.5) * canvas.height / canvas.short


def _lantern(
    canvas: Canvas, picture: Field, at: tuple[float, float], size: float, lean: float, light: Field
) -> None:
    """A ribbed paper ball with dark caps, brightest in its lower middle."""
    short = canvas.short
    reach = size * 1.6 + 2 / short
    left, top = int((at[0] - reach) * short + canvas.width / 2), int((at[1] - reach) * short + canvas.height / 2)
    columns = slice(max(left, 0), min(left + int(2 * reach * short) + 2, canvas.width))
    rows = slice(max(top, 0), min(top + int(2 * reach * short) + 2, canvas.height))
    if columns.start >= columns.stop or rows.start >= rows.stop:
        return
    x, y = canvas.x[:, columns] - np.float32(at[0]), canvas.y[rows] - np.float32(at[1])
    across = (x * np.float32(np.cos(lean)) - y * np.float32(np.sin(lean))) / np.float32(size)
    down = (y * np.float32(np.cos(lean)) + x * np.float32(np.sin(lean))) / np.float32(size * _BULGE)
    away = np.sqrt(across * across + down * down)
    pixels = np.float32(size * short)
    ball = np.clip((1 - away) * pixels + 0.5, 0, 1)
    ribs = 0.93 + 0.07 * np.cos(down * np.float32(19)) * np.clip(pixels / 14, 0, 1)
    inner = 0.42 + 0.75 * np.exp((across * across + (down - 0.18) ** 2) * np.float32(-2.2))
    window = picture[:, rows, columns]
    window += (light[:, None, None] * (inner * ribs) - window) * ball
    cap = np.clip((0.36 - np.abs(across)) * pixels + 0.5, 0, 1)
    cap = cap * np.clip((0.13 - np.abs(np.abs(down) - 0.98)) * pixels + 0.5, 0, 1)
    window *= 1 - 0.85 * cap
