"""The `Renders` port on Postgres: renders on their way to a provider and back.

Every method is one transaction, and every write is a compare-and-set or stands behind the lock of its take.
What news means is decided by `pipeline.outcome`; this only applies the verdict.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from pipeline.errors import GeneratorError, GeneratorMissing, StoryreelError
from pipeline.lifecycle import ENDED, RenderStatus, TakeStatus
from pipeline.model import AdmittedRender, Clip, Delivery, Failure, Parameters, Prompt, SubmittedRender
from pipeline.outcome import RenderSeen, Verdict
from pipeline.reasons import HELD, OVER_CAP, sentence
from storage.database import Database, Row, Transaction
from storage.queries import load
from storage.waiting import insert_waiting

_SQL = load("renders")
_AWAITED = [status for status in RenderStatus if status not in ENDED]
_NORMAL_PRIORITY = 10  # what request_videos gives first revisions; anything less is in no hurry


class PostgresRenders:
    """Renders on their way to a provider and back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def admit(self, provider: str, *, now: datetime, lease: timedelta) -> list[AdmittedRender]:
        """See `pipeline.stores.Renders`."""
        async with self._database.transaction() as tx:
            seen = await tx.all(_SQL["admit"], {"provider": provider, "now": now, "lease": lease})
            admitted = [row for row in seen if row["outcome"] == "admitted"]
            await tx.run(_SQL["resume_videos"], {"takes": [row["take_id"] for row in admitted], "now": now})
            for cap, (reason, message) in HELD.items():
                takes = [row["take_id"] for row in seen if row["outcome"] == cap]
                arguments = {"takes": takes, "reason": reason, "message": message, "now": now}
                await tx.run(_SQL["hold_videos"], arguments)
            rows = await tx.all(_SQL["admitted"], {"ids": [row["render_id"] for row in admitted]})
        return [_admitted(row) for row in rows]

    async def over_cap(self, provider: str) -> Mapping[UUID, str]:
        """See `pipeline.stores.Renders`."""
        async with self._database.transaction() as tx:
            rows = await tx.all(_SQL["over_cap"], {"provider": provider})
        return {row["id"]: row["waits_for"] for row in rows}

    async def pause(
        self, provider: str, wait: Callable[[int], timedelta], *, why: GeneratorError, now: datetime
    ) -> datetime:
        """See `pipeline.stores.Renders`."""
        arguments = {"provider": provider, "code": why.code, "message": str(why), "now": now}
        async with self._database.transaction() as tx:
            row = await tx.one(_SQL["lock_provider"], arguments)
            assert row is not None, "its renders refer to it"
            until = now + wait(row["pauses"])
            await tx.run(_SQL["pause"], arguments | {"until": until})
        return until

    async def submitted(self, render: AdmittedRender, request_id: str, *, now: datetime, due_at: datetime) -> bool:
        """See `pipeline.stores.Renders`."""
        arguments = {
            "id": render.id,
            "tries": render.tries,
            "request_id": request_id,
            "now": now,
            "due_at": due_at,
        }
        async with self._database.transaction() as tx:
            moved = await tx.run(_SQL["submitted"], arguments) == 1
            await tx.run(_SQL["end_pause"], arguments)
            if not moved:
                await tx.run(_SQL["note_request"], arguments)
        return moved

    async def put_back(self, render: AdmittedRender, *, due_at: datetime, why: StoryreelError) -> bool:
        """See `pipeline.stores.Renders`."""
        async with self._database.transaction() as tx:
            return await _put_back(tx, render, due_at, why, later=True)

    async def climb_down(
        self, render: AdmittedRender, endpoint: str, estimate: Decimal, *, why: GeneratorMissing, now: datetime
    ) -> bool:
        """See `pipeline.stores.Renders`."""
        arguments = {"id": render.id, "endpoint": endpoint, "estimate": estimate, "now": now}
        async with self._database.transaction() as tx:
            moved = await _put_back(tx, render, now, why, later=False)
            if moved:
                await tx.run(_SQL["release"], arguments)
                await tx.run(_SQL["readdress"], arguments)
        return moved

    async def answer_lost(self, render: AdmittedRender, *, due_at: datetime) -> bool:
        """See `pipeline.stores.Renders`."""
        arguments = {"id": render.id, "tries": render.tries, "due_at": due_at}
        async with self._database.transaction() as tx:
            return await tx.run(_SQL["answer_lost"], arguments) == 1

    async def note_missing(self, provider: str, endpoint: str, *, now: datetime) -> None:
        """See `pipeline.stores.Renders`."""
        async with self._database.transaction() as tx:
            await tx.run(_SQL["note_missing"], {"provider": provider, "endpoint": endpoint, "now": now})

    async def conclude(
        self, render_id: UUID, decide: Callable[[RenderSeen], Verdict], *, now: datetime
    ) -> Verdict | None:
        """See `pipeline.stores.Renders`."""
        async with self._database.transaction() as tx:
            return await _conclude(tx, render_id, decide, now, request_id=None)

    async def deliver(
        self, render_id: UUID, delivery: Delivery, decide: Callable[[RenderSeen], Verdict], *, provider: str
    ) -> str:
        """See `pipeline.stores.Renders`."""
        arguments = {
            "provider": provider,
            "request_id": delivery.request_id,
            # After a retry of the provider's own the two differ; the gateway's is the one that the submit gave.
            "gateway_id": delivery.gateway_request_id or delivery.request_id,
            "digest": delivery.digest,
            "body": delivery.body,
            "id": render_id,
            "now": delivery.received_at,
        }
        async with self._database.transaction() as tx:
            # Before anything moves: the same news again, or at the address of another render, moves nothing.
            if not await tx.run(_SQL["record_delivery"], arguments):
                return "repeated"
            outcome = await _delivered(tx, delivery, decide, arguments)
            await tx.run(_SQL["mark_delivery"], arguments | {"outcome": outcome})
        return outcome

    async def withdrawn(self, take_id: UUID) -> list[SubmittedRender]:
        """See `pipeline.stores.Renders`."""
        async with self._database.transaction() as tx:
            rows = await tx.all(_SQL["withdrawn"], {"take_id": take_id})
        return [SubmittedRender(**row) for row in rows]

    async def unsettled(self, render_id: UUID) -> SubmittedRender | None:
        """See `pipeline.stores.Renders`."""
        async with self._database.transaction() as tx:
            row = await tx.one(_SQL["unsettled"], {"id": render_id})
        return SubmittedRender(**row) if row else None

    async def unbilled(self, render_id: UUID, *, now: datetime) -> None:
        """See `pipeline.stores.Renders`."""
        arguments = {"id": render_id, "now": now}
        async with self._database.transaction() as tx:
            if await tx.run(_SQL["unbilled"], arguments):
                await tx.run(_SQL["record_cost"], arguments)

    async def settle(self, render_id: UUID, *, units: Decimal | None, cost: Decimal | None, now: datetime) -> None:
        """See `pipeline.stores.Renders`."""
        async with self._database.transaction() as tx:
            await _settle(tx, render_id, units=units, cost=cost, now=now)


