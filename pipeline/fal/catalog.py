"""What a clip is reckoned to cost. Pure arithmetic; no protocol, no I/O.

Prices are read from the endpoint's facts. One listed as $0 is not free but unknown, and an unknown price is
assumed: the assumptions err on the dear side, since they guard a budget.
"""

from collections.abc import Mapping
from decimal import ROUND_UP, Decimal

from pipeline.fal import reckoning
from pipeline.fal.facts import endpoint_facts
from pipeline.fal.inputs import effective
from pipeline.fal.pricing import Price, Unit, billed_megapixels, units
from pipeline.model import Parameters

ASSUMED_DOLLARS: Mapping[Unit, Decimal] = {
    # fal's list price of an H200, $4.50/h (fal.ai/pricing, September 2026): more GPU than SD 1.5 needs.
    Unit.COMPUTE_SECOND: Decimal("0.00125"),
    # The dearest of their kind on file: ltx-2.3 in 2160p, minimax/video-01, flux-2-pro's first megapixel.
    Unit.SECOND: Decimal("0.16"),
    Unit.VIDEO: Decimal("0.50"),
    Unit.IMAGE: Decimal("0.03"),
    Unit.MEGAPIXEL: Decimal("0.03"),
}
"""What stands in for the price of a unit that fal publishes none for."""

ASSUMED_START_SECONDS = Decimal(5)
"""Compute seconds of a clip apart from denoising: text encoding, VAE, mp4, upload. Not measured at fal."""

ASSUMED_SECONDS_PER_FRAME_STEP = Decimal("0.025")
"""Compute seconds for one frame of 512 by 512 through one step, guidance included. Not measured at fal."""

ASSUMED_FRAMES, ASSUMED_STEPS = Decimal(25), Decimal(25)
"""Of a clip whose input does not tell them: those of fast-svd, and the most that AnimateDiff takes by itself."""

ASSUMED_VIDEO_SECONDS = Decimal(10)
"""The length of a video whose input does not tell it: the longest that most endpoints offer."""

ASSUMED_SIDES = (1024, 1024)
"""Pixels of an image or a clip whose input does not tell its size."""

SMALLEST_AMOUNT = Decimal("0.000001")
"""Amounts are rounded up to a millionth of a dollar."""

_NOTHING_KNOWN = Price(dollars=None, unit=Unit.VIDEO, date="unknown", source="no facts on file")
"""Of an endpoint without facts. Its unit may be anything; one unit is taken for one clip."""


def price_of(endpoint: str) -> Price:
    """The price on file."""
    facts = endpoint_facts(endpoint)
    return (facts.price if facts else None) or _NOTHING_KNOWN


def estimate(endpoint: str, parameters: Parameters, *, ceiling: Decimal) -> Decimal:
    """What one clip will probably cost, in US dollars, for the parameters as they would be sent.

    Where no price is published it is the most that anybody should expect: `ceiling`, or what the assumptions come
    to where that is more.
    """
    given = effective(endpoint_facts(endpoint), parameters)
    probable = price(endpoint, probable_units(price_of(endpoint), given))
    return probable if is_known(endpoint) else max(probable, ceiling)


def is_known(endpoint: str) -> bool:
    """Whether a price is published for the endpoint; a listed $0 is none."""
    return price_of(endpoint).dollars is not None


def price(endpoint: str, units: Decimal) -> Decimal:
    """What that many billable units of the endpoint cost, in US dollars."""
    return (units * dollars_per_unit(price_of(endpoint))).quantize(SMALLEST_AMOUNT, rounding=ROUND_UP)


def dollars_per_unit(price: Price) -> Decimal:
    """The price to reckon with."""
    return ASSUMED_DOLLARS[price.unit] if price.dollars is None else price.dollars


def probable_units(price: Price, given: Mapping[str, object]) -> Decimal:
    """The units that an input with its defaults will probably be billed."""
    images, sides = reckoning.images(given), reckoning.size(given) or ASSUMED_SIDES
    return units(
        price,
        given,
        video_seconds=reckoning.rendered_seconds(given) or ASSUMED_VIDEO_SECONDS,
        compute_seconds=compute_seconds(given),
        megapixels=billed_megapixels(*sides, images),
        images=images,
    )


def compute_seconds(given: Mapping[str, object]) -> Decimal:
    """How many seconds of GPU time a clip of that input will probably take."""
    width, height = reckoning.size(given) or ASSUMED_SIDES
    frames, steps = reckoning.frames(given) or ASSUMED_FRAMES, reckoning.steps(given) or ASSUMED_STEPS
    area = Decimal(width * height) / (512 * 512)
    return ASSUMED_START_SECONDS + ASSUMED_SECONDS_PER_FRAME_STEP * frames * steps * area
