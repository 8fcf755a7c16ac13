"""The top-level boxes of a file of the MOV/MP4 family. Reads their heads only, never what is inside."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO


@dataclass(frozen=True)
class Box:
    """`kind` as its four characters; `whole` unless the file ends before the box does; `length` is what the file
    has of it, in bytes.
    """

    kind: str
    length: int
    whole: bool


def list_boxes(file: Path, *, most: int) -> tuple[Box, ...]:
    """The first `most` in file order. Raises `OSError`."""
    with file.open("rb") as stream:
        return tuple(islice(_boxes(stream, file.stat().st_size), most))


def _boxes(stream: BinaryIO, size: int) -> Iterator[Box]:
    start = 0
    while start + 8 <= size:
        stream.seek(start)
        kind, length = _read_head(stream.read(16), size - start)
        yield Box(kind, min(length, size - start), start + length <= size)
        start += length


def _read_head(head: bytes, rest: int) -> tuple[str, int]:
    """Type and length in bytes (ISO/IEC 14496-12, 4.2): 1 means a 64-bit length, 0 the rest of the file."""
    length = int.from_bytes(head[:4])
    if length == 1:
        length = int.from_bytes(head[8:16])
    elif length == 0:
        length = rest
    # Shorter than its own head, it would be read for ever.
    return head[4:8].decode("latin-1"), max(8, length)
