"""Whether ffmpeg wrote what it was asked for. Pure: verdicts over facts and bytes, no I/O.

Needed although the exit status was 0: ffmpeg has been seen to leave out frames without a word. Every refusal
is a `TranscodeFailed`, for the clip itself has passed the gate.
"""

from pipeline.errors import TranscodeFailed
from pipeline.ffmpeg.facts import Facts


def check_video(before: Facts, after: Facts, size: tuple[int, int]) -> None:
    """Compare the original's facts with those of the file made from it. Raises `TranscodeFailed`."""
    if after.packets != before.packets:
        raise TranscodeFailed(f"the video made has {after.packets} frames, the clip {before.packets}")
    if (after.width, after.height) != size:
        raise TranscodeFailed(f"the video made is {after.width}x{after.height}, not {size[0]}x{size[1]}")
    if (after.codec, after.pixel_format) != ("h264", "yuv420p"):
        raise TranscodeFailed(f"the video made is {after.codec} {after.pixel_format}, not h264 yuv420p")
    if not {"moov", "mdat"} <= set(after.boxes) or after.boxes.index("moov") > after.boxes.index("mdat"):
        raise TranscodeFailed("the video made does not begin with its index, so it cannot play while it loads")


def check_poster(jpeg: bytes) -> None:
    """A JPEG from its first marker to its last (ITU-T T.81, B.1.1.3). Raises `TranscodeFailed`."""
    if not (jpeg.startswith(b"\xff\xd8") and jpeg.endswith(b"\xff\xd9")):
        raise TranscodeFailed("the poster made is no complete JPEG")


def check_preview(webp: bytes) -> None:
    """A WebP as long as its head says (RFC 9649, 2.4). Raises `TranscodeFailed`."""
    if webp[:4] != b"RIFF" or webp[8:12] != b"WEBP" or int.from_bytes(webp[4:8], "little") + 8 != len(webp):
        raise TranscodeFailed("the preview made is no complete WebP")


def check_pixels(rgb: bytes, side: int) -> None:
    """A raw RGB square. Raises `TranscodeFailed`."""
    if len(rgb) != side * side * 3:
        raise TranscodeFailed(f"the tiny picture made has {len(rgb)} bytes, not {side * side * 3}")
