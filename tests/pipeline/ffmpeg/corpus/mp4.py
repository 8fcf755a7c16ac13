"""MP4 files put together box by box, so that every field can lie. Pure: bytes in, bytes out.

Boxes and fields are those of ISO/IEC 14496-12, under their own names. What is not asked to lie is true: a movie of
one honest track plays everywhere.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

FTYP = b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41"
UNITY = (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
"""The display matrix of an upright picture, row by row: 16.16 numbers, the last column 2.30."""

INSIDE = b"\x00\x00\x00\x01"
"""Flags of a data reference: the data are in this very file."""


@dataclass(frozen=True)
class Track:
    """One track. `description` is the entry of its `stsd`, of any codec.

    `durations` and `shifts` are those of its samples, in units of `timescale` a second; none means one each, and
    no `ctts`. `tables` replaces boxes of the sample table by type; `edits` is an `elst`; `reference` the entry of
    `dref`; `more` stands at the end of its `trak`.
    """

    description: bytes
    samples: tuple[bytes, ...]
    timescale: int = 8
    durations: tuple[int, ...] = ()
    shifts: tuple[int, ...] = ()
    handler: bytes = b"vide"
    size: tuple[int, int] = (320, 240)
    matrix: tuple[int, ...] = UNITY
    tables: Mapping[str, bytes] = field(default_factory=dict)
    edits: bytes = b""
    reference: bytes = b"\x00\x00\x00\x0curl \x00" + INSIDE[1:]
    more: bytes = b""


def box(kind: str, *content: bytes) -> bytes:
    """A box with a 32-bit length."""
    joined = b"".join(content)
    return struct.pack(">I4s", 8 + len(joined), kind.encode("latin-1")) + joined


def full(kind: str, *content: bytes, version: int = 0, flags: int = 0) -> bytes:
    """A box that begins with a version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


def wide(kind: str, *content: bytes) -> bytes:
    """A box with a 64-bit length."""
    joined = b"".join(content)
    return struct.pack(">I4sQ", 1, kind.encode("latin-1"), 16 + len(joined)) + joined


def numbers(*values: int) -> bytes:
    """32 bits each; negative ones as two's complement."""
    return struct.pack(f">{len(values)}I", *(value & 0xFFFFFFFF for value in values))


def table(kind: str, rows: Sequence[Sequence[int]], *, claims: int | None = None) -> bytes:
    """A box that counts its rows of 32-bit numbers, truly unless `claims` says otherwise."""
    flat = [value for row in rows for value in row]
    return full(kind, numbers(len(rows) if claims is None else claims), numbers(*flat))


def movie(*tracks: Track, head: bytes = FTYP, more: bytes = b"", media: str = "mdat") -> bytes:
    """Head, all samples, index. `more` stands at the end of the `moov`; `media` may be `wide mdat`."""
    stored = b"".join(sample for track in tracks for sample in track.samples)
    data = wide("mdat", stored) if media == "wide mdat" else box(media, stored)
    start = len(head) + len(data) - len(stored)
    return head + data + moov(*tracks, start=start, more=more)


def index_first(*tracks: Track, head: bytes = FTYP, between: bytes = b"", last: bytes | None = None) -> bytes:
    """Head, index, all samples; `last` stands in for the head of the `mdat` box."""
    stored = b"".join(sample for track in tracks for sample in track.samples)
    opening = box("mdat", stored)[:8] if last is None else last
    length = len(moov(*tracks, start=0))
    start = len(head) + length + len(between) + len(opening)
    return head + moov(*tracks, start=start) + between + opening + stored


def moov(*tracks: Track, start: int, more: bytes = b"") -> bytes:
    """The index of tracks whose samples stand one after another from byte `start` on."""
    traks = []
    for number, track in enumerate(tracks, 1):
        traks.append(_trak(track, number, start))
        start += sum(map(len, track.samples))
    head = numbers(0, 0, 1000, 0, 1 << 16, 0x01000000, 0, 0, *UNITY, 0, 0, 0, 0, 0, 0, len(tracks) + 1)
    return box("moov", full("mvhd", head), *traks, more)


def _trak(track: Track, number: int, start: int) -> bytes:
    width, height = (side << 16 for side in track.size)
    header = full("tkhd", numbers(0, 0, number, 0, 0, 0, 0, 0, 0, *track.matrix, width, height), flags=3)
    media = (
        full("mdhd", numbers(0, 0, track.timescale, _length(track), 0x55C40000)),
        full("hdlr", numbers(0), track.handler, numbers(0, 0, 0), b"\0"),
        _minf(track, start),
    )
    return box("trak", header, box("edts", track.edits) if track.edits else b"", box("mdia", *media), track.more)


def _minf(track: Track, start: int) -> bytes:
    header = {b"vide": full("vmhd", numbers(0, 0), flags=1), b"soun": full("smhd", numbers(0))}
    references = box("dinf", full("dref", numbers(1), track.reference))
    return box("minf", header.get(track.handler, full("nmhd")), references, _stbl(track, start))


def _stbl(track: Track, start: int) -> bytes:
    count = len(track.samples)
    tables = {
        "stsd": full("stsd", numbers(1), track.description),
        "stts": table("stts", [(1, duration) for duration in track.durations or (1,) * count]),
        "ctts": table("ctts", [(1, shift) for shift in track.shifts]) if track.shifts else b"",
        "stsc": table("stsc", [(1, count, 1)] if count else []),
        "stsz": full("stsz", numbers(0, count, *map(len, track.samples))),
        "stco": table("stco", [(start,)] if count else []),
    } | dict(track.tables)
    return box("stbl", *tables.values())


def _length(track: Track) -> int:
    return sum(track.durations) if track.durations else len(track.samples)


def fragmented(
    track: Track, *, each: int = 1, time: int = 0, head: bytes = FTYP, index: bytes = b"", silent: bool = False
) -> bytes:
    """An empty index, then fragments of `each` samples; the first begins at `time` in units of the timescale.

    `index` stands between the `moov` and the fragments. `silent` fragments do not say when they begin.
    """
    empty = Track(track.description, (), timescale=track.timescale, size=track.size, matrix=track.matrix)
    extends = box("mvex", full("trex", numbers(1, 1, 1, 0, 0)))
    content = head + moov(empty, start=0, more=extends) + index
    for number, place in enumerate(range(0, len(track.samples), each)):
        content += fragment(track.samples[place : place + each], number, None if silent else time + place)
    return content


def fragment(samples: Sequence[bytes], number: int, time: int | None, *, claims: int | None = None) -> bytes:
    """`moof` and `mdat` of some samples of one tick each; `claims` of them are announced."""
    count = len(samples) if claims is None else claims
    decode_time = b"" if time is None else full("tfdt", struct.pack(">Q", time % 2**64), version=1)
    sequence = full("mfhd", numbers(number + 1))

    def moof(data: int) -> bytes:
        run = full("trun", numbers(count, data, *map(len, samples)), flags=0x201)
        return box("moof", sequence, box("traf", full("tfhd", numbers(1), flags=0x20000), decode_time, run))

    return moof(len(moof(0)) + 8) + box("mdat", *samples)
