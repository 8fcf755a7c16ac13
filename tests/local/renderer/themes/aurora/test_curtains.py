"""Promises of northern lights: rays stand along lines through the radiant, and the loop closes."""

import numpy as np
import pytest

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.noise import fractal
from local.renderer.themes.aurora.curtains import Curtains, Glow, view
from local.renderer.themes.aurora.sheets import SAMPLES, Sheet

CANVAS = Canvas(96, 96)
GLOW = Glow("ff9ab8", "38f08c", "7a4fd0")


def one_ray(u: float, v: float, angle: float) -> Curtains:
    """A sheet that stands in one place: `angle` turns round the radiant, at (`u`, `v`), from below it."""
    turn = 2 * np.pi * angle
    path = np.full((2, SAMPLES), 2.0, np.float32) * np.array([[np.sin(turn)], [np.cos(turn)]], np.float32)
    none = np.zeros(1, np.float32)
    rays = fractal(np.random.default_rng(1), size=64, slope=1.2)
    sheet = Sheet(path, none, none, none, none, rays, row=0.3, bright=1.0)
    return Curtains((sheet,), GLOW, u, v, focal=1.0, reach=1.0, energy=1.0)


def lit(curtains: Curtains) -> Field:
    light: Field = view(curtains.chart(0.0), *curtains.sight(CANVAS, 96)).sum(axis=0)
    return light


@pytest.mark.parametrize("angle", [0.0, 0.12, -0.2, 0.45])
def test_a_ray_keeps_its_angle_about_the_radiant(angle: float) -> None:
    """With the radiant in the middle of the frame it is a straight line from there, at every height."""
    light = lit(one_ray(0.5, 0.5, angle))
    turned = np.arctan2(CANVAS.x + 0 * CANVAS.y, CANVAS.y + 0 * CANVAS.x) / (2 * np.pi)
    apart = np.abs((turned - angle + 0.5) % 1 - 0.5)
    away = np.hypot(CANVAS.x, CANVAS.y)
    for ring in ((0.15, 0.25), (0.25, 0.35), (0.35, 0.45)):
        there = (away > ring[0]) & (away < ring[1])
        bright = light * there > 0.5 * light[there].max()
        assert bright.any()
        assert apart[bright].max() < 0.03


def test_rays_lean_together_towards_a_radiant_over_the_frame() -> None:
    """Rays left and right of it stand nearer to each other above than below."""
    left, right = (lit(one_ray(0.5, -0.4, angle)) for angle in (-0.05, 0.05))
    places = [[int(light[row].argmax()) for light in (left, right)] for row in (20, 90)]
    above, below = (one - other for other, one in places)

    assert 0 < above < below - 5


def test_a_whole_curtain_closes_its_loop_and_lives_between() -> None:
    rng = np.random.default_rng(2)
    path = np.stack((np.linspace(-3, 3, SAMPLES), np.full(SAMPLES, 2.0))).astype(np.float32)
    sheet = Sheet.hung(rng, path, rays=fractal(rng, size=64, slope=1.2), bright=1.0)
    curtains = Curtains((sheet,), GLOW, 0.5, -0.5, focal=0.7, reach=1.0, energy=1.0)
    first, half, last = (curtains.chart(phase) for phase in (0.0, 0.5, 1.0))

    np.testing.assert_allclose(first, last, atol=1e-3 * first.max())
    assert np.abs(first - half).mean() > 0.05 * first.mean()
