"""A suspension bridge that comes in from the side of the frame, its lamps, and the cars on it. No colours here."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.limbs import draw
from local.renderer.painting.particles import Swarm, fade

_DECK, _PYLON = 0.04, 0.21  # short sides over the water
_SPAN, _SIDE = 0.40, 0.17  # short sides between the pylons, and from a pylon to its shore
_CARS = 26
_GAP = 0.0125  # short sides from hanger to hanger


@dataclass(frozen=True)
class Bridge:
    """It comes from the left for `side` -1, from the right for 1; its outer pylon stands `out` short sides inside
    the frame. `births` and `lanes` are one number 0 to 1 for each car.
    """

    side: float
    out: float
    births: Field
    lanes: Field

    @classmethod
    def built(cls, rng: np.random.Generator, side: float) -> Self:
        """A bridge with its cars."""
        births, lanes = rng.random((2, _CARS)).astype(np.float32)
        return cls(side, float(rng.uniform(-0.02, 0.12)), births, lanes)

    def cover(self, canvas: Canvas, rows: int) -> Field:
        """The share of each pixel, (rows, width), that the bridge hides; it stands on the last row."""
        cover = np.zeros((rows, canvas.width), np.float32)
        level = self._level(canvas, rows)
        place = self._places()
        limbs = [
            self._line(canvas, *self._deck(place), half=0.0032, level=level),
            self._line(canvas, place, self._cable(place), half=0.0011, level=level),
        ]
        for pylon in (0.0, _SPAN):
            for leg in (-0.005, 0.005):
                ends = np.array([pylon + 1.6 * leg, pylon + leg]), np.array([0.0, _PYLON])
                limbs.append(self._line(canvas, *ends, half=0.0027, level=level))
            for beam in (0.45, 0.75, 0.97):
                ends = np.array([pylon - 0.006, pylon + 0.006]), np.full(2, _PYLON * beam)
                limbs.append(self._line(canvas, *ends, half=0.003, level=level))
        for at, top in zip(*(ends[-5:] for ends in self._deck(place)), strict=True):
            pillar = np.full(2, at), np.array([0.0, top])
            limbs.append(self._line(canvas, *pillar, half=0.0022, level=level))
        draw(canvas, cover, np.concatenate(limbs), -canvas.half_width)
        hangers = [
            self._line(canvas, np.full(2, at), np.array([_DECK, top]), half=0.0004, level=level)
            for at, top in zip(place.tolist(), self._cable(place).tolist(), strict=True)
        ]
        draw(canvas, cover, np.concatenate(hangers), -canvas.half_width)
        return cover

    def lamps(self, canvas: Canvas, rows: int, light: Field) -> Swarm:
        """One lamp at each hanger's head, `light` (3,) strong."""
        place = self._places()[::2]
        return self._swarm(canvas, rows, place, self._cable(place), np.tile(light, (len(place), 1)), 0.0016)

    def cars(self, canvas: Canvas, rows: int, phase: float, lights: tuple[Field, Field]) -> Swarm:
        """Cars of this moment: coming ones show the first light (3,), going ones the second.

        Each drives a stretch of the deck in its life, one life a loop, and fades in and out between others.
        """
        life = (self.births + np.float32(phase)) % 1
        going = np.arange(len(life)) % 2
        place = -_SIDE + (_SPAN + 2 * _SIDE) * self.lanes + 0.16 * (life - 0.5) * (2 * going - 1)
        light = np.where(going[:, None] > 0, lights[1], lights[0]) * fade(life)[:, None]
        return self._swarm(canvas, rows, place, np.full_like(place, _DECK + 0.005), light, 0.0022)

    def _deck(self, place: Field) -> tuple[Field, Field]:
        """Places and heights of the roadway, which beyond the bridge comes down to the shore."""
        down = np.linspace(0, 1, 6)
        height = _DECK - (_DECK - 0.004) * down**1.4
        return np.append(place, float(place[-1]) + 0.15 * down), np.append(np.full_like(place, _DECK), height)

    def _places(self) -> Field:
        """Where the hangers are, in short sides inwards of the outer pylon."""
        return np.arange(-0.9, _SPAN + _SIDE, _GAP, dtype=np.float32)

    def _cable(self, place: Field) -> Field:
        """Height of the cable: a parabola between the pylons, half of one on either side."""
        inner = ((place - _SPAN / 2) / (_SPAN / 2)) ** 2
        outer = np.maximum(1 - np.maximum(-place, place - _SPAN) / _SIDE, 0) ** 2
        sag = np.where((place > 0) & (place < _SPAN), inner, outer)
        return _DECK + 0.008 + (_PYLON - _DECK - 0.008) * sag

    def _x(self, canvas: Canvas, place: Field) -> Field:
        return self.side * (canvas.half_width - self.out - place)

    def _level(self, canvas: Canvas, rows: int) -> float:
        return (rows - canvas.height / 2) / canvas.short

    def _line(self, canvas: Canvas, place: Field, height: Field, *, half: float, level: float) -> Field:
        x, y = self._x(canvas, place), level - height
        broad = np.full(len(x) - 1, half)
        return np.column_stack((x[:-1], y[:-1], broad, x[1:], y[1:], broad)).astype(np.float32)

    def _swarm(self, canvas: Canvas, rows: int, place: Field, height: Field, light: Field, radius: float) -> Swarm:
        u = 0.5 + self._x(canvas, place) * (canvas.short / canvas.width)
        v = (rows - height * canvas.short) / canvas.height
        return Swarm(u, v, np.full(len(u), radius), light)
