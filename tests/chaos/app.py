"""The app in a run, and the database as its owner sees it: stories come and go, questions are asked, whatever
restarts meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg.rows import DictRow, dict_row

from tests.chaos.scenario import Act, Insert, batches

_AWAY_SECONDS = 60  # a database that is away for longer does not come back
_PAUSE = 0.1
_Answer = TypeVar("_Answer")
_Connection = psycopg.AsyncConnection[DictRow]


class Owner:
    """Asks on a connection of its own each time."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def ask(self, statement: LiteralString, *arguments: object) -> list[dict[str, Any]]:
        """The rows of one statement, which may run twice where the database restarts under it."""

        async def question(connection: _Connection) -> list[dict[str, Any]]:
            cursor = await connection.execute(statement, arguments)
            return await cursor.fetchall() if cursor.description else []

        return await self.transaction(question)

    async def transaction(self, do: Callable[[_Connection], Awaitable[_Answer]]) -> _Answer:
        """Do it in a transaction, anew if the database went away. Raises what psycopg does if it stays away."""
        async with asyncio.timeout(_AWAY_SECONDS):
            while True:
                try:
                    async with await _Connection.connect(self._url, row_factory=dict_row) as connection:
                        return await do(connection)
                except psycopg.OperationalError:
                    await asyncio.sleep(_PAUSE)


class App:
    """Acts out a scenario. How far it has come stands in the database, beside what it did."""

    def __init__(self, owner: Owner, acts: Sequence[Act], seed: int) -> None:
        self._owner = owner
        self._acts = acts
        self._ends: list[int] = []  # of the batches, counted in acts
        for batch in batches(acts, seed):
            self._ends.append((self._ends or [0])[-1] + len(batch))

    async def go_on(self) -> bool:
        """Commit the next batch. False: there was none left."""

        async def act(connection: _Connection) -> bool:
            cursor = await connection.execute("select done from public.chaos_acts for update")
            row = await cursor.fetchone()
            assert row is not None, "the run's tables were made with it"
            end = next((end for end in self._ends if end > row["done"]), None)
            if end is None:
                return False
            for each in self._acts[row["done"] : end]:
                await _act(connection, each)
            await connection.execute("update public.chaos_acts set done = %s", [end])
            return True

        return await self._owner.transaction(act)


async def _act(connection: _Connection, act: Act) -> None:
    if isinstance(act, Insert):
        insert: LiteralString = "insert into public.stories (id, owner_id, text) values (%s, %s, %s)"
        await connection.execute(insert, [act.id, act.owner, act.text])
    else:
        await connection.execute("delete from public.stories where id = %s", [act.id])
