"""The `Sweep` port on Postgres: finds what is overdue by comparing rows with the clock.

The engine's jobs are hints, and may all be lost: they are looked at only so as not to hint what is hinted already.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from pipeline.model import SubmittedRender
from pipeline.reasons import HELD
from storage.database import Database, Row, Transaction
from storage.queries import load
from storage.restart import NextRender, restart

_SQL = load("sweep")
_ADOPTED_AT_ONCE = 2000  # the next reconcile goes on


class PostgresSweep:
    """What `reconcile` looks for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def adopt_missed(self) -> int:
        """See `pipeline.stores.Sweep`."""
        # What fails stands behind the others again, at the database's own time.
        async with self._database.transaction() as tx:
            clock = await tx.one(_SQL["clock"], {})
        assert clock is not None, "a SELECT without FROM has one row"
        adopted = 0
        for _ in range(_ADOPTED_AT_ONCE):
            async with self._database.transaction() as tx:
                row = await tx.one(_SQL["adopt_next"], {"before": clock["now"]})
            if row is None or not row["tried"]:
                break
            adopted += row["adopted"]
        return adopted

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

    async def lose_answers(self, *, now: datetime, patience: timedelta, usual: timedelta) -> int:
        """See `pipeline.stores.Sweep`."""
        async with self._database.transaction() as tx:
            return await tx.run(_SQL["lose_answers"], {"now": now, "patience": patience, "usual": usual})

    async def wake_held(self, *, now: datetime) -> int:
        """See `pipeline.stores.Sweep`."""
        async with self._database.transaction() as tx:
            row = await tx.one(_SQL["wake_held"], {"now": now})
            woken = row["woken"] if row else 0
            if woken:
                await tx.run(_SQL["hint"], {"step": "admit"})
            moved = await tx.one(_SQL["advance_held"], {"now": now})
            if moved and moved["moved"]:
                await tx.run(_SQL["hint"], {"step": "plan"})
                woken += moved["moved"]
        return woken

    async def mend_held(self, *, now: datetime) -> int:
        """See `pipeline.stores.Sweep`."""
        async with self._database.transaction() as tx:
            row = await tx.one(_SQL["mend_held"], {"now": now})
            mended = row["mended"] if row else 0
            for cap, (reason, message) in HELD.items():
                takes = [row["take_id"] for row in await tx.all(_SQL["unmarked"], {"cap": cap})]
                arguments = {"takes": takes, "reason": reason, "message": message, "now": now}
                await tx.run(_SQL["hold_videos"], arguments)
                mended += len(takes)
            await tx.run(_SQL["forget_days"], {"now": now})
        return mended

    async def note(self, findings: Mapping[str, int], *, now: datetime) -> None:
        """See `pipeline.stores.Sweep`."""
        found = {kind: count for kind, count in findings.items() if count}
        arguments = {"kinds": list(found), "counts": list(found.values()), "now": now}
        async with self._database.transaction() as tx:
            await tx.run(_SQL["note_findings"], arguments)

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

    async def begin_again(self, *, now: datetime, limit: int) -> int:
        """See `pipeline.stores.Sweep`."""
        begun = 0
        async with self._database.transaction() as tx:
            for due in await tx.all(_SQL["lock_failed"], {"now": now, "limit": limit}):
                take = await tx.one(_SQL["read_failed"], {"id": due["id"]})
                assert take is not None, "it is locked"
                if take["priority"] is not None:
                    await restart(tx, take, _next_render(take), now=now)
                    begun += 1
                else:
                    await tx.run(_SQL["stay_failed"], {"id": due["id"]})
        return begun

    async def withdraw(self, *, now: datetime) -> list[SubmittedRender]:
        """See `pipeline.stores.Sweep`."""
        async with self._database.transaction() as tx:
            unwanted = [row["id"] for row in await tx.all(_SQL["lock_unwanted"], {})]
            rows = await tx.all(_SQL["withdraw"], {"takes": unwanted, "now": now})
            if rows:
                await tx.run(_SQL["hint"], {"step": "admit"})  # slots are free
        return [SubmittedRender(**row) for row in rows if row["request_id"]]

    async def remove_unused(self, bucket: str, *, now: datetime, before: datetime, limit: int) -> list[str]:
        """See `pipeline.stores.Sweep`."""
        look = {"bucket": bucket, "now": now, "before": before, "limit": limit}
        async with self._database.transaction() as tx:
            unused = [row["path"] for row in await tx.all(_SQL["look_at_files"], look)]
            takes = [row["id"] for row in await tx.all(_SQL["lock_takes"], {"bucket": bucket, "paths": unused})]
            mark = {"bucket": bucket, "paths": unused, "takes": takes, "now": now}
            marked = [row["path"] for row in await tx.all(_SQL["mark_removing"], mark)]
            await tx.run(_SQL["remove_takes"], {"bucket": bucket, "paths": marked})
            await tx.run(_SQL["remove_renditions"], {"bucket": bucket, "paths": marked})
        return marked

    async def removed(self, bucket: str, paths: Sequence[str], *, marked_at: datetime) -> None:
        """See `pipeline.stores.Sweep`."""
        async with self._database.transaction() as tx:
            await tx.run(_SQL["removed"], {"bucket": bucket, "paths": list(paths), "marked_at": marked_at})

    async def not_removed(
        self, bucket: str, paths: Sequence[str], *, marked_at: datetime, due_at: datetime
    ) -> None:
        """See `pipeline.stores.Sweep`."""
        arguments = {"bucket": bucket, "paths": list(paths), "marked_at": marked_at, "due_at": due_at}
        async with self._database.transaction() as tx:
            await tx.run(_SQL["not_removed"], arguments)

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


def _next_render(take: Row) -> NextRender:
    return NextRender(
        provider=take["provider"],
        endpoint=take["endpoint"],
        estimate=take["estimate_usd"],
        priority=take["priority"],
        comebacks=take["comebacks"] + 1,
    )
