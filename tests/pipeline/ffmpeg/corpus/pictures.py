"""Films whose pictures are too large, change midway, hide, or have impossible shapes and colours."""

import struct
from collections.abc import Callable
from dataclasses import replace

from tests.pipeline.ffmpeg.corpus.case import Case, failed, unusable
from tests.pipeline.ffmpeg.corpus.mp4 import box, movie, numbers
from tests.pipeline.ffmpeg.corpus.sources import blank, track

CODECS = {"libx264": "H.264", "libx265": "HEVC", "libvpx-vp9": "VP9", "libsvtav1": "AV1", "mpeg4": "MPEG-4"}
LARGE = (2048, 1216)
"""Just above the gate's number of pixels."""

WIDE = (4096, 64)
"""Wider than the gate allows, in few pixels."""

FULL_HD = (1920, 1080)


def described(*boxes: bytes) -> Callable[[], bytes]:
    """The usual film with more boxes in its sample description."""

    def content() -> bytes:
        entry = track().description
        longer = struct.pack(">I", len(entry) + sum(map(len, boxes))) + entry[4:] + b"".join(boxes)
        return movie(replace(track(), description=longer))

    return content


def _grows(codec: str, size: tuple[int, int]) -> Callable[[], bytes]:
    """The usual film, and then pictures of another size."""
    return lambda: movie(replace(track(codec), samples=track(codec).samples + blank(codec, size)))


def _lies(codec: str, size: tuple[int, int]) -> Callable[[], bytes]:
    """Pictures of that size under a header that speaks of the usual one."""

    def content() -> bytes:
        film = movie(replace(track(codec), samples=blank(codec, size)))
        return film + box("free", bytes(1024))  # for those that would be too short for a film

    return content


def _sized(codec: str, size: tuple[int, int]) -> Callable[[], bytes]:
    return lambda: movie(track(codec, size, 2))


def _tiny() -> bytes:
    return movie(track("mpeg4", (8, 8))) + box("free", bytes(1024))


def _hidden() -> bytes:
    """VP9 keyframes, of which 33 say they are not to be shown: bit 1 of the first byte (VP9 bitstream, 6.2)."""
    samples = blank("libvpx-vp9", FULL_HD, 40, g="1")
    hidden = [bytes([sample[0] & ~2]) + sample[1:] for sample in samples[:33]]
    return movie(replace(track("libvpx-vp9", FULL_HD, 2), samples=(*hidden, *samples[33:])))


def _crowded(codec: str, times: int) -> Callable[[], bytes]:
    """Full HD pictures of a few bytes each, one of which is there so many times in one sample."""

    def content() -> bytes:
        samples = blank(codec, FULL_HD, 5)
        crowd = samples[1] * times
        return movie(replace(track(codec, FULL_HD, 2), samples=(*samples[:3], crowd, *samples[3:])))

    return content


def colour(primaries: int, transfer: int, matrix: int) -> bytes:
    """A `colr` box with numbers of ITU-T H.273."""
    return box("colr", b"nclx", struct.pack(">HHHB", primaries, transfer, matrix, 0))


TOO_LARGE = unusable("more than 2360000 pixels")
OUTSIDE = unusable("outside 16 to 1920 pixels")

SEEN = unusable("stored size 2048x1216")

GROWING = tuple(
    Case(
        f"growing {spoken}",
        "2048x1216 after twelve frames of 320x240",
        _grows(codec, LARGE),
        unusable("it is damaged"),
    )
    for codec, spoken in CODECS.items()
)

# Those of the first two are known from their parameter sets; the others' decoders stop before they tell.
LYING = tuple(
    Case(f"lying {CODECS[codec]}", "2048x1216 under a header of 320x240", _lies(codec, LARGE), expected)
    for codec, expected in {
        "libx264": SEEN,
        "libx265": SEEN,
        "libvpx-vp9": TOO_LARGE,
        "mpeg4": TOO_LARGE,
        "libsvtav1": unusable("its first frame cannot be decoded"),
    }.items()
)

PICTURES = (
    *GROWING,
    *LYING,
    Case("wide", "H.264 of 4096x64 under a header of 320x240", _lies("libx264", WIDE), OUTSIDE),
    Case("tiny", "MPEG-4 of 8x8", _tiny, unusable("size 8x8")),
    Case("huge H.264", "3200x3200", _sized("libx264", (3200, 3200)), unusable("3200x3200")),
    Case("huge MPEG-4", "3200x3200", _sized("mpeg4", (3200, 3200)), TOO_LARGE),
    Case("hidden", "VP9 that shows none of its first 33 pictures", _hidden, unusable("cannot be decoded")),
    Case("crowded H.264", "three thousand pictures in one sample", _crowded("libx264", 3000), failed("5 frames")),
    Case("crowded HEVC", "likewise", _crowded("libx265", 3000), failed("5 frames")),
    Case("crowded VP9", "likewise", _crowded("libvpx-vp9", 3000), unusable("it is damaged")),
    Case(
        "crowded AV1", "likewise, and AV1 shows them all", _crowded("libsvtav1", 3000), unusable("it is damaged")
    ),
    Case("pixels of 2^31", "that much wider than high", described(box("pasp", numbers(0x7FFFFFFF, 1))), OUTSIDE),
    Case("pixels of 2^-31", "that much higher than wide", described(box("pasp", numbers(1, 0x7FFFFFFF))), OUTSIDE),
    Case("strange colours", "coded by matrix 8, YCgCo", described(colour(1, 1, 8)), unusable("matrix 8")),
    Case("reserved colours", "coded by matrix 3, which is none", described(colour(1, 1, 3)), unusable("matrix 3")),
    Case(
        "nothing but a corner",
        "a clean aperture of one pixel",
        described(box("clap", numbers(1, 1, 1, 1, 0, 1, 0, 1))),
        failed("ffmpeg ended with"),
    ),
)
