"""Promises of falling rain, and of the rings that it draws on water."""

import numpy as np
import pytest

from local.renderer.canvas import Canvas, Field
from local.renderer.scenery.water import Water
from local.renderer.themes.rain.shower import Rain, Rings

CANVAS = Canvas(96, 128)


def still_water() -> tuple[Water, tuple[Field, Field]]:
    """Water without swell, and its slopes, to which rings are added."""
    water = Water(CANVAS, (), np.zeros((3, 64, 96), np.float32))
    across, away = np.zeros((2, 64, 96), np.float32)
    return water, (across, away)


@pytest.mark.parametrize("phase", [0.0, 0.37])
def test_rings_return_after_a_loop(phase: float) -> None:
    rings = Rings.drawn(np.random.default_rng(2), 80, 80)
    (water, first), (_, later) = still_water(), still_water()

    rings.add(water, first, phase)
    rings.add(water, later, phase + 1)

    assert np.abs(first[1]).max() > 0.01
    np.testing.assert_allclose(first[1], later[1], atol=1e-4)


def test_rain_returns_after_a_loop_and_moves_meanwhile() -> None:
    rain = Rain.drawn(np.random.default_rng(3), 60, 60, near=1.0, lean=0.1)

    np.testing.assert_allclose(rain.cover(CANVAS, 0.0), rain.cover(CANVAS, 1.0), atol=1e-3)
    assert np.abs(rain.cover(CANVAS, 0.0) - rain.cover(CANVAS, 0.1)).max() > 0.2


def test_a_drizzle_is_a_part_of_the_downpour_of_the_same_seed() -> None:
    """Energy changes how many drops are shown, never which come first."""
    few, many = (Rain.drawn(np.random.default_rng(4), 60, shown, near=0.5, lean=0.0) for shown in (20, 60))

    assert np.array_equal(few.start, many.start[:20])
    assert np.all(few.cover(CANVAS, 0.2) <= many.cover(CANVAS, 0.2))
