"""Moving bytes between a local file and a bucket, a piece at a time. Knows no bucket.

A clip has tens of megabytes and a worker moves several at once, so no file is ever held in memory.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PIECE_BYTES = 256 * 1024
"""Read, sent and written at once. Each piece costs one hop to a thread (about 0.1 ms)."""


async def pieces(file: Path) -> AsyncGenerator[bytes, None]:
    """The bytes of the file; reading happens in threads. To be closed by whoever may stop early."""
    source = await asyncio.to_thread(file.open, "rb")
    try:
        while piece := await asyncio.to_thread(source.read, PIECE_BYTES):
            yield piece
    finally:
        source.close()


@contextmanager
def receiving(file: Path) -> Iterator[BinaryIO]:
    """The file opened for writing; removed again on any failure, so that half a clip never passes for one."""
    with file.open("wb") as target:
        try:
            yield target
        except BaseException:
            file.unlink(missing_ok=True)
            raise
