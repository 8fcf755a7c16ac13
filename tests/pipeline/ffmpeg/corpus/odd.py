"""Films that look odd and are not: all of these must pass."""

from collections.abc import Callable
from dataclasses import replace

from tests.pipeline.ffmpeg.corpus.case import BAIT, Case
from tests.pipeline.ffmpeg.corpus.mp4 import (
    FTYP,
    Track,
    box,
    fragmented,
    full,
    index_first,
    moov,
    movie,
    numbers,
    table,
)
from tests.pipeline.ffmpeg.corpus.pictures import colour, described
from tests.pipeline.ffmpeg.corpus.sources import FRAMES, blank, index_last, track
from tests.pipeline.ffmpeg.corpus.times import edits
from tests.pipeline.ffmpeg.corpus.tracks import data_track, different_tags, locked, tags, value

QUARTER = (0, 1 << 16, 0, -1 << 16, 0, 0, 240 << 16, 0, 1 << 30)
"""A display matrix that turns clockwise."""


def _with(**fields: object) -> Callable[[], bytes]:
    return lambda: movie(replace(track(), **fields))  # type: ignore[arg-type]  # one value type per field


def _starting_at(time: int) -> Callable[[], bytes]:
    return lambda: fragmented(track(), time=time)


def _wide() -> bytes:
    return movie(track(), media="wide mdat")


def _with_letter() -> bytes:
    """A signed manifest of who made the film, as some generators add it (C2PA), may be that heavy."""
    return movie(track(), head=FTYP + box("uuid", bytes(16), bytes(3_000_000)))


def _offsets(number: int) -> dict[str, bytes]:
    return {"ctts": table("ctts", [(number, 1)])}


def _half_fragmented() -> bytes:
    """The first six frames stand in the index, the others in fragments, as ffmpeg writes unless told otherwise."""
    whole = track()
    extends = box("mvex", full("trex", numbers(1, 1, 1, 0, 0)))
    first = movie(replace(whole, samples=whole.samples[:6]), more=extends)
    rest = fragmented(replace(whole, samples=whole.samples[6:]), time=6, each=3)
    return first + rest[rest.index(b"moof") - 4 :]


def _with_sidx() -> bytes:
    """An index of fragments that points 2 GiB away; nobody needs it."""
    sidx = full("sidx", numbers(1, 8, 0, 0, 1, 0x7FFFFFFF, 12, 0x90000000))
    return fragmented(track(), index=sidx)


def _subtitles() -> bytes:
    entry = box("tx3g", bytes(6), b"\0\1", bytes(38))
    return movie(track(), Track(entry, (b"\0\5hello",) * 3, timescale=2, handler=b"sbtl"))


def _changing_size(codec: str) -> Callable[[], bytes]:
    return lambda: movie(replace(track(codec), samples=track(codec).samples + blank(codec, (640, 480))))


def _elsewhere() -> bytes:
    """A reference by URL, which libavformat has never followed: the pictures are taken from this very file."""
    return movie(replace(track(), reference=full("url ", b"http://%b/film.mp4\0" % BAIT)))


