"""A bucket in Supabase Storage, through the `supabase` package: `SupabaseBucket`.

Whole files do not go through the package (see `supabase_downloads` and `supabase_uploads`). They go as plain
requests on the very same connections; the rest is the package's. Only large uploads repeat requests by themselves.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import httpx
from storage3.types import SearchV2Object

from pipeline.errors import BucketRefused, BucketUnavailable, ObjectMissing
from pipeline.ports import StoredObject
from storage.buckets.access import checked_seconds, never_expires, no_public_address, other_access
from storage.buckets.content_types import UNKNOWN
from storage.buckets.keys import base_url, checked_path, checked_prefix, escaped, object_url
from storage.buckets.resumable import PAUSES
from storage.buckets.supabase_answers import Answers
from storage.buckets.supabase_client import connect
from storage.buckets.supabase_downloads import Downloads
from storage.buckets.supabase_limits import Difference, Limits, differences
from storage.buckets.supabase_listing import all_objects
from storage.buckets.supabase_settings import BucketSettings, limits_of
from storage.buckets.supabase_uploads import Uploads
from storage.buckets.transfer import TOTAL_SECONDS

TIMEOUT = httpx.Timeout(connect=5.0, read=60.0, write=30.0, pool=30.0)
"""Seconds without progress, not in all. `read` covers the server's own upload after our last byte."""

DELETE_BATCH = 500
"""The server takes 1000 paths a request, and deletes 500 at once (src/storage/limits.ts)."""


