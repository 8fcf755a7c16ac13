"""A clip that drips is given up: whoever waits for it keeps another from being fetched."""

import pytest

from pipeline.download import MIN_RATE, _check_rate
from pipeline.errors import GeneratorUnavailable


@pytest.mark.parametrize(("size", "seconds"), [(0, 9.9), (MIN_RATE * 11, 11.0), (2**26, 99.0)])
def test_a_clip_may_begin_slowly_and_must_then_come(size: int, seconds: float) -> None:
    """Ten seconds are anybody's; after them the average counts."""
    _check_rate(size, seconds)


@pytest.mark.parametrize(("size", "seconds"), [(11, 11.0), (MIN_RATE * 50 - 1, 50.0)])
def test_one_that_drips_is_tried_again_another_time(size: int, seconds: float) -> None:
    """It is not given up for good: it is paid for."""
    with pytest.raises(GeneratorUnavailable) as error:
        _check_rate(size, seconds)

    assert not error.value.permanent
