"""A broad old tree: limbs that fork up to a wide crown, and clumps of leaves about their ends. It knows no
seasons: colours are given. Grown one high, its foot at (0, 0), y down; limbs are rows as `limbs` draws them.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Field
from local.renderer.painting.colour import look_up, smoothstep
from local.renderer.painting.limbs import draw
from local.renderer.themes.nature.layer import Layer, edge

_FORKS = (5, 3, 2, 2)  # limbs out of the trunk's end, then out of each of those
_FANS = (0.95, 0.6, 0.5, 0.5)  # radians from the middle limb of a fork to its outermost
_LEAVES = 30  # to a clump
_TURNS = 12  # ways a leaf may lie
_WIDE = 0.062  # of a clump, in heights of the tree


@dataclass(frozen=True)
class Tree:
    """`limbs` (n, 6); `clumps` (m, 3): x, y and nearness to the eye (0 to 1), the farthest first; `leaves`
    (m, k, 4): x and y from the clump, size and turn (0 to 1).
    """

    limbs: Field
    clumps: Field
    leaves: Field

    @classmethod
    def grown(cls, rng: np.random.Generator) -> Self:
        """A tree like no other of its kind."""
        limbs: list[tuple[float, ...]] = []
        ends: list[tuple[float, float]] = []
        _grow(rng, limbs, ends, root=(0.0, 0.0), angle=float(rng.uniform(-0.13, 0.13)), length=0.27, half=0.036)
        rows, at = np.array(limbs), np.array(ends)
        tall = float(at[:, 1].max()) + _WIDE
        # The trunk flares into its roots, and goes a little under ground.
        rows[0, 2] *= 1.25
        rows = np.vstack(([[-0.012, -0.03, 0.075, 0.0, 0.035, 0.042]], rows))
        # It stands under the middle of its crown, or nearly so.
        aside = 0.7 * float(at[:, 0].max() + at[:, 0].min()) / 2
        at[:, 0] -= aside
        rows[:, [1, 4]] *= -1
        rows[:, [0, 3]] -= aside
        near = np.sort(rng.random(len(at)))
        at = rng.permutation(at)  # they grew limb by limb
        clumps = np.column_stack((at[:, 0] / tall, -at[:, 1] / tall, near))
        spots = rng.normal(0, 0.45 * _WIDE, (len(at), _LEAVES, 2)) * [1.15, 0.85]
        leaves = np.concatenate((spots, rng.random((len(at), _LEAVES, 2))), axis=2)
        return cls(rows / tall, clumps, leaves)

    def moved(self, foot: tuple[float, float], tall: float) -> Self:
        """The tree standing on `foot`, `tall` short sides high."""
        limbs, clumps, leaves = self.limbs * tall, self.clumps * [tall, tall, 1], self.leaves * [tall, tall, 1, 1]
        limbs[:, [0, 3]] += foot[0]
        limbs[:, [1, 4]] += foot[1]
        return type(self)(limbs.astype(np.float32), clumps + np.array([*foot, 0]), leaves)

    def paint_limbs(self, layer: Layer, bark: tuple[Field, Field], sun: float) -> None:
        """Bark from shaded to lit, each (3, 1, 1): the edges that look to the column `sun` catch the light."""
        cover = np.zeros(layer.painted.shape[:2], np.float32)
        draw(layer.canvas, cover, self.limbs, -(layer.canvas.width / 2 + layer.margin) / layer.canvas.short)
        towards = layer.x - np.float32(sun)
        lit = np.zeros_like(cover)
        for share in (0.3, 0.6, 1.0):
            step = max(round(0.011 * share * layer.canvas.short), 1)
            right, left = np.roll(cover, -step, axis=1), np.roll(cover, step, axis=1)
            lit += (1 - np.where(towards < 0, right, left)) * np.float32(1 / 3)
        layer.lay(cover, bark[0] + (bark[1] - bark[0]) * np.clip(0.12 + lit, 0, 1))

    def paint_leaves(
        self, layer: Layer, colours: Field, sun: tuple[float, float], *, full: float, near: tuple[float, float]
    ) -> None:
        """The clumps of so much nearness, `colours` a ramp from shaded to lit; `full` is the share of leaves there
        are.
        """
        tall = float(np.ptp(self.clumps[:, 1])) * 1.4
        prints = _prints(layer, tall)
        shades = self._shades(sun, tall)
        for clump, leaves, shade in zip(self.clumps, self.leaves, shades, strict=True):
            if not near[0] <= clump[2] < near[1]:
                continue
            spots = leaves[: round(_LEAVES * full)]
            lit = shade - spots[:, 1] * (3.2 / tall) + 0.22 * (spots[:, 2] - 0.5)
            light = look_up(colours, np.append(lit, shade - 0.2).astype(np.float32)).T
            if full == 1:
                _shade(layer, (float(clump[0]), float(clump[1])), light[-1], 0.85 * _WIDE * tall)
            places = clump[:2] + spots[:, :2]
            kinds = (spots[:, 2:] * [len(prints), _TURNS]).astype(int)
            for place, (size, turn), leaf in zip(places.tolist(), kinds.tolist(), light, strict=False):
                layer.press(place, prints[size][turn], leaf)

    def _shades(self, sun: tuple[float, float], tall: float) -> Field:
        """How lit each clump is: above, towards the sun, near the eye, and where the sun shines through."""
        x, y, near = self.clumps.T
        away = np.hypot(x - sun[0], y - sun[1]) / tall
        right, down = (x - x.mean()) / tall, (y - y.mean()) / tall
        side = np.sign(sun[0] - x.mean())
        shades: Field = 0.4 - 0.6 * down + 0.4 * side * right + 0.22 * (near - 0.5) + 0.45 * np.exp(-9 * away**2)
        return shades


def _shade(layer: Layer, place: tuple[float, float], light: Field, wide: float) -> None:
    """The soft mass of a clump behind its leaves."""

    def shape(across: Field, down: Field, _pixel: float) -> tuple[Field, Field]:
        away = np.sqrt(across * across + down * down)
        return 0.75 * smoothstep(wide, 0.2 * wide, away), light[:, None, None]

    layer.stamp(place, (wide, wide, wide, wide), shape)


def _prints(layer: Layer, tall: float) -> list[list[Field]]:
    """Covers of a leaf, a lens, in a few sizes and turned by a few angles."""
    short = layer.canvas.short
    prints = []
    for size in np.array([0.0060, 0.0083, 0.0106]) * tall * short:
        half = int(np.ceil(size)) + 1
        x = np.arange(-half, half + 1, dtype=np.float32)
        y = x[:, None]
        # Smaller than a pixel, it is drawn as large as one and fainter.
        drawn, faint = max(float(size), 0.7), min(1.0, (float(size) / 0.7) ** 2)
        turns = np.pi * np.arange(_TURNS) / _TURNS
        away = [np.hypot(x * np.cos(t) + y * np.sin(t), 1.6 * (y * np.cos(t) - x * np.sin(t))) for t in turns]
        prints.append([(edge(drawn - reach, 1.0) * faint).astype(np.float32) for reach in away])
    return prints


def _grow(
    rng: np.random.Generator,
    limbs: list[tuple[float, ...]],
    ends: list[tuple[float, float]],
    *,
    root: tuple[float, float],
    angle: float,
    length: float,
    half: float,
    level: int = 0,
) -> None:
    """Grow a crooked limb and all that forks from it; here y is up, and `angle` is from straight up."""
    x, y = root
    thin = half * 0.72
    steps = 4
    for i in range(steps):
        angle += float(rng.normal(0, 0.09))
        thick = half + (thin - half) * i / steps
        end = (x + np.sin(angle) * length / steps, y + np.cos(angle) * length / steps)
        limbs.append((x, y, thick, *end, half + (thin - half) * (i + 1) / steps))
        x, y = end
        if level > 2 or (level == 2 and i) or (level == 1 and i == steps - 1):
            ends.append((x, y))
    if level == len(_FORKS):
        return
    count = _FORKS[level]
    for i in range(count):
        turned = (
            angle + _FANS[level] * (2 * i / (count - 1) - 1) + float(rng.normal(0, 0.05 if level == 0 else 0.13))
        )
        _grow(
            rng,
            limbs,
            ends,
            root=(x, y),
            angle=float(np.clip(turned, -1.25, 1.25)),
            length=float(length * rng.uniform(0.66, 0.8)),
            half=thin * (0.68 if count > 2 else 0.78),
            level=level + 1,
        )
