"""How many units fal bills for one request, and at what price. Pure arithmetic; knows no endpoint by name.

A price is read from an endpoint's file of facts (`pipeline.fal.facts`). fal bills by the output: a video, its
seconds, an image, its megapixels, or the seconds of GPU time where an endpoint has no price of its own.
Source: fal's page "Pricing" (docs.fal.ai) and the price line of each model's page.
"""

from collections.abc import Mapping
from decimal import ROUND_UP, Decimal
from enum import StrEnum
from math import prod

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

STRICT = ConfigDict(extra="forbid")
"""A word in a file of facts that nobody reads is a mistake."""

PIXELS_PER_MEGAPIXEL = 1024 * 1024
"""fal bills 1024 by 1024 as one megapixel and 1920 by 1080 as two (price lines of FLUX.2, 2026)."""


class Unit(StrEnum):
    """What one billable unit is; `SECOND` is one of finished video."""

    COMPUTE_SECOND = "compute_second"
    SECOND = "second"
    VIDEO = "video"
    IMAGE = "image"
    MEGAPIXEL = "megapixel"


@dataclass(frozen=True, config=STRICT)
class Above:
    """A condition on a number: it must be greater than this."""

    above: Decimal


@dataclass(frozen=True, config=STRICT)
class Factor:
    """Multiplies the units by `by` where the input has every value of `when`, defaults included."""

    when: Mapping[str, bool | int | str | Above]
    by: Decimal

    def applies(self, given: Mapping[str, object]) -> bool:
        """Whether an input that has its defaults meets every condition."""
        return all(_meets(given.get(name), wanted) for name, wanted in self.when.items())


@dataclass(frozen=True, config=STRICT)
class Price:
    """What one unit costs in US dollars, None where fal publishes nothing (a listed $0 is that, too).

    `plus` units are added to any request, after the factors. `date` is year and month of the `source`.
    `frame_rate`: fal counts a second for this many frames, whatever rate the video itself plays at.
    """

    dollars: Decimal | None
    unit: Unit
    date: str
    source: str
    times: tuple[Factor, ...] = ()
    plus: Decimal = Decimal(0)
    frame_rate: Decimal | None = None


def units(
    price: Price,
    given: Mapping[str, object],
    *,
    video_seconds: Decimal = Decimal(0),
    compute_seconds: Decimal = Decimal(0),
    megapixels: Decimal = Decimal(0),
    images: int = 1,
) -> Decimal:
    """The billable units of one request. `given` is its input with the defaults filled in.

    The keywords say what came out, or is to come out: of them only the one that the price's unit counts is
    read. `megapixels` are those billed, see `billed_megapixels`.
    """
    counted = {
        Unit.COMPUTE_SECOND: compute_seconds,
        Unit.SECOND: _billed_seconds(price, given, video_seconds),
        Unit.VIDEO: Decimal(1),
        Unit.IMAGE: Decimal(images),
        Unit.MEGAPIXEL: megapixels,
    }
    return counted[price.unit] * multiplier(price, given) + price.plus


def multiplier(price: Price, given: Mapping[str, object]) -> Decimal:
    """How many units one counted unit is billed as: all factors together that apply to an input with defaults."""
    return prod((factor.by for factor in price.times if factor.applies(given)), start=Decimal(1))


def billed_megapixels(width: int, height: int, images: int = 1) -> Decimal:
    """The megapixels of images of that size in pixels: each one's are rounded up to a whole number."""
    each = (Decimal(width * height) / PIXELS_PER_MEGAPIXEL).to_integral_value(rounding=ROUND_UP)
    return each * images


def _billed_seconds(price: Price, given: Mapping[str, object], video_seconds: Decimal) -> Decimal:
    """The seconds that are billed: those of the video, or its frames at the price's own rate."""
    frames = _number(given.get("num_frames"))
    return video_seconds if price.frame_rate is None or frames is None else frames / price.frame_rate


def _meets(value: object, wanted: bool | int | str | Above) -> bool:
    """Whether an input value is the wanted one. JSON's true is no 1 here, and "16" no 16."""
    if isinstance(wanted, Above):
        number = _number(value)
        return number is not None and number > wanted.above
    return type(value) is type(wanted) and value == wanted


def _number(value: object) -> Decimal | None:
    return Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None
