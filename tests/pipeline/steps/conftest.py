"""Fixtures of the steps' tests: provider over sockets, bucket on disk, and the world they form with Postgres."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg import sql
from starlette.applications import Starlette
from starlette.routing import Route

from functions.services import Stores
from local.fal.emulator import Emulator
from local.fal.knobs import Knobs
from local.fal.models.film import Drawing
from local.fal.server import Door, open_listener, serve_app
from local.postgres import EmbeddedPostgres
from pipeline.download import HttpClipSource
from pipeline.fal.client import FalGenerator
from pipeline.ffmpeg.transcoder import FfmpegTranscoder, bundled_ffmpeg
from pipeline.moderation.moderators import OfflineRules
from pipeline.prompts import TemplateWriter
from pipeline.timing import Timing
from storage.buckets.disk import DiskBucket
from tests.conftest import DatabaseUrls
from tests.pipeline.ffmpeg.films import film
from tests.pipeline.steps.outside import LIGHTNING, Post, Provider, Timeline, Wire
from tests.pipeline.steps.world import TABLES, World

KEY = "emulator:tests"
EMPTY = "; ".join(
    [
        *(f"delete from {table}" for table in ["public.stories", "procrastinate.procrastinate_jobs"]),
        *(f"delete from storyreel.{table}" for table in [*TABLES, "placeholders", "buckets"]),
        "update storyreel.providers set slots = default",
        "select storyreel.resume('fal')",
        "update storyreel.accounts set reserved_usd = 0, spent_usd = 0",
    ]
)
PLACEHOLDER = """
    insert into storyreel.buckets values ('videos', 'http://files.test/videos');
    insert into storyreel.placeholders
      (theme, shape, variant, bucket, path, poster_path, preview_path, blurhash, width, height)
    values ('dream', 'square', 1, 'videos', 'p/dream.mp4', 'p/dream.jpg', 'p/dream.webp', 'L00000fQ', 512, 512);
"""


@pytest.fixture(scope="session")
def clip_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small clip that needs no encoding anew."""
    return film(tmp_path_factory.mktemp("film") / "clip.mp4", size=(64, 64), frames=4).read_bytes()


@pytest.fixture(scope="session")
def one_database(postgres: EmbeddedPostgres, _template: str) -> Iterator[DatabaseUrls]:
    """One database for all tests of the steps: emptying it is ten times quicker than copying a new one."""
    made, template = sql.Identifier("test_steps"), sql.Identifier(_template)
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {} template {}").format(made, template))
        connection.execute(sql.SQL("alter database {} set synchronous_commit = off").format(made))
        yield DatabaseUrls(
            postgres.url(database="test_steps"), postgres.url(user="storyreel", database="test_steps")
        )
        connection.execute(sql.SQL("drop database {} with (force)").format(made))


@pytest.fixture
def database_urls(one_database: DatabaseUrls) -> DatabaseUrls:
    """That database, as it was when it was migrated."""
    with psycopg.connect(one_database.owner) as connection:
        connection.execute(EMPTY)
    return one_database


@pytest.fixture
def clock() -> Timeline:
    return Timeline()


@pytest.fixture(scope="session")
async def stopping() -> AsyncIterator[list[asyncio.Task[None]]]:
    """Servers on their way out: each takes a tenth of a second, which the next test need not wait for."""
    tasks: list[asyncio.Task[None]] = []
    yield tasks
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def stop_later(stopping: list[asyncio.Task[None]]) -> Iterator[Callable[[asyncio.Task[None]], None]]:
    tasks: list[asyncio.Task[None]] = []
    yield tasks.append
    for task in tasks:
        task.cancel()
    stopping.extend(tasks)


@pytest.fixture
async def post(stop_later: Callable[[asyncio.Task[None]], None]) -> Post:
    listener = open_listener("127.0.0.1", 0)
    post = Post(f"http://127.0.0.1:{listener.getsockname()[1]}/hook")
    ready = asyncio.Event()
    app = Starlette(routes=[Route("/hook/{render_id}", post.take, methods=["POST"])])
    stop_later(asyncio.create_task(serve_app(app, [Door(listener)], ready=ready.set)))
    await ready.wait()
    return post


@pytest.fixture
def films() -> list[bytes]:
    """What the provider renders next; then the good clip again."""
    return []


@pytest.fixture
def film_for(films: list[bytes], clip_bytes: bytes) -> Callable[[Drawing], bytes]:
    return lambda _: films.pop(0) if films else clip_bytes


@pytest.fixture
def emulator(clock: Timeline, film_for: Callable[[Drawing], bytes]) -> Emulator:
    numbers = count(1)
    return Emulator(
        knobs=Knobs(latency=(0.0, 0.0)),
        render=film_for,
        clock=clock,
        key_seed=bytes(range(32)),
        new_id=lambda: f"request-{next(numbers)}",
        key=KEY,
    )


@pytest.fixture
async def provider_url(emulator: Emulator, stop_later: Callable[[asyncio.Task[None]], None]) -> str:
    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    stop_later(asyncio.create_task(emulator.serve(host="127.0.0.1", port=0, ready=url.set_result)))
    return await url


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    wire = Wire()
    yield wire
    await wire.aclose()


@pytest.fixture
async def generator(wire: Wire, provider_url: str) -> AsyncIterator[FalGenerator]:
    """The real client of the provider, talking to the emulator."""
    async with httpx.AsyncClient(transport=wire, trust_env=False) as http:
        jwks = f"{provider_url}/.well-known/jwks.json"
        yield FalGenerator(http, key=KEY, queue_url=provider_url, jwks_url=jwks, emulated=True)


@pytest.fixture(scope="session")
def tls() -> ssl.SSLContext:
    """Plain HTTP here, and yet every source wants one; loading certificates takes time."""
    return httpx.create_ssl_context()


@pytest.fixture
async def bucket(tmp_path: Path) -> DiskBucket:
    bucket = DiskBucket(tmp_path / "buckets", "videos", public_base_url="http://files.test")
    await bucket.ensure()
    return bucket


@pytest.fixture
async def world(
    clock: Timeline,
    stores: Stores,
    generator: FalGenerator,
    bucket: DiskBucket,
    emulator: Emulator,
    provider_url: str,
    wire: Wire,
    post: Post,
    owner: psycopg.AsyncConnection,
    tls: ssl.SSLContext,
) -> AsyncIterator[World]:
    """Everything, with a placeholder published and the endpoint that is no more already known to be missing."""
    await owner.execute(PLACEHOLDER)
    await stores.renders.note_missing("fal", LIGHTNING, now=clock())
    host = provider_url.removeprefix("http://")
    async with httpx.AsyncClient(base_url=provider_url, trust_env=False, verify=False) as http:
        yield World(
            clock=clock,
            timing=Timing(),
            stores=stores,
            plans=stores.plans,
            renders=stores.renders,
            takes=stores.takes,
            moderator=OfflineRules(),
            writer=TemplateWriter(),
            generator=generator,
            bucket=bucket,
            transcoder=FfmpegTranscoder(bundled_ffmpeg(), concurrency=2),
            source=HttpClipSource(hosts=[host], tls=tls),
            provider=Provider(emulator, http, clock),
            wire=wire,
            post=post,
            owner=owner,
        )
