"""Choosing videos to ask something of many at once: which there are, what would be asked of each, the way back.

Every method is one transaction. Asks for nothing: that is `storage.rerenders`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import psycopg
from psycopg import Rollback
from psycopg.types.json import Jsonb

from pipeline.errors import UnknownTable
from pipeline.lifecycle import TakeEvent, TakeStatus
from pipeline.models import DEFAULT_MODEL
from storage.database import Database, Row
from storage.plans import is_to_be_rendered
from storage.queries import load
from storage.restart import way
from storage.stories import Kind

_SQL = load("choices")


@dataclass(frozen=True)
class Choice:
    """Which videos: those that meet every criterion. None: whatever it is.

    `works` and `models` of the newest revision; `since` when the video was made.
    """

    ids: tuple[str, ...] | None = None
    works: tuple[str, ...] | None = None
    since: datetime | None = None
    models: tuple[str, ...] | None = None
    themes: tuple[str, ...] | None = None
    owners: tuple[UUID, ...] | None = None


@dataclass(frozen=True)
class Wish:
    """What is asked of each. `model` None: the one it was last asked of; `parameters` join those asked then.

    `preview` None: only where it is the story's first video.
    """

    kind: Kind
    model: str | None = None
    parameters: Mapping[str, object] | None = None
    preview: bool | None = None

    def arguments(self) -> dict[str, object]:
        """As the statements take them."""
        parameters = Jsonb(self.parameters) if self.parameters else None
        return {"kind": self.kind, "model": self.model, "parameters": parameters, "preview": self.preview}


@dataclass(frozen=True)
class Chosen:
    """A story whose video was chosen, and the seed of its new take."""

    source_id: str
    seed: int | None


@dataclass(frozen=True)
class NextOrder:
    """What a story's next revision would be asked for. `story` None: it is gone; `first`: it has no video yet.

    `shows_final`: a preview would not be shown, and is not made.
    """

    source_id: str
    story: str | None
    first: bool
    model: str | None
    parameters: Mapping[str, object] | None
    seed: int | None
    shows_final: bool


class Standing(StrEnum):
    """What asking for a take that exists would bring."""

    THERE = "there"  # its clip is paid for: shown, or its files made anew
    IN_FLIGHT = "in_flight"
    TO_RENDER = "to_render"  # another render of it is paid
    REFUSED = "refused"  # it failed for good, and stays failed


@dataclass(frozen=True)
class TakeSeen:
    """A take that exists. `previewed`: a preview wanted before it would be made; `reason`: what it failed for."""

    standing: Standing
    previewed: bool
    reason: str | None


@dataclass(frozen=True)
class Undone:
    """How many videos went back, and of how many of these a re-render was under way, which nobody awaits now."""

    restored: int
    under_way: int


class PostgresChoices:
    """Videos to choose from."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tables(self) -> dict[str, bool]:
        """What stands for a table of stories, by name: True for those attached, which come first."""
        async with self._database.transaction() as tx:
            rows = await tx.all(_SQL["tables"], {})
        return {row["source_table"]: row["attached"] for row in rows}

    async def others(self, table: str) -> list[str]:
        """The names of what else has videos."""
        async with self._database.transaction() as tx:
            rows = await tx.all(_SQL["others"], {"table": table})
        return [row["source_table"] for row in rows]

    async def themes(self) -> list[str]:
        """The themes that a video may have, by name."""
        async with self._database.transaction() as tx:
            rows = await tx.all(_SQL["themes"], {})
        return [row["name"] for row in rows]

    async def was_asked(self, model: str) -> bool:
        """Whether any revision of any video was asked of that model by name."""
        async with self._database.transaction() as tx:
            row = await tx.one(_SQL["was_asked"], {"model": model})
        return bool(row and row["was_asked"])

    async def choose(self, table: str, choice: Choice) -> list[str]:
        """The ids of the stories whose videos meet the choice, oldest first."""
        criteria = {
            name: list(value) if isinstance(value, tuple) else value for name, value in vars(choice).items()
        }
        arguments = {"table": table, **criteria, "default_model": DEFAULT_MODEL}
        async with self._database.transaction() as tx:
            rows = await tx.all(_SQL["select"], arguments)
        return [row["source_id"] for row in rows]

    async def existing(self, table: str, ids: Sequence[str]) -> dict[str, bool]:
        """Those of the ids that are stories, and whether each has a video. Raises `UnknownTable`."""
        try:
            async with self._database.transaction() as tx:
                rows = await tx.all(_SQL["existing"], {"table": table, "ids": list(ids)})
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
            raise _not_as_attached(table, error) from error
        return {row["source_id"]: row["has_video"] for row in rows}

    async def orders(self, table: str, wish: Wish, chosen: Sequence[Chosen]) -> list[NextOrder]:
        """What would be asked of each now, in the same order. Raises `UnknownTable`."""
        arguments = {"table": table, **columns(chosen), **wish.arguments()}
        try:
            async with self._database.transaction() as tx:
                rows = await tx.all(_SQL["orders"], arguments)
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
            raise _not_as_attached(table, error) from error
        return [NextOrder(**row) for row in rows]

    async def takes(self, keys: Sequence[str]) -> dict[str, TakeSeen]:
        """Those of the takes that exist, by key."""
        async with self._database.transaction() as tx:
            rows = await tx.all(_SQL["takes"], {"keys": list(keys)})
        return {row["take_key"]: _seen(row) for row in rows}

    async def undo(self, table: str, ids: Sequence[str], *, now: datetime, keep: bool) -> Undone:
        """Take the videos back to what they showed before, all or none, and count those that had anything before.

        `keep` False: nothing stays of it. The counts are then those of the real thing, and need no second rule.
        """
        async with self._database.transaction() as tx:
            row = await tx.one(_SQL["undo"], {"table": table, "ids": list(ids), "now": now})
            assert row is not None, "an aggregate has one row"
            if not keep:
                raise Rollback
        return Undone(**row)


def columns(chosen: Sequence[Chosen]) -> dict[str, object]:
    """As the statements take them."""
    return {"ids": [story.source_id for story in chosen], "seeds": [story.seed for story in chosen]}


def _not_as_attached(table: str, error: psycopg.Error) -> UnknownTable:
    return UnknownTable(f"{table} is not what was attached any more: {error.diag.message_primary}")


def _seen(take: Row) -> TakeSeen:
    return TakeSeen(_standing(take), is_to_be_rendered(take), take["failure_code"])


def _standing(take: Row) -> Standing:
    """What `storage.plans` makes of a take that is wanted."""
    status = TakeStatus(take["status"])
    if status in {TakeStatus.FETCHING, TakeStatus.FINISHING}:
        return Standing.IN_FLIGHT
    if status is TakeStatus.RENDERING:
        return Standing.IN_FLIGHT if take["awaited"] else Standing.TO_RENDER
    if status is TakeStatus.FAILED and take["failure_permanent"]:
        return Standing.REFUSED
    return Standing.TO_RENDER if way(take) is TakeEvent.WANTED_AGAIN else Standing.THERE
