"""Many rows in one statement: inserts into an attached table, and one with mirror columns, against a bare one.

The statements take turns within each round; sizes from one row to ten thousand. No worker runs. The themes and
loops are those that are shipped. Judges nothing.
Run from the repository: `python -m benchmarks.bench_bulk [rounds]`.
"""

import sys
import time
from statistics import median

import psycopg

from benchmarks.bench_insert import database

_SIZES = (1, 100, 10_000)
_TABLES = {"bare": "public.bare", "attached": "public.stories", "mirrored": "public.mirrored"}
_INSERT = """
    insert into {} (text)
    select 'Story ' || n || ': a small whale sings to the moon while the waves carry a paper boat home.'
    from generate_series(1, %s) n
"""
_MIRRORED = """
    create table public.mirrored (
      id uuid primary key default gen_random_uuid(), text text not null, clip text, state text);
    select storyreel.attach('public.mirrored', 'text', url_column => 'clip', status_column => 'state');
"""


def seconds(owner: psycopg.Connection, table: str, rows: int) -> float:
    """How long one statement takes for that many rows, committed."""
    owner.execute("delete from procrastinate.procrastinate_jobs")
    begun = time.perf_counter()
    owner.execute(_INSERT.format(table).encode(), (rows,))
    return time.perf_counter() - begun


def main() -> None:
    """Print medians in milliseconds, how many times the bare one either takes, and the jobs that came of it."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with database() as url, psycopg.connect(url, autocommit=True) as owner:
        owner.execute(_MIRRORED.encode())
        for rows in _SIZES:
            turns = [{name: seconds(owner, table, rows) for name, table in _TABLES.items()} for _ in range(rounds)]
            for name in _TABLES:
                ratios = sorted(turn[name] / turn["bare"] for turn in turns)
                took = median(turn[name] for turn in turns)
                print(
                    f"{rows:6} rows, {name:8} {took * 1000:9.1f} ms, {took / rows * 1e6:6.0f} µs a row; "
                    f"{median(ratios):6.1f} times as long as bare ({ratios[0]:.1f} to {ratios[-1]:.1f})"
                )
        print(owner.execute("select count(*) from procrastinate.procrastinate_jobs").fetchone(), "job waits")


if __name__ == "__main__":
    main()
