"""Dunes in the light of a low sun: shade and shadow, ripples, haze. It decides neither colours nor what moves."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import smoothstep
from local.renderer.painting.noise import sample
from local.renderer.scenery.sky import Sky
from local.renderer.themes.desert.dune import Dunes
from local.renderer.themes.desert.terrain import View

FAR = 60.0  # the last of the sand painted; beyond there is but air
HAZE = 13.0  # the way through air that leaves a third of the light
_NEAR = 0.12
_FINE = 2  # samples along each side of a pixel
_BAND = 64  # rows painted at once; bounds the memory
_RIPPLES = 40  # per unit


@dataclass(frozen=True)
class Sand:
    """The dunes under their light. `sun` is the direction to it: right, up, ahead; `rough` is a noise field."""

    view: View
    dunes: Dunes
    sun: tuple[float, float, float]
    light: Field
    shade: Field
    rough: Field

    def paint(self, canvas: Canvas, z: Field, air: Field) -> tuple[Field, Field]:
        """Planar light of the sand that a band of rows shows `z` ahead, and how much of the sun reaches it.

        `air` (3, 1, width) is the light of the air that it fades into.
        """
        x = self.view.across(canvas, z)
        to_right, ahead = self.dunes.slopes(x, z, np.float32(0.0015) * (1 + z))
        upright = 1 / np.sqrt(1 + to_right * to_right + ahead * ahead)
        facing = (self.sun[1] - to_right * self.sun[0] - ahead * self.sun[2]) * upright
        down, across = self.dunes.drift(x, z)
        bump = self._ripples(down, across)
        mottle = 1 + 0.05 * sample(self.rough, across * 0.3, down * 0.12)
        lit = smoothstep(-0.03, 0.8, facing + 0.5 * bump * smoothstep(-0.05, 0.2, facing)) * self._sunlit(x, z)
        picture = self.shade * ((0.3 + 0.75 * upright * upright + 0.25 * bump) * mottle)
        picture += self.light * (lit * mottle)
        picture += (air - picture) * (1 - np.exp(z * np.float32(-1 / HAZE)))
        return picture, lit

    def _ripples(self, down: Field, across: Field) -> Field:
        """Ripples that wind across the wind; gone where they would be finer than the picture."""
        turns = down * np.float32(_RIPPLES) + 0.8 * sample(self.rough, across * 0.5, down * 0.5)
        rate = np.hypot(*np.gradient(turns))
        ripples: Field = 0.13 * smoothstep(0.22, 0.08, rate) * np.cos(2 * np.pi * (turns % 1))
        return ripples

    def _sunlit(self, x: Field, z: Field) -> Field:
        """1 in the sun, 0 in the shadow of the dunes between, which softens with their distance."""
        right, up, ahead = self.sun
        height = self.dunes.height(x, z)
        passing = np.ones_like(z)
        for away in np.geomspace(0.03, 3.0, 16).tolist():
            land = self.dunes.height(x + np.float32(right * away), z + np.float32(ahead * away))
            over = (height + np.float32(up * away) - land) * np.float32(9 / away)
            np.minimum(passing, np.clip(over + 0.6, 0, 1), out=passing)
        return passing


def drama(dunes: Dunes, horizon: float, sun: tuple[float, float, float]) -> float:
    """How good a picture the dunes make, looked at roughly: light against shade near and far, peaks in the sky,
    and not much more or less than two fifths in the shade.
    """
    canvas = Canvas(48, 48)
    view = View(dunes.height, dunes.stand(), horizon)
    depth = view.depth(canvas, near=_NEAR, far=FAR, slices=220)
    z = np.minimum(depth, FAR)
    to_right, ahead = dunes.slopes(view.across(canvas, z), z, np.full_like(z, 0.01))
    facing = (sun[1] - to_right * sun[0] - ahead * sun[2]) / np.sqrt(1 + to_right * to_right + ahead * ahead)
    lit = smoothstep(0.0, 0.6, facing) * np.exp(z / -10)
    row = round(horizon * 48)
    peaks = np.isfinite(depth[: row - 1]).any(axis=0).mean()
    shaded = (lit[row:] < 0.1).mean()
    return float(lit[row:36].std() + lit[30:].std() + 0.5 * min(peaks, 0.5) - 0.8 * abs(shaded - 0.4))


@dataclass(frozen=True)
class Still:
    """The sand painted once: `light` (3, height, width), how far it hides the sky (`cover`), how far the sun
    reaches it (`lit`), and how far ahead it lies (`depth`), each (height, width).
    """

    light: Field
    cover: Field
    lit: Field
    depth: Field

    @classmethod
    def of(cls, canvas: Canvas, sand: Sand, sky: Sky) -> Self:
        """Painted finer than the canvas and averaged, so that crests come out smooth."""
        fine = Canvas(canvas.width * _FINE, canvas.height * _FINE)
        depth = sand.view.depth(fine, near=_NEAR, far=FAR, slices=2200)
        air = sky.clear(fine, sky.rays(fine, slice(0, 0))[0], np.full((1, 1), 0.004, np.float32))
        light = np.empty((3, canvas.height, canvas.width), np.float32)
        lit = np.empty(light.shape[1:], np.float32)
        for top in range(0, canvas.height, _BAND):
            rows = slice(top, min(top + _BAND, canvas.height))
            band = sand.paint(fine, np.minimum(depth[_FINE * rows.start : _FINE * rows.stop], FAR), air)
            light[:, rows], lit[rows] = _averaged(band[0]), _averaged(band[1])
        nearest = depth.reshape(canvas.height, _FINE, canvas.width, _FINE).min(axis=(1, 3))
        return cls(light, _averaged(np.isfinite(depth).astype(np.float32)), lit, nearest)


def _averaged(fine: Field) -> Field:
    *lead, rows, columns = fine.shape
    blocks = fine.reshape(*lead, rows // _FINE, _FINE, columns // _FINE, _FINE)
    averaged: Field = blocks.mean(axis=(-3, -1))
    return averaged
