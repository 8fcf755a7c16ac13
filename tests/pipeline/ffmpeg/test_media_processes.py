"""Processes of the media path: never more than allowed, killed in time, and never left behind."""

import asyncio
import signal
from asyncio.subprocess import PIPE
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import TranscodeFailed, UnusableClip
from pipeline.ffmpeg.prober import Prober, prober
from pipeline.ffmpeg.process import spawn
from pipeline.ffmpeg.transcoder import FfmpegTranscoder, bundled_ffmpeg
from tests.pipeline.ffmpeg.films import film

NewFolder = Callable[[], Path]

HANGING = """#!/bin/sh
sleep 1000 &
echo $$ $! > pids.new
mv pids.new pids
wait
"""


@pytest.fixture
def hanging(tmp_path: Path) -> Path:
    """A program in ffmpeg's place that never ends, nor does its child; it writes both ids into its folder."""
    script = tmp_path / "hanging"
    script.write_text(HANGING)
    script.chmod(0o755)
    return script


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.005)


def alive(pid: int) -> bool:
    """Whether the process runs; one that nobody has collected yet is dead all the same."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except (FileNotFoundError, ProcessLookupError):
        return False


def running_with(word: str) -> list[int]:
    """Ids of the processes that have the word in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except (FileNotFoundError, ProcessLookupError):
            continue
        if word.encode() in words:
            found.append(int(entry.name))
    return found


linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in Linux's /proc")


@linux
async def test_cancelling_leaves_no_process(hanging: Path, tmp_path: Path, folder: NewFolder) -> None:
    """A cancelled job is over only when its ffmpeg, and whatever that had started, is dead."""
    place = folder()
    transcoder = FfmpegTranscoder(hanging, concurrency=1)
    job = asyncio.create_task(transcoder.transcode(film(tmp_path / "original.mp4"), place))
    await until((place / "pids").exists)
    pids = [int(pid) for pid in (place / "pids").read_text().split()]
    assert all(alive(pid) for pid in pids)

    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job

    assert not alive(pids[0])
    await until(lambda: not any(alive(pid) for pid in pids))


@linux
async def test_cancelling_kills_the_real_ffmpeg_too(tmp_path: Path, folder: NewFolder) -> None:
    """Neither it nor the probing child outlives the job that was cut off in the middle of encoding."""
    place = folder()
    original = film(tmp_path / "original.mp4", codec="mpeg4", size=(1280, 720), frames=50)
    transcoder = FfmpegTranscoder(bundled_ffmpeg(), concurrency=1)
    job = asyncio.create_task(transcoder.transcode(original, place))
    await until((place / "video.mp4").exists)
    assert running_with(str(place))

    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job

    assert running_with(str(place)) == []


@linux
async def test_an_ffmpeg_that_hangs_is_killed(hanging: Path, tmp_path: Path, folder: NewFolder) -> None:
    """At the time limit the whole group dies, and the failure is one that may be tried again."""
    place = folder()
    transcoder = FfmpegTranscoder(hanging, concurrency=1, seconds=1.5)

    with pytest.raises(TranscodeFailed, match=r"longer than 1.5 s and was killed") as caught:
        await transcoder.transcode(film(tmp_path / "original.mp4"), place)

    pids = [int(pid) for pid in (place / "pids").read_text().split()]
    assert not caught.value.permanent
    await until(lambda: not any(alive(pid) for pid in pids))


@linux
async def test_no_more_run_at_a_time_than_allowed(tmp_path: Path) -> None:
    """With one slot, three jobs have at most one ffmpeg between them at any moment."""
    places = [tmp_path / f"slot-{number}" for number in range(3)]
    for place in places:
        place.mkdir()
    original = film(tmp_path / "original.mp4", codec="mpeg4")
    transcoder = FfmpegTranscoder(bundled_ffmpeg(), concurrency=1)
    jobs = asyncio.gather(*[transcoder.transcode(original, place) for place in places])

    seen = []
    while not jobs.done():
        seen.append(len(running_with(str(tmp_path / "slot-"))))
        await asyncio.sleep(0.005)

    assert len(await jobs) == 3
    assert max(seen) == 1


