"""The `Sweep` port on Postgres: finds what is overdue by comparing rows with the clock.

The engine's jobs are hints, and may all be lost: they are looked at only so as not to hint what is hinted already.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from pipeline.model import SubmittedRender
from storage.database import Database, Transaction
from storage.queries import load

_SQL = load("sweep")


class PostgresSweep:
    """What `reconcile` looks for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def adopt_missed(self) -> int:
        """See `pipeline.stores.Sweep`."""
        async with self._database.transaction() as tx:
            row = await tx.one(_SQL["adopt_missed"], {})
        return row["adopted"] if row else 0

    async def hint_overdue(self, *, now: datetime) -> Mapping[str, int]:
        """See `pipeline.stores.Sweep`."""
        async with self._database.transaction() as tx:
            takes = await tx.all(_SQL["hint_takes"], {"now": now})
            return {
                "plan": await _hint_if_any(tx, "unplanned", "plan", now),
                "admit": await _hint_if_any(tx, "waiting", "admit", now),
                "fetch": 0,
                "finish": 0,
                **{row["step"]: row["found"] for row in takes},
            }

    async def lose_answers(self, *, now: datetime, due_at: datetime) -> int:
        """See `pipeline.stores.Sweep`."""
        async with self._database.transaction() as tx:
            return await tx.run(_SQL["lose_answers"], {"now": now, "due_at": due_at})

    async def silent(self, *, now: datetime, limit: int) -> list[UUID]:
        """See `pipeline.stores.Sweep`."""
        async with self._database.transaction() as tx:
            rows = await tx.all(_SQL["silent"], {"now": now, "limit": limit})
        return [row["id"] for row in rows]

    async def claim_overdue(self, *, now: datetime, due_at: datetime, limit: int) -> list[SubmittedRender]:
        """See `pipeline.stores.Sweep`."""
        async with self._database.transaction() as tx:
            rows = await tx.all(_SQL["claim_overdue"], {"now": now, "due_at": due_at, "limit": limit})
        return [SubmittedRender(**row) for row in rows]

    async def asked(self, render_id: UUID) -> None:
        """See `pipeline.stores.Sweep`."""
        async with self._database.transaction() as tx:
            await tx.run(_SQL["asked"], {"id": render_id})

    async def unsettled(self, *, before: datetime, limit: int) -> list[SubmittedRender]:
        """See `pipeline.stores.Sweep`."""
        async with self._database.transaction() as tx:
            rows = await tx.all(_SQL["unsettled"], {"before": before, "limit": limit})
        return [SubmittedRender(**row) for row in rows]

    async def settle_old(self, *, now: datetime, before: datetime) -> int:
        """See `pipeline.stores.Sweep`."""
        async with self._database.transaction() as tx:
            return await tx.run(_SQL["settle_old"], {"now": now, "before": before})


async def _hint_if_any(tx: Transaction, statement: str, step: str, now: datetime) -> int:
    row = await tx.one(_SQL[statement], {"now": now})
    found = int(row["found"]) if row else 0
    if found:
        await tx.run(_SQL["hint"], {"step": step})
    return found
