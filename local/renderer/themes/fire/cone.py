"""A volcano's cone: its shape, the gullies on its flanks, and the lava that runs down them. No colours here."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import smoothstep
from local.renderer.painting.noise import sample

_RIM = 0.04  # short sides; half the width of the crater
_STREAMS = 7


@dataclass(frozen=True)
class Cone:
    """A mountain whose crater is at (`x`, `y`), `tall` over the shore, in short sides.

    `streams` (n, 4) are lava: where at the rim (-1 to 1), how far down (of `tall`), place in the noise, half
    width. `rough` and `soft` are noise fields.
    """

    x: float
    y: float
    tall: float
    streams: Field
    rough: Field
    soft: Field

    @classmethod
    def raised(cls, rng: np.random.Generator, *, x: float, level: float, rough: Field, soft: Field) -> Self:
        """A mountain by chance, on the shore at `level` short sides under the middle of the frame."""
        tall = float(rng.uniform(0.33, 0.4))
        streams = np.column_stack(
            (
                rng.uniform(-0.75, 0.75, _STREAMS),
                rng.uniform(0.3, 1.0, _STREAMS),
                rng.random(_STREAMS),
                rng.uniform(0.003, 0.007, _STREAMS),
            )
        )
        return cls(x, level - tall, tall, streams.astype(np.float32), rough, soft)

    def flanks(self, canvas: Canvas) -> tuple[Field, Field]:
        """Coordinates on it: across, -1 to 1 from edge to edge, and short sides down from the crater."""
        right, down = canvas.x - np.float32(self.x), canvas.y - np.float32(self.y)
        edge = sample(self.rough, 0.25 * np.sign(right) + 0.4, down * 0.6)
        uneven = 1 + 0.05 * edge * smoothstep(0.0, 0.1, down) * smoothstep(0.4, 0.2, down)
        return right / (_half(down) * uneven), down + 0 * right

    def cover(self, canvas: Canvas, across: Field, down: Field) -> Field:
        """How far it hides what lies behind, (height, width)."""
        beside = (1 - np.abs(across)) * _half(down) * np.float32(0.8 * canvas.short) + 0.5
        lip = sample(self.rough, (canvas.x - np.float32(self.x)) * 1.2, np.full_like(canvas.x, 0.2))
        cover: Field = np.clip(beside, 0, 1) * np.clip((down + 0.008 * lip) * np.float32(canvas.short) + 0.5, 0, 1)
        return cover

    def gullies(self, across: Field, down: Field) -> Field:
        """Furrows that fan out from the crater: about 0, spread 1."""
        return sample(self.rough, across * 0.8, down * 0.3) + 0.6 * sample(self.rough, across * 2.1, down * 0.8)

    def lava(self, across: Field, down: Field) -> tuple[Field, Field]:
        """How hot the streams are, 0 to 1, and the glow they throw on the rock beside them."""
        hot, glow = np.zeros((2, *across.shape), np.float32)
        for rim, far, start, wide in self.streams:
            wander = sample(self.soft, down * 0.9 + start, np.full_like(down, 3.7 * start))
            crooked = sample(self.rough, down * 1.3 + start, np.full_like(down, 1.7 * start))
            way = rim * (0.55 + 0.45 * np.clip(down / 0.3, 0, 1))
            way += 0.16 * wander * np.clip(down / 0.1, 0, 1) + 0.02 * crooked
            beside = np.abs(across - way) * _half(down)
            run = smoothstep(self.tall * float(far), 0.5 * self.tall * float(far), down) * smoothstep(
                -0.01, 0.01, down
            )
            np.maximum(hot, np.exp(-((beside / (wide * (1 + 3 * np.clip(down, 0, 1)))) ** 2)) * run, out=hot)
            glow += np.exp(beside * np.float32(-1 / 0.022)) * run
        return hot, np.minimum(glow, 1.6)


def _half(down: Field) -> Field:
    """Half the width so far below the crater: steep above, running out into the plain."""
    depth = np.maximum(down, 0)
    half: Field = _RIM + 0.6 * depth + 1.1 * depth * depth + 14 * depth**5
    return half
