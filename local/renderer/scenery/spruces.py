"""Spruces as bundles of limbs for `limbs.draw`, single or rooted in a slope, and their snow. No colours here.

Their boughs are regular where the branches of `plants.tree` fork by chance.
"""

from collections.abc import Iterable

import numpy as np

from local.renderer.canvas import Canvas, Field


def spruce(rng: np.random.Generator, *, foot: tuple[float, float], tall: float, boughs: int) -> Field:
    """A spruce on `foot` (x, y), `tall` short sides high, with so many `boughs` on each side."""
    x0, y0 = foot
    lean = float(rng.normal(0, 0.012))
    wide = tall * float(rng.uniform(0.17, 0.23))
    count = 2 * boughs
    # From the top down; every bough at a height of its own, closer together towards the top.
    t = np.clip(np.linspace(0.02, 0.95, count) ** 1.12 + rng.normal(0, 0.25 / boughs, count), 0.01, 0.97)
    side = np.where(rng.random(count) < 0.5, -1.0, 1.0)
    side[::3], side[1::3] = -1.0, 1.0
    length = wide * t**0.8 * rng.uniform(0.62, 1.15, count) * (1 - 0.25 * np.clip(t - 0.85, 0, 1) / 0.12)
    half = tall / boughs * rng.uniform(0.32, 0.52, count) * np.clip(0.3 + 1.2 * t, 0.4, 1)
    droop = rng.uniform(0.2, 0.55, count) * (0.5 + 0.7 * t)
    x, y = x0 + lean * tall * (1 - t), y0 - tall * (1 - t)
    bend_x, bend_y = x + side * 0.6 * length, y + droop * 0.75 * length
    tip_x, tip_y = x + side * length, bend_y + 0.1 * droop * length
    inner = np.column_stack((x, y, half * 1.15, bend_x, bend_y, half * 0.7))
    outer = np.column_stack((bend_x, bend_y, half * 0.7, tip_x, tip_y, half * 0.1))
    # Needles hang from the bough in tassels.
    tassel = np.column_stack(
        (bend_x, bend_y, half * 0.6, bend_x + side * 0.1 * length, bend_y + half * 1.9, half * 0.2)
    )
    trunk = np.array([[x0, y0, tall * 0.016, x0 + lean * tall, y0 - tall, tall * 0.002]])
    return np.concatenate((trunk, inner, outer, tassel)).astype(np.float32)


def snow_on(tree: Field, rng: np.random.Generator) -> Field:
    """Snow lying on the boughs of a spruce (not on its trunk and tassels): most of them, on their upper side."""
    boughs = tree[1 : 1 + (len(tree) - 1) * 2 // 3]
    boughs = boughs[rng.random(len(boughs)) < 0.85]
    snow = boughs.copy()
    snow[:, [1, 4]] -= 0.45 * boughs[:, [2, 5]]
    snow[:, [2, 5]] *= np.float32(0.62)
    return snow


def grove(
    canvas: Canvas, rng: np.random.Generator, crest: Field, places: Iterable[tuple[float, float]]
) -> list[Field]:
    """Spruces at these `places`, (fraction of the width, height in short sides), rooted in the ground under
    `crest` (1, width), short sides below the middle of the frame.
    """
    trees = []
    for u, tall in places:
        foot = float(np.interp(u, canvas.u[0], crest[0])) + 0.03 * tall + 0.004
        trees.append(
            spruce(rng, foot=(canvas.place(u, 0)[0], foot), tall=tall, boughs=5 + round(95 * min(tall, 0.5)))
        )
    return trees
