"""What a clip is reckoned to cost."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.fal import catalog
from pipeline.fal.checks import check
from pipeline.fal.facts import all_endpoint_facts
from pipeline.fal.pricing import Price, Unit
from pipeline.model import Order, Parameters
from pipeline.models import find_model

TURBO = "fal-ai/fast-animatediff/turbo/text-to-video"
UNLISTED = "fal-ai/somebody/new"

parameters = st.builds(
    Parameters,
    frames=st.none() | st.integers(1, 2000),
    steps=st.none() | st.integers(1, 200),
    guidance=st.none() | st.floats(0, 100),
    motion_scale=st.none() | st.floats(0, 10),
    width=st.none() | st.integers(1, 20_000),
    height=st.none() | st.integers(1, 20_000),
    fps=st.none() | st.integers(1, 120),
    own=st.none()
    | st.dictionaries(st.sampled_from(["num_frames", "duration", "fps", "mood"]), st.integers(1, 2000)),
)


@given(asked=parameters, endpoint=st.sampled_from([*all_endpoint_facts(), UNLISTED]))
def test_nothing_is_free(asked: Parameters, endpoint: str) -> None:
    """Every clip is estimated to cost something, in whole millionths of a dollar, whatever is asked."""
    estimate = catalog.estimate(endpoint, asked, ceiling=Decimal(0))

    assert estimate > 0
    assert estimate % catalog.SMALLEST_AMOUNT == 0


def test_more_work_costs_more(order: Order) -> None:
    """The estimate grows with frames, but not past what the endpoint would render."""

    def estimate(frames: int) -> Decimal:
        return catalog.estimate(TURBO, replace(order.parameters, frames=frames), ceiling=Decimal(0))

    assert estimate(8) < estimate(16) < estimate(32) == estimate(320)


@pytest.mark.parametrize(
    ("model", "given", "dollars"),
    [
        ("wan", {}, "0.20"),
        ("wan", {"resolution": "720p"}, "0.40"),
        ("wan", {"resolution": "720p", "num_frames": 100}, "0.50"),
        ("wan-2.2-turbo", {}, "0.05"),
        ("ltx", {}, "0.02"),
        ("ltx-2.3", {"duration": 10}, "0.40"),
        ("hailuo", {"duration": "10"}, "0.45"),
        ("kling", {}, "0.35"),
        ("kling", {"duration": 10}, "0.70"),
        ("kling", {"duration": "10", "generate_audio": True}, "1.40"),
        ("fal-ai/kling-video/v2.6/pro/text-to-video", {}, "0.35"),
        ("hailuo-pro", {}, "0.48"),
        ("wan-2.2", {}, "0.2025"),
        ("wan-fast", {"num_frames": 48, "frames_per_second": None}, "0.025"),
        (
            "wan-fast",
            {"num_frames": 48, "num_interpolated_frames": 4, "adjust_fps_for_interpolation": False},
            "0.025",
        ),
        ("fal-ai/ltx-2.3/text-to-video/fast", {}, "0.24"),
    ],
)
def test_what_is_given_counts(model: str, given: dict[str, object], dollars: str) -> None:
    """Length, resolution and sound cost what the page says, however a length is spelt; defaults count, too."""
    found = find_model(model)

    assert catalog.estimate(found.ladder[0], check(found, given), ceiling=Decimal(0)) == Decimal(dollars)


def test_price_of_compute_seconds() -> None:
    """An unpublished price is the assumed one times the units, rounded up."""
    assert catalog.price(TURBO, Decimal("3.7")) == Decimal("0.004625")
    assert catalog.price(TURBO, Decimal("0.0001")) == Decimal("0.000001")
    assert catalog.price(UNLISTED, Decimal(1)) == catalog.ASSUMED_DOLLARS[Unit.VIDEO]


@pytest.mark.parametrize("unit", Unit)
@pytest.mark.parametrize("published", [None, Decimal("0.02")])
def test_published_price_wins(published: Decimal | None, unit: Unit) -> None:
    """The assumption stands in only where fal publishes nothing."""
    price = Price(dollars=published, unit=unit, date="2026-09", source="a test")

    assert catalog.dollars_per_unit(price) == (published or catalog.ASSUMED_DOLLARS[unit])


def test_an_assumed_price_is_on_the_dear_side() -> None:
    """It guards a budget: no endpoint on file publishes a dearer flat price for a whole video."""
    prices = [facts.price for facts in all_endpoint_facts().values() if facts.price]
    videos = [price.dollars for price in prices if price.unit is Unit.VIDEO and price.dollars]

    assert catalog.ASSUMED_DOLLARS[Unit.VIDEO] >= max(videos)
