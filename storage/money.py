"""The ledger as people read it, on Postgres: what was spent, what is reserved, and what only a person can settle.

Every method is one transaction. Amounts are US dollars.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from pipeline.errors import BadRequest
from storage.database import Database, Row
from storage.queries import load

_SQL = load("money")
_RENDERS = load("renders")  # a person's figure is written down as any other is

_NOT_LOST: Mapping[str, str] = {
    "waiting": "it waits for its turn, and was sent to nobody",
    "admitted": "it is just being sent",
    "unknown": "whether the provider has it is not known yet, and its webhook is waited for",
    "submitted": "the provider has it, and what it costs is asked for once it ends",
    "delivered": "it was delivered, and what it cost is asked for",
    "failed": "it failed, and was not billed",
}
"""Why a render is not for a person to settle, by its status."""


class CannotSettle(BadRequest):
    """The render is not one whose answer was lost; the message says how it stands."""

    code = "cannot_settle"


@dataclass(frozen=True)
class Spending:
    """What renders cost that have the `key` in common. `estimated` and `overrun` are of what was billed.

    `untold` is that part of `billed` for which the provider told no units: estimates, or what a person settled.
    `reserved` is what may yet be billed. `emulated`: no money flowed.
    """

    key: str | None
    emulated: bool
    renders: int
    estimated: Decimal
    billed: Decimal
    overrun: Decimal
    untold: Decimal
    reserved: Decimal


@dataclass(frozen=True)
class Costs:
    """Spending since some time, `by` day, model, owner, endpoint, and in `total`; the latest or largest first.

    `all_reserved` and `all_spent` are of all time, as the caps see them.
    """

    by: Mapping[str, Sequence[Spending]]
    all_reserved: Decimal
    all_spent: Decimal


@dataclass(frozen=True)
class Unanswered:
    """A render whose answer was lost: what it reserved stays so until a person says what it cost."""

    id: UUID
    provider: str
    endpoint: str
    reserved: Decimal
    since: datetime


@dataclass(frozen=True)
class ManyUnanswered:
    """The oldest of them, and how many there are."""

    count: int
    oldest: Sequence[Unanswered]


class PostgresMoney:
    """What was spent, what is reserved, and what only a person can settle."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def costs(self, *, since: datetime) -> Costs:
        """What was billed or reserved since then."""
        async with self._database.transaction() as tx:
            rows = await tx.all(_SQL["costs"], {"since": since})
            everything = await tx.one(_SQL["in_all"], {})
        assert everything is not None, "a function's result has one row"
        by: dict[str, list[Spending]] = {"day": [], "model": [], "owner": [], "endpoint": [], "total": []}
        for row in rows:
            by[row.pop("by")].append(Spending(**row))
        return Costs(by, everything["reserved"], everything["spent"])

    async def waiting_for_a_person(self, *, limit: int) -> ManyUnanswered:
        """Renders that nobody will hear of any more, and whose money is reserved."""
        async with self._database.transaction() as tx:
            rows = await tx.all(_SQL["waiting_for_a_person"], {"limit": limit})
        count = rows[0]["of"] if rows else 0
        return ManyUnanswered(count, [_unanswered(row) for row in rows])

    async def settle_by_hand(self, render_id: UUID, usd: Decimal, *, now: datetime) -> Decimal | None:
        """Write down what a person says that the render cost; returns what had been reserved for it.

        Raises `CannotSettle` for a render whose answer was not lost, or whose cost is known.
        """
        arguments = {"id": render_id, "units": None, "cost": usd, "now": now}
        async with self._database.transaction() as tx:
            await tx.run(_RENDERS["lock_take"], arguments)
            row = await tx.one(_SQL["to_settle"], arguments)
            _require_lost(render_id, row)
            assert row is not None, "otherwise it was refused"
            await tx.run(_RENDERS["settle"], arguments)
            await tx.run(_RENDERS["record_cost"], arguments)
        reserved: Decimal | None = row["reserved"]
        return reserved


def _require_lost(render_id: UUID, row: Row | None) -> None:
    if row is None:
        raise CannotSettle(f"there is no render {render_id}; `storyreel costs` lists those that can be settled")
    if row["settled_at"] is not None:
        raise CannotSettle(
            f"render {render_id} is settled already, at ${row['cost_usd']:.4f} on {row['settled_at']:%Y-%m-%d}"
        )
    if row["status"] in _NOT_LOST:
        raise CannotSettle(f"render {render_id} is not to be settled by hand: {_NOT_LOST[row['status']]}")
    if row["released"] or row["reserved"] is None:
        raise CannotSettle(f"render {render_id} was given up before it was sent: nothing is reserved for it")


def _unanswered(row: Row) -> Unanswered:
    return Unanswered(row["id"], row["provider"], row["endpoint"], row["reserved"], row["since"])
