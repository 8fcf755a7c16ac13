"""Reading what options mean. Pure."""

import math

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
