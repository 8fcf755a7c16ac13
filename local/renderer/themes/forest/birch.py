"""Birches: white trunks with dark marks, thin boughs, leaves. Painted once; the scene moves them."""

from dataclasses import dataclass

import numpy as np

from local.renderer.canvas import Canvas, Field, span
from local.renderer.painting.colour import look_up, plane, smoothstep
from local.renderer.painting.limbs import covered
from local.renderer.painting.noise import sample
from local.renderer.painting.sprite import Sprite
from local.renderer.scenery.plants import branch
from local.renderer.scenery.puffs import LEAVES, heap

_BOUGHS = 9
_BALLS = 110  # of leaves, on one tree


@dataclass(frozen=True)
class Wood:
    """What birches are made of: `bark` is a ramp from shade to light, `marks` a colour, `leaves` a ramp."""

    bark: Field
    marks: str
    leaves: Field


@dataclass(frozen=True)
class Birch:
    """A tree one short side ahead, its foot at (0, 0), y down; `boughs` are limbs, `balls` rows as `heap` takes.

    Its trunk is `half` wide at the foot to either side, leans by `lean` and bows by `bow`.
    """

    tall: float
    half: float
    lean: float
    bow: float
    seed: float
    boughs: Field
    balls: Field

    def paint_wood(
        self,
        canvas: Canvas,
        sprite: Sprite,
        foot: tuple[float, float],
        scale: float,
        wood: Wood,
        rough: Field,
        sun: float,
    ) -> None:
        """Trunk and boughs over the sprite, in place; the sun stands in the column `sun`, in short sides."""
        limbs = self.boughs * np.float32(scale) + np.array([*foot, 0] * 2, np.float32)
        cover, columns = covered(canvas, sprite, limbs)
        sprite.lay(plane(wood.marks), cover, columns=columns)
        x, pixels = sprite.x(canvas), scale * canvas.short
        over = (np.float32(foot[1]) - sprite.y(canvas)) / np.float32(scale)
        up = np.maximum(over, 0)
        wide, middle = self._half(up), self._middle(up)
        reach = (
            foot[0] + scale * np.array([(middle - wide).min(), (middle + wide).max()]) + np.array([-1, 1]) / pixels
        )
        columns = span(x[0], *reach)
        across = ((x[:, columns] - np.float32(foot[0])) / np.float32(scale) - middle) / wide
        cover = np.clip((1 - np.abs(across)) * wide * np.float32(pixels) + 0.5, 0, 1)
        cover *= np.clip(over * np.float32(pixels) + 0.5, 0, 1) * (up < self.tall)
        sprite.lay(
            self._bark(across, up, wood, rough, float(np.tanh((sun - foot[0]) * 4))), cover, columns=columns
        )

    def _bark(self, across: Field, up: Field, wood: Wood, rough: Field, side: float) -> Field:
        """Light of the trunk, `across` it (-1 to 1) and `up`; the sun is on the `side` (-1 left, 1 right)."""
        seed = np.float32(self.seed)
        peel = sample(rough, across * 0.05 + seed, up * 0.6)
        light = 0.5 + 0.32 * side * across - 0.2 * across * across + 0.07 * peel
        light += 0.3 * abs(side) * smoothstep(0.55, 1.0, across * np.float32(np.sign(side)))
        bark = look_up(wood.bark, light)
        # Scars run around the stem: noise drawn out across it. They crowd at the foot.
        scar = sample(rough, across * 0.022 + seed, up * 3.4) + 0.35 * sample(rough, across * 0.1, up * 0.7)
        bark += (plane(wood.marks) - bark) * (0.85 * smoothstep(1.3, 1.75, scar + 0.8 * np.exp(up * -7)))
        return bark

    def paint_leaves(
        self,
        canvas: Canvas,
        sprite: Sprite,
        foot: tuple[float, float],
        scale: float,
        wood: Wood,
        rough: Field,
        sun: float,
    ) -> None:
        """Leaves over the sprite, in place; those near the sun's column glow."""
        balls = self.balls * np.array([scale, scale, scale, 1], np.float32)
        balls[:, :2] += np.array(foot, np.float32)
        balls[:, 3] += 0.28 * np.exp(-(((balls[:, 0] - sun) / 0.3) ** 2)) - 0.1
        heap(
            canvas,
            sprite,
            balls,
            colours=wood.leaves,
            sun=(0.3 * float(np.sign(sun - foot[0])), -0.55),
            rough=rough,
            fluff=LEAVES,
        )

    def _half(self, up: Field) -> Field:
        half: Field = self.half * np.maximum(1 - up / self.tall, 0.02) ** 0.7 + 0.5 * self.half * np.exp(up * -14)
        return half

    def _middle(self, up: Field) -> Field:
        middle: Field = self.lean * up + self.bow * np.sin(up * 2.2)
        return middle


def grown(rng: np.random.Generator) -> Birch:
    """A birch, bare below and rich above."""
    tall, half = float(rng.uniform(2.5, 3.4)), float(rng.uniform(0.03, 0.055))
    lean, bow = float(rng.normal(0, 0.045)), float(rng.normal(0, 0.02))
    boughs, ends = [], []
    for i in range(_BOUGHS):
        up = tall * (0.28 + 0.68 * (i + rng.random()) / _BOUGHS)
        side = 1.0 if i % 2 else -1.0
        root = (lean * up + bow * float(np.sin(up * 2.2)), -up)
        limbs = branch(
            rng,
            root,
            side * float(rng.uniform(0.5, 1.0)),
            length=float(rng.uniform(0.35, 0.6)),
            half=0.2 * half,
            forks=1,
        )
        boughs.append(limbs)
        ends.append(limbs[1:, 3:5])
    places = np.concatenate(ends)
    places = places[rng.integers(len(places), size=_BALLS)] + rng.normal(0, 0.05, (_BALLS, 2))
    balls = np.column_stack((places, rng.uniform(0.028, 0.06, _BALLS), 0.12 * rng.normal(size=_BALLS)))
    return Birch(
        tall=tall,
        half=half,
        lean=lean,
        bow=bow,
        seed=float(rng.random()),
        boughs=np.concatenate(boughs).astype(np.float32),
        balls=balls.astype(np.float32),
    )
