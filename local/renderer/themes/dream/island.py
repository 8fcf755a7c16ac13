"""A floating island: rock that narrows downwards, a meadow on top, trees. Painted once; the scene moves it."""

from dataclasses import dataclass

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import even_ramp, look_up, plane, smoothstep
from local.renderer.painting.limbs import covered
from local.renderer.painting.noise import sample
from local.renderer.painting.sprite import Sprite
from local.renderer.scenery.plants import tree
from local.renderer.scenery.puffs import LEAVES, heap

_TREES = 6


@dataclass(frozen=True)
class Stuff:
    """What islands are made of, as colours from shade to light: `rock`, `meadow`, `leaves`; and the `trunk`."""

    rock: tuple[str, ...]
    meadow: tuple[str, ...]
    leaves: tuple[str, ...]
    trunk: str


@dataclass(frozen=True)
class Island:
    """The meadow's middle is at (`u`, `v`), fractions of the frame, and it is `half` short sides wide to either
    side. All else is in half widths: rock hangs `deep` below it, its foot `lean` to the right. `seed` says
    where the island meets the noise.
    """

    u: float
    v: float
    half: float
    deep: float
    lean: float
    seed: float
    trunks: Field
    crowns: Field

    def paint(
        self,
        canvas: Canvas,
        stuff: Stuff,
        *,
        sun: float,
        rough: Field,
        smooth: Field,
        haze: tuple[Field, float],
    ) -> Sprite:
        """The island lit from the side of `sun` (-1 left, 1 right), under so much of the air's light (`haze`).

        `rough` and `smooth` are noise fields: of grass and leaves, and of rock.
        """
        x0, y0 = canvas.place(self.u, self.v)
        sprite = Sprite.blank(
            canvas,
            (x0 - 1.5 * self.half, x0 + 1.5 * self.half),
            (y0 - 1.4 * self.half, y0 + (self.deep + 0.2) * self.half),
        )
        a = (sprite.x(canvas) - np.float32(x0)) / np.float32(self.half)
        b = (sprite.y(canvas) - np.float32(y0)) / np.float32(self.half)
        pixels = np.float32(self.half * canvas.short)
        self._rock(sprite, a, b, stuff, sun=sun, noise=smooth, pixels=pixels)
        self._meadow(sprite, a, b, stuff, sun=sun, rough=rough, pixels=pixels)
        self._trees(canvas, sprite, (x0, y0), stuff, sun=sun, rough=rough)
        sprite.veil(*haze)
        sprite.seam()
        return sprite

    def brow(self, a: Field, rough: Field) -> Field:
        """How far below the middle the meadow's front edge lies, for places -1 to 1 across."""
        bend = np.sqrt(np.maximum(1 - a * a, 0))
        brow: Field = 0.13 * bend + 0.03 * sample(rough, a * 0.45 + np.float32(self.seed), np.zeros_like(a)) * bend
        return brow

    def _rock(
        self, sprite: Sprite, a: Field, b: Field, stuff: Stuff, *, sun: float, noise: Field, pixels: np.float32
    ) -> None:
        down = np.clip(b / np.float32(self.deep), 0, 1)
        # Strata and clefts: noise drawn out downwards, finer across.
        cleft = sample(noise, a * 0.8 + np.float32(self.seed), b * 0.17 + np.float32(self.seed))
        ragged = sample(noise, a * 0.3 + np.float32(self.seed), b * 0.7)
        wide = (1 - down) ** 0.75 * (1 + smoothstep(0.0, 0.25, down) * (0.1 * cleft + 0.12 * ragged))
        side = a - np.float32(self.lean) * down * down
        cover = np.clip((wide - np.abs(side)) * (0.6 * pixels) + 0.5, 0, 1)
        cover *= np.clip((b - 0.13 * np.sqrt(np.maximum(1 - a * a, 0)) + 0.06) * pixels + 0.5, 0, 1)
        cover *= np.clip((np.float32(self.deep) - b) * pixels, 0, 1)
        turned = np.clip(side / np.maximum(wide, 0.05), -1, 1)
        relief = cleft - sample(
            noise, (a + 0.05 * sun) * 0.8 + np.float32(self.seed), b * 0.17 + np.float32(self.seed)
        )
        light = 0.42 + 0.3 * sun * turned + 0.34 * relief + 0.07 * cleft - 0.22 * np.exp(-9 * down)
        sprite.lay(look_up(even_ramp(stuff.rock), light), cover)

    def _meadow(
        self, sprite: Sprite, a: Field, b: Field, stuff: Stuff, *, sun: float, rough: Field, pixels: np.float32
    ) -> None:
        bend = np.sqrt(np.maximum(1 - a * a, 0))
        # grass hangs over the brow in tufts
        tufts = (
            0.05 * np.maximum(sample(rough, a * 1.3 + np.float32(self.seed), np.full_like(a, 0.3)), -0.5) * bend
        )
        back, front = -0.1 * bend, self.brow(a, rough) + tufts
        cover = np.clip((b - back) * pixels + 0.5, 0, 1) * np.clip((front - b) * pixels + 0.5, 0, 1)
        cover *= np.clip((1 - np.abs(a)) * pixels + 0.5, 0, 1)
        blades = sample(rough, a * 0.9, b * 0.6)
        light = 0.62 + 0.14 * blades + 0.16 * sun * a - 0.42 * smoothstep(0.0, 0.2, b)
        sprite.lay(look_up(even_ramp(stuff.meadow), light), cover)

    def _trees(
        self, canvas: Canvas, sprite: Sprite, place: tuple[float, float], stuff: Stuff, *, sun: float, rough: Field
    ) -> None:
        limbs = self.trunks * np.float32(self.half) + np.array([*place, 0] * 2, np.float32)
        cover, columns = covered(canvas, sprite, limbs)
        sprite.lay(plane(stuff.trunk), cover, columns=columns)
        balls = self.crowns * np.array([self.half, self.half, self.half, 1], np.float32)
        balls[:, :2] += np.array(place, np.float32)
        heap(
            canvas,
            sprite,
            balls,
            colours=even_ramp(stuff.leaves),
            sun=(0.6 * sun, -0.7),
            rough=rough,
            fluff=LEAVES,
        )


