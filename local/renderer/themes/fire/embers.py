"""Sparks that a fire throws up: they climb, wander, cool from yellow to red and die. It draws nothing."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import look_up, ramp
from local.renderer.painting.particles import Swarm

_COOLING = ramp((0, "ffe9a8"), (0.3, "ffb24a"), (0.65, "f2640f"), (1, "a81f04"))


@dataclass(frozen=True)
class Embers:
    """Each spark's own numbers, all (n,): `side` -1 to 1 about the source, `birth` in turns, `lives` whole turns
    per loop, `climb` and `wander` in short sides, `start` of its wandering in turns, `size` 0 to 1.
    """

    side: Field
    birth: Field
    lives: Field
    climb: Field
    wander: Field
    start: Field
    size: Field

    @classmethod
    def thrown(cls, rng: np.random.Generator, count: int, *, climb: tuple[float, float]) -> Self:
        """Sparks of every age, so that as many are born at any moment as die."""
        return cls(
            side=rng.uniform(-1, 1, count).astype(np.float32),
            birth=rng.random(count).astype(np.float32),
            lives=rng.integers(1, 3, count).astype(np.float32),
            climb=(climb[0] + (climb[1] - climb[0]) * rng.random(count) ** 1.4).astype(np.float32),
            wander=rng.uniform(0.01, 0.06, count).astype(np.float32),
            start=rng.random((count, 2)).astype(np.float32).T,
            size=(rng.random(count) ** 2).astype(np.float32),
        )

    def at(self, canvas: Canvas, phase: float, *, x: float, y: float, width: float, share: float) -> Swarm:
        """The first `share` of them, as they rise from `width` to each side of (`x`, `y`), short sides."""
        shown = slice(0, round(share * len(self.side)))
        age = (self.birth[shown] + self.lives[shown] * np.float32(phase)) % 1
        risen = self.climb[shown] * (1 - (1 - age) ** 1.6)
        swing = np.sin(2 * np.pi * (self.start[0, shown] + 1.3 * age))
        swing += 0.5 * np.sin(2 * np.pi * (self.start[1, shown] + 3.1 * age))
        right = x + self.side[shown] * width * (1 + age) + self.wander[shown] * swing * np.sqrt(age)
        glow = np.clip(age * 12, 0, 1) * (1 - age) ** 1.3 * (0.5 + 0.9 * self.size[shown])
        light = look_up(_COOLING, age + 0.15 * (1 - self.size[shown])) * (3.0 * glow)
        return Swarm(
            u=(right * (canvas.short / canvas.width) + 0.5).astype(np.float32),
            v=((y - risen) * (canvas.short / canvas.height) + 0.5).astype(np.float32),
            radius=(0.0013 + 0.0017 * self.size[shown]) * (1 - 0.45 * age),
            light=np.ascontiguousarray(light.T),
        )
