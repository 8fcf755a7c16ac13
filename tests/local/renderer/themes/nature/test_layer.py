"""Promises of the sheet that plants are painted on: what is laid, where it goes when the wind shifts it."""

import numpy as np
import pytest

from local.renderer.canvas import Canvas, Field
from local.renderer.themes.nature.layer import Layer, edge

CANVAS = Canvas(64, 48)
RED = np.array([0.8, 0.1, 0.2], np.float32)


def disc(across: Field, down: Field, pixel: float) -> tuple[Field, Field]:
    return edge(0.2 - np.sqrt(across * across + down * down), pixel), RED[:, None, None]


def painted() -> Layer:
    layer = Layer.blank(CANVAS, reach=0.2)
    layer.stamp((0.1, 0.05), (0.2, 0.2, 0.2, 0.2), disc)
    return layer


def laid(layer: Layer, shift: float) -> Field:
    """A grey picture under the layer, bent by so many pixels everywhere."""
    picture = np.full((3, CANVAS.height, CANVAS.width), 0.5, np.float32)
    layer.put_bent(picture, np.full((CANVAS.height, 1), shift, np.float32), slice(0, CANVAS.height))
    return picture


def test_a_stamp_covers_its_place_in_its_light_and_nothing_else() -> None:
    picture = laid(painted(), 0)
    x, y = round(32 + 0.1 * 48), round(24 + 0.05 * 48)

    assert picture[:, y, x] == pytest.approx(RED)
    assert (picture[:, :5] == 0.5).all()
    assert (picture[:, :, :15] == 0.5).all()


def test_a_shift_of_whole_pixels_moves_the_paint_by_as_many() -> None:
    still, moved = laid(painted(), 0), laid(painted(), 3)

    assert np.allclose(moved[:, :, 3:], still[:, :, :-3], atol=1e-6)
    assert not np.allclose(moved, still)


def test_a_shift_between_pixels_lies_between_both() -> None:
    layer = painted()

    assert np.allclose(laid(layer, 0.5), (laid(layer, 0) + laid(layer, 1)) / 2, atol=1e-6)


def test_unbent_the_layer_is_laid_as_without_wind() -> None:
    picture = np.full((3, CANVAS.height, CANVAS.width), 0.5, np.float32)
    painted().put(picture)

    assert np.allclose(picture, laid(painted(), 0), atol=1e-6)


def test_what_is_stamped_later_hides_what_was_there() -> None:
    layer = painted()
    layer.stamp(
        (0.1, 0.05), (0.2, 0.2, 0.2, 0.2), lambda x, y, pixel: (disc(x, y, pixel)[0], 0.5 * disc(x, y, pixel)[1])
    )

    assert laid(layer, 0)[:, 26, 37] == pytest.approx(0.5 * RED)


@pytest.mark.parametrize("x", [-0.95, -0.9, 0.9, 0.95, 3.0, -3.0])
@pytest.mark.parametrize("y", [-0.7, -0.66, 0.66, 0.7, 1.5, -1.5])
def test_prints_over_the_rim_are_cut_there(x: float, y: float) -> None:
    """A layer shows what a larger one does in the same place."""
    cover = np.random.default_rng(1).random((9, 9), dtype=np.float32)
    small, large = Layer.blank(Canvas(48, 64), reach=0.4), Layer.blank(Canvas(48, 192), reach=4.0)
    small.press((x, y), cover, RED)
    large.press((x, y), cover, RED)
    more = large.margin - small.margin

    assert np.array_equal(small.painted, large.painted[64:-64, more:-more])
    assert large.painted.any()
