"""Promises of small lights: their energy does not depend on where between pixels they are, nor on the size."""

import numpy as np
import pytest

from local.renderer.canvas import Canvas
from local.renderer.painting.particles import Swarm, add_glows, fade


def energy(canvas: Canvas, u: float, radius: float) -> float:
    """All the light of one glow, in square short sides."""
    picture = np.zeros((3, canvas.height, canvas.width), np.float32)
    swarm = Swarm(np.array([u]), np.array([0.5]), np.array([radius]), np.ones((1, 3), np.float32))
    add_glows(canvas, picture, swarm)
    return float(picture[0].sum()) / canvas.short**2


@pytest.mark.parametrize("radius", [0.0005, 0.002, 0.02])
def test_a_light_that_crosses_pixels_keeps_its_energy(radius: float) -> None:
    """Or stars would twinkle by drifting."""
    canvas = Canvas(128, 128)
    along = [energy(canvas, 0.5 + part / 128, radius) for part in np.linspace(0, 1, 9)]

    assert min(along) > 0.95 * max(along)


@pytest.mark.parametrize("radius", [0.0005, 0.002, 0.02])
def test_a_light_is_as_bright_in_a_small_picture_as_in_a_large_one(radius: float) -> None:
    """Smaller than a pixel it is drawn wider and dimmer: a gaussian's energy is 2 pi radius squared."""
    small, large = energy(Canvas(96, 96), 0.5, radius), energy(Canvas(768, 768), 0.5, radius)

    assert small == pytest.approx(large, rel=0.06)
    assert large == pytest.approx(2 * np.pi * radius**2, rel=0.06)


def test_a_life_begins_and_ends_in_the_dark() -> None:
    lives = np.linspace(0, 1, 11)

    assert fade(lives)[[0, -1]] == pytest.approx(0, abs=1e-6)
    assert fade(lives)[1:-1].min() > 0.05
    np.testing.assert_allclose(fade(lives), fade(lives + 1), atol=1e-6)
