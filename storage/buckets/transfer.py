"""Moving bytes between a local file and a bucket, a piece at a time. Knows no bucket.

A clip has tens of megabytes and a worker moves several at once, so no file is ever held in memory.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

TOTAL_SECONDS = 900.0
"""For one call of the port, all its requests and pauses together: for a clip even on a slow line."""

PIECE_BYTES = 256 * 1024
"""Read, sent and written at once. Each piece costs one hop to a thread (about 0.1 ms)."""


async def pieces(file: Path, start: int = 0, length: int | None = None) -> AsyncGenerator[bytes, None]:
    """The bytes of the file, or `length` of them from `start` on. To be closed by whoever may stop early.

    Reading happens in threads.
    """
    source = await asyncio.to_thread(file.open, "rb")
    left = float("inf") if length is None else length
    try:
        source.seek(start)
        while piece := await asyncio.to_thread(source.read, int(min(left, PIECE_BYTES))):
            left -= len(piece)
            yield piece
    finally:
        source.close()


def sha256_of(file: Path) -> str:
    """The SHA-256 of the file in hex. Blocking: about 0.1 s for 64 MiB."""
    with file.open("rb") as reading:
        return hashlib.file_digest(reading, "sha256").hexdigest()


@contextmanager
def receiving(file: Path) -> Iterator[BinaryIO]:
    """The file opened for writing; removed again on any failure, so that half a clip never passes for one."""
    with file.open("wb") as target:
        try:
            yield target
        except BaseException:
            file.unlink(missing_ok=True)
            raise
