"""Water on a window pane: drops that hang, drops that run and the trails they leave. It paints no view.

A drop is a small lens: it shows the world behind the pane upside down, darker towards its rim. Places are in
short sides about the middle of the frame (x right, y down).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.overlay import blank, lay

_SIDE = 2.0  # short sides after which the pattern of hanging drops repeats
_SPECK = 0.004  # short sides; smaller drops are wiped and come back like mist
_SHEEN = np.float32(0.55)  # light of the sky a drop mirrors at its shoulder, against that of the view's top


@dataclass(frozen=True)
class Lens:
    """What drops show: `view` (side, side, 3), the world behind the pane in focus, small."""

    view: Field

    def drop(self, canvas: Canvas, layer: Field, place: tuple[float, float], radius: float, bend: Field) -> None:
        """Lay a drop over `layer` (4, height, width), light and cover, in place. `bend` (4,) deforms it: the
        strengths of two waves around the rim, the turn of both, and how far it hangs down.
        """
        short = canvas.short
        x = canvas.width / 2 + place[0] * short - 0.5
        y = canvas.height / 2 + place[1] * short - 0.5
        wide = max(radius * short, 0.5)
        faint = min(radius * short / wide, 1) ** 2
        reach = wide * 1.25 + 1
        left, right = max(int(x - reach), 0), min(int(x + reach) + 2, canvas.width)
        top, bottom = max(int(y - reach * 1.5), 0), min(int(y + reach * 1.5) + 2, canvas.height)
        if left >= right or top >= bottom:
            return
        across = (np.arange(left, right, dtype=np.float32) - np.float32(x)) / np.float32(wide)
        down = ((np.arange(top, bottom, dtype=np.float32) - np.float32(y)) / np.float32(wide))[:, None]
        # Its weight draws a drop down: narrow above, broad below.
        down = down / (1 + bend[3])
        across = across * (1 + 0.35 * bend[3] - 0.5 * bend[3] * np.clip(down, -1, 1))
        away = np.sqrt(across * across + down * down)
        if wide > 2:
            angle = np.arctan2(down, across)
            away = away / (1 + bend[0] * np.cos(2 * angle + bend[2]) + bend[1] * np.cos(3 * angle - bend[2]))
        cover = np.clip((1 - away) * np.float32(wide) + 0.5, 0, 1) * np.float32(faint)
        light = self._light(across, down, away, (x / canvas.width, y / canvas.height))
        lay(layer[:, top:bottom, left:right], light, cover)

    @cached_property
    def _mean(self) -> Field:
        mean: Field = self.view.mean(axis=(0, 1))
        return mean

    def _light(self, across: Field, down: Field, away: Field, at: tuple[float, float]) -> Field:
        side = len(self.view)
        steep = np.minimum(away, 1) ** 2 * 0.25 + 0.3
        u = np.clip(0.35 * at[0] + 0.325 - across * steep, 0, 0.999)
        v = np.clip(0.2 * at[1] + 0.4 - down * steep, 0, 0.999)
        light = np.moveaxis(self.view[(v * side).astype(np.int32), (u * side).astype(np.int32)], -1, 0)
        rim = np.minimum(away, 1) ** 5
        light = light * (1.25 - 0.9 * rim) * (0.9 + 0.35 * np.clip(down, -1, 1))
        # Light that entered above gathers in a crescent below.
        light += self._mean[:, None, None] * (
            0.5 * np.clip(down, 0, 1) ** 2 * np.minimum(away, 1) ** 3 * (1 - rim)
        )
        shoulder = np.exp(((across + 0.32) ** 2 + (down + 0.42) ** 2) * np.float32(-22))
        light += self.view[side // 8, side // 2][:, None, None] * (_SHEEN * shoulder)
        return light


@dataclass(frozen=True)
class Hanging:
    """Drops at rest: places (n, 2), radii (n,) and bends (n, 4), none over another."""

    place: Field
    radius: Field
    bend: Field

    @classmethod
    def scattered(cls, rng: np.random.Generator, count: int) -> Self:
        """`count` drops are drawn, few large and many small; those that would touch a larger one are left out."""
        radius = np.sort(0.0011 + 0.027 * rng.random(count) ** 13 + 0.004 * rng.random(count) ** 4)[::-1]
        place = (rng.random((count, 2)) - 0.5) * _SIDE
        bend = rng.uniform((-0.09, -0.06, 0, 0.0), (0.09, 0.06, 2 * np.pi, 0.22), (count, 4))
        free, x = np.ones(count, bool), np.ascontiguousarray(place[:, 0])
        for i in range(1, count):
            beside = np.abs(x[:i] - x[i])
            close = free[:i] & (np.minimum(beside, _SIDE - beside) < 1.25 * (radius[:i] + radius[i]))
            larger = np.flatnonzero(close)
            apart = np.abs(place[larger] - place[i])
            apart = np.minimum(apart, _SIDE - apart)
            free[i] = not np.any(np.hypot(apart[:, 0], apart[:, 1]) < 1.25 * (radius[larger] + radius[i]))
        return cls(place[free], radius[free], bend[free])

    def clear_of(self, canvas: Canvas, runners: Sequence["Runner"]) -> "Hanging":
        """Without the large drops that runners would have swept along: half wiped away they would look cut."""
        free = np.ones(len(self.radius), bool)
        down = self.place[:, 1] * (canvas.short / canvas.height) + 0.5
        for runner in runners:
            beside = np.abs(self.place[:, 0] - runner.place(canvas, (down + 0.15) / 1.3)[0])
            free &= (beside > self.radius + runner.radius) | (self.radius < _SPECK)
        return Hanging(self.place[free], self.radius[free], self.bend[free])

    def layer(self, canvas: Canvas, lens: Lens) -> Field:
        """Light and cover of all that are in the frame, (4, height, width)."""
        layer = blank(canvas, canvas.height)
        half = canvas.half_width, canvas.half_height
        copies = [np.arange(-round(edge / _SIDE), round(edge / _SIDE) + 1) * _SIDE for edge in half]
        for right in copies[0]:
            for down in copies[1]:
                moved = self.place + np.array((right, down))
                for i in np.flatnonzero(np.all(np.abs(moved) < np.array(half) + 0.05, axis=1)):
                    place = float(moved[i, 0]), float(moved[i, 1])
                    lens.drop(canvas, layer, place, float(self.radius[i]), self.bend[i])
        return layer


@dataclass(frozen=True)
class Runner:
    """A drop that runs down the pane once a loop, from above the frame to below it.

    It starts at `u`, a fraction of the width, at `birth` of the loop; `sway` (3,) short sides and `turns` (3,)
    make its path; `beads` (n, 3) are the small drops it leaves: fraction of the way, size, sideways shift.
    """

    u: float
    birth: float
    radius: float
    sway: Field
    turns: Field
    beads: Field

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Self:
        """A runner anywhere."""
        beads = np.sort(rng.random(34)), 0.12 + 0.3 * rng.random(34) ** 2, rng.uniform(-0.25, 0.25, 34)
        return cls(
            u=float(rng.uniform(0.02, 0.98)),
            birth=float(rng.random()),
            radius=float(rng.uniform(0.010, 0.019)),
            sway=rng.uniform(0.2, 1.0, 3) * (0.018, 0.008, 0.003),
            turns=rng.random(3),
            beads=np.column_stack(beads),
        )

    def place(self, canvas: Canvas, way: Field) -> tuple[Field, Field]:
        """(x, y) after this fraction of the way."""
        v = 1.3 * way - 0.15
        angle = 2 * np.pi * (v[..., None] * (1.3, 3.1, 7.3) + self.turns)
        sideways = (self.sway * np.sin(angle + np.sin(2 * angle))).sum(axis=-1)
        x, y = canvas.place(self.u, 0)[0] + sideways, (v - 0.5) * (canvas.height / canvas.short)
        return x, y

    def way(self, phase: float) -> float:
        """How far it has come: it hangs, lets go, hangs again."""
        life = (phase + self.birth) % 1
        turn = 2 * np.pi * life
        return float(life - 0.045 * np.sin(3 * turn + self.turns[0]) + 0.045 * np.sin(self.turns[0]))

    def wipe(self, canvas: Canvas, wiped: Field, phase: float) -> None:
        """Mark the glass it has swept, 1 just behind it, falling as the glass mists over again, in place."""
        way = self.way(phase)
        rows = (canvas.v[:, 0] + 0.15) / 1.3
        age = np.where(rows < way, way - rows, 1 + way - rows)
        fresh = np.where((age < 1) & (age > 0), (1 - age) ** 1.5, 0).astype(np.float32)[:, None]
        x = self.place(canvas, rows)[0].astype(np.float32)
        half = np.float32(self.radius * 0.7)
        left = max(int((float(x.min()) - half) * canvas.short + canvas.width / 2) - 2, 0)
        right = min(int((float(x.max()) + half) * canvas.short + canvas.width / 2) + 3, canvas.width)
        if left >= right:
            return
        beside = np.abs(canvas.x[:, left:right] - x[:, None]) - half
        swept = np.clip(0.5 - beside * np.float32(canvas.short / 2.5), 0, 1) * fresh
        np.maximum(wiped[:, left:right], swept, out=wiped[:, left:right])

    def add(self, canvas: Canvas, layer: Field, lens: Lens, phase: float) -> None:
        """Lay the drop and the beads of its trail over `layer`, in place."""
        way = self.way(phase)
        xs, ys = self.place(canvas, self.beads[:, 0])
        behind = way - self.beads[:, 0]
        age = np.where(behind > 0, behind, 1 + behind)
        size = self.radius * self.beads[:, 1] * np.sqrt(np.clip(1 - age, 0, 1)) * np.clip(age / 0.012, 0, 1)
        round_bead = np.array([0.04, 0.02, self.birth * 6, 0.1])
        for x, y, radius, shift in zip(xs, ys, size, self.beads[:, 2], strict=True):
            if radius * canvas.short > 0.25:
                lens.drop(canvas, layer, (float(x + shift * self.radius), float(y)), float(radius), round_bead)
        x, y = self.place(canvas, np.array(way))
        lens.drop(canvas, layer, (float(x), float(y)), self.radius, np.array([0.0, 0.02, 1.0, 0.5]))
