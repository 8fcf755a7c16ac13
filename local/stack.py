"""The whole of Storyreel on one laptop: Postgres, bucket, functions, worker and emulator, started together.

One folder holds all state; `local.sharing` decides who starts and ends it. The children run the very commands that
a deployment runs; only their settings point at the stand-ins, and none of the user's own reach them but those
named here. A database that the environment names replaces the embedded one, unless it belongs to a deployment. A
fal key does not replace the emulator: only STORYREEL_FAL_QUEUE_URL does, so that no demo ever costs money.
"""

import asyncio
import contextlib
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
from psycopg.conninfo import make_conninfo

from functions.services import open_media, open_services
from functions.settings import Settings, read
from local.children import Child, Children
from local.library.description import SHIPPED, read_library
from local.library.whole import publish_whole
from local.postgres import EmbeddedPostgres
from local.sockets import listen
from pipeline.errors import BadSetting, StoryreelError
from storage.address import checked_address
from storage.migrate import migrate

DEFAULT_PORT = 54321  # where the Supabase command line serves its own
EMULATOR_KEY = "emulator:local"
BUCKET = "videos"
_EMULATOR_PORT = 54331
_BOOTSTRAP = Path(__file__).with_name("bootstrap.sql")
_PATIENCE = "0.2"  # the emulator is quicker than any provider, and nobody waits long for a laptop
# Of the user's own settings, these and no others reach the children.
_PASSED_ON = ("STORYREEL_FFMPEG", "STORYREEL_FFMPEG_PROCESSES", "STORYREEL_MODERATION")
_PASSED_ON_TO_FAL = ("FAL_KEY", "STORYREEL_FAL_QUEUE_URL", "STORYREEL_FAL_JWKS_URL", "STORYREEL_FUNCTIONS_URL")
_OURS = ("SUPABASE_", "STORYREEL_", "FAL_")
# An emulator forgets its requests when it ends; asked at once, it says so, and they are rendered anew.
_ASK_AGAIN = "update storyreel.renders set due_at = now() where status = 'submitted'"
_READY_SECONDS = 60.0
_LOG_TAIL = 400  # characters


class StackFailedError(StoryreelError):
    """A part of the stack did not come up; the message ends with what it said last."""

    code = "stack_failed"
    permanent = True


@dataclass(frozen=True)
class StackInfo:
    """How to reach a running stack. `owner_url` is the database's owner, for an app's own tables.

    `settings` are the environment variables that point a process of ours at it, secrets among them.
    """

    url: str
    owner_url: str = field(repr=False)
    emulator_url: str
    bucket_folder: str
    settings: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class StackOptions:
    """`port` None: the default one or the next free. `latency`: the emulator's, in seconds.

    `settings` go to the children, over what the stack would tell them.
    """

    port: int | None = None
    latency: tuple[float, float] | None = None
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)


@asynccontextmanager
async def start_stack(
    folder: Path, environment: Mapping[str, str], options: StackOptions
) -> AsyncIterator[tuple[StackInfo, Children]]:
    """Start everything, and end everything with the block. The caller holds the folder's lock.

    Raises `StackFailedError`, `BadSetting`, `PortTakenError`, `PostgresFailedError`.
    """
    folder = folder.absolute()
    logs = folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with (
        listen(options.port or DEFAULT_PORT, exact=options.port is not None) as gateway,
        listen(_EMULATOR_PORT, exact=False) as emulator,
        _database(folder, environment) as (owner_url, worker_url),
    ):
        await asyncio.to_thread(_prepare, owner_url, emulated="STORYREEL_FAL_QUEUE_URL" not in environment)
        info = _info(folder, environment, options, owner_url, worker_url, gateway, emulator)
        # Also finds what is wrong with the settings, before the children do.
        await publish_placeholders(read(info.settings, cores=1))
        async with Children(_children(info, environment, options, logs, gateway, emulator)) as children:
            await _until_ready(info, logs)
            yield info, children


def _info(
    folder: Path,
    environment: Mapping[str, str],
    options: StackOptions,
    owner_url: str,
    worker_url: str,
    gateway: socket.socket,
    emulator: socket.socket,
) -> StackInfo:
    url, emulator_url = (f"http://127.0.0.1:{taken.getsockname()[1]}" for taken in (gateway, emulator))
    fal = {"STORYREEL_FAL_QUEUE_URL": emulator_url, "FAL_KEY": EMULATOR_KEY}
    if "STORYREEL_FAL_QUEUE_URL" in environment:
        fal = {name: environment[name] for name in _PASSED_ON_TO_FAL if name in environment}
    bucket_folder = str(folder / "bucket")
    settings = {
        "SUPABASE_URL": url,
        "SUPABASE_DB_URL": worker_url,
        "SUPABASE_SECRET_KEY": _secret(folder / "secret"),
        "STORYREEL_BUCKET": BUCKET,
        "STORYREEL_BUCKET_FOLDER": bucket_folder,
        "STORYREEL_PATIENCE": _PATIENCE,
        **fal,
        **{name: environment[name] for name in _PASSED_ON if name in environment},
        **options.settings,
    }
    return StackInfo(url, owner_url, emulator_url, bucket_folder, settings)


