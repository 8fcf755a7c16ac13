"""From an untrusted clip to files that browsers play: gate, one ffmpeg, then a look at what came out.

Joins the words and the wire of this folder and decides nothing itself. Writes into the folder it is given and
nowhere else, so a run that was cut off leaves nothing but that folder, and another run elsewhere makes the
same bytes.
"""

import asyncio
import re
import signal
import stat
import sys
from importlib.resources import files as resources
from pathlib import Path

import numpy as np

from pipeline.errors import BadSetting, TranscodeFailed, UnusableClip
from pipeline.ffmpeg import blurhash, gate, launcher, outputs
from pipeline.ffmpeg.command import PIXELS_SIDE, Files, command, files, limits, sizes
from pipeline.ffmpeg.facts import Facts
from pipeline.ffmpeg.geometry import displayed
from pipeline.ffmpeg.prober import CRASHES, Prober, prober
from pipeline.ffmpeg.process import run
from pipeline.ports import Rendition, Transcoded, Video

RECIPE = "r1"
"""To be changed with anything that changes what is made: sizes, qualities, encoders, the choice of files."""

SECONDS = 60.0
"""For ffmpeg, by the clock. A second of Full HD takes about one to decode and encode on one core."""

DAMAGED = frozenset({183, 176})
"""Exit statuses that blame the input: AVERROR_INVALIDDATA and AVERROR_PATCHWELCOME, cut to 8 bits."""

BLAMES = (
    "Error submitting packet to decoder",
    "Error submitting video frame to the encoder",
    "Non-monotonic DTS",
)
"""What ffmpeg says where coded pictures, decoded ones or their times are to blame, whatever its exit status: that
differs from decoder to decoder."""

ADDRESS = re.compile(r" @ 0x[0-9a-f]+")
"""What ffmpeg's log says of each of its parts; another number each time."""


class FfmpegTranscoder:
    """The `Transcoder` port by means of one ffmpeg process for each clip, at most `concurrency` at a time.

    Each job keeps one core busy, so `concurrency` is the number of cores. `ffmpeg` is an absolute path;
    `seconds` is the time limit of one ffmpeg.
    """

    recipe = RECIPE

    def __init__(self, ffmpeg: Path, *, concurrency: int, seconds: float = SECONDS) -> None:
        self._ffmpeg = ffmpeg
        self._seconds = seconds
        self._slots = asyncio.Semaphore(concurrency)

    async def transcode(self, original: Path, folder: Path) -> Transcoded:
        """Write video, poster and preview of `original` into the existing, empty `folder`.

        Cancelled, it leaves no process behind. Raises `UnusableClip` (permanent), `TranscodeFailed`, and
        `OSError` where there is no `original`.
        """
        original, folder = original.absolute(), folder.absolute()
        gate.check_head(*await asyncio.to_thread(_read_head, original))
        async with self._slots, prober(folder) as reader:
            facts = await reader.facts(original)
            gate.check(facts)
            await self._make(original, folder, facts)
            made = files(folder)
            outputs.check_video(facts, await _facts_of_made(reader, made.video), sizes(facts).video)
        hashed = await asyncio.to_thread(_finish_stills, made, facts)
        return Transcoded(_video(facts), _renditions(made, facts), hashed, gate.copyable(facts))

    async def _make(self, original: Path, folder: Path, facts: Facts) -> None:
        allowed = [f"{name}={value}" for name, value in limits(facts).items()]
        wrapper = [sys.executable, "-I", "-S", launcher.__file__, *allowed, "--"]
        argv = command(self._ffmpeg, original, folder, facts)
        try:
            ending = await run(wrapper + argv, cwd=folder, seconds=self._seconds)
        except TimeoutError as error:
            raise TranscodeFailed(f"ffmpeg took longer than {self._seconds:g} s and was killed") from error
        if ending.code:
            words = ending.tail.replace(str(original), "original").replace(f"{folder}/", "")
            raise _failure(ending.code, ADDRESS.sub("", words))


def bundled_ffmpeg() -> Path:
    """The ffmpeg inside the imageio-ffmpeg wheel, never one from elsewhere. Raises `BadSetting`.

    That package's `get_ffmpeg_exe` is not asked: it reads the environment and searches the path.
    """
    found = sorted(Path(str(resources("imageio_ffmpeg"))).glob("binaries/ffmpeg-*"))
    if not found:
        raise BadSetting("imageio-ffmpeg carries no ffmpeg for this machine; name one by its absolute path")
    return found[0]


def _read_head(file: Path) -> tuple[bytes, int]:
    # A pipe would be waited for, and a link may lead anywhere.
    if not stat.S_ISREG(file.lstat().st_mode):
        raise UnusableClip("the clip cannot be used: it is no regular file")
    with file.open("rb") as stream:
        return stream.read(gate.HEAD_BYTES), file.stat().st_size


def _failure(code: int, words: str) -> UnusableClip | TranscodeFailed:
    if -code in CRASHES:
        return UnusableClip(f"the clip cannot be used: converting it ends in {signal.Signals(-code).name}")
    if code in DAMAGED or any(blame in words for blame in BLAMES):
        return UnusableClip(f"the clip cannot be used: it is damaged\n{words}")
    return TranscodeFailed(f"ffmpeg ended with {code}\n{words}")


async def _facts_of_made(reader: Prober, file: Path) -> Facts:
    try:
        return await reader.facts(file)
    except UnusableClip as error:
        raise TranscodeFailed("the video made cannot be read back") from error


def _finish_stills(made: Files, facts: Facts) -> str:
    """Check the pictures, turn the tiny one into its hash and remove it."""
    outputs.check_poster(made.poster.read_bytes())
    outputs.check_preview(made.preview.read_bytes())
    pixels = made.pixels.read_bytes()
    outputs.check_pixels(pixels, PIXELS_SIDE)
    made.pixels.unlink()
    picture = np.frombuffer(pixels, np.uint8).reshape(PIXELS_SIDE, PIXELS_SIDE, 3)
    width, height = displayed(facts)
    across, down = (4, 3) if width >= height else (3, 4)
    return blurhash.encode(picture, across=across, down=down)


def _video(facts: Facts) -> Video:
    width, height = displayed(facts)
    return Video(width, height, facts.packets, facts.packets / facts.span, facts.span, facts.codec)


def _renditions(made: Files, facts: Facts) -> tuple[Rendition, ...]:
    size = sizes(facts)
    return (
        Rendition("video", made.video, "video/mp4", *size.video),
        Rendition("poster", made.poster, "image/jpeg", *size.video),
        Rendition("preview", made.preview, "image/webp", *size.preview),
    )
