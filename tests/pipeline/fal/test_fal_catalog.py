"""What is sent to each endpoint, and what it is reckoned to cost."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.fal import catalog
from pipeline.model import Order, Parameters

LIGHTNING = "fal-ai/fast-animatediff-lightning"
TURBO = "fal-ai/fast-animatediff/turbo/text-to-video"
UNLISTED = "fal-ai/somebody/new"

parameters = st.builds(
    Parameters,
    frames=st.integers(1, 2000),
    steps=st.integers(1, 200),
    guidance=st.floats(0, 100),
    motion_scale=st.floats(0, 10),
    width=st.integers(1, 20_000),
    height=st.integers(1, 20_000),
    fps=st.none() | st.integers(1, 120),
)


def test_lightning_gets_the_fields_it_knows(order: Order) -> None:
    """The lightning endpoint is sent exactly the eight fields it has been seen to take."""
    sent = catalog.arguments(replace(order, endpoint=LIGHTNING))

    assert sent == {
        "prompt": "a fox in the snow",
        "negative_prompt": "blurry",
        "seed": 42,
        "num_frames": 16,
        "num_inference_steps": 8,
        "guidance_scale": 2.0,
        "motion_scale": 1.3,
        "video_size": {"width": 512, "height": 512},
    }


def test_unknown_field_is_left_out(order: Order) -> None:
    """Turbo knows fps but no motion_scale."""
    sent = catalog.arguments(replace(order, parameters=replace(order.parameters, fps=12)))

    assert sent["fps"] == 12
    assert "motion_scale" not in sent


def test_default_is_left_to_the_endpoint(order: Order) -> None:
    """A parameter of None is not sent at all."""
    assert "fps" not in catalog.arguments(order)


def test_unlisted_endpoint_gets_the_common_fields(order: Order) -> None:
    """An endpoint that a user configured gets what all known ones share, as asked."""
    sent = catalog.arguments(
        replace(order, endpoint=UNLISTED, parameters=replace(order.parameters, frames=121, fps=24))
    )

    numbers = {"num_frames", "num_inference_steps", "guidance_scale", "video_size"}
    assert set(sent) == {"prompt", "negative_prompt", "seed"} | numbers
    assert sent["num_frames"] == 121


@given(asked=parameters)
def test_sent_values_are_in_range(asked: Parameters) -> None:
    """Whatever is asked, a known endpoint is sent whole numbers within its ranges."""
    fitted = catalog.ENDPOINTS[TURBO].fit(asked)

    assert 1 <= fitted.frames <= 32
    assert 1 <= fitted.steps <= 50
    assert 0 <= fitted.guidance <= 20
    assert fitted.fps is None or 1 <= fitted.fps <= 16
    assert max(fitted.width, fitted.height) <= 14142
    assert isinstance(fitted.frames, int)
    assert catalog.ENDPOINTS[TURBO].fit(fitted) == fitted


@given(asked=parameters, endpoint=st.sampled_from([*catalog.ENDPOINTS, UNLISTED]))
def test_nothing_is_free(asked: Parameters, endpoint: str) -> None:
    """Every clip is estimated to cost something, in whole millionths of a dollar."""
    estimate = catalog.estimate(endpoint, asked)

    assert estimate > 0
    assert estimate % catalog.SMALLEST_AMOUNT == 0


def test_more_work_costs_more(order: Order) -> None:
    """The estimate grows with frames, but not past what the endpoint would render."""

    def estimate(frames: int) -> Decimal:
        return catalog.estimate(TURBO, replace(order.parameters, frames=frames))

    assert estimate(8) < estimate(16) < estimate(32) == estimate(320)


def test_price_of_compute_seconds() -> None:
    """An unpublished price is the assumed one times the units, rounded up."""
    assert catalog.price(TURBO, Decimal("3.7")) == Decimal("0.004625")
    assert catalog.price(TURBO, Decimal("0.0001")) == Decimal("0.000001")
    assert catalog.price(UNLISTED, Decimal(1)) == catalog.ASSUMED_DOLLARS_PER_CLIP


@pytest.mark.parametrize(("published", "expected"), [(None, "0.4"), (Decimal("0.02"), "0.02")])
def test_published_price_wins(published: Decimal | None, expected: str) -> None:
    """The assumption stands in only where fal publishes nothing."""
    units: Callable[[Parameters], Decimal] = catalog.one
    endpoint = catalog.Endpoint({}, published=published, assumed=Decimal("0.4"), units=units)

    assert endpoint.dollars_per_unit == Decimal(expected)
