"""Promises of water that mirrors a picture."""

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.scenery.water import Water

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
