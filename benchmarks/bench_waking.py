"""From the insert to the final clip: where a worker stands, and where none does and the database calls `run-jobs`.

The stories take turns. pg_net is played by the tests' stand-in, which sends a call once it is committed. What
the real one adds, up to a second of pause between two batches, is not in here, nor is the cold start of a host.
The emulated provider takes half a second with either, and what drawing takes. Judges nothing.
Run from the repository: `python -m benchmarks.bench_waking [stories]`.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

import psycopg

from benchmarks.stack import throwaway_stack
from cli.watch import watch
from functions.services import Services, open_services
from functions.settings import read
from local.postgres import EmbeddedPostgres
from local.stack import StackOptions
from storage.migrate import migrate
from tests.functions.serving import RUN, SECRET, open_door
from tests.supabase.waking.conftest import EXTENSIONS
from tests.supabase.waking.pg_net import sending

_BOOTSTRAP = Path(__file__).parent.parent / "local" / "bootstrap.sql"
_TABLE = "public.stories"


@asynccontextmanager
async def calling(emulator_url: str) -> AsyncIterator[tuple[Services, str]]:
    """A deployment without a worker, and its owner's URL."""
    with tempfile.TemporaryDirectory(prefix="storyreel-bench-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "postgres")
        try:
            server.start()
            url = server.url()
            with psycopg.connect(url, autocommit=True) as owner:
                owner.execute(_BOOTSTRAP.read_bytes())
                migrate(url)
                owner.execute(EXTENSIONS.read_bytes())
                owner.execute("select vault.create_secret(%s, 'storyreel_run_jobs')", [SECRET])
            async with (
                open_door(
                    server.url(user="storyreel"),
                    STORYREEL_FAL_QUEUE_URL=emulator_url,
                    STORYREEL_BUCKET_FOLDER=str(Path(folder) / "bucket"),
                    STORYREEL_DB_CONNECTIONS="2",
                ) as door,
                sending(url),
            ):
                with psycopg.connect(url, autocommit=True) as owner:
                    owner.execute("select storyreel.wake_by(%s)", [f"{door.url}{RUN}"])
                yield door.services, url
        finally:
            server.discard()


async def spans(services: Services, owner: psycopg.AsyncConnection, text: str) -> dict[str, float]:
    """Seconds from the insert until it was planned, its render was sent, and the final clip was shown."""
    cursor = await owner.execute("insert into public.stories (text) values (%s) returning id::text", (text,))
    (story,) = await cursor.fetchone() or ("",)
    sight = await watch(services, _TABLE, story, tell=lambda _: None)
    trace = sight.trace
    assert trace is not None
    moments = {"planned": trace.planned_at, "submitted": trace.submitted_at, "final": trace.ready_at}
    return {name: (at - trace.created_at).total_seconds() for name, at in moments.items() if at is not None}


async def main(stories: int) -> None:
    """Print medians in seconds, and what the calls add."""
    standing: list[dict[str, float]] = []
    called: list[dict[str, float]] = []
    async with (
        throwaway_stack(StackOptions(latency=(0.5, 0.5))) as (info, _),
        open_services(read(info.settings, cores=1), connections=2) as services,
        await psycopg.AsyncConnection.connect(info.owner_url, autocommit=True) as owner,
        calling(info.emulator_url) as (other_services, other_url),
        await psycopg.AsyncConnection.connect(other_url, autocommit=True) as other_owner,
    ):
        for number in range(stories + 1):
            # Two stories: of equal ones the emulator would draw the second's clip no more.
            one = await spans(services, owner, f"A whale number {number} swims through the stars")
            other = await spans(other_services, other_owner, f"A whale number 1{number} swims through the stars")
            if number:  # the first of each waits for processes to start
                standing.append(one)
                called.append(other)
    print(f"medians of {stories} stories, seconds since the insert")
    for stage in ("planned", "submitted", "final"):
        worker, calls = (median(each[stage] for each in made) for made in (standing, called))
        print(f"  {stage:9}  worker {worker:.3f}   called {calls:.3f}   {calls - worker:+.3f}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10))
