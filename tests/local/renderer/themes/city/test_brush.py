"""Promises of the brush that paints the town: what its shapes cover, and which windows light up."""

import numpy as np

from local.renderer.canvas import Canvas
from local.renderer.themes.city.brush import Brush

CANVAS = Canvas(64, 64)
GREY, WARM = np.full(3, 0.2, np.float32), np.array((1.0, 0.7, 0.3), np.float32)


def test_a_window_behind_another_house_never_lights_up() -> None:
    """Its light is shown as far as nothing was painted before it."""
    layer = np.zeros((5, 64, 64), np.float32)
    hidden, open_ = (Brush(CANVAS, layer, 1).sleeping((x, 0.0), (0.1, 0.1), WARM, 0.5)[0] for x in (-0.25, 0.25))
    Brush(CANVAS, layer, 1).block((-0.5, -0.5), (0.5, 0.5), GREY, GREY)
    Brush(CANVAS, layer, 2).block((-0.5, -0.5), (0.0, 0.5), GREY, GREY)

    assert not hidden.seen(layer).light.any()
    assert np.array_equal(open_.seen(layer).light, open_.light)


def test_a_shape_covers_as_many_pixels_as_it_is_large() -> None:
    """Soft edges keep the area, wherever the corners fall between pixels."""
    for shift in (0.0, 0.003, 0.0071):
        layer = np.zeros((5, 64, 64), np.float32)
        corners = [(shift - 0.3, -0.2), (shift + 0.3, -0.2), (shift, 0.3)]

        Brush(CANVAS, layer, 1).convex(corners, GREY, GREY, 1.0)

        assert abs(layer[3].sum() / 64**2 - 0.15) < 0.002
