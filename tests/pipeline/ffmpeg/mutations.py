"""A film that has gone wrong in some random way, for fuzzing. Pure: bytes and chance in, bytes out.

Most changes hit the index, in which every byte steers the reader; blind changes would nearly all fall on pictures.
"""

import random
from collections.abc import Callable

CONTAINERS = frozenset({b"moov", b"trak", b"edts", b"mdia", b"minf", b"dinf", b"stbl", b"mvex", b"moof", b"traf"})
"""Boxes that hold nothing but boxes (ISO/IEC 14496-12)."""

KINDS = (
    b"free",
    b"mdat",
    b"moov",
    b"trak",
    b"stts",
    b"ctts",
    b"stsz",
    b"stsc",
    b"stco",
    b"co64",
    b"stss",
    b"elst",
)

EXTREMES = (0, 1, 2, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)

MAX_CHANGES = 6


def mutated(film: bytes, chance: random.Random) -> bytes:
    """The film with one to `MAX_CHANGES` things wrong with it; the same again for the same state of `chance`."""
    content = bytearray(film)
    for _ in range(chance.randint(1, MAX_CHANGES)):
        chance.choice(CHANGES)(content, chance)
    return bytes(content)


def boxes(content: bytes | bytearray, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Where boxes begin and end, those inside others included."""
    end = len(content) if end is None else end
    found = []
    while start + 8 <= end:
        length = int.from_bytes(content[start : start + 4])
        if not 8 <= length <= end - start:
            break
        found.append((start, start + length))
        if bytes(content[start + 4 : start + 8]) in CONTAINERS:
            found += boxes(content, start + 8, start + length)
        start += length
    return found


def _some_box(content: bytearray, chance: random.Random) -> tuple[int, int]:
    """The bounds of any box, or of the whole where no box is left."""
    return chance.choice(boxes(content) or [(0, len(content))])


def _turn_bits(content: bytearray, chance: random.Random) -> None:
    start, end = _some_box(content, chance)
    for _ in range(chance.choice((1, 1, 4, 64))):
        if start < end:
            content[chance.randrange(start, end)] ^= 1 << chance.randrange(8)


def _set_number(content: bytearray, chance: random.Random) -> None:
    """Some number of a box becomes an extreme one, or one off."""
    start, end = _some_box(content, chance)
    if start + 12 > end:
        return
    place = start + 8 + chance.randrange((end - start - 8) // 4) * 4
    old = int.from_bytes(content[place : place + 4])
    new = chance.choice((*EXTREMES, old + 1, old - 1, old * 2, len(content)))
    content[place : place + 4] = (new % 2**32).to_bytes(4)


def _set_length(content: bytearray, chance: random.Random) -> None:
    start, end = _some_box(content, chance)
    length = chance.choice((*EXTREMES, end - start - 1, end - start + 8, len(content) - start))
    content[start : start + 4] = (length % 2**32).to_bytes(4)


def _rename(content: bytearray, chance: random.Random) -> None:
    start, _ = _some_box(content, chance)
    content[start + 4 : start + 8] = chance.choice(KINDS)


def _drop(content: bytearray, chance: random.Random) -> None:
    start, end = _some_box(content, chance)
    if start:  # without its head no file reaches the reader
        del content[start:end]


def _repeat(content: bytearray, chance: random.Random) -> None:
    """A box stands in another place as well, perhaps inside a third."""
    start, end = _some_box(content, chance)
    place, _ = _some_box(content, chance)
    content[place:place] = content[start:end]


def _insert(content: bytearray, chance: random.Random) -> None:
    _, place = _some_box(content, chance)
    content[place:place] = chance.choice((bytes, chance.randbytes))(chance.choice((1, 4, 8, 100)))


def _cut(content: bytearray, chance: random.Random) -> None:
    if content:
        del content[chance.randrange(len(content)) :]


CHANGES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    *(_turn_bits,) * 3,
    *(_set_number,) * 6,
    _set_length,
    _rename,
    _drop,
    _repeat,
    _insert,
    _cut,
)
"""Each as likely as it stands here often."""
