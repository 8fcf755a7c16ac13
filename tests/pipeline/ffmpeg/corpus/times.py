"""Films whose frames come at impossible times, or of which edit lists make something else."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import replace

from tests.pipeline.ffmpeg.corpus.case import Case, unusable
from tests.pipeline.ffmpeg.corpus.mp4 import Track, box, fragmented, full, movie, numbers, table
from tests.pipeline.ffmpeg.corpus.sources import FRAMES, track

HOUR = 3600
SCRAMBLED = (5, 0, 3, -1, 9, 2, 7, 1, 3, 0, 4, 1)
BACKWARDS = tuple(11 - 2 * number for number in range(FRAMES))


def edits(*rows: Sequence[int], claims: int | None = None) -> bytes:
    """An edit list: rows of duration in milliseconds, first tick of the media or -1 for nothing, rate."""
    entries = b"".join(struct.pack(">Qqhh", *row, 0) for row in rows)
    return full("elst", numbers(len(rows) if claims is None else claims), entries, version=1)


def _with(**fields: object) -> Callable[[], bytes]:
    return lambda: movie(replace(track(), **fields))  # type: ignore[arg-type]  # one value type per field


def _sound() -> Track:
    """A second of silence, 8000 samples of 16 bits."""
    entry = box("sowt", bytes(6), b"\0\1", bytes(8), struct.pack(">HHHHI", 1, 16, 0, 0, 8000 << 16))
    tables = {
        "stsz": full("stsz", numbers(2, 8000)),
        "stts": table("stts", [(8000, 1)]),
        "stsc": table("stsc", [(1, 8000, 1)]),
    }
    return Track(entry, (bytes(16000),), timescale=8000, handler=b"soun", tables=tables)


def _after_its_sound(seconds: int) -> Callable[[], bytes]:
    late = edits((seconds * 1000, -1, 1), (1500, 0, 1))
    return lambda: movie(replace(track(), edits=late), _sound())


def _many_edits(number: int) -> Callable[[], bytes]:
    return _with(edits=edits(*[(1500, 0, 1)] * number))


def _trimmed() -> bytes:
    """An edit that begins at the third frame, which only the first two make possible to decode."""
    tables = {"stss": table("stss", [(1,)])}
    return movie(replace(track(), tables=tables, edits=edits((1250, 2, 1))))


TIMES = (
    Case(
        "an hour a frame", "twelve hours", _with(durations=(8 * HOUR,) * FRAMES), unusable("it lasts 4.32e+04 s")
    ),
    Case("too fast", "12 frames in 40 ms", _with(timescale=300), unusable("it lasts 0.04 s")),
    Case(
        "too many a second",
        "200 a second",
        lambda: movie(replace(track(), samples=track().samples * 4, timescale=200)),
        unusable("200 frames per second"),
    ),
    Case(
        "all at once",
        "every frame lasts nothing",
        _with(durations=(0,) * FRAMES),
        unusable("1 different times"),
    ),
    Case(
        "two at a time",
        "shifted so that some fall together",
        _with(shifts=SCRAMBLED),
        unusable("10 different times"),
    ),
    Case(
        "backwards", "each shown before the one it is predicted from", _with(shifts=BACKWARDS), unusable("damaged")
    ),
    Case(
        "shifted by 2^31",
        "the largest offsets there are",
        _with(shifts=tuple(0x7FFFFFFF - number for number in range(FRAMES))),
        unusable("1 different times"),
    ),
    Case(
        "shifted by -2^31",
        "the smallest",
        _with(shifts=tuple(-0x7FFFFFFF - number for number in range(FRAMES))),
        unusable("2 different times"),
    ),
    Case(
        "at the end of time",
        "fragments that begin at 2^63 - 20",
        lambda: fragmented(track(), time=2**63 - 20),
        unusable("after it begins"),
    ),
    Case(
        "at the end of fine time",
        "the same in units of half a nanosecond",
        lambda: fragmented(replace(track(), timescale=0x7FFFFFFF), time=2**63 - 2**33),
        unusable("it lasts 5.59e-09 s"),
    ),
    Case("after its sound", "20 s after it", _after_its_sound(20), unusable("20 s after it begins")),
    Case("played twice", "by two edits", _many_edits(2), unusable("more bytes than the file")),
    Case("played often", "by ten thousand edits", _many_edits(10_000), unusable("more bytes than the file")),
    Case("played very often", "by a hundred thousand edits", _many_edits(100_000), unusable("its index has")),
    Case("edits of 2^63", "an edit that long", _with(edits=edits((2**63, 2**62, 1))), unusable("Invalid data")),
    Case("edits of nothing", "a pause and no film", _with(edits=edits((1500, -1, 1))), unusable("fewer than 2")),
    Case("edits before the start", "at the tick -5", _with(edits=edits((1500, -5, 1))), unusable("announces 12")),
    Case("trimmed", "an edit begins at the third frame", _trimmed, unusable("cut away by its edit list")),
)
