"""What size an input asks for, and the nearest one that can be drawn. Pure.

fal's models ask in four ways, tried in this order: a named or explicit size, width and height, a resolution
such as 720p with or without an aspect ratio, an aspect ratio alone.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from local.fal.models.media import Medium
from local.fal.models.numerals import positive
from pipeline.fal.reckoning import SIZES


class Size(NamedTuple):
    """Pixels."""

    width: int
    height: int


USUAL: Mapping[Medium, Size] = {Medium.VIDEO: Size(1280, 720), Medium.IMAGE: Size(1024, 1024)}
"""The size of what asks for none, and for a part of a size what is left open."""

SMALLEST_SIDE = 64
LARGEST_SIDE = 1280
"""Pixels along a side that the renderer draws; even numbers only."""

_SIZE_FIELDS = ("video_size", "image_size", "size", "resolution")
_PAIR = re.compile(r"(\d{1,5})\s*[x*]\s*(\d{1,5})", re.ASCII | re.IGNORECASE)
_RATIO = re.compile(r"(\d{1,4}(?:\.\d{1,4})?):(\d{1,4}(?:\.\d{1,4})?)", re.ASCII)
_LINES = re.compile(r"(\d{1,5})p", re.ASCII | re.IGNORECASE)
_THOUSANDS = re.compile(r"(\d{1,2})k", re.ASCII | re.IGNORECASE)


def asked_size(given: Mapping[str, object], medium: Medium) -> Size:
    """The size that an input asks for, in pixels; the usual one of the medium where it is silent or says auto."""
    for name in _SIZE_FIELDS:
        size = _size(given.get(name))
        if size is not None:
            return size
    return _size(given) or _shaped(given, USUAL[medium])


def drawable(size: Size) -> Size:
    """The nearest size with even sides from 64 to 1280 pixels.

    Unlike at fal, what is larger comes out smaller, in its shape; only a side 20 times the other loses that.
    """
    scale = min(max(1.0, SMALLEST_SIDE / min(size)), LARGEST_SIDE / max(size))
    return Size(_drawable_side(size.width * scale), _drawable_side(size.height * scale))


def _drawable_side(pixels: float) -> int:
    return min(max(2 * round(pixels / 2), SMALLEST_SIDE), LARGEST_SIDE)


def _size(value: object) -> Size | None:
    if isinstance(value, Mapping):
        width, height = positive(value.get("width")), positive(value.get("height"))
        return _whole(width, height) if width and height else None
    if not isinstance(value, str):
        return None
    pair = _PAIR.fullmatch(value)
    if pair is not None:
        return _size({"width": pair[1], "height": pair[2]})
    return Size(*SIZES[value]) if value in SIZES else None


def _shaped(given: Mapping[str, object], usual: Size) -> Size:
    """The size of a resolution and an aspect ratio: the first says how long the shorter side is."""
    short = _short_side(given.get("resolution")) or min(usual)
    ratio = _ratio(given.get("aspect_ratio")) or usual.width / usual.height
    return _whole(short * ratio, short) if ratio >= 1 else _whole(short, short / ratio)


def _short_side(value: object) -> float | None:
    if not isinstance(value, str):
        return None
    if lines := _LINES.fullmatch(value):
        return positive(lines[1])
    thousands = _THOUSANDS.fullmatch(value)
    return 1024.0 * float(thousands[1]) if thousands else None


def _ratio(value: object) -> float | None:
    spelt = _RATIO.fullmatch(value) if isinstance(value, str) else None
    if spelt is None:
        return None
    across, down = positive(spelt[1]), positive(spelt[2])
    return across / down if across and down else None


def _whole(width: float, height: float) -> Size:
    return Size(max(1, round(width)), max(1, round(height)))
