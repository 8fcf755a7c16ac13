"""Begins a take again that had come to an end: from as far as it had come, so that nothing is paid twice.

The caller holds the take's lock. Which way is taken is a matter of what is left of the take; the words for it are
those of `pipeline.lifecycle`.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pipeline.lifecycle import TakeEvent, TakeStatus, take_after
from pipeline.reasons import CLIP_GONE, ORIGINAL_GONE
from storage.database import Row, Transaction
from storage.queries import load
from storage.waiting import insert_waiting

_SQL = load("restart")


@dataclass(frozen=True)
class NextRender:
    """What another render of a take would be; `comebacks`: how often it came back by itself, with this time."""

    provider: str
    endpoint: str
    estimate: Decimal
    priority: int
    comebacks: int


async def restart(tx: Transaction, take: Row, render: NextRender, *, now: datetime) -> None:
    """Finish, fetch or render the take anew; `take` as the statement `read_take` gives it."""
    arguments = {"take_id": take["id"], "comebacks": render.comebacks, "now": now}
    event = way(take)
    follows = take_after(TakeStatus(take["status"]), event)
    if follows is TakeStatus.FINISHING:
        await tx.run(_SQL["finish_again"], arguments)
        await tx.run(_SQL["hint_finish"], arguments)
    elif follows is TakeStatus.FETCHING:
        await tx.run(_SQL["fetch_again"], arguments)
        await tx.run(_SQL["hint_fetch"], arguments)
    else:
        await tx.run(_SQL["render_again"], arguments)
        await add_render(tx, take, render, round_=take["round"] + 1, now=now)


async def add_render(tx: Transaction, take: Row, render: NextRender, *, round_: int, now: datetime) -> None:
    """A render of the take waits to be admitted at once."""
    await insert_waiting(
        tx,
        take["id"],
        round_=round_,
        attempts=take["attempts"],
        provider=render.provider,
        endpoint=render.endpoint,
        priority=render.priority,
        estimate=render.estimate,
        due_at=now,
        now=now,
    )
    await tx.run(_SQL["hint_admit"], {})


def way(take: Row) -> TakeEvent:
    """From where the take goes on: only `WANTED_AGAIN` has it rendered, and paid, once more."""
    if take["status"] == TakeStatus.READY:
        return TakeEvent.REMADE
    if take["original_path"] and take["failure_code"] != ORIGINAL_GONE:
        return TakeEvent.RESUMED
    if take["clip_url"] and take["failure_code"] not in {CLIP_GONE, ORIGINAL_GONE}:
        return TakeEvent.REFETCHED
    return TakeEvent.WANTED_AGAIN
