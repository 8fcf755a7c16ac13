"""Promises of sprites: moved by parts of a pixel they lose nothing, and they are laid where they were painted."""

import numpy as np
import pytest

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.sprite import Sprite

CANVAS = Canvas(48, 32)


def painted() -> Sprite:
    """A block of rough light in the middle of the frame."""
    rng = np.random.default_rng(1)
    sprite = Sprite.blank(CANVAS, (-0.3, 0.3), (-0.2, 0.2))
    shape = sprite.layer.shape[1:]
    sprite.lay(rng.random((3, *shape), dtype=np.float32), rng.random(shape, dtype=np.float32))
    sprite.seam()
    return sprite


def put(right: float, down: float) -> Field:
    """The sprite on black, moved by so many pixels."""
    picture = np.zeros((3, CANVAS.height, CANVAS.width), np.float32)
    painted().put(picture, right, down)
    return picture


@pytest.mark.parametrize(("right", "down"), [(0.5, 0.0), (0.0, 0.25), (0.3, 0.7), (-2.4, 3.6)])
def test_moved_by_part_of_a_pixel_it_keeps_its_energy(right: float, down: float) -> None:
    assert put(right, down).sum() == pytest.approx(put(0, 0).sum(), rel=1e-5)


def test_moved_between_pixels_it_lies_between_both_places() -> None:
    """And not on the other side: a third of a pixel to the right is mostly where it was."""
    np.testing.assert_allclose(put(0.25, 0), 0.75 * put(0, 0) + 0.25 * put(1, 0), atol=1e-6)
    np.testing.assert_allclose(put(0, 0.25), 0.75 * put(0, 0) + 0.25 * put(0, 1), atol=1e-6)


@pytest.mark.parametrize(("right", "down"), [(40, 0), (-40, 0), (0, 30), (0, -30), (21.5, -13.5), (-21.5, 13.5)])
def test_over_the_rim_of_the_frame_it_is_cut_there(right: float, down: float) -> None:
    """What is left shows as in a larger frame."""
    sprite, margin = painted(), 40
    small = np.zeros((3, CANVAS.height, CANVAS.width), np.float32)
    large = np.zeros((3, CANVAS.height + 2 * margin, CANVAS.width + 2 * margin), np.float32)
    sprite.put(small, right, down)
    Sprite(sprite.layer, sprite.left + margin, sprite.top + margin).put(large, right, down)

    np.testing.assert_array_equal(small, large[:, margin:-margin, margin:-margin])
    assert large.any()
