"""Promises of what falls: it moves, closes its loop unseen, and fewer of it are the first of many."""

from itertools import pairwise

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.scenery.falling import Flurry

CANVAS = Canvas(96, 64)


def flurry() -> Flurry:
    light = np.ones((60, 3), np.float32)
    return Flurry.blown(np.random.default_rng(1), 60, wind=0.2, fall=0.4, size=0.02, light=light)


def painted(falling: Flurry, phase: float) -> Field:
    picture = np.zeros((3, CANVAS.height, CANVAS.width), np.float32)
    falling.paint(CANVAS, picture, phase)
    return picture


def test_what_falls_returns_after_a_loop_and_moves_meanwhile() -> None:
    falling = flurry()

    np.testing.assert_allclose(painted(falling, 0.0), painted(falling, 1.0), atol=1e-4)
    assert np.abs(painted(falling, 0.0) - painted(falling, 0.5)).mean() > 0.01


def test_nothing_jumps_where_a_life_ends() -> None:
    """From frame to frame of a long clip as much changes as ever, also when one of the few begins anew."""
    falling = flurry().thinned(0.1)
    frames = [painted(falling, phase) for phase in np.linspace(0, 1, 241)]
    steps = [np.abs(a - b).mean() for a, b in pairwise(frames)]

    assert max(steps) < 2 * np.median(steps)


def test_fewer_are_some_of_all() -> None:
    falling = flurry()

    assert np.all(painted(falling.thinned(0.3), 0.2) <= painted(falling, 0.2) + 1e-6)
    assert painted(falling.thinned(0.3), 0.2).sum() < 0.6 * painted(falling, 0.2).sum()
