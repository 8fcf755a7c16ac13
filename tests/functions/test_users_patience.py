"""A table of the app's that is locked keeps those waiting who ask for its rows, for a while, and nobody else."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import psycopg
import pytest

from tests.conftest import DatabaseUrls
from tests.functions.auth import Auth, open_auth
from tests.functions.serving import assert_problem
from tests.functions.user_sites import BACK_END, RowSite, open_users_door

ANNA, BERT = uuid4(), uuid4()


@pytest.fixture
async def auth() -> AsyncIterator[Auth]:
    async with open_auth() as opened:
        yield opened


@pytest.fixture
async def site(database_urls: DatabaseUrls, owner: psycopg.AsyncConnection, auth: Auth) -> AsyncIterator[RowSite]:
    async with open_users_door(database_urls.worker, auth) as door:
        yield RowSite(auth, door, owner)


async def test_users_who_wait_leave_connections_to_everybody_else(
    site: RowSite, database_urls: DatabaseUrls
) -> None:
    """More of them than connections ask for rows of a table under migration: they get 503, others are served."""
    locked = await site.table()
    keys = [await site.put(locked, ANNA) for _ in range(9)]
    async with (
        await psycopg.AsyncConnection.connect(database_urls.owner) as migration,
        migration.transaction(force_rollback=True),
    ):
        await migration.execute(f"lock table public.{locked} in access exclusive mode".encode())
        waiting = [asyncio.create_task(site.ask(ANNA, locked, key)) for key in keys]
        while not await site.rows("select from pg_locks where not granted"):
            await asyncio.sleep(0)

        told = await site.door.post(json={"text": "A fox"}, headers=BACK_END)
        assert told.status_code == 202
        assert not any(task.done() for task in waiting)

        for answer in await asyncio.gather(*waiting[:3]):
            assert_problem(answer, 503)
    await asyncio.gather(*waiting)


async def test_who_asks_again_is_served(site: RowSite, database_urls: DatabaseUrls) -> None:
    """Nothing of the wait is left behind."""
    locked = await site.table()
    key = await site.put(locked, BERT)
    async with (
        await psycopg.AsyncConnection.connect(database_urls.owner) as migration,
        migration.transaction(force_rollback=True),
    ):
        await migration.execute(f"lock table public.{locked} in access exclusive mode".encode())
        assert_problem(await site.ask(BERT, locked, key), 503)

    assert (await site.ask(BERT, locked, key)).status_code == 202
