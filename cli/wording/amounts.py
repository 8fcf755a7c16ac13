"""Amounts, counts and times as they are shown. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from cli.wording.printable import printable

_UNITS = ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute"))


def money(usd: Decimal) -> str:
    """`$1,234.50`: cents, and as many of the digits below them as there are."""
    cents = usd.quantize(Decimal("0.01"))
    return f"${cents:,}" if cents == usd else f"${usd.normalize():,f}"


def moment(at: datetime) -> str:
    """`2026-11-21 17:30 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def span(length: timedelta) -> str:
    """`40 seconds`, `3 hours`: in the largest unit that it has one of, rounded down."""
    for unit, word in _UNITS:
        if length >= unit:
            return _many(length // unit, word)
    return _many(max(int(length.total_seconds()), 0), "second")


def _many(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> list[str]:
    """Lines in columns: so many to the left, the others to the right; nothing is cut off or wrapped."""
    shown = [[printable(cell) for cell in row] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return ["  ".join(_aligned(row, widths, left)).rstrip() for row in shown]


def _aligned(row: Sequence[str], widths: Sequence[int], left: int) -> list[str]:
    return [
        cell.ljust(width) if place < left else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
