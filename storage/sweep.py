"""The `Sweep` port on Postgres: finds what is overdue by comparing rows with the clock.

It never looks at the engine's jobs: those are hints, and may all be lost.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from pipeline.lifecycle import TakeStatus
from pipeline.model import SubmittedRender
from storage.database import Database, Transaction
from storage.queries import load

_SQL = load("sweep")
_STEP = {TakeStatus.FETCHING: "fetch", TakeStatus.FINISHING: "finish"}


class PostgresSweep:
    """What `reconcile` looks for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def adopt_missed(self) -> int:
        """See `pipeline.ports.Sweep`."""
        async with self._database.transaction() as tx:
            row = await tx.one(_SQL["adopt_missed"], {})
        return row["adopted"] if row else 0

    async def hint_overdue(self, *, now: datetime) -> Mapping[str, int]:
        """See `pipeline.ports.Sweep`."""
        async with self._database.transaction() as tx:
            return {
                "plan": await _hint_if_any(tx, "unplanned", "plan", now),
                "admit": await _hint_if_any(tx, "waiting", "admit", now),
                **await _hint_takes(tx, now),
            }

    async def overdue_renders(self, *, now: datetime, limit: int) -> list[tuple[str, SubmittedRender]]:
        """See `pipeline.ports.Sweep`."""
        async with self._database.transaction() as tx:
            rows = await tx.all(_SQL["overdue_renders"], {"now": now, "limit": limit})
        return [(row.pop("status"), SubmittedRender(**row)) for row in rows]

    async def look_later(self, render_id: UUID, *, due_at: datetime) -> None:
        """See `pipeline.ports.Sweep`."""
        async with self._database.transaction() as tx:
            await tx.run(_SQL["look_later"], {"id": render_id, "due_at": due_at})

    async def lose_answer(self, render_id: UUID, *, now: datetime, due_at: datetime) -> bool:
        """See `pipeline.ports.Sweep`."""
        async with self._database.transaction() as tx:
            arguments = {"id": render_id, "now": now, "due_at": due_at}
            return await tx.run(_SQL["lose_answer"], arguments) == 1

    async def unsettled(self, *, before: datetime, limit: int) -> list[SubmittedRender]:
        """See `pipeline.ports.Sweep`."""
        async with self._database.transaction() as tx:
            rows = await tx.all(_SQL["unsettled"], {"before": before, "limit": limit})
        return [SubmittedRender(**row) for row in rows]


async def _hint_if_any(tx: Transaction, statement: str, step: str, now: datetime) -> int:
    row = await tx.one(_SQL[statement], {"now": now})
    found = int(row["found"]) if row else 0
    if found:
        await tx.run(_SQL["hint"], {"step": step})
    return found


async def _hint_takes(tx: Transaction, now: datetime) -> dict[str, int]:
    found = dict.fromkeys(_STEP.values(), 0)
    for row in await tx.all(_SQL["overdue_takes"], {"now": now}):
        step = _STEP[TakeStatus(row["status"])]
        found[step] += 1
        await tx.run(_SQL["hint_take"], {"step": step, "id": row["id"]})
    return found
