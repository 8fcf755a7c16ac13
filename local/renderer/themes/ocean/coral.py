"""A mound of a reef: boulders with corals on them, lit from above. Painted once; it does not move."""

from dataclasses import dataclass

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import look_up, smoothstep
from local.renderer.painting.limbs import covered
from local.renderer.painting.sprite import Sprite
from local.renderer.scenery.puffs import Fluff, heap

_STONE = Fluff(ragged=0.34, tile=3.2, melted=0.5)
_BUSH = Fluff(ragged=0.6, tile=2.2, melted=0.0)
_BRAIN = Fluff(ragged=0.12, tile=1.1, melted=0.0)
_LIT = (0.25, -0.8)  # light from above
_BOULDERS, _CORALS = 70, 22


@dataclass(frozen=True)
class Mound:
    """Its middle at `u`, a fraction of the width, and its top `high` short sides over the foot of the frame, more
    in a tall one; `wide` short sides to either side. `size` is that of a coral in short sides, `haze` (0 to 1) how
    much water lies before it.
    """

    u: float
    high: float
    wide: float
    size: float
    haze: float

    def paint(
        self,
        canvas: Canvas,
        rng: np.random.Generator,
        *,
        stone: Field,
        corals: list[Field],
        rough: Field,
        water: Field,
    ) -> Sprite:
        """The mound down to the foot of the frame. `stone` and `corals` are ramps from shade to light, `rough` is
        a noise field, `water` the planar light of the water before it.
        """
        x0, y0 = self._summit(canvas)
        foot = canvas.half_height
        sprite = Sprite.blank(
            canvas, (x0 - 1.3 * self.wide, x0 + 1.3 * self.wide), (y0 - 3.5 * self.size, foot + 0.01)
        )
        across, low, size, pick, kind = rng.random((5, _BOULDERS + _CORALS))
        across = np.where(np.arange(len(low)) < _BOULDERS, 2 * across - 1, 1.7 * across - 0.85)
        coral_seeds = rng.integers(2**32, size=_CORALS)
        # corals grow on the upper faces, boulders fill all below
        low[_BOULDERS:] *= 0.55
        top = self._top(canvas, x0 + self.wide * across)
        y = top + low * np.maximum(foot + 0.1 - top, 0.05)
        # what shows between the boulders is their shade
        bed = (self._top(canvas, sprite.x(canvas)) + 0.9 * self.size).astype(np.float32)
        sprite.lay(
            look_up(stone, np.full((1, 1), 0.1, np.float32)), smoothstep(0, self.size, sprite.y(canvas) - bed)
        )
        order = np.argsort(y)
        for i in order.tolist():
            place = (x0 + self.wide * float(across[i]), float(y[i]))
            tall = self.size * (0.6 + 0.8 * float(size[i]))
            if i < _BOULDERS:
                shine = -0.18 - 0.25 * float(low[i])
                ball = np.array([[*place, tall * 1.6, shine]])
                heap(canvas, sprite, ball, colours=stone, sun=_LIT, rough=rough, fluff=_STONE)
            else:
                colours = corals[int(pick[i] * len(corals))]
                seed = np.random.default_rng(coral_seeds[i - _BOULDERS])
                grow = _KINDS[int(float(kind[i]) * len(_KINDS))]
                grow(canvas, sprite, seed, place, tall, colours, rough)
        deep = smoothstep(foot + 0.1, y0, sprite.y(canvas))
        sprite.shade(0.35 + 0.65 * deep)
        sprite.veil(water, self.haze)
        sprite.seam()
        return sprite

    def _summit(self, canvas: Canvas) -> tuple[float, float]:
        tall = canvas.height / canvas.short
        return canvas.place(self.u, 0)[0], tall / 2 - self.high * (0.5 + 0.5 * tall)

    def _top(self, canvas: Canvas, x: Field) -> Field:
        """The mound's outline over `x`: short sides below the frame's middle."""
        x0, y0 = self._summit(canvas)
        fall = canvas.half_height - y0
        top: Field = y0 + 1.05 * fall * np.abs((x - x0) / self.wide) ** 2.2
        return top


