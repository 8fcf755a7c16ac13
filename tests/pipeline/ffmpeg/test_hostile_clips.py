"""Files that are no usable clip: each refused for what it is, soon, and without eating memory."""

import io
import random
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from pipeline.errors import UnusableClip
from pipeline.ffmpeg.prober import prober
from pipeline.ffmpeg.transcoder import FfmpegTranscoder
from tests.pipeline.ffmpeg.films import TICKS, film, splice

INDEX_FIRST = {"movflags": "+faststart"}
Build = Callable[[Path], Path]


def _bytes(content: bytes) -> Build:
    def build(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return build


def _cut(keep: float, container: dict[str, str] | None = None) -> Build:
    def build(path: Path) -> Path:
        whole = film(path, container=container).read_bytes()
        path.write_bytes(whole[: int(len(whole) * keep)])
        return path

    return build


def _rotten(box: bytes, flips: int) -> Build:
    """Bits turned over all along the content of one box."""

    def build(path: Path) -> Path:
        rotten = bytearray(film(path, container=INDEX_FIRST).read_bytes())
        kind = rotten.index(box)
        end = kind - 4 + int.from_bytes(rotten[kind - 4 : kind])
        chance = random.Random(1)
        for _ in range(flips):
            rotten[chance.randrange(kind + 4 + (end - kind) * 2 // 3, end)] ^= 1 << chance.randrange(8)
        path.write_bytes(rotten)
        return path

    return build


def _image(kind: str, brand: bytes | None = None) -> Build:
    def build(path: Path) -> Path:
        grain = np.random.default_rng(0).integers(0, 255, (120, 120, 3), np.uint8)
        Image.fromarray(grain).save(buffer := io.BytesIO(), kind)
        content = buffer.getvalue()
        path.write_bytes(content if brand is None else content[:8] + brand + content[12:])
        return path

    return build


def _blank(codec: str, side: int, options: dict[str, str]) -> Build:
    """Two frames of one colour, soon drawn at any size."""

    def build(path: Path) -> Path:
        with av.open(path, "w", format="mov" if codec == "png" else "mp4") as output:
            stream = output.add_stream(codec, rate=8, options=options)
            assert isinstance(stream, VideoStream)
            stream.width = stream.height = side
            stream.pix_fmt = "gray" if codec == "png" else "yuv420p"
            for number in range(2):
                frame = VideoFrame(side, side, stream.pix_fmt)
                for plane in frame.planes:
                    plane.update(bytes(plane.buffer_size))
                frame.pts = number
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        return path

    return build


HUGE_H264 = _blank("libx264", 5120, {"preset": "ultrafast"})


def _lying(path: Path) -> Path:
    """5120x5120 H.264 whose track header says 512x512."""
    HUGE_H264(path)
    content = bytearray(path.read_bytes())
    entry = content.index(b"avc1", content.index(b"stsd"))
    content[entry + 28 : entry + 32] = struct.pack(">HH", 512, 512)
    path.write_bytes(content)
    return path


def _tracks(number: int) -> Build:
    return lambda path: film(path, codec="mpeg4", videos=number, size=(32, 32), frames=2)


def _announcing(frames: int) -> Build:
    """A film whose sample table claims another number of frames."""

    def build(path: Path) -> Path:
        content = bytearray(film(path).read_bytes())
        place = content.index(b"stsz") + 12
        content[place : place + 4] = struct.pack(">I", frames)
        path.write_bytes(content)
        return path

    return build


FTYP = b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41"
PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n"

HOSTILE: dict[str, tuple[Build, str]] = {
    "empty": (_bytes(b""), "it is empty"),
    "a few bytes": (_bytes(FTYP), "it has only 32 bytes"),
    "too heavy": (_bytes(FTYP + bytes(64 * 1024 * 1024)), "more than 67108864"),
    "html": (_bytes(b"<!doctype html><title>Not found</title>" + b" " * 4000), "no MP4 or MOV"),
    "playlist": (_bytes(PLAYLIST + b"#" * 2000), "no MP4 or MOV"),
    "gif": (_image("GIF"), "no MP4 or MOV"),
    "jpeg": (_image("JPEG"), "no MP4 or MOV"),
    "avif": (_image("AVIF"), "brand 'avif'"),
    "avif in disguise": (_image("AVIF", b"isom"), "fewer than 2"),
    "brand only": (_bytes(FTYP + bytes(2000)), "Invalid data"),
    "noise": (_bytes(FTYP + random.Random(1).randbytes(50_000)), "Invalid data"),
    "cut, index first": (_cut(0.6, INDEX_FIRST), "cut off in its 'mdat'"),
    "last bytes missing": (_cut(0.999, INDEX_FIRST), "cut off in its 'mdat'"),
    "cut in the index": (_cut(0.97), "cut off in its 'moov'"),
    "bits turned in the pictures": (_rotten(b"mdat", 300), "damaged"),
    "bits turned in the index": (_rotten(b"moov", 100), ""),
    "one frame": (lambda path: film(path, frames=1), "it has 1 frames"),
    "too many frames": (
        lambda path: film(path, codec="mpeg4", frames=700, size=(32, 32), rate=60),
        "600 frames",
    ),
    "claims too few frames": (_announcing(5), ""),
    "claims two thousand million frames": (_announcing(2_000_000_000), ""),
    "an hour a frame": (
        lambda path: film(path, codec="mpeg4", times=[n * 3600 * TICKS for n in range(5)]),
        "it lasts 1.44e+04 s",
    ),
    "too fast": (lambda path: film(path, frames=100, rate=300), "300 frames per second"),
    "too short": (lambda path: film(path, frames=3, rate=60), "it lasts 0.05 s"),
    "two pictures": (_tracks(2), "2 video streams"),
    "three hundred tracks": (_tracks(300), "too many streams"),
    "tiny": (lambda path: film(path, size=(8, 8), codec="mpeg4"), "size 8x8"),
    "huge, h264": (HUGE_H264, "5120x5120"),
    "huge, mpeg4": (_blank("mpeg4", 4096, {}), "more than 2360000 pixels"),
    "huge, png": (_blank("png", 6000, {}), "codec 'png'"),
    "lies about its size": (_lying, "5120x5120"),
    "changes size unannounced": (
        lambda path: splice(path, [(320, 240), (640, 480)], sets_in_band=False),
        "damaged",
    ),
}


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Builds each file of the table once."""
    place = tmp_path_factory.mktemp("hostile")

    def build(case: str) -> Path:
        path = place / f"{list(HOSTILE).index(case)}.mp4"
        return path if path.exists() else HOSTILE[case][0](path)

    return build


@pytest.mark.parametrize("case", HOSTILE)
async def test_what_is_no_clip_is_refused_for_what_it_is(
    case: str,
    transcoder: FfmpegTranscoder,
    folder: Callable[[], Path],
    tmp_path: Path,
    hostile: Callable[[str], Path],
) -> None:
    """The refusal is permanent, says what was wrong, and tells nothing of this machine."""
    original = hostile(case)

    with pytest.raises(UnusableClip) as caught:
        await transcoder.transcode(original, folder())

    assert caught.value.permanent
    assert HOSTILE[case][1] in str(caught.value)
    assert str(original.parent) not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from Linux's /proc")
@pytest.mark.parametrize("case", ["huge, h264", "huge, mpeg4", "huge, png", "lies about its size", "noise"])
async def test_reading_a_huge_picture_takes_little_memory(
    case: str, tmp_path: Path, hostile: Callable[[str], Path]
) -> None:
    """A frame far over the limit is never decoded: 5120x5120 alone would take 40 MB and more."""
    async with prober(tmp_path) as usual:
        await usual.facts(film(tmp_path / "usual.mp4"))
        least = _peak_bytes(usual.child.process.pid)

    async with prober(tmp_path) as reader:
        with suppress(UnusableClip):
            await reader.facts(hostile(case))
        most = _peak_bytes(reader.child.process.pid)

    assert most - least < 30_000_000


def _peak_bytes(pid: int) -> int:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmHWM" in line)
    return int(line.split()[1]) * 1024
