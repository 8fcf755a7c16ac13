"""Leaves, petals or snow falling across the frame, opaque and turning, near ones out of focus. Where they fall
from is told by the scene; one life is one loop, so that every path closes.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import smoothstep

_FOCUS = 0.85  # nearness beyond which they are out of focus, and so near that they loom


@dataclass(frozen=True)
class Flurry:
    """`path` (n, 4): where each life is half over, in fractions of the frame, and how far it goes in one, in
    short sides; `size` (n,) short sides; `near` (n,) 0 to 1; `light` (n, 3); `chance` (n, 3).
    """

    path: Field
    size: Field
    near: Field
    light: Field
    chance: Field

    @classmethod
    def blown(
        cls, rng: np.random.Generator, count: int, *, wind: float, fall: float, size: float, light: Field
    ) -> Self:
        """As many, all over the frame, that go about `wind` to the right and `fall` down in a loop."""
        near = rng.random(count)
        u, v = rng.uniform(-0.1, 1.1, count), rng.uniform(0.0, 1.0, count)
        pace = (0.6 + 0.9 * near) * rng.uniform(0.8, 1.2, count)
        return cls(
            path=np.column_stack((u, v, wind * pace, fall * pace)),
            size=size * (0.45 + 0.5 * near + 2.2 * np.maximum(near - _FOCUS, 0) / (1 - _FOCUS)),
            near=near,
            light=light,
            chance=rng.random((count, 3)),
        )

    def thinned(self, share: float) -> Self:
        """Only that share of them."""
        kept = slice(0, round(share * len(self.size)))
        return type(self)(self.path[kept], self.size[kept], self.near[kept], self.light[kept], self.chance[kept])

    def paint(self, canvas: Canvas, picture: Field, phase: float) -> None:
        """Lay them over the picture, in place."""
        life = (self.chance[:, 0] + phase) % 1
        # Fades at both ends of a life hide where it starts anew.
        seen = smoothstep(0, 0.15, life) * smoothstep(1, 0.85, life)
        swing = 0.035 * np.sin(2 * np.pi * (2 * life + self.chance[:, 1]))
        x = self.path[:, 0] * canvas.width / canvas.short + self.path[:, 2] * (life - 0.5) + swing
        y = self.path[:, 1] * canvas.height / canvas.short + self.path[:, 3] * (life - 0.5) + 0.4 * np.abs(swing)
        turn = np.pi * (self.chance[:, 2] + 0.35 * np.sin(2 * np.pi * (2 * life + self.chance[:, 1])))
        # Seen from the edge twice in each turn over; never thinner than a third, which would blink.
        flat = 0.35 + 0.65 * np.abs(np.cos(np.pi * (3 * life + self.chance[:, 2])))
        for i in np.flatnonzero(seen > 0.02).tolist():
            soft = float(max(self.near[i] - _FOCUS, 0) * 0.1)
            place, form = (x[i], y[i]), (self.size[i], flat[i], turn[i], soft)
            lay_petal(canvas, picture, place, form, self.light[i], seen[i])


def lay_petal(
    canvas: Canvas,
    picture: Field,
    place: tuple[float, float],
    form: tuple[float, float, float, float],
    light: Field,
    seen: float,
) -> None:
    """Paint one petal at `place` (short sides from the frame's corner), in place, by the share `seen`.

    `form` is its size (short sides), flatness (1: all but round), turn (radians) and blur (short sides).
    """
    size, flat, turn, soft = form
    short = canvas.short
    reach = (size + soft) * short + 1
    x, y = place[0] * short - 0.5, place[1] * short - 0.5
    left, right = max(int(x - reach), 0), min(int(x + reach) + 2, canvas.width)
    top, bottom = max(int(y - reach), 0), min(int(y + reach) + 2, canvas.height)
    if left >= right or top >= bottom:
        return
    across = np.arange(left, right, dtype=np.float32)[None, :] - np.float32(x)
    down = np.arange(top, bottom, dtype=np.float32)[:, None] - np.float32(y)
    along = across * np.float32(np.cos(turn)) + down * np.float32(np.sin(turn))
    aside = (down * np.float32(np.cos(turn)) - across * np.float32(np.sin(turn))) * np.float32(1.35 / flat)
    inside = np.float32(max(size * short, 0.7)) - np.sqrt(along * along + aside * aside)
    blur = max(2 * soft * short, 1.0)
    # What is spread over more of the frame lets more of it through.
    share = np.clip(inside * np.float32(1 / blur) + 0.5, 0, 1) * np.float32(seen * min(1.0, size * short / 0.7))
    window = picture[:, top:bottom, left:right]
    window += (light.astype(np.float32)[:, None, None] - window) * share
