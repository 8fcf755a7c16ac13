"""Writes a loop as an mp4 file. It draws nothing itself and never shows a half-written file at the target."""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

import av
import numpy as np
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream
from numpy.typing import NDArray

from local.renderer.picture import frames_for

SLOWEST = 0.1  # frames per second
FASTEST = 120.0

_BT709 = 1  # ITU-T H.273: primaries, transfer and matrix of HD video all carry this code
_LIMITED = 1  # FFmpeg's AVCOL_RANGE_MPEG

# aq-mode 3 spends bits in the dark, where these pictures would band.
_ENCODERS = {
    "h264": ("libx264", {"preset": "veryfast", "crf": "20", "profile": "high", "aq-mode": "3"}),
    "mpeg4": ("mpeg4", {"qmin": "3", "qmax": "5"}),
}


def render_clip(
    file: Path,
    *,
    text: str,
    seed: int,
    width: int,
    height: int,
    frames: int,
    fps: float,
    loop_frames: int | None = None,
    theme: str | None = None,
    variant: str | None = None,
    codec: str = "h264",
) -> None:
    """Write a seamless clip for the text: mp4, yuv420p, header first, of exactly this size and length.

    `theme` None means the one the text calls for, `variant` None the one the text leans to, or else the seed.
    `codec` is `h264` (High) or `mpeg4`. `loop_frames` is after how many frames the loop begins again, None for
    never: it is drawn once, so that a long clip costs little more than its encoding, and kept in memory, 1.5 bytes
    a pixel. The number of `frames` has then no limit. Raises ValueError, with nothing written, for an unknown
    codec, `fps` not in 0.1 to 120, a clip without frames, and what `picture.frames` refuses.
    """
    if codec not in _ENCODERS:
        raise ValueError(f"there is no codec {codec!r}; codecs: {', '.join(_ENCODERS)}")
    if not SLOWEST <= fps <= FASTEST:
        raise ValueError(f"fps must be from {SLOWEST:g} to {FASTEST:g}, not {fps}")
    if frames < 1:
        raise ValueError(f"a clip has at least 1 of its frames, not {frames}")
    loop = frames if loop_frames is None else loop_frames
    pictures = frames_for(text, seed=seed, width=width, height=height, count=loop, theme=theme, variant=variant)
    with TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.") as folder:
        part = Path(folder) / "clip.mp4"
        shots = video_frames(pictures)
        repeated = cycle(shots) if loop < frames else shots
        encode(part, islice(repeated, frames), (width, height), _rate(fps), codec)
        part.replace(file)


def video_frames(pictures: Iterable[NDArray[np.uint8]]) -> Iterator[av.VideoFrame]:
    """RGB pictures, (height, width, 3), as `encode` takes them."""
    for picture in pictures:
        drawn = av.VideoFrame.from_ndarray(picture, format="rgb24")
        yield drawn.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)


def encode(
    file: Path,
    shots: Iterable[av.VideoFrame],
    size: tuple[int, int],
    rate: Fraction,
    codec: str,
    finer: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write yuv420p frames of that width and height as an mp4. `finer` are options of the encoder's own."""
    encoder, usual = _ENCODERS[codec]
    options = {**usual, **finer}
    with av.open(str(file), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream(encoder, rate=rate, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.thread_count = 1  # more threads change the bytes, and clips this small gain nothing
        context = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = _LIMITED
        for index, shot in enumerate(shots):
            shot.pts, shot.time_base = index, 1 / rate  # said anew each time: a loop shows the same frame again
            container.mux(stream.encode(shot))
        container.mux(stream.encode(None))


def _rate(fps: float) -> Fraction:
    # MPEG-4 part 2 counts time in at most 65535 ticks a second; 120 times 500 stays below.
    return Fraction(fps).limit_denominator(500)
