"""The whole of Storyreel on one laptop: Postgres, bucket, functions, worker and emulator, started together.

One folder holds all state, one lock says who owns it. The children run the very commands that a deployment
runs; only their settings point at the stand-ins. A database that the environment names replaces the embedded one.
A fal key in it does not replace the emulator: only STORYREEL_FAL_QUEUE_URL does, so that no demo ever costs money.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

import httpx
import psycopg
from psycopg.conninfo import make_conninfo

from local.children import Child, Children
from local.placeholders import publish_missing
from local.postgres import EmbeddedPostgres
from local.sockets import listen
from pipeline.ffmpeg.transcoder import FfmpegTranscoder, bundled_ffmpeg
from storage.buckets.disk import DiskBucket
from storage.migrate import migrate

DEFAULT_PORT = 54321  # where the Supabase command line serves its own
_EMULATOR_PORT = 54331
EMULATOR_KEY = "emulator:local"
_BUCKET = "videos"
_BOOTSTRAP = Path(__file__).with_name("bootstrap.sql")
# An emulator forgets its requests when it ends; asked at once, it says so, and they are rendered anew.
_ASK_AGAIN = "update storyreel.renders set due_at = now() where status = 'submitted'"
_READY_SECONDS = 60.0
_PATIENCE = "0.2"  # the emulator is quicker than any provider, and nobody waits long for a laptop


@dataclass(frozen=True)
class StackInfo:
    """How to reach a running stack. `owner_url` is the database's owner, for an app's own tables."""

    url: str
    owner_url: str
    worker_url: str
    secret: str
    bucket_folder: str
    emulator_url: str


@dataclass(frozen=True)
class StackOptions:
    """`port` None: the default one or the next free. `latency`: the emulator's, in seconds.

    `settings` go to the children, over what the stack would tell them.
    """

    port: int | None = None
    latency: tuple[float, float] | None = None
    settings: Mapping[str, str] = field(default_factory=dict)


@asynccontextmanager
async def use_stack(
    folder: Path, environment: Mapping[str, str], options: StackOptions
) -> AsyncIterator[StackInfo]:
    """A stack to work with: the one that runs in this folder, or a new one that ends with the block.

    Whoever started it waits for all others to leave before it ends it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "users.lock").open("a") as users:
        if (owner := _try_lock(folder / "stack.lock")) is None:
            yield await _join(folder, users)
            return
        with owner:
            async with start_stack(folder, environment, options) as (info, _):
                fcntl.flock(users, fcntl.LOCK_SH)
                try:
                    yield info
                finally:
                    await asyncio.to_thread(fcntl.flock, users, fcntl.LOCK_EX)


@asynccontextmanager
async def start_stack(
    folder: Path, environment: Mapping[str, str], options: StackOptions
) -> AsyncIterator[tuple[StackInfo, Children]]:
    """Start everything, and end everything with the block. The caller holds the folder's lock."""
    logs = folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with (
        _database(folder, environment) as (owner_url, worker_url),
        listen(options.port or DEFAULT_PORT, exact=options.port is not None) as gateway,
    ):
        await asyncio.to_thread(_prepare, owner_url)
        info = StackInfo(
            url=f"http://127.0.0.1:{gateway.getsockname()[1]}",
            owner_url=owner_url,
            worker_url=worker_url,
            secret=_secret(folder / "secret"),
            bucket_folder=str(folder / "bucket"),
            emulator_url=f"http://127.0.0.1:{_free_port(_EMULATOR_PORT)}",
        )
        await _publish_placeholders(info)
        async with Children(_children(info, environment, options, logs, gateway.fileno())) as children:
            await _until_ready(info)
            with _announced(folder / "stack.json", info):
                yield info, children


def settings_of(info: StackInfo) -> dict[str, str]:
    """The environment variables that point a process of ours at the stack."""
    return {
        "SUPABASE_URL": info.url,
        "SUPABASE_DB_URL": info.worker_url,
        "SUPABASE_SECRET_KEY": info.secret,
        "STORYREEL_BUCKET": _BUCKET,
        "STORYREEL_BUCKET_FOLDER": info.bucket_folder,
        "STORYREEL_FAL_QUEUE_URL": info.emulator_url,
        "FAL_KEY": EMULATOR_KEY,
        "STORYREEL_PATIENCE": _PATIENCE,
    }


