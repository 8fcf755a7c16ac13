"""Land in deep snow, painted once: peaks, snowfields, spruces. The light that falls on it is not decided here."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import plane, smoothstep
from local.renderer.painting.limbs import draw
from local.renderer.painting.noise import sample
from local.renderer.scenery.relief import massif
from local.renderer.scenery.ridges import chain
from local.renderer.scenery.spruces import grove, snow_on
from local.renderer.scenery.vista import Vista
from local.renderer.themes.aurora.cabin import Cabin


@dataclass(frozen=True)
class Land:
    """The land while it is painted, in place: `albedo` (3, height, width) and its `cover` of the sky."""

    canvas: Canvas
    albedo: Field
    cover: Field

    @classmethod
    def bare(cls, canvas: Canvas) -> Self:
        """No land yet."""
        shape = (canvas.height, canvas.width)
        return cls(canvas, np.zeros((3, *shape), np.float32), np.zeros(shape, np.float32))

    def lay(self, cover: Field, tone: Field) -> None:
        """Put something of albedo `tone` in front of what is there."""
        self.albedo[:] += (tone - self.albedo) * cover
        np.maximum(self.cover, cover, out=self.cover)

    def mountains(
        self,
        rng: np.random.Generator,
        *,
        place: tuple[float, float],
        tall: float,
        scale: float,
        lean: float,
    ) -> None:
        """A range in snow, `tall` short sides high, its middle on `place`, fractions of the frame. See `chain`."""
        relief, ribs = massif(rng, chain(rng, tall / scale, 1.6, lean), half=1.6, shape=(216, 768), steep=1.3)
        light = relief.lit((float(rng.choice([-0.7, 0.7])), 0.5, 0.5), 0.3)
        upright = relief.upright()
        snow = smoothstep(0.52, 0.68, upright + 0.35 * relief.height - 0.06 * ribs)
        surface = (0.16 + 0.84 * snow) * (0.16 + 0.14 * upright + 0.55 * light)
        vista = Vista(relief, *place, scale=scale, eye=0.1, distance=3.0)
        seen = vista.paint(self.canvas, [surface])
        # Cold air lies over the foot.
        low = 0.30 * np.exp(-np.maximum(seen.up, 0) * np.float32(16))
        self.lay(seen.cover, (low + seen.maps[0] * (1 - low)) * plane("d8e4f4"))

    def house(self, cabin: Cabin, wood: str) -> None:
        """A cabin of this wood; its lights are not the land's."""
        self.lay(cabin.walls(self.canvas), plane(wood) * 0.8)
        self.lay(cabin.snow(self.canvas), plane("e6eefa") * 0.85)

    def skyline(self) -> int:
        """How many rows of pixels, from the top, show any sky."""
        return max(int(np.count_nonzero(self.cover.min(axis=1) < 1)), 4)

    def snowfield(self, crest: Field, drifts: Field, near: float) -> None:
        """A hill of snow below `crest` (short sides below the middle, (1, width))."""
        below = self.canvas.y - crest
        depth = np.maximum(below, 0)
        along = self.canvas.x * np.float32(0.3)
        drift = sample(drifts, along + np.float32(near), depth * np.float32(1.3) + np.float32(near))
        fine = sample(drifts, along * 4 - drift * 0.04, depth * np.float32(9) + np.float32(near))
        tone = 0.24 + 0.50 * np.exp(depth * np.float32(-7)) + 0.075 * drift + 0.016 * fine
        self.lay(np.clip(below * np.float32(self.canvas.short) + 0.5, 0, 1), tone * plane("e6eefa"))

    def trail(self, start: tuple[float, float], bend: float) -> None:
        """A trodden path from a door at `start` (short sides from the middle) winding to the foot of the frame."""
        x0, y0 = start
        down = np.clip((self.canvas.y - np.float32(y0)) / np.float32(self.canvas.y[-1, 0] - y0), 0, 1)
        middle = x0 + bend * (np.sin(down * np.float32(4.2)) * 0.16 + 0.25 * down * down)
        wide = 0.006 + 0.035 * down
        away = np.abs(self.canvas.x - middle) / wide
        trodden = smoothstep(1.25, 0.5, away) * smoothstep(0.0, 0.06, down)
        banked = np.exp(-((away - 1.35) ** 2) * np.float32(9)) * smoothstep(0.0, 0.06, down)
        self.albedo[:] *= 1 - 0.3 * trodden + 0.16 * banked

    def wood(self, rng: np.random.Generator, crest: Field, places: list[tuple[float, float]]) -> None:
        """Spruces at these places (see `grove`), those large enough to show it under snow."""
        needles, snow = np.zeros((2, *self.cover.shape), np.float32)
        for (_, tall), tree in zip(places, grove(self.canvas, rng, crest, places), strict=True):
            draw(self.canvas, needles, tree, -self.canvas.half_width)
            if tall > 0.05:
                draw(self.canvas, snow, snow_on(tree, rng), -self.canvas.half_width)
        self.lay(needles, plane("1c2c38") * 0.5)
        self.lay(snow * 0.6, plane("cfdcec") * 0.45)
