"""Writes a loop as an mp4 file. It draws nothing itself and never shows a half-written file at the target."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream
from numpy.typing import NDArray

from local.renderer.brief import brief_for
from local.renderer.catalogue import theme_for
from local.renderer.picture import frames as frames_of
from local.renderer.picture import seed_for

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
    theme: str | None = None,
    variant: str | None = None,
    codec: str = "h264",
) -> None:
    """Write a seamless clip for the text: mp4, yuv420p, header first, of exactly this size and length.

    `theme` None means the one the text calls for, `variant` None the one the seed does; `codec` is `h264` (High)
    or `mpeg4`. Raises ValueError, with nothing written, for an unknown codec, `fps` not in 0.1 to 120, and what
    `picture.frames` refuses.
    """
    if codec not in _ENCODERS:
        raise ValueError(f"there is no codec {codec!r}; codecs: {', '.join(_ENCODERS)}")
    if not SLOWEST <= fps <= FASTEST:
        raise ValueError(f"fps must be from {SLOWEST:g} to {FASTEST:g}, not {fps}")
    chosen = theme_for(text) if theme is None else theme
    pictures = frames_of(
        chosen,
        seed=seed_for(text, seed),
        width=width,
        height=height,
        count=frames,
        variant=variant,
        brief=brief_for(text),
    )
    with TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.") as folder:
        part = Path(folder) / "clip.mp4"
        _encode(part, pictures, (width, height), _rate(fps), codec)
        part.replace(file)


def _encode(
    file: Path, pictures: Iterator[NDArray[np.uint8]], size: tuple[int, int], rate: Fraction, codec: str
) -> None:
    encoder, options = _ENCODERS[codec]
    with av.open(str(file), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream(encoder, rate=rate, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.thread_count = 1  # more threads change the bytes, and clips this small gain nothing
        context = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = _LIMITED
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            container.mux(stream.encode(frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)))
        container.mux(stream.encode(None))


def _rate(fps: float) -> Fraction:
    # MPEG-4 part 2 counts time in at most 65535 ticks a second; 120 times 500 stays below.
    return Fraction(fps).limit_denominator(500)