def _children(
    info: StackInfo, environment: Mapping[str, str], options: StackOptions, logs: Path, gateway: int
) -> list[Child]:
    settings = {**environment, **settings_of(info), **options.settings}
    if real := environment.get("STORYREEL_FAL_QUEUE_URL"):
        settings |= {"STORYREEL_FAL_QUEUE_URL": real, "FAL_KEY": environment.get("FAL_KEY", "")}
    command = [sys.executable, "-m", "cli.main"]
    latency = [f"--latency={options.latency[0]}-{options.latency[1]}"] if options.latency else []
    port = info.emulator_url.rpartition(":")[2]
    wanted = {
        "emulator": ["emulator", "--port", port, *latency],
        "functions": ["serve", "--fd", str(gateway)],
        "worker": ["worker"],
    }
    return [
        Child(
            name=name,
            argv=[*command, "--end-with-parent", *arguments],
            environment=settings,
            log=logs / f"{name}.log",
            inherited=(gateway,) if name == "functions" else (),
        )
        for name, arguments in wanted.items()
    ]


def _prepare(owner_url: str) -> None:
    migrate(owner_url)
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(_ASK_AGAIN)


@contextmanager
def _database(folder: Path, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The owner's URL and the workers': of the database that the environment names, or of an embedded one."""
    if url := environment.get("SUPABASE_DB_URL"):
        # The role `storyreel` may have a password we do not know: the owner works in its place.
        yield url, make_conninfo(url, options="-c search_path=procrastinate,storyreel,pg_temp")
        return
    with EmbeddedPostgres(folder / "postgres") as postgres:
        with psycopg.connect(postgres.url(), autocommit=True) as connection:
            connection.execute(_BOOTSTRAP.read_text().encode())
        yield postgres.url(), postgres.url(user="storyreel")


async def _publish_placeholders(info: StackInfo) -> None:
    base = info.url
    async with DiskBucket(Path(info.bucket_folder), _BUCKET, public_base_url=base) as bucket:
        await bucket.ensure()
        transcoder = FfmpegTranscoder(bundled_ffmpeg(), concurrency=os.cpu_count() or 1)
        await publish_missing(info.owner_url, bucket, transcoder)


async def _until_ready(info: StackInfo) -> None:
    """Wait for the functions to answer; the worker needs no waiting for, rows wait for it."""
    async with asyncio.timeout(_READY_SECONDS), httpx.AsyncClient(trust_env=False) as http:
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await http.get(f"{info.url}/functions/v1/health")).is_success:
                    return
            await asyncio.sleep(0.05)


def _secret(file: Path) -> str:
    """The secret key of this folder's stack, made once."""
    if not file.exists():
        draft = file.with_suffix(".draft")
        draft.touch(mode=0o600)
        draft.write_text(f"sb_secret_{secrets.token_urlsafe(24)}")
        draft.rename(file)
    return file.read_text()


def _free_port(port: int) -> int:
    with listen(port, exact=False) as probe:
        return int(probe.getsockname()[1])


def _try_lock(file: Path) -> IO[str] | None:
    """The lock, held as long as the file is open; None where someone else holds it."""
    handle = file.open("a")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        return None
    return handle


async def _join(folder: Path, users: IO[str]) -> StackInfo:
    """The stack that someone else runs in the folder, once it is up."""
    file = folder / "stack.json"
    async with asyncio.timeout(_READY_SECONDS):
        while not file.exists():
            await asyncio.sleep(0.1)
    fcntl.flock(users, fcntl.LOCK_SH)
    return StackInfo(**json.loads(file.read_text()))


@contextmanager
def _announced(file: Path, info: StackInfo) -> Iterator[None]:
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(info)))
    draft.chmod(0o600)
    draft.rename(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)
