"""Rippled water that mirrors a still picture standing behind it, in perspective. It paints no shapes of its own.

What stands behind is taken as infinitely far, so that a mirrored ray finds its place in the picture by its
direction alone; `city` mirrors a skyline in it, `rain` the woods about a pond. `mirror` is for calm water under
a picture that moves; the open sea of `ocean` mirrors no picture but its sky, ray by ray.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.scenery.sky import FOCAL
from local.renderer.scenery.swell import Swell


@dataclass(frozen=True)
class Water:
    """Level water from the foot of `view`, (3, rows, width), all that stands over it, to the foot of the frame."""

    canvas: Canvas
    swells: tuple[Swell, ...]
    view: Field

    @cached_property
    def right(self) -> Field:
        """Slope to the right of the rays looked along, (1, width)."""
        return self.canvas.x / np.float32(FOCAL)

    @cached_property
    def up(self) -> Field:
        """Slope upwards of those rays, (rows, 1): negative, for they look down."""
        first = self.view.shape[1]
        level = np.float32(first / self.canvas.height)
        scale = np.float32(self.canvas.height / self.canvas.short / FOCAL)
        up: Field = np.minimum((level - self.canvas.v[first:]) * scale, np.float32(-0.25 / self.canvas.short))
        return up

    @cached_property
    def ahead(self) -> Field:
        """How far away each row's water lies, in heights of the eye above it, (rows, 1)."""
        return -1 / self.up

    def waves(self, phase: float) -> tuple[Field, Field]:
        """Slopes of the swell, rightwards and away from the eye, (rows, width) each."""
        x = self.right * self.ahead
        footprint = self.ahead * np.sqrt(self.ahead) * np.float32(1 / (FOCAL * self.canvas.short))
        across, away = np.zeros((2, *x.shape), np.float32)
        for swell in self.swells:
            swell.add(phase, x, self.ahead, footprint, (across, away))
        return across, away

    def reflection(self, slopes: tuple[Field, Field]) -> Field:
        """The picture as water of these slopes shows it, (3, rows, width).

        Slopes are small: a mirrored ray rises as steeply as the look falls, and by twice the slope more.
        Sideways it turns far less, for the look grazes the water: lights draw out into columns.
        """
        across, away = slopes
        scale = np.float32(FOCAL * self.canvas.short)
        rise = np.maximum(2 * away - self.up, 0) * scale
        shift = 2 * across * self.up * scale
        return self._between(self.view.shape[1] - 0.5 - rise, self._columns + shift)

    @cached_property
    def _columns(self) -> Field:
        return np.arange(self.canvas.width, dtype=np.float32)[None, :]

    @cached_property
    def _pixels(self) -> Field:
        """The view as (rows * width, 3): the three colours of a pixel are fetched together."""
        return np.ascontiguousarray(self.view.reshape(3, -1).T)

    def _between(self, down: Field, right: Field) -> Field:
        """Light (3, ...) of the view between its pixels, bilinear; outside, that of the nearest edge."""
        rows, width = self.view.shape[1:]
        down, right = np.clip(down, 0, rows - 1.001), np.clip(right, 0, width - 1.001)
        top, left = down.astype(np.int32), right.astype(np.int32)
        down -= top
        right -= left
        down, right = down[..., None], right[..., None]
        first = top * np.int32(width) + left
        upper = self._pixels[first] * (1 - right) + self._pixels[first + 1] * right
        first += np.int32(width)
        lower = self._pixels[first] * (1 - right) + self._pixels[first + 1] * right
        upper += (lower - upper) * down
        light: Field = np.moveaxis(upper, -1, 0)
        return light
