"""Reads numbers out of inputs. Models write them in their own ways: 5, "5" and "5s" are all five seconds. Pure."""

import re

LARGEST = 1_000_000.0
"""Nothing a model makes has more pixels along a side, frames or seconds; what asks for more gets this."""

_NUMERAL = re.compile(r"\s*(\d{1,6}(?:\.\d{1,9})?)\s*s?\s*", re.ASCII | re.IGNORECASE)


def positive(value: object) -> float | None:
    """The number that a JSON value is or spells; None for what is no number and for one not above zero."""
    if isinstance(value, str):
        spelt = _NUMERAL.fullmatch(value)
        return positive(float(spelt[1])) if spelt else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        return None
    return float(min(value, LARGEST))
