"""The doors on Postgres: ask for a video, and look at one.

All doors end in the same SQL function as the insert trigger, so a story asked for twice has one video.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from pipeline.boxes import Shape
from pipeline.errors import OverQuota, StoreUnavailable, UnknownTable
from storage.database import Database, Transaction
from storage.queries import load

_SQL = load("stories")

Kind = Literal["first", "rerender", "new_take"]

_USERS_AT_ONCE = 3  # at most: a connection is left for everybody else
"""Policies are the app's code, and may be slow: connections are left for everybody else."""

_TURN_SECONDS = 20.0

_AS_ATTACHED = {"kind": "first", "model": None, "seed": None, "parameters": None, "preview": None}


@dataclass(frozen=True)
class VideoView:
    """A video as the app sees it. `progress` in 0..1; sizes in pixels; no `url` for a private bucket's files."""

    id: UUID
    source_table: str
    source_id: str
    theme: str
    shape: str
    shows: str
    shown_revision: int
    work: str
    reason: str | None
    message: str | None
    bucket: str | None
    path: str | None
    poster_path: str | None
    width: int | None
    height: int | None
    blurhash: str | None
    progress: float
    url: str | None
    poster_url: str | None


@dataclass(frozen=True)
class Trace:
    """The newest revision's way, moment by moment; None for what has not happened.

    `preview_at` is when its preview was ready, `cost_usd` what all its takes have cost since it was asked for.
    """

    created_at: datetime
    planned_at: datetime | None
    preview_at: datetime | None
    take_status: str | None
    emulated: bool | None
    delivered_at: datetime | None
    fetched_at: datetime | None
    ready_at: datetime | None
    render_id: UUID | None
    render_status: str | None
    endpoint: str | None
    request_id: str | None
    admitted_at: datetime | None
    submitted_at: datetime | None
    cost_usd: Decimal | None
    estimate_usd: Decimal | None
    failure_code: str | None
    failure_message: str | None


@dataclass(frozen=True)
class Attachment:
    """A table of the app's whose rows have videos."""

    source_table: str
    id_column: str


