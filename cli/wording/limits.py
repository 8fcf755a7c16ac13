"""The limits by name: how what is given for them is read, and how they are shown. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches

import click

from cli.wording.amounts import money
from storage.limits import AllLimits, Paused, ProviderLimits

NONE = "none"
"""What lifts a limit."""

_MOST_USD = Decimal(999_999)  # the columns hold six digits before the point, and six after it
_MOST = 100_000  # renders, stories, bills
_LONGEST = 40  # characters of a bad value that are repeated

Value = Decimal | int | None


@dataclass(frozen=True)
class Limit:
    """One limit: its column, how its value is read, whether it may be lifted, and what it does."""

    column: str
    read: Callable[[str, str], Value]
    may_be_none: bool
    does: str


def amount(name: str, text: str) -> Decimal:
    """US dollars. Raises `click.UsageError`."""
    try:
        usd = Decimal(text)
    except InvalidOperation:
        usd = Decimal(-1)
    if not (usd.is_finite() and 0 <= usd <= _MOST_USD and usd == round(usd, 6)):
        raise _bad(name, text, f"an amount in US dollars from 0 to {_MOST_USD}, like 20 or 0.50")
    return round(usd, 6)


def _count(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= _MOST):
        raise _bad(name, text, f"a whole number from 1 to {_MOST}")
    return int(text)


def _factor(name: str, text: str) -> Decimal:
    try:
        factor = Decimal(text)
    except InvalidOperation:
        factor = Decimal(0)
    if not (factor.is_finite() and 1 <= factor <= 1000 and factor == round(factor, 3)):
        raise _bad(name, text, "a number from 1 to 1000, like 3 or 1.5")
    return factor


def _bad(name: str, text: str, would_do: str) -> click.UsageError:
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    lifted = ", or none" if name in ALL and ALL[name].may_be_none else ""
    return click.UsageError(f"{name} is {shown!r}; it must be {would_do}{lifted}")


OF_DEPLOYMENT: Mapping[str, Limit] = {
    "day": Limit("day_usd", amount, True, "for all stories in a day; what would pass it waits for the next"),
    "owner-day": Limit("owner_day_usd", amount, True, "for one owner's stories in a day; likewise"),
    "story": Limit("story_usd", amount, True, "for one story; what would pass it is not made"),
    "total": Limit("total_usd", amount, True, "for everything, ever; likewise"),
    "owner-stories-per-hour": Limit(
        "owner_stories_per_hour", _count, True, "stories; more wait, and generate-video answers 429"
    ),
    "overrun": Limit("overrun_factor", _factor, True, "times what was expected: bills above it pause everything"),
    "overrun-bills": Limit("overrun_bills", _count, False, "last bills that are added up for that"),
}
OF_PROVIDER: Mapping[str, Limit] = {
    "slots": Limit("slots", _count, False, "renders at a time; a tenth under your account's own limit"),
    "owner-slots": Limit("owner_slots", _count, True, "renders of one owner at a time"),
    "per-minute": Limit("per_minute", _count, True, "renders begun in a minute"),
}
ALL: Mapping[str, Limit] = {**OF_DEPLOYMENT, **OF_PROVIDER}


def parse(given: Iterable[str]) -> dict[str, Value]:
    """`day=20`, `story=none` as values by name. Raises `click.UsageError`, which says what would do."""
    found: dict[str, Value] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise click.UsageError(f"{text[:_LONGEST]!r} is not NAME=VALUE, like day=20")
        if name not in ALL:
            similar = get_close_matches(name, ALL)
            hint = f"did you mean {' or '.join(similar)}? " if similar else ""
            raise click.UsageError(f"there is no limit {name[:_LONGEST]!r}; {hint}limits: {', '.join(ALL)}")
        if name in found:
            raise click.UsageError(f"{name} is given twice")
        limit = ALL[name]
        lifted = limit.may_be_none and value.lower() == NONE
        found[name] = None if lifted else limit.read(name, value)
    return found


def columns(given: Mapping[str, Value], names: Mapping[str, Limit]) -> dict[str, Value]:
    """Those of the given limits that are among `names`, by column."""
    return {names[name].column: value for name, value in given.items() if name in names}


def limits_lines(found: AllLimits) -> list[str]:
    """All limits with what each does."""
    lines = ["What may be spent, in US dollars (days are those of UTC):"]
    lines += [
        _line(name, getattr(found.limits, limit.column), limit)
        for name, limit in OF_DEPLOYMENT.items()
        if limit.read is amount
    ]
    lines += ["What stops a burst, or a price that is not as expected:"]
    lines += [
        _line(name, getattr(found.limits, limit.column), limit)
        for name, limit in OF_DEPLOYMENT.items()
        if limit.read is not amount
    ]
    for provider in found.providers:
        lines += [f"What may go on at {provider.name}:", *_provider_lines(provider)]
    return [*lines, "To set some: storyreel limits set day=20 slots=9; `none` lifts one."]


def _provider_lines(provider: ProviderLimits) -> list[str]:
    return [_line(name, getattr(provider, limit.column), limit) for name, limit in OF_PROVIDER.items()]


def _line(name: str, value: Value, limit: Limit) -> str:
    if value is None:
        shown = NONE
    elif limit.read is amount:
        shown = money(Decimal(value))
    else:
        shown = f"{Decimal(value).normalize():f}"
    return f"  {name:22} {shown:>10}   {limit.does}"


def limits_json(found: AllLimits) -> dict[str, object]:
    """The object that `--json` prints: values by name, null where there is no limit; amounts in US dollars."""
    return {
        **{name: _plain(getattr(found.limits, limit.column)) for name, limit in OF_DEPLOYMENT.items()},
        "providers": {
            provider.name: {name: _plain(getattr(provider, limit.column)) for name, limit in OF_PROVIDER.items()}
            for provider in found.providers
        },
    }


def _plain(value: Value) -> float | int | None:
    return float(value) if isinstance(value, Decimal) else value


def resumed_lines(paused: Sequence[Paused]) -> list[str]:
    """What goes on again."""
    if not paused:
        return ["Nothing was paused."]
    return [f"{found.name} goes on. It was paused because {found.message}" for found in paused]