class SupabaseBucket:
    """The `Bucket` port over Supabase Storage. An async context manager: entering makes the client.

    A path that cannot name an object is `BucketRefused`. Hosted projects whose storage is older than 2026
    also refuse paths beyond ASCII. OSErrors of the caller's own file are passed on as they are.
    """

    def __init__(
        self,
        url: str,
        key: str,
        name: str,
        *,
        is_public: bool = True,
        public_base_url: str | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        total: float = TOTAL_SECONDS,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        """`url` is the project's (`https://<ref>.supabase.co`), `key` a secret or service_role key.

        `public_base_url`: another scheme and host, at which the files are read. `total` is seconds for one call of
        the port, `pauses` those before a large upload that was interrupted goes on.
        """
        self.name = name
        self.is_public = is_public
        self.base_url = base_url(public_base_url or url, name, is_public=is_public)
        self._url = url.rstrip("/")
        self._key = key
        self._answers = Answers(key)
        self._pauses = pauses
        self._limits: Limits | None = None
        self._timeout = timeout
        self._total = total

    async def __aenter__(self) -> Self:
        """Raises `BucketRefused` for an address or a key that no client can be made of."""
        self._http, storage = await connect(self._url, self._key, self._timeout)
        self._files = storage.from_(self.name)
        self._settings = BucketSettings(storage, self._answers, self.name)
        self._downloads = Downloads(self._http, self._files.info, self._answers)
        self._uploads = Uploads(
            self._http,
            self._files.info,
            self._answers,
            f"{self._url}/storage/v1",
            self.name,
            is_public=self.is_public,
            pauses=self._pauses,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def ensure(self) -> None:
        """See the port. Made with limits; never opens to the world what somebody made private."""
        async with self._in_time(f"opening bucket {self.name!r}"):
            if await self._settings.find() is None:
                await self._settings.create(is_public=self.is_public)
            # Also after making it: who was first may have made it another way.
            found = await self._settings.require()
        if found.public != self.is_public:
            raise other_access(self.name, is_public=found.public)

    async def differences(self) -> list[Difference]:
        """What keeps us from storing or showing clips in the bucket as it is: empty where nothing does."""
        async with self._in_time(f"looking at bucket {self.name!r}"):
            found = await self._settings.find()
        if found is None:
            return [Difference("bucket", f"there is no bucket {self.name!r}", mendable=True)]
        told = differences(self.name, limits_of(found))
        if found.public != self.is_public:
            complaint = str(other_access(self.name, is_public=found.public))
            told.insert(0, Difference("access", complaint, mendable=False))
        return told

    async def mend(self) -> list[Difference]:
        """Make the bucket, or widen its limits until it takes what we store; what differs still.

        Takes nothing from the bucket, and never changes who may read it: other files may lie there.
        """
        async with self._in_time(f"mending bucket {self.name!r}"):
            found = await self._settings.find()
            if found is None:
                await self._settings.create(is_public=self.is_public)
            elif differences(self.name, limits_of(found)):
                await self._settings.widen(found)
        self._limits = None
        return await self.differences()

    async def put(self, path: str, file: Path, *, content_type: str) -> None:
        """See the port. After `BucketUnavailable` the object may be stored nevertheless."""
        checked_path(path)
        size = (await asyncio.to_thread(file.stat)).st_size
        try:
            async with self._in_time(f"putting {path!r}"):
                await self._refuse_early(path, size, content_type)
                await self._uploads.put(path, file, size=size, content_type=content_type)
        except BucketUnavailable:
            self._limits = None  # perhaps it is they that changed: see _refuse_early
            raise

    async def get(self, path: str, file: Path) -> None:
        """See the port. Asks storage itself and not the public URL, which a CDN may answer from its cache."""
        what = f"getting {path!r}"
        target = self._object_url(path)
        async with self._asking(what):
            await self._downloads.get(path, target, file, what)

    async def head(self, path: str) -> StoredObject | None:
        """See the port."""
        checked_path(path)
        try:
            async with self._asking(f"looking for {path!r}"):
                info = await self._files.info(path)
                return _described(path, info["size"], info["content_type"])
        except ObjectMissing:
            return None

    def url(self, path: str) -> str:
        """See the port."""
        if not self.is_public:
            raise no_public_address(self.name)
        return object_url(self.base_url, path)

    async def sign(self, path: str, *, seconds: int) -> str:
        """See the port. Storage signs: one request.

        Only the token of its answer is used, since the path stands in it unescaped. Hosted, a path with `?` does
        not work: Storage signs it escaped (decodeURI) and refuses its own token. No path of ours has one.
        """
        if self.is_public:
            raise never_expires(self.name)
        address = object_url(self.base_url, path)
        async with self._asking(f"signing {path!r}"):
            answer = await self._files.create_signed_url(path, checked_seconds(seconds))
            token = _token_in(answer["signedURL"])
        return f"{address}?token={token}"

    async def delete(self, paths: Sequence[str]) -> None:
        """See the port."""
        wanted = [checked_path(path) for path in paths]
        for start in range(0, len(wanted), DELETE_BATCH):
            async with self._asking(f"deleting from {self.name!r}"):
                await self._files.remove(wanted[start : start + DELETE_BATCH])

    async def list(self, prefix: str) -> list[StoredObject]:
        """See the port."""
        checked_prefix(prefix)
        async with self._asking(f"listing {prefix!r}"):
            found = await all_objects(self._files, prefix)
        return sorted((_listed(each) for each in found), key=lambda each: each.path)

    async def _refuse_early(self, path: str, size: int, content_type: str) -> None:
        """Hold the file against the bucket's limits before sending it; before refusing, against those of now.

        The server answers an unfit upload before reading it and stops reading; we would keep sending, and
        what comes back from a large file is a write timeout instead of the refusal (measured with 20 MB).
        """
        if self._limits is None or self._limits.refusal(size, content_type):
            self._limits = limits_of(await self._settings.require())
        if why := self._limits.refusal(size, content_type):
            raise BucketRefused(f"putting {path!r} into bucket {self.name!r}: {why}")

    @asynccontextmanager
    async def _asking(self, what: str) -> AsyncIterator[None]:
        """Bounds the time of what is asked inside, and turns what goes wrong into errors of ours."""
        async with self._in_time(what):
            with self._answers.errors(what):
                yield

    @asynccontextmanager
    async def _in_time(self, what: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._total):
                yield
        except TimeoutError:
            raise BucketUnavailable(f"{what}: not done within {self._total:g} seconds") from None

    def _object_url(self, path: str) -> str:
        return f"{self._url}/storage/v1/object/{self.name}/{escaped(checked_path(path))}"


def _token_in(signed_url: str | None) -> str:
    """The JWT at the end of the address, whose letters need no escaping. Raises ValueError."""
    _, found, token = (signed_url or "").rpartition("token=")
    if not found or not token:
        raise ValueError("no token in the answer")
    return token


def _listed(found: SearchV2Object) -> StoredObject:
    metadata = found.metadata or {}
    return _described(found.name, metadata.get("size"), metadata.get("mimetype"))


def _described(path: str, size: Any, content_type: Any) -> StoredObject:  # noqa: ANN401 - parsed JSON
    return StoredObject(path, int(size or 0), str(content_type or UNKNOWN))