def grown(rng: np.random.Generator, *, u: float, v: float, half: float) -> Island:
    """An island with trees on it, the tallest in its middle."""
    feet = (np.arange(_TREES) + rng.uniform(0.1, 0.9, _TREES)) / _TREES * 1.6 - 0.8
    tall = rng.uniform(0.45, 1.05, _TREES) * (1 - 0.6 * feet * feet)
    trunks, crowns = [], []
    for foot, height in zip(feet.tolist(), tall.tolist(), strict=True):
        trunk = tree(rng, foot=(foot, 0.03), tall=0.8 * height, girth=0.035 * height, bare=0.5, rich=5, forks=1)
        trunks.append(trunk)
        crowns.append(_crown(rng, foot, height))
    return Island(
        u=u,
        v=v,
        half=half,
        deep=float(rng.uniform(1.05, 1.5)),
        lean=float(rng.uniform(-0.3, 0.3)),
        seed=float(rng.random()),
        trunks=np.concatenate(trunks).astype(np.float32),
        crowns=np.concatenate(crowns),
    )


def _crown(rng: np.random.Generator, foot: float, tall: float) -> Field:
    """Balls of leaves about a tree's head, (n, 4), the low and dark ones first."""
    count = 30
    angle, out = rng.uniform(0, 2 * np.pi, count), np.sqrt(rng.random(count))
    x = foot + 0.3 * tall * out * np.cos(angle)
    high = 0.72 + 0.25 * out * np.sin(angle)
    radius = tall * rng.uniform(0.08, 0.15, count)
    shine = 0.1 * rng.normal(size=count) + 1.1 * (high - 0.75)
    order = np.argsort(high + 0.1 * rng.normal(size=count))
    return np.column_stack((x, -tall * high, radius, shine))[order].astype(np.float32)
