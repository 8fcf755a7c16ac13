"""A bucket in Supabase Storage, through the `supabase` package: `SupabaseBucket`. Repeats no request itself.

Whole files do not go through the package: its download holds the file in memory, and its multipart upload
reads the disk in the event loop and took twice as long as a raw body (400 MB: 11.3 s against 4.7 s). Those
two go as plain requests on the very same connections; the rest is the package's.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Self

import httpx
from storage3.exceptions import StorageApiError
from storage3.types import BaseBucket, SearchV2Object, SearchV2Options

from pipeline.errors import BucketRefused, BucketUnavailable, ObjectMissing
from pipeline.ports import StoredObject
from pipeline.prose import clean, without_key
from storage.buckets.access import cache_control, checked_seconds, never_expires, no_public_address, other_access
from storage.buckets.content_types import UNKNOWN
from storage.buckets.keys import base_url, checked_path, checked_prefix, escaped, object_url
from storage.buckets.transfer import PIECE_BYTES, pieces, receiving
from storage.buckets.translation import from_storage3, from_supabase
from supabase import AsyncClientOptions, acreate_client

TIMEOUT = httpx.Timeout(connect=5.0, read=60.0, write=30.0, pool=30.0)
"""Seconds without progress, not in all. `read` covers the server's own upload after our last byte."""

LIST_PAGE = 1000
"""The server's own upper limit for list-v2."""

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
    ) -> None:
        """`url` is the project's (`https://<ref>.supabase.co`), `key` a secret or service_role key.

        `public_base_url`: another scheme and host, at which the files are read.
        """
        self.name = name
        self.is_public = is_public
        self.base_url = base_url(public_base_url or url, name, is_public=is_public)
        self._url = url.rstrip("/")
        self._key = key
        self._limits: BaseBucket | None = None
        # HTTP/1.1: the package's default, HTTP/2, breaks on idle connections that the server closed
        # ("Server disconnected"), and a client of our own is one that can be closed.
        self._http = httpx.AsyncClient(
            http2=False, timeout=timeout, headers={"apikey": key, "authorization": f"Bearer {key}"}
        )

    async def __aenter__(self) -> Self:
        client = await acreate_client(self._url, self._key, AsyncClientOptions(httpx_client=self._http))
        self._storage = client.storage
        self._files = client.storage.from_(self.name)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def ensure(self) -> None:
        """See the port. Never opens to the world what somebody made private."""
        with self._errors(f"making bucket {self.name!r}"):
            try:
                found = await self._storage.get_bucket(self.name)
            except StorageApiError as error:
                if error.code != "Bucket not found":
                    raise
                await self._create()
                found = await self._storage.get_bucket(self.name)  # who was first may have made it another way
        if found.public != self.is_public:
            raise other_access(self.name, is_public=found.public)

    async def put(self, path: str, file: Path, *, content_type: str) -> None:
        """See the port. Without an answer (`BucketUnavailable`) the object may have been stored."""
        target = self._object_url(path)
        size = (await asyncio.to_thread(file.stat)).st_size
        await self._refuse_early(path, size, content_type)
        headers = {
            "content-type": content_type,
            "content-length": str(size),
            "cache-control": cache_control(is_public=self.is_public),
            "x-upsert": "true",
        }
        what = f"putting {path!r}"
        with self._errors(what):
            async with aclosing(pieces(file)) as content:
                reply = await self._http.post(target, content=content, headers=headers)
        if not reply.is_success:
            raise from_supabase(reply.status_code, self._without_key(reply.text), what)

    async def get(self, path: str, file: Path) -> None:
        """See the port. Asks storage itself and not the public URL, which a CDN may answer from its cache."""
        what = f"getting {path!r}"
        identity = {"accept-encoding": "identity"}
        target = self._object_url(path)
        with self._errors(what):
            async with self._http.stream("GET", target, headers=identity) as reply:
                if not reply.is_success:
                    await reply.aread()
                    raise from_supabase(reply.status_code, self._without_key(reply.text), what)
                with receiving(file) as arriving:
                    async for piece in reply.aiter_bytes(PIECE_BYTES):
                        await asyncio.to_thread(arriving.write, piece)

    async def head(self, path: str) -> StoredObject | None:
        """See the port."""
        checked_path(path)
        try:
            with self._errors(f"looking for {path!r}"):
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
        with self._errors(f"signing {path!r}"):
            answer = await self._files.create_signed_url(path, checked_seconds(seconds))
            token = _token_in(answer["signedURL"])
        return f"{address}?token={token}"

    async def delete(self, paths: Sequence[str]) -> None:
        """See the port."""
        wanted = [checked_path(path) for path in paths]
        for start in range(0, len(wanted), DELETE_BATCH):
            with self._errors(f"deleting from {self.name!r}"):
                await self._files.remove(wanted[start : start + DELETE_BATCH])

    async def list(self, prefix: str) -> list[StoredObject]:
        """See the port.

        Through list-v2 without a delimiter, which walks every folder by cursor. The older list cannot keep
        the promise: it compares without regard to case, so `A/x` and `a/x` fall together, and its pages are
        offsets, which skip objects when others are deleted meanwhile.
        """
        checked_prefix(prefix)
        found: list[SearchV2Object] = []
        options = SearchV2Options(prefix=prefix, limit=LIST_PAGE, with_delimiter=False)
        while True:
            with self._errors(f"listing {prefix!r}"):
                page = await self._files.list_v2(options)
            # The server puts the prefix into a LIKE, where `_` stands for anything: ask for the rest here.
            found += [each for each in page.objects if each.name.startswith(prefix)]
            if not page.hasNext or page.nextCursor is None:
                break
            options["cursor"] = page.nextCursor
        return sorted((_listed(each) for each in found), key=lambda each: each.path)

    async def _create(self) -> None:
        try:
            await self._storage.create_bucket(self.name, options={"public": self.is_public})
        except StorageApiError as error:
            if error.code != "Duplicate":  # another worker was first
                raise

    async def _refuse_early(self, path: str, size: int, content_type: str) -> None:
        """Hold the file against the bucket's limits before sending it.

        The server answers an unfit upload before reading it and stops reading; we would keep sending, and
        what comes back from a large file is a write timeout instead of the refusal (measured with 20 MB).
        """
        if self._limits is None:
            with self._errors(f"reading the limits of bucket {self.name!r}"):
                self._limits = await self._storage.get_bucket(self.name)
        limit, types = self._limits.file_size_limit, self._limits.allowed_mime_types
        if limit is not None and size > limit:
            raise BucketRefused(f"putting {path!r}: {size} bytes, bucket {self.name!r} takes {limit}")
        if types and not any(fnmatchcase(content_type, allowed) for allowed in types):
            raise BucketRefused(f"putting {path!r}: bucket {self.name!r} does not take {content_type}")

    @contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        try:
            yield
        except StorageApiError as error:
            code, message = self._without_key(str(error.code)), self._without_key(str(error.message))
            raise from_storage3(error.status, code, message, what) from None  # its own may hold the key
        except httpx.HTTPError as error:
            said = self._without_key(f"{type(error).__name__}: {error}")
            raise BucketUnavailable(f"{what}: no answer ({said})") from error
        # A 200 whose body is not storage's (a proxy, a portal), or JSON that is nothing but brackets.
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise BucketUnavailable(f"{what}: no usable answer ({clean(repr(error))})") from error

    def _without_key(self, said: str) -> str:
        return without_key(said.encode(errors="replace"), self._key).decode()

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
