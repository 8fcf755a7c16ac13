"""The box that a clip is shown in: which shape of placeholder fits it, and how large its preview is. Pure."""

from enum import StrEnum
from fractions import Fraction
from math import sqrt

_UPRIGHT, _LYING = Fraction(5, 6), Fraction(6, 5)
_SLIMMEST, _WIDEST = Fraction(1, 3), Fraction(3)
_PREVIEW_PIXELS = 256 * 256
_STEP = 8  # AnimateDiff's latents are an eighth of the picture


class Shape(StrEnum):
    """What placeholders there are: 1:1, 16:9 and 9:16."""

    SQUARE = "square"
    WIDE = "wide"
    TALL = "tall"


def shape_of(ratio: Fraction | None) -> Shape:
    """The shape nearest to a clip of that width by height; None, where only its maker knows, is likely wide."""
    if ratio is None or ratio > _LYING:
        return Shape.WIDE
    return Shape.TALL if ratio < _UPRIGHT else Shape.SQUARE


def preview_sides(ratio: Fraction | None) -> tuple[int, int]:
    """Width and height of a preview of about 256 by 256 pixels that fills the same box, as near as sides allow."""
    bounded = float(min(max(ratio or Fraction(16, 9), _SLIMMEST), _WIDEST))
    return _stepped(sqrt(_PREVIEW_PIXELS * bounded)), _stepped(sqrt(_PREVIEW_PIXELS / bounded))


def _stepped(side: float) -> int:
    return round(side / _STEP) * _STEP
