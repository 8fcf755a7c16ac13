"""Promises of the bill: the units a request costs at fal, and not those of the smaller clip that was drawn."""

from decimal import Decimal
from typing import Any

import pytest

from local.fal.models.billing import billable_units
from local.fal.models.catalogue import Model
from local.fal.models.film import drawings_for
from tests.local.fal.models.samples import IMAGE_OUTPUT, VIDEO_OUTPUT, model


def bill(sample: Model, **given: Any) -> Decimal:
    drawings = drawings_for(sample, given, fallback_seed=7)
    return billable_units(sample, given, drawings, compute_seconds=2.5)


def test_computed_seconds_are_billed_in_milliseconds() -> None:
    """Of a float's digits, readers that expect an amount of money's take fewer."""
    sample = priced("compute_second")
    drawings = drawings_for(sample, {}, fallback_seed=7)

    assert billable_units(sample, {}, drawings, compute_seconds=2 / 3) == Decimal("0.667")


def priced(unit: str, *, output: dict[str, Any] = VIDEO_OUTPUT, **price: Any) -> Model:
    return model(
        output=output, price={"dollars": "0.10", "unit": unit, "date": "2026-09", "source": "a test", **price}
    )


@pytest.mark.parametrize(
    ("unit", "given_", "units"),
    [
        ("compute_second", {}, "2.5"),
        ("video", {"duration": 10}, "1"),
        ("second", {"duration": "6", "fps": 25}, "6"),
        ("second", {"num_frames": 48, "fps": 24}, "2"),
    ],
)
def test_a_clip_is_billed_in_its_models_unit(unit: str, given_: dict[str, Any], units: str) -> None:
    assert bill(priced(unit), **given_) == Decimal(units)


@pytest.mark.parametrize(
    ("unit", "given_", "units"),
    [
        ("image", {"num_images": 3}, "3"),
        ("megapixel", {"image_size": "landscape_4_3"}, "1"),
        ("megapixel", {"image_size": {"width": 2048, "height": 2048}, "num_images": 2}, "8"),
    ],
)
def test_images_are_billed_at_the_size_asked_for(unit: str, given_: dict[str, Any], units: str) -> None:
    """Though no side of more than 1280 pixels is drawn."""
    assert bill(priced(unit, output=IMAGE_OUTPUT), **given_) == Decimal(units)


def test_the_prices_own_conditions_count() -> None:
    """They see the input with its defaults."""
    sample = priced("video", times=[{"when": {"resolution": "480p"}, "by": "0.5"}])

    assert bill(sample, resolution="480p") == Decimal("0.5")
    assert bill(sample, resolution="720p") == 1


def test_a_model_without_a_price_counts_what_it_computed() -> None:
    assert bill(model()) == Decimal("2.5")
