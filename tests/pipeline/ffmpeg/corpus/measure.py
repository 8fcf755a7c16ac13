"""What one file costs: time by the clock and of the processor, and the memory of the largest of its children.

A program for each file, `python -m tests.pipeline.ffmpeg.corpus.measure FILE`, because the kernel keeps one
maximum for all children that a process has waited for (`ru_maxrss`, wait4(2)). It never says less than what this
program itself held when it started them, some 35 MB.
"""

import asyncio
import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.ffmpeg.transcoder import FfmpegTranscoder, bundled_ffmpeg
from tests.pipeline.ffmpeg.corpus.drive import transcode


@dataclass(frozen=True)
class Cost:
    """`error` and `message` as of `Outcome`; seconds, and bytes of the largest child."""

    error: str
    message: str
    frames: int
    clock: float
    processor: float
    peak: int


def measure(file: Path) -> Cost:
    """Transcode the file in a fresh process. Raises `CalledProcessError` for any error that is not a clip's."""
    program = [sys.executable, "-m", "tests.pipeline.ffmpeg.corpus.measure", str(file)]
    ended = subprocess.run(program, stdout=subprocess.PIPE, check=True)
    return Cost(**json.loads(ended.stdout))


async def _cost(file: Path) -> Cost:
    transcoder = FfmpegTranscoder(bundled_ffmpeg(), concurrency=1)
    with TemporaryDirectory() as folder:
        began = time.perf_counter()
        outcome = await transcode(transcoder, file, Path(folder) / "made")
        clock = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    unit = 1 if sys.platform == "darwin" else 1024
    seconds = used.ru_utime + used.ru_stime
    return Cost(outcome.error, outcome.message, outcome.frames, clock, seconds, used.ru_maxrss * unit)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(asyncio.run(_cost(Path(sys.argv[1]))))))