def _children(
    info: StackInfo,
    environment: Mapping[str, str],
    options: StackOptions,
    logs: Path,
    gateway: socket.socket,
    emulator: socket.socket,
) -> list[Child]:
    foreign = {name: value for name, value in environment.items() if not name.startswith(_OURS)}
    latency = [f"--latency={options.latency[0]}-{options.latency[1]}"] if options.latency else []
    # The sockets are handed down: no port is lost between choosing and serving, nor while a child starts again.
    wanted: dict[str, tuple[list[str], tuple[int, ...]]] = {
        "emulator": (["emulator", "--fd", str(emulator.fileno()), *latency], (emulator.fileno(),)),
        "functions": (["serve", "--fd", str(gateway.fileno())], (gateway.fileno(),)),
        "worker": (["worker"], ()),
    }
    return [
        Child(
            name=name,
            argv=[sys.executable, "-m", "cli.main", "--end-with-parent", *arguments],
            environment={**foreign, **info.settings},
            log=logs / f"{name}.log",
            inherited=inherited,
        )
        for name, (arguments, inherited) in wanted.items()
    ]


@contextmanager
def _database(folder: Path, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The owner's URL and the workers': of the database that the environment names, or of an embedded one."""
    if url := environment.get("SUPABASE_DB_URL"):
        _refuse_deployment(url)
        # The role `storyreel` may have a password we do not know: the owner works in its place.
        yield url, make_conninfo(url, options="-c search_path=procrastinate,storyreel,pg_temp")
        return
    with EmbeddedPostgres(folder / "postgres") as postgres:
        with psycopg.connect(postgres.url(), autocommit=True) as connection:
            connection.execute(_BOOTSTRAP.read_text().encode())
        yield postgres.url(), postgres.url(user="storyreel")


def _refuse_deployment(url: str) -> None:
    """Raise `BadSetting` for a database whose files lie elsewhere than on this machine."""
    try:
        with psycopg.connect(checked_address(url, "SUPABASE_DB_URL"), autocommit=True) as connection:
            if connection.execute("select to_regclass('storyreel.buckets')").fetchone() == (None,):
                return
            query = "select public_base_url from storyreel.buckets where public_base_url !~ '^http://127[.]'"
            deployed = connection.execute(query).fetchone()
    except psycopg.OperationalError as error:
        raise BadSetting(f"SUPABASE_DB_URL names a database that does not answer: {error}") from error
    if deployed:
        raise BadSetting(
            f"the database in SUPABASE_DB_URL belongs to a deployment, whose files are at {deployed[0]}; here its "
            "stories would be rendered by the emulator. Unset SUPABASE_DB_URL to run everything on this machine"
        )


def _prepare(owner_url: str, *, emulated: bool) -> None:
    migrate(owner_url)
    if emulated:
        with psycopg.connect(owner_url, autocommit=True) as connection:
            connection.execute(_ASK_AGAIN)


async def publish_placeholders(settings: Settings) -> None:
    """Give the shipped library to the database and the bucket of these settings."""
    async with open_services(settings, connections=1) as services, open_media(services) as media:
        await publish_whole(
            read_library(SHIPPED),
            services.database,
            media.bucket,
            media.transcoder,
            processes=settings.media.concurrency,
            real=False,
            tell=lambda _loop, _built: None,
        )


async def _until_ready(info: StackInfo, logs: Path) -> None:
    """Wait for the functions to answer; the worker needs no waiting for, rows wait for it."""
    try:
        async with asyncio.timeout(_READY_SECONDS), httpx.AsyncClient(trust_env=False) as http:
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if (await http.get(f"{info.url}/functions/v1/health")).is_success:
                        return
                await asyncio.sleep(0.05)
    except TimeoutError:
        log = logs / "functions.log"
        tail = log.read_text(errors="replace")[-_LOG_TAIL:].strip()
        raise StackFailedError(f"the functions did not come up; {log} ends with:\n{tail}") from None


def _secret(file: Path) -> str:
    """The secret key of this folder's stack, made once."""
    if not file.exists():
        draft = file.with_suffix(".draft")
        draft.touch(mode=0o600)
        draft.write_text(f"sb_secret_{secrets.token_urlsafe(24)}")
        draft.rename(file)
    return file.read_text()
