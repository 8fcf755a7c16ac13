"""One look at a deployment, on Postgres: what goes on, what waits and why, what was mended. Changes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from storage.database import Database, Row, Transaction
from storage.queries import load

_SQL = load("overview")

NO_WORKER = "no worker seems to run: start `storyreel worker`, or see that run-jobs is called"
"""What to tell a person where nothing moves and `worker_runs` is false."""


@dataclass(frozen=True)
class ProviderSeen:
    """A provider: its limits, and how many renders are `in_flight`, `unanswered` those of which it said nothing.

    `waiting` counts renders by what they wait for: `turn`, or a word of `storyreel.renders.waits_for`. Paused
    until a time, or until a person resumes it; a time that has passed: one render tries whether it goes again.
    """

    name: str
    slots: int
    owner_slots: int | None
    per_minute: int | None
    in_flight: int
    unanswered: int
    waiting: Mapping[str, int]
    pause_code: str | None
    pause_message: str | None
    until_resumed: bool
    paused_until: datetime | None


@dataclass(frozen=True)
class Budget:
    """US dollars; None: no such cap. `passed` is the cap that leaves no room for a clip: `total`, `day`, None."""

    day_cap: Decimal | None
    total_cap: Decimal | None
    reserved: Decimal
    spent: Decimal
    spent_today: Decimal
    passed: str | None


@dataclass(frozen=True)
class VideosSeen:
    """How many videos' work stands so, and why."""

    work: str
    reason: str | None
    videos: int


@dataclass(frozen=True)
class Finding:
    """What reconcile found of one kind in a day of UTC."""

    day: date
    kind: str
    found: int
    last_at: datetime


@dataclass(frozen=True)
class Late:
    """The longest overdue: `plan`, `admit`, `fetch`, `finish`, or the status of a render; and since when."""

    what: str
    since: datetime


@dataclass(frozen=True)
class Overview:
    """A deployment at one moment. `workers` gave a sign of life lately; `looked_at`: when reconcile last began.

    `postponed` counts stories that no moderator could be asked about, by the code of the error.
    """

    providers: Sequence[ProviderSeen]
    budget: Budget
    videos: Sequence[VideosSeen]
    findings: Sequence[Finding]
    late: Late | None
    workers: int
    looked_at: datetime | None
    postponed: Mapping[str, int] = field(default_factory=dict)


class PostgresOverview:
    """One look at a deployment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def look(self, *, now: datetime, before: datetime) -> Overview:
        """How it is; `late` is what was due before that time and should have been moved."""
        async with self._database.transaction() as tx:
            budget = await _one(tx, "budget", now=now)
            workers = await _one(tx, "workers")
            late = await tx.one(_SQL["late"], {"before": before})
            return Overview(
                providers=await _providers(tx),
                budget=Budget(**budget),
                videos=[VideosSeen(**row) for row in await tx.all(_SQL["videos"], {})],
                findings=[Finding(**row) for row in await tx.all(_SQL["findings"], {"now": now})],
                late=Late(**late) if late else None,
                workers=workers["alive"],
                looked_at=workers["looked_at"],
                postponed={row["why"]: row["stories"] for row in await tx.all(_SQL["postponed"], {})},
            )


async def _providers(tx: Transaction) -> list[ProviderSeen]:
    waiting: dict[str, dict[str, int]] = {}
    for row in await tx.all(_SQL["waiting"], {}):
        waiting.setdefault(row["provider"], {})[row["reason"]] = row["renders"]
    rows = await tx.all(_SQL["providers"], {})
    return [ProviderSeen(waiting=waiting.get(row["name"], {}), **row) for row in rows]


async def _one(tx: Transaction, statement: str, **arguments: object) -> Row:
    row = await tx.one(_SQL[statement], arguments)
    assert row is not None, "its sources have one row each"
    return row
