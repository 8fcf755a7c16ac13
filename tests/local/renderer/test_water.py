"""Promises of water that mirrors a picture, and of the rings that rain draws on it."""

import numpy as np
import pytest

from local.renderer.canvas import Canvas, Field
from local.renderer.themes.rain.shower import Rain, Rings
from local.renderer.water import Water

CANVAS = Canvas(96, 128)


def still_water() -> Water:
    """Water without swell under a picture that differs from pixel to pixel."""
    return Water(CANVAS, (), np.random.default_rng(1).random((3, 64, 96), dtype=np.float32))


def flat(water: Water) -> tuple[Field, Field]:
    across, away = np.zeros((2, *np.broadcast_shapes(water.right.shape, water.up.shape)), np.float32)
    return across, away


def test_still_water_shows_the_picture_upside_down() -> None:
    """Row by row from the shore, pixel over pixel."""
    water = still_water()

    np.testing.assert_allclose(water.reflection(flat(water))[:, :60, 1:95], water.view[:, :3:-1, 1:95], atol=0.05)


def test_water_that_tilts_away_mirrors_what_stands_higher() -> None:
    """In a picture that is the lighter the higher, a slope away from the eye shows lighter water."""
    rising = np.tile(np.linspace(1, 0, 64, dtype=np.float32)[:, None], (3, 1, 96))
    water = Water(CANVAS, (), rising)
    across, away = flat(water)

    tilted = water.reflection((across, away + np.float32(0.02)))

    assert np.all(tilted[:, :40] > water.reflection((across, away))[:, :40])


@pytest.mark.parametrize("phase", [0.0, 0.37])
def test_rings_return_after_a_loop(phase: float) -> None:
    rings, water = Rings.drawn(np.random.default_rng(2), 80, 80), still_water()
    first, later = flat(water), flat(water)

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
