"""That requests are billed as fal's pages say, and that an input tells what it asks for."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.fal import reckoning
from pipeline.fal.facts import EndpointFacts, endpoint_facts
from pipeline.fal.inputs import effective
from pipeline.fal.messages import JsonObject
from pipeline.fal.pricing import Price, Unit, billed_megapixels, units
from pipeline.model import Parameters

WAN = "fal-ai/wan-t2v"
LTXV = "fal-ai/ltxv-13b-098-distilled"
WAN_22 = "fal-ai/wan/v2.2-a14b/text-to-video"
KLING = "fal-ai/kling-video/v2.6/pro/text-to-video"
SCHNELL = "fal-ai/flux/schnell"
FLUX_2 = "fal-ai/flux-2-pro"


def facts_of(endpoint: str) -> EndpointFacts:
    facts = endpoint_facts(endpoint)
    assert facts is not None
    return facts


def cost(endpoint: str, asks: JsonObject, *, megapixels: Decimal = Decimal(0)) -> Decimal:
    """Dollars of one request at the published price."""
    facts = facts_of(endpoint)
    assert facts.price is not None
    assert facts.price.dollars is not None
    full = effective(facts, Parameters(own=asks or None))
    seconds = reckoning.rendered_seconds(full) or Decimal(0)
    return units(facts.price, full, video_seconds=seconds, megapixels=megapixels) * facts.price.dollars


@pytest.mark.parametrize(
    ("endpoint", "asks", "dollars"),
    [
        (WAN, {}, "0.40"),
        (WAN, {"resolution": "480p"}, "0.20"),
        (WAN, {"num_frames": 82}, "0.50"),
        (WAN, {"resolution": "480p", "num_frames": 100}, "0.25"),
        ("fal-ai/wan/v2.2-a14b/text-to-video/turbo", {}, "0.10"),
        ("fal-ai/wan/v2.2-a14b/text-to-video/turbo", {"resolution": "580p"}, "0.075"),
        ("fal-ai/wan/v2.2-a14b/text-to-video/turbo", {"resolution": "480p"}, "0.05"),
        (KLING, {}, "0.70"),
        (KLING, {"generate_audio": False}, "0.35"),
        (KLING, {"duration": "10"}, "1.40"),
        ("fal-ai/ltx-2.3/text-to-video/fast", {}, "0.24"),
        ("fal-ai/ltx-2.3/text-to-video/fast", {"resolution": "2160p", "duration": 10}, "1.60"),
        (LTXV, {"num_frames": 240}, "0.20"),
        (LTXV, {"num_frames": 240, "frame_rate": 60}, "0.20"),  # billed at 24 frames per second all the same
        (LTXV, {"num_frames": 240, "enable_detail_pass": True}, "0.40"),
        ("fal-ai/minimax/hailuo-02/pro/text-to-video", {}, "0.48"),
        (WAN_22, {"num_frames": 80}, "0.40"),
        (WAN_22, {"num_frames": 80, "resolution": "580p"}, "0.30"),
        (WAN_22, {"num_frames": 80, "resolution": "480p", "num_interpolated_frames": 4}, "0.20"),
        ("fal-ai/wan/v2.2-5b/text-to-video/fast-wan", {"num_frames": 48, "num_interpolated_frames": 4}, "0.025"),
        ("fal-ai/ltx-video", {}, "0.02"),
    ],
)
def test_videos_are_billed_as_their_pages_say(endpoint: str, asks: JsonObject, dollars: str) -> None:
    """The examples on fal's pages, and those of our own making that follow from them."""
    assert cost(endpoint, asks) == Decimal(dollars)


@pytest.mark.parametrize(
    ("endpoint", "size", "images", "dollars"),
    [
        (FLUX_2, (512, 512), 1, "0.03"),
        (FLUX_2, (1024, 1024), 1, "0.03"),
        (FLUX_2, (1920, 1080), 1, "0.045"),
        (SCHNELL, (1024, 768), 1, "0.003"),
        (SCHNELL, (1024, 1025), 1, "0.006"),
        (SCHNELL, (512, 512), 4, "0.012"),
    ],
)
def test_images_are_billed_by_whole_megapixels(
    endpoint: str, size: tuple[int, int], images: int, dollars: str
) -> None:
    """The first three are the examples on the page of FLUX.2 [pro]."""
    assert cost(endpoint, {}, megapixels=billed_megapixels(*size, images)) == Decimal(dollars)


@given(width=st.integers(1, 14142), height=st.integers(1, 14142), images=st.integers(1, 8))
def test_megapixels_are_rounded_up(width: int, height: int, images: int) -> None:
    """Never less than the area, less than one more for each image, and always whole."""
    area = Decimal(width * height * images) / (1024 * 1024)
    billed = billed_megapixels(width, height, images)

    assert area <= billed < area + images
    assert billed == int(billed)


@given(amount=st.decimals("0.01", 10_000, places=2), unit=st.sampled_from(Unit))
def test_only_the_billed_amount_counts(amount: Decimal, unit: Unit) -> None:
    """Of all that came out, the price's own unit is counted and nothing else."""
    price = Price(dollars=Decimal(1), unit=unit, date="2026-09", source="a test")
    counted = {
        Unit.SECOND: amount,
        Unit.COMPUTE_SECOND: amount * 2,
        Unit.MEGAPIXEL: amount * 3,
        Unit.IMAGE: Decimal(4),
        Unit.VIDEO: Decimal(1),
    }
    billed = units(price, {}, video_seconds=amount, compute_seconds=amount * 2, megapixels=amount * 3, images=4)

    assert billed == counted[unit]


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({"duration": "5"}, "5"),
        ({"duration": 6, "fps": 25}, "6"),
        ({"num_frames": 16, "fps": 8}, "2"),
        ({"num_frames": 81, "frames_per_second": 16}, "5.0625"),
        ({"num_frames": 120, "frame_rate": 24}, "5"),
        ({"duration": True, "num_frames": 120, "frame_rate": 24}, "5"),  # no number to JSON
    ],
)
def test_length_is_read_from_the_input(given: JsonObject, seconds: str) -> None:
    """A duration, or frames at their rate, under any of fal's names."""
    assert reckoning.rendered_seconds(given) == Decimal(seconds)


@pytest.mark.parametrize("given", [{}, {"num_frames": 16}, {"num_frames": 16, "fps": 0}, {"duration": "auto"}])
def test_length_may_be_unsaid(given: JsonObject) -> None:
    """An input that does not tell is no error."""
    assert reckoning.rendered_seconds(given) is None


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({"video_size": "landscape_16_9"}, (1024, 576)),
        ({"image_size": {"width": 640, "height": 480}}, (640, 480)),
        ({"image_size": {"width": 640}}, (640, 512)),
        ({"image_size": "auto"}, None),
        ({"resolution": "720p"}, (1280, 720)),
        ({"resolution": "720p", "aspect_ratio": "9:16"}, (720, 1280)),
        ({"num_frames": 81}, None),
    ],
)
def test_size_is_read_from_the_input(given: JsonObject, size: tuple[int, int] | None) -> None:
    """fal's names for sizes are known, sides are pixels, and a missing side is fal's default."""
    assert reckoning.size(given) == size
