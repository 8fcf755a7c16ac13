"""Promises of overlays, and of the windows that light up on them."""

import numpy as np

from local.renderer.canvas import Canvas
from local.renderer.overlay import blank, lay, put
from local.renderer.themes.city.brush import Brush

CANVAS = Canvas(64, 64)
GREY, WARM = np.full(3, 0.2, np.float32), np.array((1.0, 0.7, 0.3), np.float32)


def test_an_overlay_shows_what_would_have_been_painted_on_the_picture_itself() -> None:
    rng = np.random.default_rng(1)
    picture = rng.random((3, 64, 64), dtype=np.float32)
    things = [(rng.random((3, 64, 64)), rng.random((64, 64))) for _ in range(3)]
    overlay, painted = blank(CANVAS, 64), picture.copy()

    for light, cover in things:
        lay(overlay, light, cover)
        painted += (light - painted) * cover
    put(overlay, picture)

    np.testing.assert_allclose(picture, painted, atol=1e-5)


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
