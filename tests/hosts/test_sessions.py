"""What a worker's connection must be: a session of its own, directly or through a pooler in session mode."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import psycopg
import pytest

from local.postgres import EmbeddedPostgres
from pipeline.errors import BadSetting
from storage.migrate import migrate, ours
from storage.session import check_session
from tests.cli.running import assert_sentence, storyreel
from tests.conftest import BOOTSTRAP, DatabaseUrls
from tests.hosts.bouncer import bouncing


async def use_all(url: str, size: int) -> None:
    """Have the pooler open all of its connections: so many transactions at once."""
    async with AsyncExitStack() as opened:
        for _ in range(size):
            connection = await opened.enter_async_context(await psycopg.AsyncConnection.connect(url))
            await connection.execute("select 1")


@pytest.mark.needs("pgbouncer")
@pytest.mark.parametrize("round_robin", [False, True])
@pytest.mark.parametrize("size", [1, 2, 5])
async def test_a_transaction_pooler_is_found_out(
    database_urls: DatabaseUrls, size: int, round_robin: bool
) -> None:
    """However many connections it has, and however it hands them out; also where nobody used it before."""
    async with bouncing(database_urls.worker, mode="transaction", size=size, round_robin=round_robin) as bouncer:
        with pytest.raises(BadSetting, match="SUPABASE_DB_URL"):
            await check_session(bouncer.url)
        await use_all(bouncer.url, size)
        with pytest.raises(BadSetting, match="SUPABASE_DB_URL"):
            await check_session(bouncer.url)


@pytest.mark.needs("pgbouncer")
async def test_a_worker_refuses_a_transaction_pooler(database_urls: DatabaseUrls, tmp_path: Path) -> None:
    """It ends with code 2 and a sentence that names the setting, what is wrong with it, and the mend."""
    async with bouncing(database_urls.worker, mode="transaction") as bouncer:
        settings = {
            "SUPABASE_URL": "http://127.0.0.1:1",
            "SUPABASE_DB_URL": bouncer.url,
            "SUPABASE_SECRET_KEY": "sb_secret_for_tests_only_0123456789",
            "STORYREEL_BUCKET_FOLDER": str(tmp_path / "bucket"),
            "STORYREEL_FAL_QUEUE_URL": "http://127.0.0.1:9",
            "FAL_KEY": "id:secret",
        }
        ended = storyreel("worker", settings=settings)

    assert_sentence(ended, "SUPABASE_DB_URL", "transaction mode", "session-mode", "5432", "6543")


@pytest.mark.needs("pgbouncer")
async def test_a_session_pooler_is_as_good_as_none(database_urls: DatabaseUrls) -> None:
    """Neither it, which gives one server process to many in turn, nor a direct connection is mistaken."""
    await check_session(database_urls.worker)
    async with bouncing(database_urls.worker, mode="session") as bouncer:
        for _ in range(3):
            await check_session(bouncer.url)


@pytest.mark.needs("pgbouncer")
async def test_a_database_is_migrated_through_any_pooler(postgres: EmbeddedPostgres) -> None:
    """By two at once, with connections that take turns, and again: nothing outlives a transaction."""
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("create database pooled")
        url = postgres.url(database="pooled")
        with psycopg.connect(url, autocommit=True) as inside:
            inside.execute(BOOTSTRAP.read_bytes())
        async with bouncing(url, mode="transaction", size=3, round_robin=True, user="postgres") as bouncer:
            one, two = await asyncio.gather(*(asyncio.to_thread(migrate, bouncer.url) for _ in range(2)))
            again = await asyncio.to_thread(migrate, bouncer.url)
        connection.execute("drop database pooled with (force)")

    assert sorted(one + two)[:-1] == [f"{each.version}_{each.name}" for each in ours()]
    assert again == []
