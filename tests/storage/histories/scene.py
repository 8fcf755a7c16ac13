"""One database for many short lives: the real stores on it, its owner who looks after every transaction, a clock.

Ids are counted, so that the same calls always meet the same rows in the same order. What the steps do with the
stores stands in `deeds.py`.
"""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import psycopg

from functions.services import Stores
from pipeline.errors import StoryreelError
from pipeline.lifecycle import RenderStatus
from storage.database import Database
from storage.plans import PostgresPlans
from storage.renders import PostgresRenders
from storage.stories import PostgresStories
from storage.sweep import PostgresSweep
from storage.takes import PostgresTakes
from tests.conftest import Clock
from tests.storage.histories.promises import Memory

_T = TypeVar("_T")

BUCKET = "videos"
_COUNTED = ("public.stories", "storyreel.videos", "storyreel.revisions", "storyreel.takes", "storyreel.shots",
            "storyreel.renders")  # fmt: skip
_PREPARE: LiteralString = """
create sequence storyreel.counted;
grant usage on sequence storyreel.counted to storyreel;
insert into storyreel.placeholders
  (theme, shape, variant, bucket, path, poster_path, preview_path, blurhash, width, height)
values ('dream', 'square', 1, 'videos', 'dream.mp4', 'dream.jpg', 'dream.webp', 'LEHV6nWB2yk8', 512, 512);
"""
_COUNT: LiteralString = (
    "alter table {} alter id set default lpad(to_hex(nextval('storyreel.counted')), 32, '0')::uuid"
)
_CLEAR: LiteralString = """
delete from public.stories; delete from storyreel.videos; delete from storyreel.missed;
delete from storyreel.renders; delete from storyreel.takes; delete from storyreel.deliveries;
delete from storyreel.ledger; delete from storyreel.renditions; delete from storyreel.objects;
delete from procrastinate.procrastinate_jobs;
update storyreel.providers set
  slots = 2, owner_slots = null, per_minute = null, rate_at = null, paused_until = null, pause_code = null,
  pause_message = null, pauses = 0, resumed_at = '-infinity';
update storyreel.limits set
  day_usd = null, owner_day_usd = null, story_usd = null, total_usd = null, owner_stories_per_hour = null,
  overrun_factor = 3, overrun_bills = 20;
delete from storyreel.accounts;
delete from procrastinate.procrastinate_jobs;
select setval('storyreel.counted', 1);
"""


class Scene:
    """The stores and the owner of one database."""

    def __init__(self, database: Database, owner: psycopg.Connection, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.owner = owner
        self.stores = Stores(
            PostgresStories(database),
            PostgresPlans(database),
            PostgresRenders(database),
            PostgresTakes(database),
            PostgresSweep(database),
        )
        self.owner.execute(_PREPARE)
        for table in _COUNTED:
            self.owner.execute(_COUNT.replace("{}", table).encode())
        self.begin()

    def begin(self) -> None:
        """Forget every row and what was remembered of them."""
        self.owner.execute(_CLEAR)
        self.clock = Clock()
        self.clock.advance(hours=1)
        self.memory = Memory()
        self.met: Counter[str] = Counter()
        self.broken = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """One transaction, after which every promise is looked at."""
        self.clock.advance(milliseconds=1)
        self.broken = True
        try:
            yield
        except StoryreelError:  # an answer like any other
            self._look()
            raise
        self._look()

    def _look(self) -> None:
        self.memory.look(self.owner)
        self.broken = False

    def do(self, call: Coroutine[Any, Any, _T]) -> _T:
        """Run one call of a store."""
        with self.watched():
            return self._loop.run_until_complete(call)

    def ask(self, question: Coroutine[Any, Any, _T]) -> _T:
        """The same of one that changes nothing."""
        return self._loop.run_until_complete(question)

    def rows(self, query: LiteralString, *arguments: object) -> list[tuple[Any, ...]]:
        """Look as the owner."""
        return self.owner.execute(query, arguments).fetchall()

    def owners(self, query: LiteralString, *arguments: object) -> list[tuple[Any, ...]]:
        """Do something as the app does, or as an operator; what it returns."""
        with self.watched():
            cursor = self.owner.execute(query, arguments)
            return cursor.fetchall() if cursor.description else []

    def note(self, row: UUID, event: StrEnum | str) -> None:
        """Count what is about to happen to a take or a render, by how it stands."""
        for what, rows in (("take", self.memory.state.takes), ("render", self.memory.state.renders)):
            if str(row) in rows:
                self.met[f"{what} {rows[str(row)][0]}: {event}"] += 1

    def take_of(self, render: UUID) -> UUID:
        """The take that the render is a try at."""
        return UUID(self.memory.state.renders[str(render)][1])

    def status(self, render: UUID) -> RenderStatus:
        """How the render stands."""
        return RenderStatus(self.memory.state.renders[str(render)][0])
