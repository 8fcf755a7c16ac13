"""The engine under our steps: what dead workers leave behind, who goes first, and how a worker hears of work."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import LiteralString

import procrastinate
import psycopg
import pytest
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status

from functions.jobs import QUEUE, clear_dead_workers, create_engine, run_worker
from functions.services import Media, Services, open_media, open_services
from functions.settings import read
from tests.conftest import DatabaseUrls
from tests.functions.serving import SECRET

_HOUR = 3600.0  # seconds between looks at the engine's jobs: nobody waits for one
_JOBS: LiteralString = "select id, status::text from procrastinate.procrastinate_jobs order by id"
_WORKERS: LiteralString = "select id from procrastinate.procrastinate_workers order by id"
_DIES: LiteralString = """
    update procrastinate.procrastinate_workers set last_heartbeat = now() - interval '31 seconds' where id = %s
"""
_HANG_UP: LiteralString = """
    select pg_terminate_backend(pid, 20000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
"""
_LISTENERS: LiteralString = """
    select count(*) from pg_stat_activity where datname = current_database() and query like 'LISTEN %'
"""
_WAITING: LiteralString = "select count(*) from procrastinate.procrastinate_jobs where status = 'todo'"
_UNPLANNED: LiteralString = "select count(*) from storyreel.revisions where planned_at is null"


@pytest.fixture
async def wired(database_urls: DatabaseUrls, tmp_path: Path) -> AsyncIterator[tuple[Services, Media]]:
    """What a worker's process opens; no provider answers."""
    settings = read(
        {
            "SUPABASE_URL": "http://127.0.0.1:1",
            "SUPABASE_DB_URL": database_urls.worker,
            "SUPABASE_SECRET_KEY": SECRET,
            "STORYREEL_BUCKET_FOLDER": str(tmp_path / "bucket"),
            "STORYREEL_FAL_QUEUE_URL": "http://127.0.0.1:9",
            "FAL_KEY": "id:secret",
        },
        cores=1,
    )
    async with open_services(settings) as services, open_media(services) as media:
        yield services, media


@pytest.fixture
async def engine(wired: tuple[Services, Media]) -> AsyncIterator[procrastinate.App]:
    async with create_engine(*wired).open_async() as opened:
        yield opened


async def asked(
    owner: psycopg.AsyncConnection, query: LiteralString, *arguments: object
) -> list[tuple[object, ...]]:
    return await (await owner.execute(query, arguments or None)).fetchall()


async def until(owner: psycopg.AsyncConnection, query: LiteralString, expected: int) -> None:
    async with asyncio.timeout(60):
        while await asked(owner, query) != [(expected,)]:
            await asyncio.sleep(0.05)


async def begun(engine: procrastinate.App, worker: int, task: str = "plan", queue: str = QUEUE) -> int:
    """The id of a job of the task that the worker has begun."""
    await engine.configure_task(task, queue=queue).defer_async()
    job = await engine.job_manager.fetch_job(queues=[queue], worker_id=worker)
    assert job is not None
    assert job.id is not None
    return job.id


async def test_what_dead_workers_left_is_cleared_away(
    engine: procrastinate.App, owner: psycopg.AsyncConnection
) -> None:
    """Their jobs, and they themselves. Jobs of workers that live stay, as do those of an app's own queue."""
    dead, living = [await engine.job_manager.register_worker() for _ in range(2)]
    await begun(engine, dead)
    kept = [await begun(engine, living), await begun(engine, dead, queue="the app's own")]
    await owner.execute(_DIES, [dead])

    assert await clear_dead_workers(engine) == 1

    assert await asked(owner, _JOBS) == [(job, "doing") for job in kept]
    assert await asked(owner, _WORKERS) == [(living,)]


async def test_two_sweeps_at_once_clear_each_job_once(
    engine: procrastinate.App, owner: psycopg.AsyncConnection
) -> None:
    """Whoever comes second passes over what is gone."""
    dead = await engine.job_manager.register_worker()
    for _ in range(20):
        await begun(engine, dead)
    await owner.execute(_DIES, [dead])

    cleared = await asyncio.gather(*(clear_dead_workers(engine) for _ in range(3)))

    assert sum(cleared) == 20
    assert await asked(owner, _JOBS) == []


async def test_the_late_word_of_a_dead_worker_ends_nobody_elses_job(
    engine: procrastinate.App, owner: psycopg.AsyncConnection
) -> None:
    """A job is never handed on: the work goes on as another job, which the late word does not name."""
    dead, living = [await engine.job_manager.register_worker() for _ in range(2)]
    late = await begun(engine, dead)
    await owner.execute(_DIES, [dead])
    await clear_dead_workers(engine)
    again = await begun(engine, living)

    with pytest.raises(ConnectorException):
        await engine.job_manager.finish_job_by_id_async(late, Status.SUCCEEDED, delete_job=True)

    assert await asked(owner, _JOBS) == [(again, "doing")]


async def test_sweeps_go_before_a_backlog_of_clips(
    engine: procrastinate.App, owner: psycopg.AsyncConnection
) -> None:
    """However many clips wait, a silent render is asked after in time; a sweep under way keeps no next one out."""
    worker = await engine.job_manager.register_worker()
    await owner.execute("select storyreel.hint('fetch', gen_random_uuid()) from generate_series(1, 3)")
    sweeps = ["reconcile", "look"]
    for _ in range(2):
        for task in sweeps:
            await engine.tasks[task].defer_async(timestamp=0)
        fetched = [await engine.job_manager.fetch_job(queues=[QUEUE], worker_id=worker) for _ in sweeps]
        assert [job.task_name for job in fetched if job] == sweeps


@asynccontextmanager
async def working(services: Services, media: Media, *, poll: float) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(run_worker(services, media, poll=poll))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_worker_hears_again_after_its_connections_broke(
    wired: tuple[Services, Media], owner: psycopg.AsyncConnection
) -> None:
    """It is told of an insert: it looks for work of itself but once an hour here."""
    async with working(*wired, poll=_HOUR):
        await until(owner, _LISTENERS, 1)
        await owner.execute(_HANG_UP)
        await until(owner, _LISTENERS, 1)
        await until(owner, _WAITING, 0)
        await owner.execute("insert into public.stories (text) values ('A heron listens')")
        await until(owner, _UNPLANNED, 0)


async def test_a_worker_taken_for_dead_begins_anew(
    wired: tuple[Services, Media], owner: psycopg.AsyncConnection
) -> None:
    """Others removed it while it was slow: it takes its place again, and works."""
    async with working(*wired, poll=0.1) as task:
        await until(owner, _LISTENERS, 1)
        await owner.execute("delete from procrastinate.procrastinate_workers")
        await owner.execute("insert into public.stories (text) values ('A snail is not dead')")
        await until(owner, _UNPLANNED, 0)
        assert len(await asked(owner, _WORKERS)) == 1
        assert not task.done()