async def test_a_killed_run_harms_no_later_one(tmp_path: Path, folder: NewFolder) -> None:
    """What a cut-off job left behind does not matter to the next one in a fresh folder."""
    original = film(tmp_path / "original.mp4", codec="mpeg4", size=(640, 480), frames=30)
    transcoder = FfmpegTranscoder(bundled_ffmpeg(), concurrency=1)
    cut_off = asyncio.create_task(transcoder.transcode(original, first := folder()))
    await until((first / "video.mp4").exists)
    cut_off.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cut_off

    made = await transcoder.transcode(original, folder())

    assert made.video.frames == 30


@pytest.mark.parametrize(
    ("death", "error"), [("SEGV", UnusableClip), ("XCPU", UnusableClip), ("KILL", TranscodeFailed)]
)
async def test_a_dead_ffmpeg_condemns_the_clip_only_for_a_crash(
    death: str, error: type[Exception], tmp_path: Path, folder: NewFolder
) -> None:
    """A crash, or the end of its processor time, is the file's doing; a kill from outside is not."""
    script = tmp_path / "dying"
    script.write_text(f"#!/bin/sh\nkill -{death} $$\n")
    script.chmod(0o755)

    with pytest.raises(error):
        await FfmpegTranscoder(script, concurrency=1).transcode(film(tmp_path / "original.mp4"), folder())


@linux
async def test_a_reader_that_stands_still_is_killed(tmp_path: Path) -> None:
    """After its time by the clock, which runs while a process does nothing; and that may be tried again."""
    async with prober(tmp_path, seconds=0.5) as reader:
        reader.child.process.send_signal(signal.SIGSTOP)
        with pytest.raises(TranscodeFailed, match=r"longer than 0\.5 s"):
            await reader.facts(film(tmp_path / "original.mp4"))

    assert not alive(reader.child.process.pid)


@pytest.mark.parametrize("answer", [b"x" * 100_000, b"[" * 50_000 + b"\n", b'{"error": 7, "\xff": 1}\n', b"{}\n"])
async def test_a_mad_reader_condemns_the_clip(answer: bytes, tmp_path: Path) -> None:
    """A child that a file has taken over may say anything, at any length."""
    (tmp_path / "answer").write_bytes(answer)
    async with spawn(["/bin/sh", "-c", "read question; cat answer; read more"], cwd=tmp_path, stdio=PIPE) as child:
        with pytest.raises(UnusableClip, match="the clip cannot be used"):
            await Prober(child, seconds=60).facts(tmp_path / "original.mp4")


@pytest.mark.parametrize(("death", "error"), [(signal.SIGSEGV, UnusableClip), (signal.SIGKILL, TranscodeFailed)])
async def test_a_dead_reader_condemns_the_clip_only_for_a_crash(
    death: signal.Signals, error: type[Exception], tmp_path: Path
) -> None:
    """A crash is the file's doing; a kill from outside, as when memory runs out, is not."""
    async with prober(tmp_path) as reader:
        reader.child.process.send_signal(death)

        with pytest.raises(error):
            await reader.facts(film(tmp_path / "original.mp4"))


@linux
async def test_the_reader_is_restrained(tmp_path: Path) -> None:
    """Addresses, processor time and files written are limited before a byte of the clip is read."""
    async with prober(tmp_path) as reader:
        await reader.facts(film(tmp_path / "original.mp4"))
        limits = Path(f"/proc/{reader.child.process.pid}/limits").read_text()

    table = {line[:26].strip(): line[26:].split()[0] for line in limits.splitlines()}
    assert table["Max address space"] == "400000000"
    assert table["Max cpu time"] == "4"
    assert table["Max file size"] == "0"
