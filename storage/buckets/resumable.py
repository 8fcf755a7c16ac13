"""Sending a file by TUS: begun, sent in chunks, gone on with after interruptions. The words of it are in `tus`.

An upload whose process is killed is begun anew by the next one; the server forgets what it has of it after a day.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import httpx

from pipeline.errors import BucketUnavailable
from storage.buckets import tus
from storage.buckets.supabase_answers import Answers
from storage.buckets.transfer import pieces
from storage.buckets.tus import Progress

PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds before going on, by failures since a byte was gained. One more failure ends the upload."""


class _Lost(BucketUnavailable):
    """The server has no such upload any more."""


@dataclass(frozen=True)
class ResumableUpload:
    """One file on its way to `url`, where uploads are begun.

    `is_stored` tells whether the file is an object by now: an upload may have ended though its answer was lost,
    and one that has all bytes may have failed to become an object.
    """

    http: httpx.AsyncClient
    answers: Answers
    url: str
    file: Path
    size: int
    metadata: Mapping[str, str]
    what: str
    is_stored: Callable[[], Awaitable[bool]]
    pauses: Sequence[float] = PAUSES

    async def run(self) -> None:
        """Send it. Raises `BucketError`."""
        progress = Progress()
        while progress.offset != self.size:
            try:
                progress = await self._step(progress)
            except BucketUnavailable as trouble:
                progress = progress.lost() if isinstance(trouble, _Lost) else progress.interrupted()
                if progress.failures > len(self.pauses):
                    raise
                await asyncio.sleep(self.pauses[progress.failures - 1])

    async def _step(self, progress: Progress) -> Progress:
        if progress.upload_id is None:
            return progress.begun(await self._begin())
        url = f"{self.url}/{progress.upload_id}"
        try:
            offset = await (self._ask(url) if progress.offset is None else self._send(url, progress.offset))
        except _Lost:
            if await self.is_stored():
                return progress.at(self.size)
            raise
        return progress.at(offset)

    async def _begin(self) -> str:
        with self.answers.errors(self.what):
            reply = await self.http.post(self.url, headers=tus.creating(self.size, self.metadata))
            if reply.is_success:
                return tus.upload_id(reply.headers.get("location", ""))
        raise self.answers.refusal(reply, self.what)

    async def _ask(self, url: str) -> int:
        with self.answers.errors(self.what):
            reply = await self.http.head(url, headers=tus.asking())
            if reply.is_success and (offset := tus.offset_in(reply.headers)) < self.size:
                return offset
        if reply.is_success or reply.status_code in tus.GONE:
            raise _Lost(f"{self.what}: the server has lost the upload, or could not end it")
        raise self.answers.refusal(reply, self.what)

    async def _send(self, url: str, offset: int) -> int:
        length = min(tus.CHUNK_BYTES, self.size - offset)
        with self.answers.errors(self.what):
            async with aclosing(pieces(self.file, offset, length)) as content:
                reply = await self.http.patch(url, content=content, headers=tus.sending(offset, length))
            if reply.is_success and tus.offset_in(reply.headers) == offset + length:
                return offset + length
        if reply.status_code in tus.GONE:
            raise _Lost(f"{self.what}: the server has lost the upload")
        if reply.is_success or reply.status_code == tus.CONFLICT:
            raise BucketUnavailable(f"{self.what}: the server does not have it up to byte {offset + length}")
        raise self.answers.refusal(reply, self.what)
