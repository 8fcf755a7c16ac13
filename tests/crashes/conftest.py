"""Fixtures of the crash tests: a deployment on sockets and disk whose processes a test starts and lets die."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql

from functions.settings import read
from local.fal.emulator import Emulator
from local.fal.knobs import Knobs
from local.fal.server import open_listener
from local.postgres import EmbeddedPostgres
from storage.buckets.disk import DiskBucket
from tests.conftest import DatabaseUrls
from tests.crashes.site import Site
from tests.pipeline.ffmpeg.films import film
from tests.pipeline.steps.conftest import EMPTY, PLACEHOLDER
from tests.pipeline.steps.outside import LIGHTNING, Provider, Timeline

_DATABASE = "test_crashes"
_FORGET = """
    delete from procrastinate.procrastinate_workers;
    update storyreel.limits set day_usd = null, total_usd = null;
"""

Begin = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(scope="session")
def clip_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small clip that needs no encoding anew."""
    return film(tmp_path_factory.mktemp("film") / "clip.mp4", size=(64, 64), frames=4).read_bytes()


@pytest.fixture
def films() -> list[bytes]:
    """What the provider renders next; then the good clip again."""
    return []


@pytest.fixture(scope="session")
def one_database(postgres: EmbeddedPostgres, _template: str) -> Iterator[DatabaseUrls]:
    """One database for all tests here: emptying it is quicker than copying a new one."""
    made, template = sql.Identifier(_DATABASE), sql.Identifier(_template)
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {} template {}").format(made, template))
        yield DatabaseUrls(postgres.url(database=_DATABASE), postgres.url(user="storyreel", database=_DATABASE))
        connection.execute(sql.SQL("drop database {} with (force)").format(made))


@pytest.fixture
def database_urls(one_database: DatabaseUrls) -> DatabaseUrls:
    """That database, as it was when it was migrated, with a placeholder."""
    with psycopg.connect(one_database.owner) as connection:
        connection.execute(EMPTY.encode())
        connection.execute(_FORGET)
        connection.execute(PLACEHOLDER)
    return one_database


@pytest.fixture(scope="session")
async def stopping() -> AsyncIterator[list[asyncio.Task[None]]]:
    """Servers on their way out: each takes a tenth of a second, which the next test need not wait for."""
    tasks: list[asyncio.Task[None]] = []
    yield tasks
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def begin(stopping: list[asyncio.Task[None]]) -> Iterator[Begin]:
    """Run something beside the test, until its end."""
    tasks: list[asyncio.Task[None]] = []
    yield lambda running: tasks.append(asyncio.create_task(running))
    for task in tasks:
        task.cancel()
    stopping.extend(tasks)


@pytest.fixture
async def provider(begin: Begin, films: list[bytes], clip_bytes: bytes) -> AsyncIterator[Provider]:
    """fal as the emulator plays it, which answers at once."""
    clock, numbers = Timeline(), count(1)
    emulator = Emulator(
        knobs=Knobs(latency=(0.0, 0.0)),
        render=lambda _: films.pop(0) if films else clip_bytes,
        clock=clock,
        key_seed=bytes(range(32)),
        new_id=lambda: f"request-{next(numbers)}",
    )
    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    begin(emulator.serve(host="127.0.0.1", port=0, ready=url.set_result))
    async with httpx.AsyncClient(base_url=await url, trust_env=False, verify=False) as http:
        yield Provider(emulator, http, clock)


@pytest.fixture
async def dark_site(
    provider: Provider,
    database_urls: DatabaseUrls,
    owner: psycopg.AsyncConnection,
    tmp_path: Path,
    begin: Begin,
    films: list[bytes],
) -> AsyncIterator[Site]:
    """A deployment, none of whose processes runs. The endpoint that is no more is known to be missing."""
    listener = open_listener("127.0.0.1", 0)
    settings = read(
        {
            "SUPABASE_URL": f"http://127.0.0.1:{listener.getsockname()[1]}",
            "SUPABASE_DB_URL": database_urls.worker,
            "SUPABASE_SECRET_KEY": "sb_secret_for_tests_only_0123456789",
            "STORYREEL_BUCKET_FOLDER": str(tmp_path / "buckets"),
            "STORYREEL_PREVIEWS": "off",
            "STORYREEL_FAL_QUEUE_URL": str(provider.http.base_url),
            "FAL_KEY": "emulator:tests",
        },
        cores=1,
    )
    left_behind = tmp_path / "left_behind"
    left_behind.mkdir()
    bucket = DiskBucket(tmp_path / "buckets", "videos", public_base_url=settings.http.functions_url)
    await bucket.ensure()
    await owner.execute(
        "insert into storyreel.missing_endpoints values ('fal', %s, %s)", (LIGHTNING, provider.clock())
    )
    with listener:
        yield Site(
            clock=provider.clock,
            provider=provider,
            settings=settings,
            owner=owner,
            bucket=bucket,
            listener=listener,
            buckets=tmp_path / "buckets",
            folder=left_behind,
            begin=begin,
            films=films,
        )


@pytest.fixture
async def site(dark_site: Site) -> Site:
    """A deployment whose functions serve."""
    await dark_site.serve_functions()
    return dark_site
