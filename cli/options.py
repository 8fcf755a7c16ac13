"""Reading what options mean. Pure."""

import json
import math
from collections.abc import Iterable

import click

STATE_FOLDER = ".storyreel"


def seconds_range(text: str) -> tuple[float, float]:
    """`2` or `2-4` as a range of seconds. Raises `click.BadParameter`."""
    low, dash, high = text.partition("-")
    try:
        span = float(low), float(high if dash else low)
    except ValueError:
        span = (1.0, 0.0)
    if not 0 <= span[0] <= span[1] < math.inf:
        raise click.BadParameter(f"{text!r} is no number of seconds and no range of them, like 2 or 2-4")
    return span


def parameters(given: Iterable[str]) -> dict[str, object]:
    """`duration=5`, `resolution=720p` as an object; a value that is no JSON is text.

    Raises `click.BadParameter`.
    """
    found: dict[str, object] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{text!r} is not NAME=VALUE, like duration=5")
        if name in found:
            raise click.BadParameter(f"{name} is given twice")
        found[name] = _json_or_text(value)
    return found


def _json_or_text(value: str) -> object:
    try:
        return json.loads(value, parse_constant=str)  # NaN and Infinity are no JSON
    except (ValueError, RecursionError):
        return value
