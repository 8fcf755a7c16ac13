"""Buttes: flat rocks with sheer, fluted walls in layers, standing on skirts of rubble. It knows no colours."""

from dataclasses import dataclass

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import smoothstep
from local.renderer.painting.noise import sample


@dataclass(frozen=True)
class Butte:
    """A rock whose foot is (`x`, `y`), `wide` across its walls and `tall`, all in short sides; rubble reaches up
    to `skirt` of its height. `place` is where it meets the noise, `near` 0 at the horizon and 1 close by.
    """

    x: float
    y: float
    wide: float
    tall: float
    skirt: float
    place: float
    near: float

    def paint(self, canvas: Canvas, rough: Field, sun: float) -> tuple[Field, Field, Field]:
        """Its cover, how much of a low sun on side `sun` (-1 left, 1 right) it gets, and how pale its layers are.

        Each is (height, width), 0 to 1 but for the last, which lies about 1. `rough` is a noise field.
        """
        right, up = canvas.x - np.float32(self.x), np.float32(self.y) - canvas.y
        part = np.clip(up * np.float32(1 / self.tall), 0, 1.2)
        layers = self._noise(rough, 0 * up, 0.9 * up, 0.1)
        half = self._half(rough, right, up, part, layers)
        cover = np.clip((half - np.abs(right)) * np.float32(0.9 * canvas.short) + 0.5, 0, 1)
        cover = cover * np.clip((self._crown(rough, right) - up) * np.float32(canvas.short) + 0.5, 0, 1)
        cover *= np.clip(up * np.float32(canvas.short) + 0.5, 0, 1)
        flute = self._noise(rough, 1.1 * right, 0.10 * up, 0.7)
        beside = self._noise(rough, 1.1 * (right + np.float32(0.012 * sun)), 0.10 * up, 0.7)
        cracks = self._noise(rough, 2.6 * right, 0.22 * up, 0.2)
        wall = smoothstep(self.skirt - 0.03, self.skirt + 0.03, part + 0.03 * flute)
        gullies = 0.10 * self._noise(rough, 1.6 * right, 0.9 * up, 0.9)
        turned = (
            0.9 * sun * right / np.maximum(half, 1e-3) + gullies + 0.12 + wall * (0.9 * (flute - beside) - gullies)
        )
        lit = smoothstep(-0.35, 0.6, turned) * (1 - 0.4 * wall * smoothstep(0.2, 1.6, np.abs(cracks)))
        bands = layers + 0.5 * self._noise(rough, 0.02 * right, 2.6 * up, 0.4)
        pale = 1 + (0.04 + 0.2 * wall) * np.clip(bands, -1.6, 1.6) + 0.07 * np.clip(cracks, -1.5, 1.5)
        # Under the walls the rubble lies in their shade.
        return cover, lit, pale * (1 - 0.22 * np.exp(-(((part - self.skirt) / 0.05) ** 2)))

    def shadow(self, canvas: Canvas, sun: float) -> Field:
        """Where its shadow lies on the ground, away from the `sun`: (height, width), 0 to 1."""
        along = (np.float32(self.x) - canvas.x) * np.float32(sun)
        thick = (canvas.y - np.float32(self.y + 0.004)) / np.float32(0.010 + 0.012 * self.near)
        span = smoothstep(-0.6 * self.wide, 0.0, along) * smoothstep(0.2 + 1.6 * self.tall, 0.5 * self.tall, along)
        shadow: Field = np.exp(-thick * thick) * span
        return shadow

    def _half(self, rough: Field, right: Field, up: Field, part: Field, layers: Field) -> Field:
        """Half its width at a height: walls that step back, layer by layer, over rubble that spreads downwards."""
        below = np.maximum(self.skirt - part, 0) * np.float32(self.tall)
        edge = self._noise(rough, 0.37 * np.sign(right), 0.55 * up, 0.5)
        walls = 0.5 * self.wide * (1.08 - 0.16 * part + 0.035 * layers + 0.045 * edge)
        half: Field = walls + 1.2 * below + (0.9 / self.tall) * below * below
        return half

    def _crown(self, rough: Field, right: Field) -> Field:
        """Its upper edge: level but for a notch or two and for shoulders broken off."""
        level = np.zeros_like(right)
        notch = smoothstep(0.7, 1.1, self._noise(rough, 0.7 * right, level, 0.15))
        out = np.abs(right) * np.float32(2 / self.wide)
        shoulder = smoothstep(0.62, 0.70, out + 0.12 * self._noise(rough, 0.9 * right, level, 0.35))
        uneven = 0.012 * self._noise(rough, 2.2 * right, level, 0.6)
        broken = 0.07 if self.place < 0.4 else 0.2
        crown: Field = np.float32(self.tall) * (1 + uneven - 0.10 * notch - broken * shoulder)
        return crown

    def _noise(self, rough: Field, right: Field, up: Field, place: float) -> Field:
        """The noise in the butte's own place; the smaller the rock, the finer."""
        scale = np.float32(0.45 / (0.15 + self.tall))
        return sample(
            rough, right * scale + np.float32(self.place + place), up * scale + np.float32(3 * self.place)
        )
