"""The floor of a desert valley: sandy ground, sagebrush thinning out to the horizon, saguaros. It knows no sky."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import plane, smoothstep
from local.renderer.painting.limbs import draw
from local.renderer.painting.noise import sample
from local.renderer.scenery.solids import Solid, stone

_EYE = 0.1  # short sides over the ground where a short side of it fills the frame's
_SAGE, _CACTUS = plane("8a8460"), plane("66744e")
_SHRUBS = 230


@dataclass(frozen=True)
class Plain:
    """Ground below `level` (short sides under the middle), in a low light from side `sun` (-1 left, 1 right).

    `ground`, `light`, `shade` and the `air` it fades into are colours (3, 1, 1); `rough` is a noise field.
    """

    canvas: Canvas
    level: float
    sun: float
    ground: Field
    light: Field
    shade: Field
    air: Field
    rough: Field

    @property
    def foot(self) -> float:
        """The lower edge of the frame, in short sides under its middle."""
        return self.canvas.half_height

    def places(self) -> tuple[Field, Field]:
        """Where on the ground pixels look: right (height, width) and ahead (height, 1)."""
        ahead = _EYE / np.maximum(self.canvas.y - np.float32(self.level), np.float32(0.4 / self.canvas.short))
        return self.canvas.x * ahead, ahead

    def haze(self, below: Field) -> Field:
        """How much of the ground so far below the horizon is lost in the air."""
        haze: Field = 0.6 * np.exp(np.maximum(below, 0) * -24)
        return haze

    def paint(self, shadows: Field) -> Field:
        """Light of the bare ground (3, height, width); `shadows` (height, width) lie on it."""
        right, ahead = self.places()
        wash = sample(self.rough, right * 0.3, ahead * 0.22) * smoothstep(9, 1, ahead)
        tufts = sample(self.rough, right + 0.3, ahead * 0.6) * smoothstep(4, 0.6, ahead)
        gravel = sample(self.rough, right * 3.3, ahead * 1.6) * smoothstep(1.2, 0.3, ahead)
        relief = np.clip(1 + 0.07 * wash + 0.09 * tufts + 0.12 * gravel, 0.2, 2)
        lit = np.clip(0.72 + 0.12 * wash + 0.08 * tufts, 0, 1.3) * (1 - 0.8 * shadows)
        picture = self.ground * relief * (0.75 * self.shade + 0.75 * self.light * lit)
        picture += (0.75 * self.air - picture) * self.haze(self.canvas.y - np.float32(self.level))
        return picture

    def sagebrush(self, rng: np.random.Generator, shadows: Field) -> list[tuple[Solid, float]]:
        """Shrubs from the horizon to the eye, each with how far below the horizon it stands. Adds the shadows."""
        left = -self.canvas.half_width
        shrubs = []
        for depth in np.sort(rng.random(_SHRUBS) ** 1.6).tolist():
            u, size = rng.uniform(-0.02, 1.02), rng.uniform(0.5, 1.0)
            below = (0.05 + 0.86 * depth) * (self.foot - self.level)
            x, y, radius = self.canvas.place(u, 0)[0], self.level + below, (0.0032 + 0.026 * depth) * size
            shrubs.append((stone(self.canvas, rng, x=x, y=y, radius=radius), below))
            shade = (
                x,
                y + 0.6 * radius,
                0.5 * radius,
                x - self.sun * 3.4 * radius,
                y + 0.5 * radius,
                0.2 * radius,
            )
            draw(self.canvas, shadows, np.array([shade], np.float32), left)
        return shrubs

    def plant(self, picture: Field, shrubs: list[tuple[Solid, float]]) -> None:
        """Paint the shrubs over the ground, the farthest first, in place."""
        for shrub, below in shrubs:
            x, y = self.canvas.x[:, shrub.columns], self.canvas.y[shrub.rows]
            fine = min(1.6 / below, 16.0)
            leaves = sample(self.rough, x * np.float32(fine), y * np.float32(fine))
            cover = shrub.cover * smoothstep(0.0, 0.5, shrub.normal[2] + 0.55 * leaves - 0.1)
            leaves = np.clip(0.95 + 0.22 * leaves, 0.4, 1.6)
            lit = shrub.facing((self.sun, -0.5, 0.35))
            leafage = _SAGE * leaves * (0.5 * self.shade + self.light * (0.12 + 0.62 * lit))
            leafage += (0.75 * self.air - leafage) * np.float32(self.haze(np.array(below, np.float32)))
            window = picture[:, shrub.rows, shrub.columns]
            window += (leafage - window) * cover

    def cactus_light(self, rim: Field) -> Field:
        """Light of a saguaro's skin; `rim` is how far it is turned to the sun."""
        return _CACTUS * (0.34 * self.shade + 0.95 * self.light * rim**1.5)


def saguaro(rng: np.random.Generator, *, foot: tuple[float, float], tall: float) -> Field:
    """A saguaro on `foot` (x, y), `tall` short sides high, with an arm to each side: limbs for `limbs.draw`."""
    x, y = foot
    thick = 0.055 * tall
    middle = (x, y - 0.5 * tall, 1.05 * thick)
    rows = [(x, y + 0.02, 0.9 * thick, *middle), (*middle, x + 0.01 * tall, y - tall, 0.8 * thick)]
    for side in (-1.0, 1.0):
        at, out, up = rng.uniform(0.35, 0.55), rng.uniform(0.15, 0.22), rng.uniform(0.18, 0.38)
        bend = np.linspace(0, np.pi / 2, 6)
        elbow_x = x + side * out * tall * np.sin(bend)
        elbow_y = y - at * tall - 0.1 * tall * (1 - np.cos(bend))
        joints = [*zip(elbow_x.tolist(), elbow_y.tolist(), strict=True)]
        joints.append((joints[-1][0] + side * 0.01 * tall, joints[-1][1] - up * tall))
        arm = 0.68 * thick
        rows += [(*one, arm, *other, arm) for one, other in pairwise(joints)]
    return np.array(rows, np.float32)