def _bush(
    canvas: Canvas, sprite: Sprite, rng: np.random.Generator, place: tuple[float, float], tall: float, *look: Field
) -> None:
    """A dome of knobs."""
    count = 22
    angle, out = rng.uniform(-1.7, 1.7, count), np.sqrt(rng.random(count))
    x = place[0] + 0.8 * tall * out * np.sin(angle)
    y = place[1] - 0.7 * tall * out * np.cos(angle)
    shine = 0.25 * (out * np.cos(angle) - 0.45) + 0.07 * rng.normal(size=count)
    balls = np.column_stack((x, y, tall * rng.uniform(0.16, 0.3, count), shine))[np.argsort(y)]
    heap(canvas, sprite, balls, colours=look[0], sun=_LIT, rough=look[1], fluff=_BUSH)


def _brain(
    canvas: Canvas, sprite: Sprite, rng: np.random.Generator, place: tuple[float, float], tall: float, *look: Field
) -> None:
    """One furrowed ball, and a small one beside it."""
    beside = float(rng.choice([-1.0, 1.0])) * tall
    balls = np.array([[place[0] + beside, place[1] + 0.2 * tall, 0.5 * tall, -0.1], [*place, 0.85 * tall, 0.0]])
    heap(canvas, sprite, balls, colours=look[0], sun=_LIT, rough=look[1], fluff=_BRAIN)


def _anemone(
    canvas: Canvas, sprite: Sprite, rng: np.random.Generator, place: tuple[float, float], tall: float, *look: Field
) -> None:
    """A tuft of tentacles with knobs at their tips."""
    angle = rng.permutation(np.linspace(-1.25, 1.25, 26)) + rng.normal(0, 0.06, 26)
    long = tall * rng.uniform(0.65, 1.05, 26)
    x, y = place[0] + 0.25 * tall * np.sin(angle), np.full(26, place[1])
    bend = (x + 0.6 * long * np.sin(angle), y - 0.6 * long * np.cos(angle))
    tips = (bend[0] + 0.4 * long * np.sin(0.5 * angle), bend[1] - 0.4 * long * np.cos(0.5 * angle))
    half = np.full(26, 0.045 * tall)
    limbs = np.concatenate(
        (np.column_stack((x, y, half, *bend, 0.8 * half)), np.column_stack((*bend, 0.8 * half, *tips, 0.8 * half)))
    )
    _lay_limbs(canvas, sprite, limbs, look[0], (place[1], 1.2 * tall))
    knobs = np.column_stack((*tips, 1.3 * half, np.full(26, 0.25)))
    heap(canvas, sprite, knobs, colours=look[0], sun=_LIT, rough=look[1], fluff=_BRAIN)


def _fan(
    canvas: Canvas, sprite: Sprite, rng: np.random.Generator, place: tuple[float, float], tall: float, *look: Field
) -> None:
    """A flat fan of twigs."""
    limbs = np.array(_twigs(rng, place, rng.normal(0, 0.15), 0.75 * tall, 0.075 * tall, 5))
    _lay_limbs(canvas, sprite, limbs, look[0], (place[1], 2.2 * tall))


_KINDS = (_bush, _bush, _bush, _brain, _brain, _fan, _fan, _fan, _anemone, _anemone)


def _twigs(
    rng: np.random.Generator, root: tuple[float, float], angle: float, long: float, half: float, forks: int
) -> list[list[float]]:
    """Limbs that fork in two again and again; `angle` from straight up, in radians."""
    end = (root[0] + float(np.sin(angle)) * long, root[1] - float(np.cos(angle)) * long)
    limbs = [[*root, half, *end, 0.75 * half]]
    if forks:
        for turn in (-1.0, 1.0):
            away = angle + turn * rng.uniform(0.2, 0.55)
            limbs += _twigs(rng, end, away, long * rng.uniform(0.62, 0.85), 0.72 * half, forks - 1)
    return limbs


def _lay_limbs(canvas: Canvas, sprite: Sprite, limbs: Field, colours: Field, stem: tuple[float, float]) -> None:
    """Draw limbs, lighter towards their tips; `stem` is where they start and how high they reach."""
    cover, columns = covered(canvas, sprite, limbs)
    high = (np.float32(stem[0]) - sprite.y(canvas)) / np.float32(stem[1])
    sprite.lay(look_up(colours, 0.25 + 0.6 * high), cover, columns=columns)
