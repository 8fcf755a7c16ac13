"""Promises of mountains seen from the plain: what lies behind a nearer ridge is hidden, what overtops it shows."""

import numpy as np
import pytest

from local.renderer.canvas import Canvas, Field
from local.renderer.scenery.relief import Relief
from local.renderer.scenery.vista import Seen, Vista

CANVAS = Canvas(48, 64)
FOOT = 0.75


def seen(near: float, far: float) -> Seen:
    """Two walls across the view, so high, on a low plain; the map is 1 on the far one."""
    height = np.full((101, 81), -0.3, np.float32)
    which = np.zeros_like(height)
    height[20:24], height[70:74], which[60:] = near, far, 1
    vista = Vista(Relief(height, 0.8), u=0.5, foot=FOOT, scale=0.6, eye=0.05, distance=3.0)
    return vista.paint(CANVAS, [which])


def shown(picture: Seen) -> tuple[Field, Field]:
    """How much of each row is covered, from the foot up, and how much of that by the far wall."""
    rows = round(FOOT * CANVAS.height)
    cover, far = picture.cover[rows - 1 :: -1].mean(axis=1), picture.maps[0][rows - 1 :: -1].mean(axis=1)
    return cover, cover * far


def test_what_lies_behind_a_nearer_ridge_is_hidden() -> None:
    cover, far = shown(seen(near=0.5, far=0.3))

    assert cover[:8].min() > 0.99
    assert far.max() < 0.01


def test_what_overtops_a_nearer_ridge_shows_above_it() -> None:
    cover, far = shown(seen(near=0.2, far=0.5))
    overtops = int(np.argmax(far > 0.5))

    assert 2 < overtops < 12
    assert far[: overtops - 2].max(initial=0) < 0.01
    assert far[overtops + 2 : np.count_nonzero(cover > 0.99)].min() > 0.9


@pytest.mark.parametrize("tall", [0.2, 0.4])
def test_a_ridge_is_as_high_in_the_picture_as_its_height_and_distance_say(tall: float) -> None:
    """By similar triangles from an eye 0.05 over the ground, 3 before the middle; the top is at z -0.54."""
    cover, _ = shown(seen(near=tall, far=-0.3))
    scale = 1 + -0.54 / 3.0

    expected = ((tall - 0.05) / scale + 0.05) * 0.6 * CANVAS.short
    assert cover.sum() == pytest.approx(expected, abs=0.8)
