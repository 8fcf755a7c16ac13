"""The bones of mountains: ridges that carry side ridges, and those spurs. Pure geometry by chance."""

import itertools
from typing import TypeAlias

import numpy as np

from local.renderer.painting.colour import smoothstep

Point: TypeAlias = tuple[float, float, float]
"""Right, away from the eye, and height."""

Spine: TypeAlias = tuple[float, float, float, float, float, float]
"""A piece of a ridge: one end and the other, as in `Point`."""


def peak(rng: np.random.Generator, tall: float) -> list[Spine]:
    """A peak over the middle, `tall` high, and the five ridges that fall from it, one of them towards the eye."""
    spines: list[Spine] = []
    towards = float(rng.uniform(-0.45, 0.45)) - np.pi / 2
    for i in range(5):
        angle = towards + 2 * np.pi * i / 5 + float(rng.normal(0, 0.12))
        spines += _ridge(rng, (0.0, 0.0, tall), angle, float(rng.uniform(0.75, 1.0)), 2)
    return spines


def chain(rng: np.random.Generator, tall: float, half: float, lean: float) -> list[Spine]:
    """A chain of peaks from side to side, the highest about `tall`, with ridges towards the eye and away.

    `lean` is how much lower it becomes from the left (positive) or from the right to the other side, 0 to 1.
    """
    count = round(5 * half) + 1
    x = np.linspace(-half, half, count) + rng.uniform(-0.12, 0.12, count)
    z = rng.uniform(-0.06, 0.06, count)
    high = np.where(np.arange(count) % 2 == int(rng.integers(2)), 1.0, 0.5)
    lower = abs(lean) * smoothstep(-0.75, 0.75, x * np.sign(lean))
    height = tall * high * rng.uniform(0.75, 1.0, count) * (1 - lower)
    nodes = list(zip(x.tolist(), z.tolist(), height.tolist(), strict=True))
    spines: list[Spine] = []
    for near, far in itertools.pairwise(nodes):
        spines += _crooked(rng, near, far)
    for node in nodes:
        for angle in (-np.pi / 2, np.pi / 2):
            spines += _ridge(rng, node, angle + float(rng.normal(0, 0.35)), 1.5 * node[2], 1)
    return spines


def _crooked(rng: np.random.Generator, near: Point, far: Point) -> list[Spine]:
    """A crest from one peak to the next, sagging a little between them."""
    t = np.linspace(0, 1, 5)[:, None]
    points = np.array(near) + t * (np.array(far) - np.array(near))
    points[1:-1] += rng.normal(0, 0.014, (3, 3)) - np.array([0, 0, 0.012])
    return [(*a, *b) for a, b in itertools.pairwise(points.tolist())]


def _ridge(
    rng: np.random.Generator,
    root: Point,
    angle: float,
    length: float,
    level: int,
) -> list[Spine]:
    """A crooked ridge that leaves `root` at `angle` and falls; `level` generations of side ridges leave it."""
    steps = (3, 5, 9)[level]
    # Peaks are slender: the first pieces fall most.
    drops = rng.dirichlet(np.full(steps, 6.0)) * np.linspace(1.8, 0.35, steps) * root[2]
    side = float(rng.choice([-1, 1]))
    x, z, top = root
    heading = angle
    spines: list[Spine] = []
    for i in range(steps):
        heading = 0.7 * heading + 0.3 * angle + float(rng.normal(0, 0.22))
        stride = length / steps * float(rng.uniform(0.75, 1.25))
        end = (x + stride * float(np.cos(heading)), z + stride * float(np.sin(heading)), top - float(drops[i]))
        spines.append((x, z, top, *end))
        if level:
            turned = heading + side * float(rng.uniform(0.7, 1.15))
            shorter = length * float(rng.uniform(0.28, 0.42)) * (1 - 0.5 * i / steps)
            spines += _ridge(rng, end, turned, shorter, level - 1)
            side = -side
        x, z, top = end
    return spines
