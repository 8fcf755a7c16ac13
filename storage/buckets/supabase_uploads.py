"""Putting one file into Supabase Storage: in one request, or a large one in chunks by TUS.

One request carries the file as its raw body: the package's multipart upload reads the disk in the event loop and
took twice as long (400 MB: 11.3 s against 4.7 s). A request without an answer may have stored the file all the
same, so it is asked for, by the digest that goes along as the object's own metadata.
"""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from pipeline.errors import BucketError, BucketUnavailable
from storage.buckets.access import CACHE_SECONDS, cache_control
from storage.buckets.keys import escaped
from storage.buckets.resumable import PAUSES, ResumableUpload
from storage.buckets.supabase_answers import Answers
from storage.buckets.transfer import pieces, sha256_of

RESUMABLE_BYTES = 6 * 1024 * 1024
"""Larger files go by TUS, as Supabase advises: a connection lost costs one chunk and not all that was sent."""


@dataclass(frozen=True)
class Upload:
    """One file on its way to the bucket. Path, size in bytes, and type have been checked."""

    path: str
    file: Path
    size: int
    content_type: str
    sha256: str

    @property
    def what(self) -> str:
        """For errors."""
        return f"putting {self.path!r}"

    @property
    def own_metadata(self) -> str:
        """What the object keeps about itself."""
        return json.dumps({"sha256": self.sha256})


def _check_stored(reply: httpx.Response) -> None:
    """Raise ValueError for a success that is not storage's: a portal says 200 to everything."""
    told = reply.json()
    if not isinstance(told, dict) or not (told.get("Key") or told.get("Id")):
        raise ValueError("it names no object")


@dataclass(frozen=True)
class Uploads:
    """Puts files into one bucket. `info` tells of the object at a path, as the package's does."""

    http: httpx.AsyncClient
    info: Callable[[str], Awaitable[dict[str, Any]]]
    answers: Answers
    storage_url: str
    name: str
    is_public: bool
    pauses: Sequence[float] = PAUSES

    async def put(self, path: str, file: Path, *, size: int, content_type: str) -> None:
        """Store it, replacing what is there. Raises `BucketError`; where unavailable, it may yet be stored."""
        upload = Upload(path, file, size, content_type, await asyncio.to_thread(sha256_of, file))
        if size > RESUMABLE_BYTES:
            await self._in_chunks(upload).run()
            return
        try:
            await self._put_at_once(upload)
        except BucketUnavailable:
            if not await self._is_stored(upload):
                raise

    async def _put_at_once(self, upload: Upload) -> None:
        headers = {
            "content-type": upload.content_type,
            "content-length": str(upload.size),
            "cache-control": cache_control(is_public=self.is_public),
            "x-metadata": base64.b64encode(upload.own_metadata.encode()).decode(),
            "x-upsert": "true",
        }
        url = f"{self.storage_url}/object/{self.name}/{escaped(upload.path)}"
        with self.answers.errors(upload.what):
            async with aclosing(pieces(upload.file)) as content:
                reply = await self.http.post(url, content=content, headers=headers)
            if not reply.is_success:
                raise self.answers.refusal(reply, upload.what)
            _check_stored(reply)

    def _in_chunks(self, upload: Upload) -> ResumableUpload:
        metadata = {
            "bucketName": self.name,
            "objectName": upload.path,
            "contentType": upload.content_type,
            # By TUS only a number of seconds can be said, which lets every cache keep the file; anything else
            # becomes "no-cache". So a private file is asked for anew, rather than kept by a CDN past its address.
            "cacheControl": str(CACHE_SECONDS) if self.is_public else "no-cache",
            "metadata": upload.own_metadata,
        }
        return ResumableUpload(
            self.http,
            self.answers,
            f"{self.storage_url}/upload/resumable",
            upload.file,
            upload.size,
            metadata,
            upload.what,
            is_stored=lambda: self._is_stored(upload),
            pauses=self.pauses,
        )

    async def _is_stored(self, upload: Upload) -> bool:
        """Whether what is there is this very file. False also where nobody can tell: the first error stands."""
        try:
            with self.answers.errors(upload.what):
                found = await self.info(upload.path)
                return bool(found["size"] == upload.size and found["metadata"]["sha256"] == upload.sha256)
        except BucketError:
            return False
