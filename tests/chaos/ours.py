"""Our side: Postgres, three workers, two functions processes. Starts them, kills them, looks at their memory."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from functions.settings import read
from local.children import Child, Children
from local.postgres import EmbeddedPostgres
from local.stack import publish_placeholders
from storage.migrate import migrate
from tests.chaos.outside import SLOTS, Outside
from tests.conftest import BOOTSTRAP

SURVIVOR = "worker-1"
"""The worker that nobody kills, so that its memory can be watched over the whole run."""

WORKERS = (SURVIVOR, "worker-2", "worker-3")
FUNCTIONS = ("functions-1", "functions-2")
VICTIMS = (*WORKERS[1:], *FUNCTIONS)
BUCKET = "videos"
_FOREIGN = ("SUPABASE_", "STORYREEL_", "FAL_")

# What happened to a render, as it happened: in the end it only shows how it ended.
_HISTORY = """
create table public.chaos_renders (render_id uuid not null, status text not null, at timestamptz not null);
create function public.chaos_note() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.chaos_renders values (new.id, new.status, clock_timestamp());
  return null;
end $$;
create trigger chaos_note after update on storyreel.renders for each row
  when (old.status is distinct from new.status) execute function public.chaos_note();
-- When a line of the ledger was written; its own time is when its writer began.
create table public.chaos_ledger (id bigint not null, at timestamptz not null);
create function public.chaos_book() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.chaos_ledger values (new.id, clock_timestamp());
  return null;
end $$;
create trigger chaos_book after insert on storyreel.ledger for each row execute function public.chaos_book();
-- How far the app has come.
create table public.chaos_acts (done integer not null);
insert into public.chaos_acts values (0);
"""


@dataclass(frozen=True)
class Ours:
    """Our running processes. `owner_url`: the database, as the app has it."""

    postgres: EmbeddedPostgres
    owner_url: str
    children: Children

    def kill(self, name: str) -> bool:
        """End a process as a power cut would. False: it is dead already, and not started again yet."""
        pid = self.children.pid(name)
        if not _is_ours(pid):
            return False
        os.kill(pid, signal.SIGKILL)
        return True

    async def kill_postgres(self) -> None:
        """End the database as a power cut would."""
        await asyncio.to_thread(self.postgres.kill)

    async def start_postgres(self) -> None:
        """Start it again; it recovers first."""
        await asyncio.to_thread(self.postgres.start)

    def survivor(self) -> tuple[int, int] | None:
        """Process id of the worker that nobody kills, and its resident memory in bytes.

        None: it has ended all the same, and is not started again yet. Its next process id will tell.
        """
        pid = self.children.pid(SURVIVOR)
        try:
            resident_pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (FileNotFoundError, ProcessLookupError):
            return None
        return pid, resident_pages * os.sysconf("SC_PAGE_SIZE")


@asynccontextmanager
async def open_ours(
    folder: Path, outside: Outside, gateway: socket.socket, *, secret: str, patience: float
) -> AsyncIterator[Ours]:
    """Start our side on the folder, or go on with what an earlier run has left there. Killed at the end.

    Nothing is under way then but submits to a provider that will never answer, which an orderly stop waits for.
    """
    with EmbeddedPostgres(folder / "postgres") as postgres:
        settings = {
            "SUPABASE_URL": outside.bucket_url,
            "SUPABASE_DB_URL": postgres.url(user="storyreel"),
            "SUPABASE_SECRET_KEY": secret,
            "STORYREEL_BUCKET": BUCKET,
            "STORYREEL_FUNCTIONS_URL": f"http://127.0.0.1:{gateway.getsockname()[1]}/functions/v1",
            "STORYREEL_FAL_QUEUE_URL": outside.emulator_url,
            "FAL_KEY": "emulator:chaos",
            "STORYREEL_PATIENCE": str(patience),
            "STORYREEL_FFMPEG_PROCESSES": "1",
        }
        await _prepare(postgres, folder, settings)
        async with Children(_children(folder, settings, gateway)) as children:
            yield Ours(postgres, postgres.url(), children)
            for name in (*WORKERS, *FUNCTIONS):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(children.pid(name), signal.SIGKILL)


def _is_ours(pid: int) -> bool:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return b"cli.main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


async def _prepare(postgres: EmbeddedPostgres, folder: Path, settings: Mapping[str, str]) -> None:
    """Migrate and publish the loops, unless it was done; past the bucket's server: its errors are for workers."""
    owner_url = postgres.url()
    with psycopg.connect(owner_url, autocommit=True) as owner:
        if owner.execute("select to_regclass('public.chaos_acts')").fetchone() != (None,):
            return
        owner.execute(BOOTSTRAP.read_text().encode())
    await asyncio.to_thread(migrate, owner_url)
    own = read({**settings, "STORYREEL_BUCKET_FOLDER": str(folder / "bucket")}, cores=os.cpu_count() or 1)
    await publish_placeholders(own)
    with psycopg.connect(owner_url) as owner:  # one transaction, the last step: it says that all is there
        owner.execute("update storyreel.providers set slots = %s", [SLOTS])
        owner.execute(_HISTORY)


def _children(folder: Path, settings: Mapping[str, str], gateway: socket.socket) -> list[Child]:
    foreign = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    # Killed steps leave their files behind; they go with the folder.
    environment = {**foreign, **settings, "TMPDIR": str(folder / "tmp")}
    arguments: dict[str, tuple[list[str], tuple[int, ...]]] = {
        **{name: (["worker"], ()) for name in WORKERS},
        **{name: (["serve", "--fd", str(gateway.fileno())], (gateway.fileno(),)) for name in FUNCTIONS},
    }
    return [
        Child(
            name=name,
            argv=[sys.executable, "-m", "cli.main", "--end-with-parent", *argv],
            environment=environment,
            log=folder / "logs" / f"{name}.log",
            inherited=inherited,
        )
        for name, (argv, inherited) in arguments.items()
    ]
