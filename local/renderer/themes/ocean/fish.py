"""Schools of fish as silhouettes that follow one another along a track. It decides no colours of water.

A lane of fish moves on by whole places in a loop, so that each ends where another began: slow, and without seam.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Canvas, Field


@dataclass(frozen=True)
class Shoal:
    """Fish of one moment. `u`, `v` fractions of the frame, `length` short sides (half a body), `course` (n, 2)
    the way each heads, its size how much of the body's side is seen; `near` 0 to 1 how clearly.
    """

    u: Field
    v: Field
    length: Field
    course: Field
    near: Field

    def draw(self, canvas: Canvas, picture: Field, tint: Field, belly: Field) -> None:
        """Lay the fish over the picture, in place: `tint` (3, 1, 1) their backs, `belly` their undersides."""
        for i in np.argsort(self.near):
            half = float(self.length[i]) * canvas.short
            x, y = float(self.u[i]) * canvas.width - 0.5, float(self.v[i]) * canvas.height - 0.5
            reach = 1.5 * half + 2
            left, right = max(int(x - reach), 0), min(int(x + reach) + 2, canvas.width)
            top, bottom = max(int(y - reach), 0), min(int(y + reach) + 2, canvas.height)
            if left >= right or top >= bottom:
                continue
            across = (np.arange(left, right, dtype=np.float32) - np.float32(x)) / np.float32(half)
            down = ((np.arange(top, bottom, dtype=np.float32) - np.float32(y)) / np.float32(half))[:, None]
            seen = float(np.hypot(*self.course[i]))
            cos, sin = self.course[i] / max(seen, 1e-3)
            # a fish that turns away is foreshortened, never thinner than its own breadth
            along = (across * np.float32(cos) + down * np.float32(sin)) / np.float32(max(seen, 0.3))
            beside = down * np.float32(cos) - across * np.float32(sin)
            cover = _body(along, beside, np.float32(half)) * self.near[i]
            low = np.clip(beside * np.float32(np.sign(cos) * 3) + 0.35, 0, 1)
            window = picture[:, top:bottom, left:right]
            window += (tint + (belly - tint) * low - window) * cover


def _body(along: Field, beside: Field, pixels: np.float32) -> Field:
    """Cover of a fish from the side: nose at 1, tail from -0.7 to -1.25 half lengths."""
    thick = 0.36 * np.maximum(1 - along * along, 0) ** 0.75 * (1 + 0.35 * along)
    back = -along - 0.72
    tail = np.where((back > 0) & (back < 0.55), 0.07 + 0.5 * back, -0.1)
    notch = np.clip((1.27 - 0.35 * (0.33 - np.abs(beside)) + along) * pixels + 0.5, 0, 1)
    fin = np.where((along > -0.45) & (along < 0.3), 0.42 - 0.35 * (along + 0.45), 0)
    upper = np.maximum(thick, np.where(thick > 0, np.minimum(fin, thick + 0.1), 0))
    half = np.maximum(np.where(beside < 0, upper, thick), tail * notch)
    body: Field = np.clip((half - np.abs(beside)) * pixels + 0.5, 0, 1) * (half > 0)
    return body


@dataclass(frozen=True)
class Lanes:
    """Fish in lanes, (n,) each: `place` along the track in turns, how far a loop takes it, its lane's offsets.

    `turns` are whole places of its lane; `uneven` (n, 2) starts of the waves that space the lane out.
    """

    place: Field
    turns: Field
    uneven: Field
    beside: Field
    above: Field
    size: Field

    @classmethod
    def drawn(cls, rng: np.random.Generator, lanes: int, each: int, *, pace: float) -> Self:
        """`lanes` lanes of `each` fish that swim about `pace` of the track in a loop."""
        number = np.repeat(np.arange(lanes), each)
        places = np.tile(np.arange(each) / each, lanes) + rng.random(lanes)[number]
        steps = np.maximum(np.rint(pace * each), 1)
        return cls(
            place=places,
            turns=np.full(lanes * each, steps / each),
            uneven=rng.random((lanes, 2))[number],
            beside=rng.normal(0, 1, lanes)[number],
            above=rng.normal(0, 1, lanes)[number],
            size=rng.uniform(0.75, 1.2, lanes)[number],
        )

    def at(self, phase: float) -> Field:
        """How far along the track each is, in turns from 0 to 1."""
        even = self.place + self.turns * phase
        wave = 2 * np.pi * (np.array([[2.0, 3.0]]) * even[:, None] + self.uneven)
        uneven: Field = (even + (np.sin(wave) * np.array([0.05, 0.03])).sum(axis=1)) % 1
        return uneven


@dataclass(frozen=True)
class Ring:
    """A school circling about (`u`, `v`): `wide` and `deep` short sides, `high` the spread of its lanes."""

    lanes: Lanes
    u: float
    v: float
    wide: float
    deep: float
    high: float
    length: float
    way: float

    def at(self, canvas: Canvas, phase: float) -> Shoal:
        """The school, its far side smaller and fainter."""
        angle = 2 * np.pi * self.lanes.at(phase) * self.way
        # lanes rise, sink and narrow along the way, or they would lie like rails
        weave = np.sin(3 * angle + 2 * np.pi * self.lanes.uneven[:, 0])
        out = 1 + 0.16 * self.lanes.beside + 0.1 * np.sin(2 * angle + 2 * np.pi * self.lanes.uneven[:, 1])
        across, nearer = np.cos(angle), np.sin(angle)
        x = self.wide * out * across * (1 + 0.2 * nearer)
        y = self.deep * out * nearer + self.high * (self.lanes.above + 0.8 * weave) * (1 + 0.15 * nearer)
        heading = np.column_stack((-nearer, 0.4 * self.deep / self.wide * across)) * self.way
        return Shoal(
            u=self.u + x * canvas.short / canvas.width,
            v=self.v + y * canvas.short / canvas.height,
            length=self.length * self.lanes.size * (1 + 0.28 * nearer),
            course=heading,
            near=0.62 + 0.3 * nearer,
        )


@dataclass(frozen=True)
class Stream:
    """Fish that pass from one side of the frame to the other about the height `v`, rising and sinking."""

    lanes: Lanes
    v: float
    high: float
    swing: float
    start: float
    length: float
    way: float

    def at(self, canvas: Canvas, phase: float) -> Shoal:
        """The fish in the frame and just outside it."""
        gone = self.lanes.at(phase)
        wave = 2 * np.pi * (gone + self.start)
        slope = 2 * np.pi * self.swing * np.cos(wave) * canvas.height / canvas.width / 1.3
        return Shoal(
            u=0.5 + self.way * (1.3 * gone - 0.65),
            v=self.v + self.swing * np.sin(wave) + self.high * self.lanes.above * canvas.short / canvas.height,
            length=self.length * self.lanes.size,
            course=np.column_stack((np.full(len(gone), self.way), slope)) * 0.95,
            # Of equals the one farther on is before: an order that does not change where the loop closes.
            near=np.clip(0.85 + 0.1 * self.lanes.beside, 0.6, 0.98) + 0.02 * gone,
        )
