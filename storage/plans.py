"""The `Plans` port on Postgres: revisions become shots, and shots subscribe to takes.

Every method is one transaction. What follows what is decided by `pipeline.lifecycle`; this only writes it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from psycopg import Rollback
from psycopg.types.json import Jsonb

from pipeline.errors import ModerationError
from pipeline.lifecycle import Shows, TakeEvent, TakeStatus, Work
from pipeline.model import Judgement, PlannedShot, PlannedTake, RevisionToPlan
from pipeline.parameters import as_json
from pipeline.reasons import CONTENT_REJECTED, HELD, OVER_QUOTA, UNJUDGED, sentence
from storage.database import Database, Row, Transaction
from storage.queries import load
from storage.restart import NextRender, add_render, restart, way

_SQL = load("plans")
_SOONER = 5  # by how much a preview goes before the finals of its kind: less than live users before re-renders


class PostgresPlans:
    """Revisions that wait to be planned."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, *, now: datetime, lease: timedelta, limit: int) -> list[RevisionToPlan]:
        """See `pipeline.stores.Plans`."""
        arguments = {"now": now, "lease": lease, "limit": limit}
        while True:
            async with self._database.transaction() as tx:
                await tx.run(_SQL["end_holds"], arguments)
                claimed = await _claimed(tx, arguments)
                rows = await _within_quota(tx, claimed, now)
            if rows or not claimed:
                break
        # An UPDATE returns its rows in no order.
        rows.sort(key=lambda row: (-row["priority"], row["created_at"]))
        return [_revision(row) for row in rows]

    async def missing_endpoints(self, provider: str, *, since: datetime) -> frozenset[str]:
        """See `pipeline.stores.Plans`."""
        async with self._database.transaction() as tx:
            rows = await tx.all(_SQL["missing_endpoints"], {"provider": provider, "since": since})
        return frozenset(row["endpoint"] for row in rows)

    async def save(
        self,
        revision: RevisionToPlan,
        shots: Sequence[PlannedShot],
        *,
        judgement: Judgement | None = None,
        now: datetime,
    ) -> bool:
        """See `pipeline.stores.Plans`."""
        async with self._database.transaction() as tx:
            lasting = [shot.final for shot in shots]
            finals = await _lock_takes(tx, lasting, now)
            # Behind the finals, which no other plan has as its previews: nobody waits for each other crosswise.
            passing = _previews(shots, finals)
            previews = await _lock_takes(tx, passing, now)
            if not await _mark_planned(tx, revision, now):
                raise Rollback  # the takes just made are nobody's
            if judgement:
                await _note_judgement(tx, revision, judgement)
            if revision.postponed:
                await tx.run(_SQL["resume_unjudged"], {"id": revision.id, "reason": UNJUDGED[0], "now": now})
            for number, shot in enumerate(shots, start=1):
                if shot.preview and shot.preview.take_key in previews:
                    await _subscribe(tx, revision, number, Shows.PREVIEW, previews[shot.preview.take_key])
                await _subscribe(tx, revision, number, Shows.FINAL, finals[shot.final.take_key])
            # Only now: a take that is ready may be the last that the revision waits for, or only the first.
            await _want_each(tx, previews, passing, revision, revision.priority + _SOONER, now)
            await _want_each(tx, finals, lasting, revision, revision.priority, now)
            return True
        return False

    async def reject(self, revision: RevisionToPlan, *, reason: str, message: str, now: datetime) -> bool:
        """See `pipeline.stores.Plans`."""
        return await self._end(revision, Work.REJECTED, reason, message, now)

    async def refuse(self, revision: RevisionToPlan, judgement: Judgement, *, message: str, now: datetime) -> bool:
        """See `pipeline.stores.Plans`."""
        return await self._end(revision, Work.REJECTED, CONTENT_REJECTED, message, now, judgement)

    async def postpone(
        self, revision: RevisionToPlan, *, why: ModerationError, due_at: datetime, now: datetime
    ) -> bool:
        """See `pipeline.stores.Plans`."""
        reason, message = UNJUDGED
        arguments = {
            "id": revision.id,
            "attempt": revision.attempt,
            "postponed": revision.postponed,
            "code": why.code,
            "due_at": due_at,
        }
        async with self._database.transaction() as tx:
            await tx.run(_SQL["lock_video"], arguments)
            if not await tx.run(_SQL["postpone"], arguments):
                return False
            held = {"id": revision.id, "reason": reason, "message": message, "now": now}
            await tx.run(_SQL["hold_unjudged"], held)
        return True

    async def give_up(self, revision: RevisionToPlan, *, reason: str, message: str, now: datetime) -> bool:
        """See `pipeline.stores.Plans`."""
        return await self._end(revision, Work.FALLBACK, reason, message, now)

    async def _end(
        self,
        revision: RevisionToPlan,
        work: Work,
        reason: str,
        message: str,
        now: datetime,
        judgement: Judgement | None = None,
    ) -> bool:
        arguments = {"id": revision.id, "work": work, "reason": reason, "message": message, "now": now}
        async with self._database.transaction() as tx:
            if not await _mark_planned(tx, revision, now):
                return False
            if judgement:
                await _note_judgement(tx, revision, judgement)
            await tx.run(_SQL["end_work"], arguments)
        return True


async def _claimed(tx: Transaction, arguments: Mapping[str, object]) -> list[Row]:
    """New ones first; then those that were postponed; what may be poison comes last, and alone."""
    for claim in ("claim", "claim_postponed", "claim_again"):
        if rows := await tx.all(_SQL[claim], arguments):
            return rows
    return []


