"""Which files may reach ffmpeg, and which of those need no re-encoding. Pure: verdicts over facts, no I/O.

Every refusal is an `UnusableClip` whose sentence names what was wrong. The limits are ours, not ffmpeg's: a
clip here is a few seconds long and at most Full HD, and whatever is far from that is a mistake or an attack.
"""

from typing import NoReturn

from pipeline.errors import UnusableClip
from pipeline.ffmpeg.facts import Facts
from pipeline.ffmpeg.geometry import displayed

MIN_BYTES = 1024
"""A video with two frames and its index does not fit into less."""

MAX_BYTES = 64 * 1024 * 1024
"""15 s at 35 Mbit/s, far above what any provider sends; also what one output file may weigh."""

HEAD_BYTES = 12
"""Length, type and major brand of the first box (ISO/IEC 14496-12, 4.3)."""

MAX_FTYP = 512
"""Bytes of that box: 124 compatible brands. Longer ones are other kinds of file in disguise."""

BRANDS = frozenset(
    {
        b"isom",
        b"mp41",
        b"mp42",
        b"avc1",
        b"av01",
        b"hvc1",
        b"dash",
        b"MSNV",
        b"M4V ",
        b"M4VH",
        b"M4VP",
        b"qt  ",
    }
    | {b"iso%d" % edition for edition in range(2, 10)}
)
"""Major brands of films. Pictures (`avif`, `heic`) are left out: ffmpeg makes one-frame videos of them."""

CODECS = frozenset({"h264", "mpeg4", "hevc", "vp9", "av1"})
"""Those of the web and of renderers. PNG and the like would do too, but come in any size."""

DECODERS = ("h264", "mpeg4", "hevc", "vp9", "libdav1d", "av1")
"""The names ffmpeg's decoders for `CODECS` go by; no other may open."""

MAX_BOXES = 4096
"""Top-level ones. A film has three or four; one fragmented at each frame and each bit of sound has 2600."""

MAX_INDEX = 512 * 1024
"""Bytes of `moov`, `moof` and whatever else is read while opening: twice what a clip at all other limits has.
Also what keeps tags few: libavformat looks through all it has for each new one."""

MEDIA_BOXES = frozenset({"mdat", "skip", "uuid", "wide"})
"""Boxes that are stepped over while opening, `free` too where there is a `moov`: else that is looked for in it."""

MAX_STREAMS = 4
"""Picture, sound, subtitles and a timecode track."""

MIN_SIDE = 16
"""One macroblock; smaller pictures upset encoders and please nobody."""

MAX_SIDE = 1920
"""Full HD, either way up."""

MAX_PIXELS = 2_360_000
"""1920 x 1228 and all that Full HD cameras call so; one frame then decodes into at most 14 MB at 16 bits."""

MIN_FRAMES = 2
"""One frame is a picture."""

MAX_FRAMES = 600
"""15 s at 40 frames per second; bounds the time of decoding together with `MAX_PIXELS`."""

MIN_SPAN = 0.2
"""Seconds; anything shorter flickers instead of playing."""

MAX_SPAN = 15.0
"""Seconds from the start of the earliest stream; also told to ffmpeg, so that not even a lie about time can make
it fill in frames for hours."""

MAX_FPS = 120.0
"""Frames per second; the fastest screens' rate."""

MAX_WAIT = 32
"""Packets after which there must be a picture; decoders hold back 16 to sort them (ITU-T H.264, A.3.1)."""

VITAL_BOXES = frozenset({"moov", "moof", "mdat"})
"""Index and pictures. What follows them may end early: some writers leave padding behind."""

MATRICES = frozenset({0, 1, 2, 4, 5, 6, 7, 9})
"""Colour matrices that ffmpeg can convert, as numbers of ITU-T H.273."""


def check_head(head: bytes, size: int) -> None:
    """Judge a file by its size in bytes and its first `HEAD_BYTES`, before any library sees it.

    Raises `UnusableClip`.
    """
    if not size:
        _refuse("it is empty")
    if size < MIN_BYTES:
        _refuse(f"it has only {size} bytes")
    if size > MAX_BYTES:
        _refuse(f"it has {size} bytes, more than {MAX_BYTES}")
    if head[4:8] != b"ftyp" or not HEAD_BYTES < int.from_bytes(head[:4]) <= MAX_FTYP:
        _refuse("it is no MP4 or MOV file")
    if head[8:12] not in BRANDS:
        _refuse(f"its brand {head[8:12].decode('ascii', 'replace')!r} is not one of a video")


