"""How much our transcode costs beside the bare ffmpeg command that makes the same files.

Both run turn about in one process, so that a busy machine is busy for both. Prints medians and their ratio; judges
nothing. Run from the repository: `python -m benchmarks.bench_transcode [rounds]`.
"""

import asyncio
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from fractions import Fraction
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from pipeline.ffmpeg.command import command
from pipeline.ffmpeg.probe import probe
from pipeline.ffmpeg.transcoder import FfmpegTranscoder, bundled_ffmpeg

CLIPS = {
    "12 frames 512x512 h264, copied": ("libx264", 12, 512, 512, 8),
    "12 frames 512x512 mpeg4, encoded": ("mpeg4", 12, 512, 512, 8),
    "49 frames 720x480 h264, copied": ("libx264", 49, 720, 480, 8),
    "49 frames 720x480 mpeg4, encoded": ("mpeg4", 49, 720, 480, 8),
}
"""Codec, frames, width, height, frames per second."""


def draw(path: Path, codec: str, frames: int, width: int, height: int, rate: int) -> Path:
    """A drifting colour slope with grain: dearer to encode than a cartoon, cheaper than film."""
    rows, columns = np.mgrid[0:height, 0:width]
    grain = np.random.default_rng(1)
    with av.open(path, "w", format="mp4") as output:
        stream = output.add_stream(codec, rate=rate)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(frames):
            slope = np.stack([columns / 2 + number * 9, rows / 2 + number * 5, (rows + columns) / 4], axis=-1)
            noisy = (slope % 256 + grain.normal(0, 4, slope.shape)).clip(0, 255).astype(np.uint8)
            frame = VideoFrame.from_ndarray(noisy, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def processor_seconds() -> float:
    """User and system time of this process and of its children that have ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


async def measure(work: Callable[[Path], Awaitable[object]]) -> tuple[float, float]:
    """Milliseconds by the clock and of the processor that the work took, in a fresh folder."""
    with TemporaryDirectory() as folder:
        clock, processor = time.perf_counter(), processor_seconds()
        await work(Path(folder))
        return (time.perf_counter() - clock) * 1000, (processor_seconds() - processor) * 1000


async def compare(original: Path, rounds: int) -> list[tuple[float, float, float, float]]:
    """For each round: ours by clock and processor, then the bare command's."""
    ours = FfmpegTranscoder(bundled_ffmpeg(), concurrency=1)
    facts = probe(original)

    async def bare(folder: Path) -> None:
        argv = command(bundled_ffmpeg(), original, folder, facts)
        await asyncio.to_thread(subprocess.run, argv, check=True, stdin=subprocess.DEVNULL)

    await measure(bare)  # fills the page cache for both
    return [
        (*await measure(lambda folder: ours.transcode(original, folder)), *await measure(bare))
        for _ in range(rounds)
    ]


async def main(rounds: int) -> None:
    """Print one line for each clip."""
    print(f"medians of {rounds} rounds, ms: clock (processor)")
    with TemporaryDirectory() as folder:
        for name, (codec, *shape) in CLIPS.items():
            original = draw(Path(folder) / f"{codec}-{shape[0]}.mp4", codec, *shape)
            rows = await compare(original, rounds)
            clock, processor, bare_clock, bare_processor = (median(column) for column in zip(*rows, strict=True))
            print(
                f"{name:34} ours {clock:5.0f} ({processor:5.0f})  bare {bare_clock:5.0f} ({bare_processor:5.0f})"
                f"  ratio {clock / bare_clock:.2f} ({processor / bare_processor:.2f})"
            )


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 15))