def _admitted(row: Row) -> AdmittedRender:
    return AdmittedRender(
        id=row["id"],
        tries=row["tries"],
        model=row["model"],
        endpoint=row["endpoint"],
        prompt=Prompt(row["prompt"], row["negative_prompt"]),
        seed=row["seed"],
        parameters=Parameters(**row["parameters"]),
        low_priority=row["priority"] < _NORMAL_PRIORITY,
        usual=row["usual"],
    )


async def _put_back(
    tx: Transaction, render: AdmittedRender, due_at: datetime, why: StoryreelError, *, later: bool
) -> bool:
    arguments = {
        "id": render.id,
        "tries": render.tries,
        "due_at": due_at,
        "later": later,
        "code": why.code,
        "message": str(why),
    }
    return await tx.run(_SQL["put_back"], arguments) == 1


async def _delivered(
    tx: Transaction,
    delivery: Delivery,
    decide: Callable[[RenderSeen], Verdict],
    arguments: dict[str, Any],
) -> str:
    """Conclude with a delivery that is new, and say what it was."""
    await tx.run(_SQL["lock_take"], arguments)
    if await tx.one(_SQL["is_another_request"], arguments):
        return "stale"
    verdict = await _conclude(
        tx, arguments["id"], decide, delivery.received_at, request_id=arguments["gateway_id"]
    )
    if verdict is None:
        return "orphan"
    if delivery.outcome is None:
        # It says that there is an end and not which: the next poll, at once, asks.
        asked = await tx.run(_SQL["ask_result"], arguments) or await tx.run(_SQL["ask_anyway"], arguments)
        await tx.run(_SQL["hint_reconcile"], {})
        return "accepted" if asked else "stale"
    if verdict.render is None:
        return "stale"
    return "late" if isinstance(delivery.outcome, Clip) and verdict.clip is None else "accepted"


