"""Our share of the whole path, beside the bare ffmpeg command that makes the same files from the same clips.

Runs the real stack in a folder of its own, one story after the other; after each, the bare command runs on the
original that the story left in the bucket, so that a busy machine is busy for both. Judges nothing.
Run from the repository: `python -m benchmarks.bench_path [stories]`.
"""

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import psycopg

from benchmarks.stack import throwaway_stack
from cli.report import STAGES, timings
from cli.watch import watch
from functions.services import Services, open_services
from functions.settings import read
from local.stack import StackInfo, StackOptions
from pipeline.ffmpeg.command import command
from pipeline.ffmpeg.probe import probe
from pipeline.ffmpeg.transcoder import bundled_ffmpeg

_TABLE = "public.stories"
_ORIGINAL = """
    select t.original_path from storyreel.takes t join storyreel.shots s on s.take_id = t.id
    join storyreel.revisions r on r.id = s.revision_id join storyreel.videos v on v.id = r.video_id
    where v.source_id = %s
"""


async def make(services: Services, owner: psycopg.AsyncConnection, number: int) -> tuple[str, dict[str, float]]:
    """One story from insert to video: its id, and seconds by stage."""
    text = f"A whale number {number} swims through the stars"
    cursor = await owner.execute("insert into public.stories (text) values (%s) returning id::text", (text,))
    row = await cursor.fetchone()
    assert row is not None
    sight = await watch(services, _TABLE, row[0], tell=lambda _: None)
    assert sight.trace is not None
    return str(row[0]), timings(sight.trace)


async def bare_seconds(info: StackInfo, owner: psycopg.AsyncConnection, story: str) -> float:
    """What the bare command takes for the same outputs."""
    row = await (await owner.execute(_ORIGINAL, (story,))).fetchone()
    assert row is not None
    original = Path(info.bucket_folder) / "videos" / row[0]
    with TemporaryDirectory() as folder:
        argv = command(bundled_ffmpeg(), original, Path(folder), probe(original))
        start = time.perf_counter()
        await asyncio.to_thread(subprocess.run, argv, check=True, stdin=subprocess.DEVNULL)
        return time.perf_counter() - start


async def main(stories: int) -> None:
    """Print medians over the stories."""
    rows: list[dict[str, float]] = []
    async with (
        throwaway_stack(StackOptions(latency=(0.5, 0.5))) as (info, _),
        await psycopg.AsyncConnection.connect(info.owner_url, autocommit=True) as owner,
        open_services(read(info.settings, cores=1), connections=2) as services,
    ):
        await make(services, owner, 0)  # the first one waits for the worker to start
        for number in range(1, stories + 1):
            story, spans = await make(services, owner, number)
            rows.append({**spans, "bare": await bare_seconds(info, owner, story)})
    print(f"medians of {stories} stories, seconds")
    for stage in [*STAGES, "ours", "bare"]:
        print(f"  {stage:9} {median(row[stage] for row in rows):.3f}")
    print(f"  ours / bare ffmpeg: {median(row['ours'] / row['bare'] for row in rows):.2f}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