class PostgresStories:
    """Stories and their videos."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._users = asyncio.Semaphore(min(_USERS_AT_ONCE, max(1, database.connections - 1)))

    async def request(
        self,
        source_table: str,
        source_id: str,
        text: str,
        *,
        owner_id: UUID | None = None,
        kind: Kind = "first",
        model: str | None = None,
        seed: int | None = None,
        parameters: Mapping[str, object] | None = None,
        shape: Shape = Shape.SQUARE,
        preview: bool | None = None,
    ) -> bool:
        """Ask for a video of the text. False: the story has one already and `kind` is `first`.

        `parameters` as `pipeline.parameters.read_given` lets them through; `shape` is that of the clip they make.
        `preview` None: only where it is the first video of the story. Raises `OverQuota` where the owner has asked
        for as many new ones in the last hour as one may.
        """
        arguments = {
            "source_table": source_table,
            "source_id": source_id,
            "text": text,
            "owner_id": owner_id,
            "kind": kind,
            "model": model,
            "seed": seed,
            "parameters": Jsonb(parameters) if parameters else None,
            "shape": shape,
            "preview": preview,
        }
        async with self._database.transaction() as tx:
            await _check_quota(tx, arguments)
            return await tx.one(_SQL["request"], arguments) is not None

    async def request_of(
        self,
        source_table: str,
        source_id: str,
        *,
        kind: Kind = "first",
        model: str | None = None,
        seed: int | None = None,
        parameters: Mapping[str, object] | None = None,
        preview: bool | None = None,
    ) -> bool:
        """Ask for a video of a row of an attached table, read here. False as above, or no such row.

        Raises `UnknownTable`.
        """
        arguments = {
            "source_table": source_table,
            "source_id": source_id,
            "kind": kind,
            "model": model,
            "seed": seed,
            "parameters": Jsonb(parameters) if parameters else None,
            "preview": preview,
        }
        try:
            async with self._database.transaction() as tx:
                return await tx.one(_SQL["request_of"], arguments) is not None
        except psycopg.errors.UndefinedTable as error:
            raise UnknownTable(
                f"{error.diag.message_primary}; attach it first: {error.diag.message_hint}"
            ) from error

    async def request_of_own(
        self, user_id: UUID, claims: Mapping[str, object], source_table: str, source_id: str
    ) -> bool:
        """Ask for a video of a row that the user's own token shows and that is theirs; it may have one already.

        False: there is no such row. `claims` are those of the verified token, for the table's RLS policies. Raises
        `OverQuota`, and `StoreUnavailable` where a policy takes too long or the table is locked.
        """
        arguments = {"source_table": source_table, "source_id": source_id, "claims": json.dumps(claims)}
        async with self._users_turn(), self._database.transaction() as tx:
            await tx.one(_SQL["patience"], {})
            seen = await tx.one(_SQL["owner_as_seen"], arguments)
            if seen is None or seen["owner_id"] != user_id:
                return False
            await _check_quota(tx, arguments | {"owner_id": user_id})
            await tx.one(_SQL["request_of"], arguments | _AS_ATTACHED)
            return True

    @asynccontextmanager
    async def _users_turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(_TURN_SECONDS):
                await self._users.acquire()
        except TimeoutError as error:
            raise StoreUnavailable(
                "too many rows of users are being looked at just now; come back soon"
            ) from error
        try:
            yield
        finally:
            self._users.release()

    async def key(self, source_table: str, text: str) -> str | None:
        """The key of an attached table's row as videos have it, however the text spells it; None for no key."""
        async with self._database.transaction() as tx:
            row = await tx.one(_SQL["key"], {"source_table": source_table, "source_id": text})
        return row["key"] if row else None

    async def attachment(self, schema: str, table: str) -> Attachment:
        """The attached table of that name. Raises `UnknownTable`."""
        async with self._database.transaction() as tx:
            row = await tx.one(_SQL["attachment"], {"schema": schema, "table": table})
        assert row is not None, "a SELECT without FROM has one row"
        if row["source_table"] is None:
            raise UnknownTable(f"the table {row['name']} is not attached; attach it first: {row['how']}")
        return Attachment(row["source_table"], row["id_column"])

    async def find(
        self, source_table: str, source_id: str, *, claims: Mapping[str, object] | None = None, now: datetime
    ) -> VideoView | None:
        """The video of a story, or None. With a user's `claims`, only one that RLS shows that user."""
        return await self._find({"id": None, "source_table": source_table, "source_id": source_id}, claims, now)

    async def find_by_id(
        self, video_id: UUID, *, claims: Mapping[str, object] | None = None, now: datetime
    ) -> VideoView | None:
        """The video of that id; otherwise as above."""
        return await self._find({"id": video_id, "source_table": None, "source_id": None}, claims, now)

    async def _find(
        self, which: Mapping[str, object], claims: Mapping[str, object] | None, now: datetime
    ) -> VideoView | None:
        async with self._database.transaction() as tx:
            if claims is not None:
                await tx.one(_SQL["become_user"], {"claims": json.dumps(claims)})
            row = await tx.one(_SQL["find"], {**which, "now": now})
        return VideoView(**row) if row else None

    async def trace(self, video_id: UUID) -> Trace | None:
        """The way of the video's newest revision, or None where it has none."""
        async with self._database.transaction() as tx:
            row = await tx.one(_SQL["trace"], {"video_id": video_id})
        return Trace(**row) if row else None


async def _check_quota(tx: Transaction, arguments: Mapping[str, object]) -> None:
    row = await tx.one(_SQL["quota_wait"], arguments)
    if row and row["wait"] is not None:
        raise OverQuota(
            "this user has asked for as many videos in the last hour as one may; ask again later",
            retry_after=max(1.0, row["wait"].total_seconds()),
        )
