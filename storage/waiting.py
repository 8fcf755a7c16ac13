"""Puts a render among those that wait to be admitted: the first of a take, or one more try. Hints nobody."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from storage.database import Transaction
from storage.queries import load

_SQL = load("waiting")


async def insert_waiting(
    tx: Transaction,
    take_id: UUID,
    *,
    round_: int,
    attempts: int,
    provider: str,
    endpoint: str,
    priority: int,
    estimate: Decimal,
    due_at: datetime,
    now: datetime,
) -> None:
    """A render of the take's round, not before `due_at`; `attempts` counts those it has had in all rounds."""
    await tx.run(
        _SQL["insert"],
        {
            "take_id": take_id,
            "round": round_,
            "attempt": attempts + 1,
            "provider": provider,
            "endpoint": endpoint,
            "priority": priority,
            "estimate": estimate,
            "due_at": due_at,
            "now": now,
        },
    )