async def _note_judgement(tx: Transaction, revision: RevisionToPlan, judgement: Judgement) -> None:
    said = {"opinion": judgement.opinion, "by": judgement.by, "category": judgement.category}
    await tx.run(_SQL["note_judgement"], {"id": revision.id, **said})


async def _within_quota(tx: Transaction, claimed: list[Row], now: datetime) -> list[Row]:
    """Those that may be planned now; the others are held."""
    ids = [row["id"] for row in claimed]
    arguments = {"ids": ids, "message": OVER_QUOTA, "now": now}
    held = {row["id"] for row in await tx.all(_SQL["hold_over_quota"], arguments)}
    await tx.run(_SQL["resume_videos"], {"ids": [id_ for id_ in ids if id_ not in held], "now": now})
    return [row for row in claimed if row["id"] not in held]


def _revision(row: Row) -> RevisionToPlan:
    return RevisionToPlan(
        id=row["id"],
        attempt=row["attempt"],
        story=row["story"],
        model=row["model"],
        seed=row["seed"],
        priority=row["priority"],
        given=row["parameters"],
        preview=row["preview"],
        remake=row["kind"] == "rerender",
        postponed=row["postponed"],
    )


async def _lock_takes(tx: Transaction, wanted: Sequence[PlannedTake], now: datetime) -> dict[str, Row]:
    """The takes that are wanted by key, made where they are new, locked in one order for everybody."""
    takes: dict[str, Row] = {}
    for planned in sorted(wanted, key=lambda planned: planned.take_key):
        await tx.run(_SQL["insert_take"], _take_arguments(planned, now))
        await tx.run(_SQL["lock_take"], {"take_key": planned.take_key})
        take = await tx.one(_SQL["read_take"], {"take_key": planned.take_key})
        assert take is not None, "inserted or found two lines above; takes are never deleted"
        takes[planned.take_key] = take
    return takes


def _previews(shots: Sequence[PlannedShot], finals: Mapping[str, Row]) -> list[PlannedTake]:
    """Those of finals that are still to be rendered: any other is there sooner than its preview, or never."""
    return [shot.preview for shot in shots if shot.preview and is_to_be_rendered(finals[shot.final.take_key])]


def is_to_be_rendered(take: Row) -> bool:
    """Whether its clip is still to be rendered, or is being."""
    status = TakeStatus(take["status"])
    if status is TakeStatus.FAILED:
        return not take["failure_permanent"] and way(take) is TakeEvent.WANTED_AGAIN
    return status in {TakeStatus.RENDERING, TakeStatus.REMOVED}


async def _mark_planned(tx: Transaction, revision: RevisionToPlan, now: datetime) -> bool:
    """Locks the video first: takes, then videos, then revisions is the order for everybody."""
    arguments = {"id": revision.id, "attempt": revision.attempt, "now": now}
    await tx.run(_SQL["lock_video"], arguments)
    return await tx.run(_SQL["mark_planned"], arguments) == 1


async def _subscribe(tx: Transaction, revision: RevisionToPlan, number: int, shows: Shows, take: Row) -> None:
    shot = {"revision_id": revision.id, "number": number, "shows": shows, "take_id": take["id"]}
    await tx.run(_SQL["insert_shot"], shot)


async def _want_each(
    tx: Transaction,
    takes: Mapping[str, Row],
    wanted: Sequence[PlannedTake],
    revision: RevisionToPlan,
    priority: int,
    now: datetime,
) -> None:
    """Once each, though several shots may want the same take."""
    for planned in {planned.take_key: planned for planned in wanted}.values():
        render = NextRender(planned.provider, planned.endpoint, planned.estimate, priority, comebacks=0)
        await _want(tx, takes[planned.take_key], render, revision, now)


async def _want(tx: Transaction, take: Row, render: NextRender, revision: RevisionToPlan, now: datetime) -> None:
    """Bring about what a subscriber waits for, given how the take stands."""
    status = TakeStatus(take["status"])
    if status is TakeStatus.READY and not revision.remake:
        arguments = {"take_id": take["id"], "revision_id": revision.id, "now": now}
        await tx.run(_SQL["show_take"], arguments)
    elif status is TakeStatus.FAILED and take["failure_permanent"]:
        code = take["failure_code"]
        message = sentence(code, permanent=True)
        arguments = {"take_id": take["id"], "code": code, "message": message, "now": now}
        await tx.run(_SQL["fall_back"], arguments)
    elif status in {TakeStatus.READY, TakeStatus.FAILED, TakeStatus.REMOVED}:
        await restart(tx, take, render, now=now)
    elif status is TakeStatus.RENDERING and not take["awaited"]:
        # Nobody knows yet how one ended that was withdrawn at the provider: it is asked before another is paid.
        if not await tx.run(_SQL["take_back"], {"take_id": take["id"], "now": now}):
            await add_render(tx, take, render, round_=take["round"], now=now)
    else:
        joining = {"take_id": take["id"], "revision_id": revision.id, "priority": render.priority}
        await tx.run(_SQL["raise_priority"], joining)
        if take["held_by"] == "day":
            reason, message = HELD["day"]
            arguments = {"take_id": take["id"], "reason": reason, "message": message, "now": now}
            await tx.run(_SQL["hold_videos"], arguments)
        elif take["held_by"]:
            # Whoever joins it may have what the first has not: a slot, or room in a budget.
            await tx.run(_SQL["look_again"], {"take_id": take["id"]})


def _take_arguments(planned: PlannedTake, now: datetime) -> dict[str, object]:
    return {
        "take_key": planned.take_key,
        "model": planned.model,
        "parameters": Jsonb(as_json(planned.parameters)),
        "prompt": planned.prompt.text,
        "negative_prompt": planned.prompt.negative,
        "seed": planned.seed,
        "emulated": planned.emulated,
        "now": now,
    }