async def _conclude(
    tx: Transaction,
    render_id: UUID,
    decide: Callable[[RenderSeen], Verdict],
    now: datetime,
    *,
    request_id: str | None,
) -> Verdict | None:
    await tx.run(_SQL["lock_take"], {"id": render_id})
    row = await tx.one(_SQL["lock_render"], {"id": render_id})
    if row is None:
        return None
    verdict = decide(_seen(row))
    if verdict.render:
        await _end_render(tx, row, verdict, now, request_id)
    if verdict.clip:
        await _take_clip(tx, row, verdict.clip, now)
    elif verdict.take is TakeStatus.FAILED:
        await _fail_take(tx, row, verdict, now)
    if verdict.retry_at:
        await insert_waiting(
            tx,
            row["take_id"],
            round_=row["take_round"],
            attempts=row["attempts"],
            provider=row["provider"],
            endpoint=row["endpoint"],
            priority=row["priority"],
            estimate=row["estimate_usd"],
            due_at=verdict.retry_at,
            now=now,
        )
    if verdict.render:
        await tx.run(_SQL["hint_admit"], {})  # a slot is free
    if verdict.render is RenderStatus.FAILED and verdict.failure:
        # Last: everybody waits for the accounts, and the app may keep one of the videos above locked for long.
        await _book_failure(tx, row["id"], verdict.failure, now)
    return verdict


def _seen(row: Row) -> RenderSeen:
    return RenderSeen(
        id=row["id"],
        status=RenderStatus(row["status"]),
        provider=row["provider"],
        endpoint=row["endpoint"],
        model=row["model"],
        take_status=TakeStatus(row["take_status"]),
        made=row["made"],
        lost=row["lost"],
        ever_lost=row["ever_lost"],
        comebacks=row["comebacks"],
        # A render of an earlier round has no say in what is tried now.
        rival=row["rival"] or row["round"] != row["take_round"],
        over_cap=row["waits_for"] in OVER_CAP,
    )


async def _end_render(tx: Transaction, row: Row, verdict: Verdict, now: datetime, request_id: str | None) -> None:
    failure = verdict.failure if verdict.render is RenderStatus.FAILED else None
    await tx.run(
        _SQL["end_render"],
        {
            "id": row["id"],
            "status": verdict.render,
            "request_id": request_id,
            "code": failure.code if failure else None,
            "message": failure.message if failure else None,
            "billed": bool(failure and failure.billed),
            "now": now,
        },
    )


async def _book_failure(tx: Transaction, render_id: UUID, failure: Failure, now: datetime) -> None:
    if failure.billed:
        await _settle(tx, render_id, units=None, cost=None, now=now)
    else:
        await tx.run(_SQL["release"], {"id": render_id, "now": now})


async def _settle(
    tx: Transaction, render_id: UUID, *, units: Decimal | None, cost: Decimal | None, now: datetime
) -> None:
    arguments = {"id": render_id, "units": units, "cost": cost, "now": now}
    await tx.run(_SQL["settle"], arguments)
    await tx.run(_SQL["record_cost"], arguments)
    if units is not None:
        await tx.run(_SQL["stop_on_overrun"], arguments)


async def _take_clip(tx: Transaction, row: Row, clip: Clip, now: datetime) -> None:
    arguments = {"id": row["id"], "take_id": row["take_id"], "url": clip.url, "now": now}
    await tx.run(_SQL["take_clip"], arguments)
    await tx.run(_SQL["cancel_rivals"], arguments | {"statuses": _AWAITED})
    await tx.run(_SQL["hint_fetch"], arguments)


async def _fail_take(tx: Transaction, row: Row, verdict: Verdict, now: datetime) -> None:
    assert verdict.failure is not None, "a take fails for a reason"
    arguments = {
        "id": row["id"],
        "take_id": row["take_id"],
        "code": verdict.failure.code,
        "message": verdict.failure.message,
        "permanent": verdict.failure.permanent,
        "again_at": verdict.again_at,
        "now": now,
    }
    await tx.run(_SQL["fail_take"], arguments)
    # What is at the provider may still bring a clip, which is paid for; what is not there yet is never sent.
    await tx.run(_SQL["cancel_rivals"], arguments | {"statuses": [RenderStatus.WAITING]})
    message = sentence(
        verdict.failure.code, permanent=verdict.failure.permanent, again=verdict.again_at is not None
    )
    await tx.run(_SQL["fall_back"], arguments | {"message": message})
