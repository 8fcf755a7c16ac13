"""What waiting costs: the worker's memory with one render waiting and with thousands, and how long `admit` takes.

What waits is a row, so neither should grow. Linux only (reads /proc). Judges nothing.
Run from the repository: `python -m benchmarks.bench_waiting`.
"""

import asyncio
import re
import time
from pathlib import Path
from statistics import median

import psycopg

from benchmarks.stack import throwaway_stack
from local.stack import StackOptions

_WAITING = "select count(*) from storyreel.renders where status = 'waiting'"
_INSERT = """
    insert into public.stories (text)
    select 'A whale counts to ' || n from generate_series(%s::int, %s::int) n
"""
# As a worker calls it, with every slot but one taken; rolled back, so that each call meets the same rows.
_ADMIT = "select count(*) from storyreel.admit('fal', now(), interval '1 minute')"


def resident_mib(pid: int) -> float:
    """Memory that the process holds, in MiB."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


async def until_waiting(owner: psycopg.AsyncConnection, count: int) -> None:
    """Wait until that many renders wait."""
    while True:
        row = await (await owner.execute(_WAITING)).fetchone()
        if row is not None and row[0] >= count:
            return
        await asyncio.sleep(0.1)


async def admit_ms(owner: psycopg.AsyncConnection) -> float:
    """Median milliseconds of one admission."""
    spans = []
    for _ in range(30):
        async with owner.transaction(force_rollback=True):
            await owner.execute("update storyreel.providers set slots = 3 where name = 'fal'")
            start = time.perf_counter()
            await owner.execute(_ADMIT)
            spans.append((time.perf_counter() - start) * 1000)
    return median(spans)


async def main() -> None:
    """Print both figures for 1, 1,000 and 20,000 waiting renders."""
    async with (
        throwaway_stack(StackOptions(latency=(900, 900))) as (info, children),
        await psycopg.AsyncConnection.connect(info.owner_url, autocommit=True) as owner,
    ):
        inserted = 0
        for waiting in (1, 1000, 20000):
            more = waiting + 2 - inserted  # two are at the provider, for a quarter of an hour
            await owner.execute(_INSERT, (inserted + 1, inserted + more))
            inserted += more
            await until_waiting(owner, waiting)
            memory = resident_mib(children.pid("worker"))
            print(f"{waiting:6} waiting: worker {memory:.0f} MiB, admit {await admit_ms(owner):.2f} ms")


if __name__ == "__main__":
    asyncio.run(main())
