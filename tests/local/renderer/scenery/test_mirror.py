"""Promises of still water: without ripples it flips the picture above, with them it stirs and closes its loop."""

import numpy as np
import pytest

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.noise import fractal
from local.renderer.scenery.mirror import Mirror

CANVAS = Canvas(64, 96)


def mirror(rough: float) -> Mirror:
    ruffle = fractal(np.random.default_rng(1), size=64, slope=1.9)
    return Mirror(level=0.5, ruffle=ruffle, deep=np.zeros((3, 1, 1), np.float32), rough=rough)


def stripes(row: int) -> Field:
    """Dark, but for one lit row so far over the shore, and lighter to the right."""
    above = np.zeros((3, 48, 64), np.float32)
    above[:, 48 - row] = np.linspace(0.5, 1, 64, dtype=np.float32)
    return above


def height_of(water: Field) -> float:
    """How far under the shore the light lies, in rows."""
    rows = water[0].sum(axis=1)
    return float((rows * (np.arange(len(rows)) + 0.5)).sum() / rows.sum())


@pytest.mark.parametrize("row", [6, 15, 30])
def test_without_roughness_it_is_a_plain_flip(row: int) -> None:
    """The farther over the shore, the farther below it; a little nearer, for the eye looks down."""
    water = mirror(0).paint(CANVAS, stripes(row), 0.3)

    assert height_of(water) == pytest.approx((row - 0.5) / 1.12, abs=0.7)
    # Every column shows its own light and none of its neighbours'.
    columns = water[0].sum(axis=0)
    assert np.corrcoef(columns, np.linspace(0.5, 1, 64))[0, 1] > 0.99


def test_ripples_move_and_return_after_a_loop() -> None:
    above = np.random.default_rng(2).random((3, 48, 64), dtype=np.float32)
    first, later, last = (mirror(1).paint(CANVAS, above, phase) for phase in (0.0, 0.4, 1.0))

    np.testing.assert_allclose(first, last, atol=1e-3)
    assert np.abs(first - later).mean() > 0.01
