"""Promises of limbs: how much they cover does not depend on how they are drawn, one by one or many together."""

import numpy as np
import pytest

from local.renderer.canvas import Canvas, Field
from local.renderer.painting import limbs
from local.renderer.painting.limbs import draw

CANVAS = Canvas(64, 48)


def drawn(rows: Field) -> Field:
    cover = np.zeros((CANVAS.height, CANVAS.width), np.float32)
    draw(CANVAS, cover, rows, -CANVAS.half_width)
    return cover


def some(count: int) -> Field:
    """Limbs here and there, some of them over the rim of the frame or beyond it."""
    rng = np.random.default_rng(1)
    ends = rng.uniform(-1, 1, (count, 2))
    others = ends + rng.normal(0, 0.15, (count, 2))
    half = rng.uniform(0.001, 0.03, (2, count, 1))
    return np.hstack((ends, half[0], others, half[1])).astype(np.float32)


def test_many_limbs_cover_what_each_of_them_does() -> None:
    rows = some(80)

    np.testing.assert_array_equal(drawn(rows), np.max([drawn(row[None]) for row in rows], axis=0))
    assert 0.1 < drawn(rows).mean() < 0.9


@pytest.mark.parametrize("together", [64, 1000])
def test_small_and_large_limbs_are_drawn_alike(monkeypatch: pytest.MonkeyPatch, together: int) -> None:
    """Whether their pixels are worked out in one row, in several, or limb by limb."""
    rows, expected = some(80), drawn(some(80))
    monkeypatch.setattr(limbs, "_TOGETHER", together)
    np.testing.assert_array_equal(drawn(rows), expected)

    monkeypatch.setattr(limbs, "_SMALL", 0)
    np.testing.assert_array_equal(drawn(rows), expected)


@pytest.mark.parametrize("half", [0.001, 0.004, 0.05])
def test_a_limb_covers_its_area(half: float) -> None:
    """A line finer than a pixel is fainter, not gone."""
    level = np.array([[-0.4, 0.003, half, 0.4, 0.003, half]], np.float32)
    area = 0.8 * 2 * half + np.pi * half**2

    assert drawn(level).sum() / CANVAS.short**2 == pytest.approx(area, rel=0.1)
