"""How much longer `admit` takes with 100,000 waiting renders than with 100, whatever they wait for.

Two databases of one embedded Postgres, alike but for how many of one owner's renders wait, take turns within each
round. Another owner's few are what is admitted, as a worker, and rolled back: each call meets the same rows. Also
what it takes to place one more among them. Judges nothing.
Run from the repository: `python -m benchmarks.bench_admit [rounds]`.
"""

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import LiteralString

import psycopg
from psycopg import sql

from local.postgres import EmbeddedPostgres
from storage.migrate import migrate

_BOOTSTRAP = Path(__file__).parent.parent / "local" / "bootstrap.sql"
_FEW, _MANY = 100, 100_000
_CROWD, _OTHER = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"
_WAITING: LiteralString = """
with made as (
  insert into storyreel.takes (take_key, model, parameters, prompt, negative_prompt, seed, emulated, created_at)
  select %(owner)s || n, 'lightning', '{}', 'p', 'n', 1, true, now() from generate_series(1, %(count)s) n
  returning id, take_key
),
told as (
  insert into storyreel.videos (source_table, source_id, theme, owner_id)
  select 'bench', take_key, 'dream', %(owner)s::uuid from made returning id, source_id
),
asked as (
  insert into storyreel.revisions (video_id, number, kind, story, priority, preview, due_at, planned_at)
  select id, 1, 'first', '', 10, false, null, now() from told returning id, video_id
),
shown as (
  insert into storyreel.shots (revision_id, number, take_id)
  select asked.id, 1, made.id
  from asked join told on told.id = asked.video_id join made on made.take_key = told.source_id
)
insert into storyreel.renders
  (take_id, round, attempt, provider, endpoint, priority, owner_id, turn, estimate_usd, due_at, created_at)
select id, 1, 1, 'fal', 'e', 10, %(owner)s::uuid, row_number() over (), 0.01, now(), now() from made
"""
# What keeps the crowd from being looked at.
_WAITS: Mapping[str, LiteralString] = {
    "a slot": "waits_for = null",
    "their owner's slots": "waits_for = 'owner', due_at = now() + interval '10 minutes'",
    "room in a budget": "waits_for = 'day', due_at = now() + interval '12 hours'",
    "a later time": "waits_for = 'time', due_at = now() + interval '1 hour'",
    "their owner's slots, and are due": "waits_for = 'owner', due_at = now() - interval '1 second'",
}
_ADMIT: LiteralString = "select count(*) from storyreel.admit('fal', now(), interval '1 minute')"
_PLACE: LiteralString = "select storyreel.next_turn('fal', 10, '00000000-0000-0000-0000-000000000001')"


@contextmanager
def waiting(server: EmbeddedPostgres, count: int) -> Iterator[psycopg.Connection]:
    """A database in which so many of one owner's renders wait, and a few of another's."""
    name = f"waiting_{count}"
    with psycopg.connect(server.url(), autocommit=True) as admin:
        admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    with psycopg.connect(server.url(database=name), autocommit=True) as connection:
        connection.execute(_BOOTSTRAP.read_text().encode())
        migrate(server.url(database=name))
        for owner, how_many in ((_CROWD, count), (_OTHER, _FEW)):
            connection.execute(_WAITING, {"owner": owner, "count": how_many})
        yield connection


def park(connection: psycopg.Connection, how: LiteralString) -> None:
    """Let the crowd wait for that."""
    connection.execute("update storyreel.renders set " + how + " where owner_id = %s", [_CROWD])
    connection.execute("vacuum analyze")  # as autovacuum does within a minute


def milliseconds(connection: psycopg.Connection, statement: LiteralString) -> float:
    """What one call takes, as a worker makes it; undone afterwards."""
    with connection.transaction(force_rollback=True):
        # The policies of its tables withhold their statistics from it: its plans are others than the owner's.
        connection.execute("set local role storyreel")
        start = time.perf_counter()
        connection.execute(statement)
        return (time.perf_counter() - start) * 1000


def compare(few: psycopg.Connection, many: psycopg.Connection, statement: LiteralString, rounds: int) -> str:
    """Medians of both, and how many times as long the second takes, over the rounds."""
    turns = [(milliseconds(few, statement), milliseconds(many, statement)) for _ in range(rounds)]
    ratios = sorted(there / here for here, there in turns)
    low, high = ratios[rounds // 10], ratios[-1 - rounds // 10]
    here, there = (median(turn[n] for turn in turns) for n in (0, 1))
    return f"{here:8.2f} ms, {there:8.2f} ms: {median(ratios):7.2f} times as long ({low:.2f} to {high:.2f})"


def main() -> None:
    """Print, for each thing to wait for, what an admission takes with few and with many."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    with tempfile.TemporaryDirectory(prefix="storyreel-bench-") as folder, ExitStack() as open_:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "postgres")
        open_.callback(server.discard)
        open_.enter_context(server)
        few, many = (open_.enter_context(waiting(server, count)) for count in (_FEW, _MANY))
        print(
            f"median of {rounds} calls with {_FEW:,} and with {_MANY:,} waiting, and tenth to ninetieth percentile"
        )
        for name, how in _WAITS.items():
            park(few, how)
            park(many, how)
            print(f"admit, they wait for {name:33}{compare(few, many, _ADMIT, rounds)}")
        print(f"one more is placed among them{'':25}{compare(few, many, _PLACE, rounds)}")


if __name__ == "__main__":
    main()
