"""The `Plans` port on Postgres: revisions become shots, and shots subscribe to takes.

Every method is one transaction. What follows what is decided by `pipeline.lifecycle`; this only writes it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from psycopg import Rollback
from psycopg.types.json import Jsonb

from pipeline.lifecycle import TakeEvent, TakeStatus, take_after
from pipeline.model import PlannedShot, RevisionToPlan
from pipeline.parameters import as_json
from pipeline.reasons import CLIP_GONE, sentence
from storage.database import Database, Row, Transaction
from storage.queries import load
from storage.waiting import insert_waiting

_SQL = load("plans")


class PostgresPlans:
    """Revisions that wait to be planned."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, *, now: datetime, lease: timedelta, limit: int) -> list[RevisionToPlan]:
        """See `pipeline.stores.Plans`."""
        async with self._database.transaction() as tx:
            arguments = {"now": now, "lease": lease, "limit": limit}
            rows = await tx.all(_SQL["claim"], arguments) or await tx.all(_SQL["claim_again"], arguments)
        # An UPDATE returns its rows in no order.
        rows.sort(key=lambda row: (-row["priority"], row["created_at"]))
        return [_revision(row) for row in rows]

    async def missing_endpoints(self, provider: str, *, since: datetime) -> frozenset[str]:
        """See `pipeline.stores.Plans`."""
        async with self._database.transaction() as tx:
            rows = await tx.all(_SQL["missing_endpoints"], {"provider": provider, "since": since})
        return frozenset(row["endpoint"] for row in rows)

    async def save(self, revision: RevisionToPlan, shots: Sequence[PlannedShot], *, now: datetime) -> bool:
        """See `pipeline.stores.Plans`."""
        async with self._database.transaction() as tx:
            takes = await _lock_takes(tx, shots, now)
            if not await _mark_planned(tx, revision, now):
                raise Rollback  # the takes just made are nobody's
            for number, shot in enumerate(shots, start=1):
                take = takes[shot.take_key]
                arguments = {"revision_id": revision.id, "number": number, "take_id": take["id"]}
                await tx.run(_SQL["insert_shot"], arguments)
                await _want(tx, take, shot, revision.priority, now)
            return True
        return False

    async def reject(self, revision: RevisionToPlan, *, reason: str, message: str, now: datetime) -> bool:
        """See `pipeline.stores.Plans`."""
        async with self._database.transaction() as tx:
            if not await _mark_planned(tx, revision, now):
                return False
            arguments = {"id": revision.id, "reason": reason, "message": message, "now": now}
            await tx.run(_SQL["reject_video"], arguments)
        return True


def _revision(row: Row) -> RevisionToPlan:
    return RevisionToPlan(
        id=row["id"],
        attempt=row["attempt"],
        story=row["story"],
        model=row["model"],
        seed=row["seed"],
        priority=row["priority"],
        given=row["parameters"],
    )


async def _lock_takes(tx: Transaction, shots: Sequence[PlannedShot], now: datetime) -> dict[str, Row]:
    """The takes that the shots want, made where they are new, locked in one order for everybody."""
    takes: dict[str, Row] = {}
    for shot in sorted(shots, key=lambda shot: shot.take_key):
        await tx.run(_SQL["insert_take"], _take_arguments(shot, now))
        await tx.run(_SQL["lock_take"], {"take_key": shot.take_key})
        take = await tx.one(_SQL["read_take"], {"take_key": shot.take_key})
        assert take is not None, "inserted or found two lines above; takes are never deleted"
        takes[shot.take_key] = take
    return takes


async def _mark_planned(tx: Transaction, revision: RevisionToPlan, now: datetime) -> bool:
    """Locks the video first: takes, then videos, then revisions is the order for everybody."""
    arguments = {"id": revision.id, "attempt": revision.attempt, "now": now}
    await tx.run(_SQL["lock_video"], arguments)
    return await tx.run(_SQL["mark_planned"], arguments) == 1


async def _want(tx: Transaction, take: Row, shot: PlannedShot, priority: int, now: datetime) -> None:
    """Bring about what a subscriber waits for, given how the take stands."""
    status = TakeStatus(take["status"])
    if status is TakeStatus.READY:
        await tx.run(_SQL["show_take"], {"take_id": take["id"], "now": now})
    elif status is TakeStatus.FAILED and take["failure_permanent"]:
        code = take["failure_code"]
        arguments = {"take_id": take["id"], "code": code, "message": sentence(code), "now": now}
        await tx.run(_SQL["fall_back"], arguments)
    elif status is TakeStatus.FAILED and take["original_path"]:
        assert take_after(status, TakeEvent.RESUMED) is TakeStatus.FINISHING
        await tx.run(_SQL["finish_again"], {"take_id": take["id"], "now": now})
        await tx.run(_SQL["hint_finish"], {"take_id": take["id"]})
    elif status is TakeStatus.FAILED and take["clip_url"] and take["failure_code"] != CLIP_GONE:
        assert take_after(status, TakeEvent.REFETCHED) is TakeStatus.FETCHING
        await tx.run(_SQL["fetch_again"], {"take_id": take["id"], "now": now})
        await tx.run(_SQL["hint_fetch"], {"take_id": take["id"]})
    elif status is TakeStatus.FAILED:
        assert take_after(status, TakeEvent.WANTED_AGAIN) is TakeStatus.RENDERING
        await tx.run(_SQL["begin_again"], {"take_id": take["id"]})
        await _insert_render(tx, take, shot, priority, now, round_=take["round"] + 1)
    elif status is TakeStatus.RENDERING and not take["awaited"]:
        await _insert_render(tx, take, shot, priority, now, round_=take["round"])
    else:
        await tx.run(_SQL["raise_priority"], {"take_id": take["id"], "priority": priority})


async def _insert_render(
    tx: Transaction, take: Row, shot: PlannedShot, priority: int, now: datetime, *, round_: int
) -> None:
    await insert_waiting(
        tx,
        take["id"],
        round_=round_,
        attempts=take["attempts"],
        provider=shot.provider,
        endpoint=shot.endpoint,
        priority=priority,
        estimate=shot.estimate,
        due_at=now,
        now=now,
    )
    await tx.run(_SQL["hint_admit"], {})


def _take_arguments(shot: PlannedShot, now: datetime) -> dict[str, object]:
    return {
        "take_key": shot.take_key,
        "model": shot.model,
        "parameters": Jsonb(as_json(shot.parameters)),
        "prompt": shot.prompt.text,
        "negative_prompt": shot.prompt.negative,
        "seed": shot.seed,
        "emulated": shot.emulated,
        "now": now,
    }
