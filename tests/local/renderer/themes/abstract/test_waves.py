"""Promises of the fields made of few waves: even in spread, closed in time, the same at every size."""

import numpy as np
import pytest

from local.renderer.canvas import Canvas
from local.renderer.themes.abstract.waves import Waves


def waves(seed: int = 3) -> Waves:
    return Waves.drawn(np.random.default_rng(seed), 9, rate=(0.5, 3.0), fall=1.2, swing=0.1)


def test_a_field_is_the_sum_of_its_waves() -> None:
    """The product of matrices gives what the plain sum of sines does."""
    canvas, drawn = Canvas(40, 30), waves()
    moved = drawn.start + drawn.swing * np.sin(2 * np.pi * (drawn.beat + 0.3))
    turns = drawn.rate[0] * canvas.x[..., None] + drawn.rate[1] * canvas.y[..., None] + moved

    assert np.allclose(
        drawn.at(canvas.x, canvas.y, 0.3), (drawn.reach * np.sin(2 * np.pi * turns)).sum(axis=2), atol=1e-4
    )


def test_a_loop_closes_and_lives_between() -> None:
    canvas, drawn = Canvas(64, 64), waves()
    first, half, last = (drawn.at(canvas.x, canvas.y, phase) for phase in (0.0, 0.5, 1.0))

    assert np.allclose(first, last, atol=1e-4)
    assert np.abs(first - half).mean() > 0.05


@pytest.mark.parametrize("seed", range(4))
def test_over_a_wide_plane_a_field_spreads_by_one(seed: int) -> None:
    canvas = Canvas(256, 256)
    field = waves(seed).at(canvas.x * 12, canvas.y * 12, 0.0)

    assert field.std() == pytest.approx(1, abs=0.1)
    assert field.mean() == pytest.approx(0, abs=0.1)
