"""Re-renders of many videos on Postgres: what was frozen, what is asked next, and how far it is.

Every method is one transaction. What was chosen is frozen before anything is asked, and a story is asked in the
transaction that marks it: whoever is cut off at any moment goes on without asking twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from psycopg.types.json import Jsonb

from storage.choices import Chosen, Wish, columns
from storage.database import Database
from storage.queries import load
from storage.stories import Kind

_SQL = load("rerenders")


@dataclass(frozen=True)
class Progress:
    """How far a re-render is, in stories. `planned` of those in flight; `free` and `paid` of those done.

    `cost_usd` is what was settled, and what is reserved where that is not known yet (`unsettled`).
    """

    stories: int = 0
    waiting: int = 0
    in_flight: int = 0
    planned: int = 0
    paid: int = 0
    free: int = 0
    failed: int = 0
    gone: int = 0
    overtaken: int = 0
    cost_usd: Decimal = Decimal(0)
    unsettled: bool = False

    @property
    def open(self) -> int:
        """Stories that have not ended."""
        return self.waiting + self.in_flight


@dataclass(frozen=True)
class Failed:
    """A story that failed: a word for programs, a sentence for people."""

    source_id: str
    reason: str
    message: str


@dataclass(frozen=True)
class Rerender:
    """One re-render as it was frozen; `ended` counts its stories that have."""

    id: int
    source_table: str
    kind: Kind
    estimate_usd: Decimal
    created_at: datetime
    ended_at: datetime | None
    stories: int
    ended: int


class PostgresRerenders:
    """Re-renders of many videos."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def freeze(
        self, table: str, wish: Wish, chosen: Sequence[Chosen], *, estimate: Decimal, now: datetime
    ) -> int:
        """Write down what is to be asked of whom; returns the id of the re-render."""
        arguments = {"table": table, **wish.arguments(), "estimate": estimate, "now": now}
        async with self._database.transaction() as tx:
            row = await tx.one(_SQL["freeze"], arguments)
            assert row is not None, "INSERT … RETURNING has a row"
            await tx.run(_SQL["freeze_items"], {"id": row["id"], **columns(chosen)})
        return int(row["id"])

    async def ask_next(self, rerender: int, *, at_once: int) -> bool:
        """Ask for the next story, if fewer than `at_once` are in flight and one is left; else False."""
        async with self._database.transaction() as tx:
            wish = await tx.one(_SQL["lock"], {"id": rerender})
            item = await tx.one(_SQL["next"], {"id": rerender, "at_once": at_once})
            if wish is None or item is None:
                return False
            parameters = Jsonb(wish["parameters"]) if wish["parameters"] else None
            made = await tx.one(_SQL["ask"], {**wish, **item, "parameters": parameters})
            mark = {"id": rerender, "number": item["number"]}
            if made:
                await tx.run(_SQL["mark_asked"], {**mark, "revision_id": made["revision_id"]})
            else:
                await tx.run(_SQL["mark_gone"], mark)
        return True

    async def look(self, rerender: int, *, now: datetime) -> Progress:
        """Note what has ended meanwhile, and count."""
        async with self._database.transaction() as tx:
            await tx.one(_SQL["lock"], {"id": rerender})
            await tx.run(_SQL["note_ends"], {"id": rerender})
            await tx.run(_SQL["end"], {"id": rerender, "now": now})
            counts = await tx.one(_SQL["count"], {"id": rerender})
            cost = await tx.one(_SQL["cost"], {"id": rerender})
        assert counts is not None, "an aggregate has one row"
        assert cost is not None, "likewise"
        return Progress(**counts, **cost)

    async def failures(self, rerender: int) -> list[Failed]:
        """The stories that failed."""
        async with self._database.transaction() as tx:
            rows = await tx.all(_SQL["failures"], {"id": rerender})
        return [Failed(**row) for row in rows]

    async def find(self, rerender: int | None) -> list[Rerender]:
        """The re-render of that id, or with None the last ones, the newest first."""
        async with self._database.transaction() as tx:
            rows = await tx.all(_SQL["read"], {"id": rerender})
        return [Rerender(**row) for row in rows]

    async def last_open(self) -> int | None:
        """The last re-render that has not ended."""
        async with self._database.transaction() as tx:
            row = await tx.one(_SQL["last_open"], {})
        return row["id"] if row else None

    async def worker_runs(self) -> bool:
        """Whether a worker of the engine has given a sign of life lately."""
        async with self._database.transaction() as tx:
            row = await tx.one(_SQL["worker_runs"], {})
        return bool(row and row["runs"])
