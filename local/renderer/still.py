"""One picture as a PNG or JPEG file. Draws nothing itself: it encodes what `picture` draws."""

from fractions import Fraction
from typing import Literal

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from local.renderer.picture import frames_for

StillFormat = Literal["png", "jpeg"]


def render_still(
    *,
    text: str,
    seed: int,
    width: int,
    height: int,
    format: StillFormat = "png",  # noqa: A002 - what everybody calls it
    theme: str | None = None,
    variant: str | None = None,
) -> bytes:
    """The first frame of the clip that `render_clip` writes for the same text, seed and size.

    Raises ValueError for an unknown format and what `picture.frames` refuses.
    """
    encode = {"png": png, "jpeg": jpeg}.get(format)
    if encode is None:
        raise ValueError(f"there is no format {format!r}; formats: png, jpeg")
    pictures = frames_for(text, seed=seed, width=width, height=height, count=1, theme=theme, variant=variant)
    return encode(next(pictures))


def png(picture: NDArray[np.uint8]) -> bytes:
    """A (height, width, 3) RGB picture as a PNG, without loss."""
    return _encoded(av.VideoFrame.from_ndarray(picture, format="rgb24"), "png", {})


def jpeg(picture: NDArray[np.uint8]) -> bytes:
    """A (height, width, 3) RGB picture as a JPEG of high quality. Both sides must be even."""
    drawn = av.VideoFrame.from_ndarray(picture, format="rgb24")
    # JFIF knows only this: the matrix of ITU-R BT.601, and all 256 levels
    frame = drawn.reformat(format="yuvj420p", dst_colorspace=Colorspace.ITU601, dst_color_range=ColorRange.JPEG)
    return _encoded(frame, "mjpeg", {"qmin": "2", "qmax": "3"})


def _encoded(frame: av.VideoFrame, codec: str, options: dict[str, str]) -> bytes:
    encoder = av.CodecContext.create(codec, "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, frame.format.name
    encoder.time_base = Fraction(1, 1)
    encoder.options = options
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)
