"""What an input amounts to, before anything is rendered: seconds, pixels, images. Pure; reads fal's own words.

Endpoints call the same thing by different names; those of the endpoints with facts are known here. An input
must have its defaults filled in (`pipeline.fal.inputs.effective`).
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from pipeline.parameters import LARGEST

SIZES: Mapping[str, tuple[int, int]] = {
    "square_hd": (1024, 1024),
    "square": (512, 512),
    "portrait_4_3": (768, 1024),
    "portrait_16_9": (576, 1024),
    "landscape_4_3": (1024, 768),
    "landscape_16_9": (1024, 576),
}
"""Width and height in pixels of the sizes that fal has names for."""

SIDE = 512
"""Pixels of a side that a size does not give; the default of fal's ImageSize schema."""

_RATES = ("fps", "frames_per_second", "frame_rate")
_LINES = re.compile(r"([0-9]{2,5})p")
_RATIO = re.compile(r"([1-9][0-9]{0,2}):([1-9][0-9]{0,2})")
_DIGITS = re.compile(r"[0-9]{1,16}(?:\.[0-9]{1,16})?")


def rendered_seconds(given: Mapping[str, object]) -> Decimal | None:
    """The length that is billed: the `duration`, or the rendered frames at their rate. None where it is silent."""
    duration = number(given.get("duration"))
    if duration is not None:
        return duration
    rendered, per_second = number(given.get("num_frames")), _rendered_rate(given)
    return None if rendered is None or per_second is None else rendered / per_second


def played_seconds(given: Mapping[str, object]) -> Decimal | None:
    """How long the video plays, frames made up between the rendered ones included. None where it is silent."""
    duration = number(given.get("duration"))
    if duration is not None:
        return duration
    total, per_second = frames(given), rate(given)
    return None if total is None or per_second is None else total / per_second


def rate(given: Mapping[str, object]) -> Decimal | None:
    """Frames per second at which the video plays. None where the input is silent."""
    rendered = _rendered_rate(given)
    adjusted = given.get("adjust_fps_for_interpolation") is True
    return rendered * _per_rendered(given) if rendered is not None and adjusted else rendered


def frames(given: Mapping[str, object]) -> Decimal | None:
    """How many frames the video has, those made up between the rendered ones included. None where it is silent."""
    rendered, seconds, per_second = number(given.get("num_frames")), number(given.get("duration")), rate(given)
    if rendered is not None:
        return rendered * _per_rendered(given)
    return None if seconds is None or per_second is None else seconds * per_second


def steps(given: Mapping[str, object]) -> Decimal | None:
    """How often each frame is denoised. None where the input is silent."""
    return number(given.get("num_inference_steps")) or number(given.get("steps"))


def size(given: Mapping[str, object]) -> tuple[int, int] | None:
    """Width and height in pixels of `video_size`, `image_size` or `resolution`, None where none of them says."""
    match given.get("video_size", given.get("image_size")):
        case str(name):
            return SIZES.get(name)
        case Mapping() as sides:
            return int(number(sides.get("width")) or SIDE), int(number(sides.get("height")) or SIDE)
        case _:
            return _in_lines(given.get("resolution"), given.get("aspect_ratio"))


def aspect_ratio(given: Mapping[str, object]) -> Fraction | None:
    """Width by height, of a size or said as 16:9. None where the input is silent."""
    if sides := size(given):
        return Fraction(*sides)
    said = given.get("aspect_ratio")
    shape = _RATIO.fullmatch(said) if isinstance(said, str) else None
    return Fraction(int(shape[1]), int(shape[2])) if shape else None


def images(given: Mapping[str, object]) -> int:
    """How many images are wanted."""
    return int(number(given.get("num_images")) or 1)


def number(value: object) -> Decimal | None:
    """A number, also one in digits ("5"): a duration is text at one endpoint and a number at another.

    None for what is none or less than none. A text may hold a thousand digits; more than 16 count nothing.
    """
    if isinstance(value, str):
        return Decimal(value) if _DIGITS.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return Decimal(str(value)) if 0 <= value <= LARGEST else None


def _rendered_rate(given: Mapping[str, object]) -> Decimal | None:
    """Frames per second as asked for, before any are made up between them."""
    return next((found for name in _RATES if (found := number(given.get(name)))), None)


def _per_rendered(given: Mapping[str, object]) -> Decimal:
    """How many frames the video has for each one rendered."""
    if given.get("interpolator_model") == "none":
        return Decimal(1)
    return Decimal(1) + (number(given.get("num_interpolated_frames")) or 0)


def _in_lines(resolution: object, aspect_ratio: object) -> tuple[int, int] | None:
    """The size of 720p and the like: that many pixels on the shorter side, 16:9 unless it is said."""
    lines = _LINES.fullmatch(resolution) if isinstance(resolution, str) else None
    shape = _RATIO.fullmatch(aspect_ratio if isinstance(aspect_ratio, str) else "16:9")
    if lines is None or shape is None:
        return None
    short, width, height = int(lines[1]), int(shape[1]), int(shape[2])
    long = round(short * Fraction(max(width, height), min(width, height)))
    return (long, short) if width >= height else (short, long)
