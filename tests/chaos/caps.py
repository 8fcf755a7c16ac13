"""Caps on money, and whether a reservation ever passed one. Pure.

The ledger is added up anew, line by line: the sums that the database keeps are what is on trial.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from tests.chaos.events import Event


@dataclass(frozen=True)
class Cap:
    """`name`: total, day or story. It held from `since` until before `until`, in Unix seconds."""

    name: str
    dollars: Decimal
    since: float
    until: float = math.inf


@dataclass(frozen=True)
class Line:
    """One of the ledger, in its order. `asked_at` is when its writer began, `at` when it was written: later, for
    admissions wait for each other. Both in Unix seconds.
    """

    render: UUID
    endpoint: str
    kind: str
    amount: Decimal
    video: UUID | None
    asked_at: float
    at: float


def caps_of(events: Sequence[Event]) -> Sequence[Cap]:
    """The caps that were set in a run: each once, and some lifted."""
    lifted = {event.who: event.at for event in events if event.what == "lift"}
    return [
        Cap(event.who, Decimal(str(event.amount)), event.at, lifted.get(event.who, math.inf))
        for event in events
        if event.what == "cap"
    ]


def passed(lines: Sequence[Line], caps: Sequence[Cap]) -> Iterator[str]:
    """A sentence for each reservation that passed a cap when it was made. A run is shorter than a day."""
    book = _Book()
    for line in lines:
        book.add(line)
        if line.kind != "reserved":
            continue
        for cap in caps:
            promised_now = book.by_story[line.video] if cap.name == "story" else book.everything
            if cap.since <= line.asked_at and line.at < cap.until and promised_now > cap.dollars:
                yield f"render {line.render} was reserved with ${promised_now} of ${cap.dollars} ({cap.name})"


def promised(lines: Sequence[Line]) -> Mapping[UUID | None, Decimal]:
    """What is reserved and spent in the end, by story."""
    book = _Book()
    for line in lines:
        book.add(line)
    return book.by_story


class _Book:
    """What is reserved and spent, together, at any line."""

    def __init__(self) -> None:
        self.everything = Decimal(0)
        self.by_story: defaultdict[UUID | None, Decimal] = defaultdict(Decimal)
        self._open: dict[tuple[UUID, str], Decimal] = {}

    def add(self, line: Line) -> None:
        """Book it: a settled or released render promises nothing more."""
        key = (line.render, line.endpoint)
        over = self._open.pop(key, Decimal(0))
        if line.kind == "reserved":
            self._open[key] = line.amount
        change = (line.amount if line.kind in {"reserved", "settled"} else Decimal(0)) - over
        self.everything += change
        self.by_story[line.video] += change
