"""The clock's tick, by a real pg_cron: each minute `run-jobs` is called, whether or not anything has happened."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from local.postgres import EmbeddedPostgres
from storage.migrate import migrate
from storage.uninstall import uninstall
from tests.conftest import BOOTSTRAP, program, survive_no_power_cut
from tests.functions.serving import SECRET
from tests.supabase.waking.conftest import ENDED, EXTENSIONS, URL

pytestmark = [pytest.mark.needs("postgres15"), pytest.mark.needs("pg_cron")]
# One start after the other: the second is a setting of what the first loads. Our servers listen on no port.
_SETTINGS = (
    "alter system set shared_preload_libraries = pg_cron",
    "alter system set cron.use_background_workers = on",
)


@pytest.fixture(scope="module")
async def clockwork() -> AsyncIterator[str]:
    """A migrated database on a server with pg_cron, which calls run-jobs; its URL."""
    folder = Path(tempfile.mkdtemp(prefix="storyreel-tests-"))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder, binaries=program("postgres15").parent)
    try:
        for setting in _SETTINGS:
            with server, psycopg.connect(server.url(), autocommit=True) as connection:
                survive_no_power_cut(connection)
                connection.execute(setting)
        server.start()
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("create extension pg_cron")
            connection.execute(BOOTSTRAP.read_bytes())
            connection.execute(EXTENSIONS.read_bytes())
        migrate(server.url())
        yield server.url()
    finally:
        server.discard()
        shutil.rmtree(folder, ignore_errors=True)


async def test_run_jobs_is_called_each_minute(clockwork: str) -> None:
    """From the moment it is set up, once however often it is, and no more when we are gone."""
    async with await psycopg.AsyncConnection.connect(clockwork, autocommit=True) as owner:
        await owner.execute("select vault.create_secret(%s, 'storyreel_run_jobs')", [SECRET])
        for _ in range(2):
            await owner.execute("select storyreel.wake_by(%s)", [URL])
        jobs = await (await owner.execute("select jobname, schedule from cron.job")).fetchall()
        assert jobs == [("storyreel-run-jobs", "* * * * *")]
        await owner.execute(ENDED)
        await owner.execute("delete from net.http_request_queue")
        await owner.execute("""
            insert into cron.job_run_details (jobid, runid, status, end_time)
            select jobid, 0, 'succeeded', now() - interval '2 days' from cron.job""")

        runs = await _first_runs(owner)

        assert runs == [("succeeded",)], "the record of the day before yesterday is gone"
        called = await owner.execute("select url from net.http_request_queue")
        assert await called.fetchall() == [(URL,)]
        seen = await owner.execute("select hears, scheduled, status from storyreel.last_call()")
        assert await seen.fetchall() == [(True, True, None)]
        assert await asyncio.to_thread(uninstall, clockwork) == []
        assert await (await owner.execute("select from cron.job")).fetchall() == []


async def _first_runs(owner: psycopg.AsyncConnection) -> list[tuple[str]]:
    """What pg_cron did, once it has done something: at the next full minute."""
    async with asyncio.timeout(150):
        while True:
            found = await (
                await owner.execute(
                    "select status from cron.job_run_details where status in ('succeeded', 'failed') and runid > 0"
                )
            ).fetchall()
            if found:
                return [*found]
            await asyncio.sleep(0.2)
