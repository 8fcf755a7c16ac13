"""Reads JSON and numbers that strangers wrote, however long or deep. Pure: text in, values out.

Python's own readers take more than JSON has, and raise more than ValueError for what is too long or too deep.
"""

import json
import math
import re
from typing import Any, NoReturn

LONGEST = 10.0**10
"""Seconds, over 300 years: what nobody waits for. fal's clients ask for 100 years where they mean for ever."""

LARGEST = 10**15
"""What a larger whole number is taken for; all that are asked for here are lengths and counts."""

DEEPEST = 100
"""Lists and objects within each other; far below where Python's own functions give up."""

_NUMERAL = re.compile(r"[0-9]{1,15}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,4})?")


def whole_number(text: str) -> int | None:
    """The number that ASCII digits spell, at most `LARGEST`; None for anything else."""
    if not (text.isascii() and text.isdigit()):
        return None
    digits = text.lstrip("0")
    return LARGEST if len(digits) > len(str(LARGEST)) else min(int(digits or "0"), LARGEST)


def seconds(text: str) -> float | None:
    """The number that ASCII digits spell, with or without a fraction and an exponent, at most `LONGEST`."""
    return min(float(text), LONGEST) if _NUMERAL.fullmatch(text) else None


def read_json(data: bytes) -> Any:  # noqa: ANN401 - whatever JSON the caller sent
    """The value. Raises ValueError for what is no JSON (RFC 8259), what no float can hold, what is too deep."""
    try:
        value = json.loads(data, parse_constant=_refused, parse_float=_finite)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    if not _is_shallow(value):
        raise ValueError(_TOO_DEEP)
    return value


_TOO_DEEP = f"lists and objects lie more than {DEEPEST} deep within each other"


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"there is no {constant} in JSON")


def _finite(numeral: str) -> float:
    value = float(numeral)
    if math.isinf(value):
        raise ValueError(f"{numeral[:20]} is more than a float can hold")
    return value


def _is_shallow(value: Any) -> bool:  # noqa: ANN401 - any JSON
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return True
    return False


def _children(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