ODD = (
    Case("usual", "twelve frames of H.264", index_last, FRAMES),
    Case("index first", "as web servers like it", lambda: index_first(track()), FRAMES),
    Case("wide lengths", "pictures before the index, in a box of 64-bit length", _wide, FRAMES),
    Case(
        "pictures to the end", "a box of length 0", lambda: index_first(track(), last=bytes(4) + b"mdat"), FRAMES
    ),
    Case("two indexes", "the second is ignored", lambda: movie(track()) + moov(track(), start=40), FRAMES),
    Case(
        "film in a film",
        "a whole one among the pictures",
        lambda: movie(track()) + box("mdat", index_last()),
        FRAMES,
    ),
    Case("padding cut off", "a last box that ends early", lambda: movie(track()) + numbers(999) + b"free", FRAMES),
    Case("letter beside it", "3 MB of a box nobody knows", _with_letter, FRAMES),
    Case("fragmented", "at every frame", lambda: fragmented(track()), FRAMES),
    Case("half fragmented", "six frames in the index, six in fragments", _half_fragmented, FRAMES),
    Case(
        "fragments without times", "which then follow each other", lambda: fragmented(track(), silent=True), FRAMES
    ),
    Case("fragments of a stream", "that began in 1970", _starting_at(8 * 1_700_000_000), FRAMES),
    Case("fragments before time", "that begin at -2^40", _starting_at(-(2**40)), FRAMES),
    Case("pointless pointers", "an index of fragments that leads nowhere", _with_sidx, FRAMES),
    Case("a second late", "a pause first, by edit list", _with(edits=edits((1000, -1, 1), (1500, 0, 1))), FRAMES),
    Case("an hour late", "likewise", _with(edits=edits((3_600_000, -1, 1), (1500, 0, 1))), FRAMES),
    Case("playing backwards", "an edit of rate -1, which nobody heeds", _with(edits=edits((1500, 0, -1))), FRAMES),
    Case(
        "edits that are not there", "two billion", _with(edits=edits((1500, 0, 1), claims=2_000_000_000)), FRAMES
    ),
    Case("no units of time", "zero a second", _with(timescale=0), FRAMES),
    Case(
        "fine units of time", "2^31 - 1 a second", _with(timescale=0x7FFFFFFF, durations=(2**28,) * FRAMES), FRAMES
    ),
    Case("a negative duration", "of the sixth frame", _with(durations=(*(1,) * 5, -16, *(1,) * 6)), FRAMES),
    Case("offsets without end", "two billion", _with(tables=_offsets(2_000_000_000)), FRAMES),
    Case("turned", "by a quarter", _with(matrix=QUARTER), FRAMES),
    Case(
        "turned by an eighth",
        "no multiple of a quarter",
        _with(matrix=(46341, 46341, 0, -46341, 46341, 0, 0, 0, 1 << 30)),
        FRAMES,
    ),
    Case("turned to nothing", "a display matrix of zeros", _with(matrix=(0,) * 9), FRAMES),
    Case("turned to infinity", "a display matrix of 2^31 - 1", _with(matrix=(0x7FFFFFFF,) * 9), FRAMES),
    Case("pixels without shape", "0:0", described(box("pasp", numbers(0, 0))), FRAMES),
    Case(
        "pixels nearly square",
        "2^31 - 1 to one less",
        described(box("pasp", numbers(2**31 - 1, 2**31 - 2))),
        FRAMES,
    ),
    Case(
        "clean aperture",
        "of half the picture",
        described(box("clap", numbers(160, 1, 120, 1, 0, 1, 0, 1))),
        FRAMES,
    ),
    Case("unknown colours", "reserved primaries and curve", described(colour(0, 3, 1)), FRAMES),
    Case("logarithmic colours", "a curve that ffmpeg cannot convert", described(colour(1, 10, 1)), FRAMES),
    Case("colours of no table", "65535, all", described(colour(0xFFFF, 0xFFFF, 0xFFFF)), FRAMES),
    Case("colour profile", "200 KB of zeros for one", described(box("colr", b"prof", bytes(200_000))), FRAMES),
    Case(
        "old tags",
        "a title in Latin-1",
        lambda: movie(track(), more=tags(box("\xa9nam", value(b"caf\xe9")))),
        FRAMES,
    ),
    Case("data elsewhere by address", "and in this file", _elsewhere, FRAMES),
    Case("many tags", "thirteen thousand under names of their own", different_tags(13_000), FRAMES),
    Case("telemetry", "a data track", lambda: movie(track(), data_track(12)), FRAMES),
    Case("subtitles", "of three lines", _subtitles, FRAMES),
    Case(
        "lock without key", "a film that says it is encrypted and is not", lambda: locked(scrambled=False), FRAMES
    ),
    Case("changing size H.264", "640x480 after 320x240", _changing_size("libx264"), FRAMES + 2),
    Case("changing size HEVC", "likewise", _changing_size("libx265"), FRAMES + 2),
    Case("changing size VP9", "likewise", _changing_size("libvpx-vp9"), FRAMES + 2),
    Case("changing size AV1", "likewise", _changing_size("libsvtav1"), FRAMES + 2),
    Case("changing size MPEG-4", "likewise", _changing_size("mpeg4"), FRAMES + 2),
)