def flaw_of_boxes(facts: Facts) -> str | None:
    """What keeps a file with such boxes from being opened at all."""
    if facts.cut in VITAL_BOXES:
        return f"it is cut off in its {facts.cut!r} box"
    if facts.box_count > MAX_BOXES:
        return f"it has more than {MAX_BOXES} boxes"
    if facts.index_bytes > MAX_INDEX:
        return f"its index has {facts.index_bytes} bytes, more than {MAX_INDEX}"
    return None


def check(facts: Facts) -> None:
    """Judge a probed file. Raises `UnusableClip`."""
    if flaw := flaw_of_boxes(facts):
        _refuse(flaw)
    _check_streams(facts)
    _check_frames(facts)
    _check_times(facts)
    _check_picture(facts)


def copyable(facts: Facts) -> bool:
    """Whether browsers play the stored stream as it is, so that only its wrapping has to be renewed.

    That is 8-bit 4:2:0 H.264 up to High profile, even sides, square pixels, no display matrix, limited range
    (full range has a pixel format of its own), one format throughout, and a first frame that needs no other.
    """
    return (
        facts.codec == "h264"
        and facts.profile in {"Constrained Baseline", "Baseline", "Main", "High"}
        and facts.pixel_format == "yuv420p"
        and facts.width % 2 == 0
        and facts.height % 2 == 0
        and facts.sample_aspect[0] == facts.sample_aspect[1]
        and not facts.transformed
        and facts.steady
        and facts.keyframe_first
    )


def _check_streams(facts: Facts) -> None:
    if facts.streams > MAX_STREAMS:
        _refuse(f"it has {facts.streams} streams, more than {MAX_STREAMS}")
    if not facts.videos:
        _refuse("it has no video stream")
    if facts.videos > 1:
        _refuse(f"it has {facts.videos} video streams instead of one")
    if facts.codec not in CODECS:
        _refuse(f"its codec {facts.codec!r} is none of {', '.join(sorted(CODECS))}")


def _check_picture(facts: Facts) -> None:
    if not facts.width:
        _refuse(f"its first frame cannot be decoded, or has more than {MAX_PIXELS} pixels")
    if min(facts.sample_aspect) < 1:
        _refuse("its pixels have no shape")
    for what, (width, height) in {
        "stored": (facts.width, facts.height),
        "displayed": displayed(facts),
    }.items():
        if min(width, height) < MIN_SIDE or max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
            _refuse(
                f"its {what} size {width}x{height} is outside {MIN_SIDE} to {MAX_SIDE} pixels a side "
                f"and {MAX_PIXELS} in all"
            )
    if not facts.pixel_format:
        _refuse("its first frame cannot be decoded")
    if facts.colour[2] not in MATRICES:
        _refuse(f"its colours are coded by matrix {facts.colour[2]}, which cannot be converted")


def _check_frames(facts: Facts) -> None:
    if facts.coded > facts.size:
        _refuse("its frames hold more bytes than the file has")
    if facts.packets < MIN_FRAMES:
        _refuse(f"it has {facts.packets} frames, fewer than {MIN_FRAMES}")
    if facts.packets > MAX_FRAMES:
        _refuse(f"it has more than {MAX_FRAMES} frames")
    if facts.idle:
        _refuse(f"{facts.idle} of its frames are empty or cut away by its edit list")
    # Of a fragmented file, the header counts the frames that stand before the fragments, which are none as a rule.
    if facts.announced != facts.packets and "moof" not in facts.boxes:
        _refuse(f"its header announces {facts.announced} frames and {facts.packets} are there")
    if facts.damaged:
        _refuse(f"{facts.damaged} of its frames end early")


def _check_times(facts: Facts) -> None:
    if facts.moments != facts.packets:
        _refuse(f"its {facts.packets} frames have {facts.moments} different times")
    if not MIN_SPAN <= facts.span <= MAX_SPAN:
        _refuse(f"it lasts {facts.span:.3g} s, not {MIN_SPAN} to {MAX_SPAN} s")
    if facts.packets / facts.span > MAX_FPS:
        _refuse(f"it has {facts.packets / facts.span:.0f} frames per second, more than {MAX_FPS:.0f}")
    if not 0 <= facts.delay <= MAX_SPAN - facts.span:
        _refuse(f"its first frame is shown {facts.delay:.3g} s after it begins")


def _refuse(what: str) -> NoReturn:
    raise UnusableClip(f"the clip cannot be used: {what}")
