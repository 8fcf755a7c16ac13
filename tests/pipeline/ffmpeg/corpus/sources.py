"""Honest films, encoded here, whose parts the hostile ones are put together from. Each is made once."""

import re
import struct
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from tests.pipeline.ffmpeg.corpus.mp4 import Track
from tests.pipeline.ffmpeg.films import film

SIZE = (320, 240)
FRAMES = 12

OPTIONS = {
    "libx264": {"bf": "0", "preset": "ultrafast", "x264-params": "log-level=none"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none:bframes=0:repeat-headers=1:pools=none"},
    "libvpx-vp9": {"deadline": "realtime", "lag-in-frames": "0", "cpu-used": "8"},
    "libsvtav1": {"preset": "12", "svtav1-params": "lp=1:pred-struct=1"},
    "mpeg4": {},
    "png": {},
}
"""No frame waits for a later one, and none of the encoders talks."""


@cache
def index_first() -> bytes:
    """The usual film as a web server likes it."""
    return _drawn({"movflags": "+faststart"})


@cache
def index_last() -> bytes:
    """The usual film as cameras write it."""
    return _drawn({})


@cache
def track(codec: str = "libx264", size: tuple[int, int] = SIZE, frames: int = FRAMES) -> Track:
    """The track of the usual film in any codec: its description and its samples."""
    return _track(codec=codec, size=size, frames=frames, options=OPTIONS[codec])


@cache
def twelve_bits(size: tuple[int, int]) -> Track:
    """Twelve frames of HEVC, each by itself, with 12 bits of every colour of every pixel."""
    options = OPTIONS["libx265"] | {"x265-params": "log-level=none:keyint=1:crf=34:repeat-headers=1:pools=none"}
    return _track(codec="libx265", size=size, pixel_format="yuv444p12le", options=options)


@cache
def blank(codec: str, size: tuple[int, int], frames: int = 2, **options: str) -> tuple[bytes, ...]:
    """Samples of so many frames of one colour, their parameter sets with them."""
    encoder = av.CodecContext.create(codec, "w")
    assert isinstance(encoder, VideoCodecContext)
    (encoder.width, encoder.height), encoder.pix_fmt = size, "gray" if codec == "png" else "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 8), Fraction(8)
    encoder.options, encoder.thread_count = OPTIONS[codec] | options, 1
    packets = []
    for number in range(frames):
        frame = VideoFrame(*size, encoder.pix_fmt)
        for plane in frame.planes:
            plane.update(bytes([90]) * plane.buffer_size)
        frame.pts, frame.time_base = number, Fraction(1, 8)
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    return tuple(_measured(bytes(packet)) if "26" in codec else bytes(packet) for packet in packets)


def _measured(annex_b: bytes) -> bytes:
    """NAL units behind their lengths instead of behind start codes (ITU-T H.264, annex B)."""
    units = [unit for unit in re.split(b"\0?\0\0\1", annex_b) if unit]
    return b"".join(struct.pack(">I", len(unit)) + unit for unit in units)


def _track(**how: Any) -> Track:
    with TemporaryDirectory() as folder:
        path = film(Path(folder) / "film.mp4", **how)
        with av.open(path) as container:
            samples = tuple(bytes(packet) for packet in container.demux(video=0) if packet.size)
        content = path.read_bytes()
    entry = content.index(b"stsd") + 12
    description = content[entry : entry + int.from_bytes(content[entry : entry + 4])]
    return Track(description, samples, size=how["size"])


def _drawn(container: dict[str, str]) -> bytes:
    with TemporaryDirectory() as folder:
        return film(Path(folder) / "film.mp4", container=container, options=OPTIONS["libx264"]).read_bytes()
