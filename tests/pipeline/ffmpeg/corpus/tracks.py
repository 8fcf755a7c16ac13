"""Films with other things in them: more tracks, pictures on the cover, references to other files, locks, tags."""

import io
import random
import struct
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PIL import Image

from tests.pipeline.ffmpeg.corpus.case import Case, unusable
from tests.pipeline.ffmpeg.corpus.mp4 import Track, box, full, movie, numbers, table
from tests.pipeline.ffmpeg.corpus.sources import blank, track

NEIGHBOUR = "usual.mp4"
"""Another file of the corpus; QuickTime's aliases name files relative to the one they stand in."""


def data_track(samples: int) -> Track:
    """A track of telemetry, as drones and sports cameras write it."""
    return Track(box("gpmd", bytes(6), b"\0\1"), (b"x" * 20,) * samples, handler=b"meta")


def tags(*boxes: bytes) -> bytes:
    """iTunes tags: each box of its own type with a `data` box in it."""
    handler = full("hdlr", numbers(0), b"mdirappl", numbers(0, 0), b"\0")
    return box("udta", full("meta", handler, box("ilst", *boxes)))


def value(content: bytes, kind: int = 1) -> bytes:
    """The value of a tag, by default UTF-8."""
    return box("data", numbers(kind, 0), content)


def different_tags(number: int) -> Callable[[], bytes]:
    """So many tags under names of their own; libavformat compares each with all before it."""

    def content() -> bytes:
        keys = full("keys", numbers(number), *(box("mdta", b"%x" % key) for key in range(number)))
        items = [struct.pack(">II", 8 + len(value(b"x")), key + 1) + value(b"x") for key in range(number)]
        handler = full("hdlr", numbers(0), b"mdta", numbers(0, 0, 0), b"\0")
        return movie(track(), more=box("meta", handler, keys, box("ilst", *items)))

    return content


def _covered() -> bytes:
    Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(picture := io.BytesIO(), "JPEG")
    return movie(track(), more=tags(box("covr", value(picture.getvalue(), 13))))


def _alias() -> bytes:
    """The media are in another file, says an alias record of QuickTime's; its second entry is the whole path."""
    name, path = NEIGHBOUR.encode(), f"/{NEIGHBOUR}".encode()
    volume = b"\x03VOL".ljust(28, b"\0")
    record = bytes(10) + volume + bytes(12) + bytes([len(name)]) + name.ljust(63, b"\0")
    record += bytes(16) + struct.pack(">hh", 1, 1) + bytes(16)
    record += struct.pack(">HH", 2, len(path)) + path + bytes(len(path) % 2) + struct.pack(">Hh", 0xFFFF, 0)
    return movie(replace(track(), reference=full("alis", record)))


def locked(*, scrambled: bool) -> bytes:
    """Common encryption (ISO/IEC 23001-7): the description says so, and the pictures are or are not."""
    scheme = full("schm", b"cenc", numbers(0x10000))
    key = box("schi", full("tenc", b"\0\0\1\x08", bytes(16)))
    entry, protection = track().description, box("sinf", box("frma", b"avc1"), scheme, key)
    encrypted = struct.pack(">I4s", len(entry) + len(protection), b"encv") + entry[8:] + protection
    chance = random.Random(1)
    samples = [s[:5] + chance.randbytes(len(s) - 5) if scrambled else s for s in track().samples]
    return movie(replace(track(), description=encrypted, samples=tuple(samples)))


def _chunks(number: int) -> bytes:
    """A second track of so many chunks of one byte, each with an entry of its own."""
    tables = {
        "stsz": full("stsz", numbers(1, number)),
        "stts": table("stts", [(number, 1)]),
        "stsc": table("stsc", [(1, 1, 1)]),
        "stco": table("stco", [(0,)] * number),
    }
    return movie(track(), replace(data_track(1), tables=tables))


def _in_padding() -> bytes:
    film = movie(track(), more=tags(box("\xa9nam", value(b"x" * 1_000_000))))
    place = film.index(b"moov")
    return film[:place] + b"free" + film[place + 4 :]


def _nested(depth: int) -> bytes:
    nest = b""
    for _ in range(depth):
        nest = box("udta", nest)
    return movie(track(), more=nest)


def _videos(number: int) -> Callable[[], bytes]:
    return lambda: movie(*(replace(track("mpeg4", (32, 32), 2)) for _ in range(number)))


def _png() -> bytes:
    entry = box("png ", bytes(6), b"\0\1", bytes(16), struct.pack(">HH", 64, 64), bytes(50))
    return movie(Track(entry, blank("png", (6000, 6000))))


TRACKS = (
    Case("two pictures", "two video tracks", _videos(2), unusable("2 video streams")),
    Case("three hundred tracks", "video, each", _videos(300), unusable("too many streams")),
    Case(
        "five tracks",
        "a film with four of telemetry",
        lambda: movie(track(), *[data_track(12)] * 4),
        unusable("5 streams"),
    ),
    Case("telemetry alone", "no video at all", lambda: movie(data_track(100)), unusable("no video stream")),
    Case("with a cover", "a JPEG among its tags, which counts as video", _covered, unusable("2 video streams")),
    Case("huge png", "6000x6000 of a codec that needs few bytes for it", _png, unusable("codec 'png'")),
    Case("data elsewhere", "an alias: the pictures are in another file", _alias, unusable("fewer than 2")),
    Case(
        "locked", "encrypted, and without its key", lambda: locked(scrambled=True), unusable("cannot be decoded")
    ),
    Case(
        "different tags", "fifty thousand under names of their own", different_tags(50_000), unusable("its index")
    ),
    Case(
        "one long tag",
        "a title of 5 MB",
        lambda: movie(track(), more=tags(box("\xa9nam", value(b"x" * 5_000_000)))),
        unusable("its index has"),
    ),
    Case(
        "index in the padding",
        "a heavy one in a `free` box, where libavformat looks if there is no other",
        _in_padding,
        unusable("its index has"),
    ),
    Case("a million chunks", "of a track of telemetry", lambda: _chunks(1_000_000), unusable("its index has")),
    Case("nested", "boxes in boxes, ten thousand deep", lambda: _nested(10_000), unusable("Invalid data")),
    Case(
        "too many frames",
        "601 of them",
        lambda: movie(replace(track("mpeg4", (32, 32), 2), samples=track("mpeg4", (32, 32), 2).samples[:1] * 601)),
        unusable("more than 600 frames"),
    ),
    Case("one frame", "a picture", lambda: movie(track(frames=1)), unusable("it has 1 frames")),
)
