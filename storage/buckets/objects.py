"""A bucket behind any store that obstore speaks to: `ObjectBucket`. Knows no vendor.

What differs between vendors stands in `s3`, `gcs` and `azure`: the store, how an address is signed, and what to do
where the bucket is not there. An object is put, got, looked for, listed and deleted, and no more: Supabase's S3
endpoint takes PutObjectTagging and PutObjectAcl for PutObject and replaces the object by them, and it ignores
`If-None-Match`, so a put always replaces.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from pipeline.errors import BucketRefused, BucketUnavailable, ObjectMissing
from pipeline.ports import StoredObject
from storage.buckets.access import cache_control, checked_seconds, never_expires, no_public_address, other_access
from storage.buckets.content_types import UNKNOWN, by_suffix
from storage.buckets.keys import checked_name, checked_path, checked_prefix, object_url
from storage.buckets.object_errors import BucketMissing, from_object_store
from storage.buckets.stranger import is_open
from storage.buckets.transfer import PIECE_BYTES, TOTAL_SECONDS, receiving

if TYPE_CHECKING:  # obstore has these for type checkers alone
    from obstore.store import ClientConfig, RetryConfig

PART_BYTES = 5 * 1024 * 1024
"""A larger file goes up in parts of this size: the least S3 takes, all alike as R2 demands; 10,000 are allowed."""

PARTS_AT_ONCE = 2
"""Of one file. With what is read ahead, a put holds some 35 MiB in memory, however large the file."""

DELETES_AT_ONCE = 10
"""Each a request of its own, which every vendor knows.

Google has no request for many. To S3's, Supabase answers in its own way, and objects that are not there it calls
errors; Azure's says that one was missing, and not what became of the others.
"""


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds, and how often a request is repeated after a 5xx or a broken connection.

    `silence` is one request without an answer, its part of 5 MiB included; `total` is one call of the port.
    """

    connect: float = 5.0
    silence: float = 60.0
    total: float = TOTAL_SECONDS
    repeats: int = 2

    def client(self, address: str) -> "ClientConfig":
        """For obstore's HTTP client. Without TLS only where the address says so."""
        return {
            "allow_http": address.startswith("http://"),
            "connect_timeout": timedelta(seconds=self.connect),
            "read_timeout": timedelta(seconds=self.silence),
            "timeout": timedelta(seconds=self.total),
        }

    def retries(self) -> "RetryConfig":
        """For obstore, which waits 0.1 s first and then up to twice as long each time."""
        return {"max_retries": self.repeats, "retry_timeout": timedelta(seconds=self.silence)}


USUAL_PATIENCE = Patience()


@dataclass(frozen=True)
class Vendor:
    """What one of them does in its own way. `signed` gets a path and seconds; `make` may refuse and say why.

    `secret` is never repeated, though an answer should send it back.
    """

    store: ObjectStore
    signed: Callable[[str, int], Awaitable[str]] = field(repr=False)
    """May hold the secret."""
    make: Callable[[], Awaitable[None]]
    secret: str = field(repr=False)


class ObjectBucket:
    """The `Bucket` port over obstore. An async context manager that has nothing to close.

    A path that cannot name an object is `BucketRefused`. `list` tells content types by suffix, since listings do
    not carry them; `head` tells the stored one. A put cut short leaves no object, but parts that cost money until
    the vendor's lifecycle rule for incomplete uploads removes them.
    """

    def __init__(
        self,
        name: str,
        vendor: Vendor,
        *,
        own_address: str,
        public_base_url: str | None,
        patience: Patience,
    ) -> None:
        """`own_address` is what stands before the path in a signed address, `public_base_url` in a public one.

        None for the latter says that the bucket is private.
        """
        self.name = checked_name(name)
        self.is_public = public_base_url is not None
        self.base_url = (public_base_url or own_address).rstrip("/")
        self._vendor = vendor
        self._store = vendor.store
        self._patience = patience
        self._closed_folders: set[str] = set()  # in each of which strangers were refused a file of ours

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def ensure(self) -> None:
        """See the port. New buckets are private; who may read a public one is set with the vendor.

        No call that all vendors know tells who may read. So a private bucket is asked for one of its objects
        without a key, and for the first that is put into each folder at the top: policies open some and not
        others. Another door that a vendor has (a public domain of R2's, the public addresses of a bucket of
        Supabase's) is not seen.
        """
        try:
            first = await self._first()
        except BucketMissing:
            await self._vendor.make()
            return
        if first is not None and not self.is_public:
            # A no proves nothing of files of ours: it may be a folder's marker, or gone by now.
            await self._is_closed(first)

    async def put(self, path: str, file: Path, *, content_type: str) -> None:
        """See the port. The type is always sent: Supabase refuses by it."""
        checked_path(path)
        await asyncio.to_thread(file.stat)  # a missing file is the caller's error, and not the bucket's
        attributes = {"Content-Type": content_type, "Cache-Control": cache_control(is_public=self.is_public)}
        async with self._asking(f"putting {path!r}"):
            await obstore.put_async(
                self._store,
                path,
                file,
                attributes=attributes,
                chunk_size=PART_BYTES,
                max_concurrency=PARTS_AT_ONCE,
            )
        folder = path.rpartition("/")[0].partition("/")[0]
        if not (self.is_public or folder in self._closed_folders):
            try:
                if await self._is_closed(path):
                    self._closed_folders.add(folder)
            except BucketRefused:
                await self.delete([path])
                raise

    async def get(self, path: str, file: Path) -> None:
        """See the port."""
        checked_path(path)
        async with self._asking(f"getting {path!r}"):
            answer = await obstore.get_async(self._store, path)
            with receiving(file) as arriving:
                async for piece in answer.stream(min_chunk_size=PIECE_BYTES):
                    await asyncio.to_thread(arriving.write, piece)

    async def head(self, path: str) -> StoredObject | None:
        """See the port. A missing bucket looks like a missing object: HEAD answers carry no body."""
        checked_path(path)
        try:
            async with self._asking(f"looking for {path!r}"):
                found = await obstore.get_async(self._store, path, options={"head": True})
        except ObjectMissing:
            return None
        return StoredObject(path, found.meta["size"], found.attributes.get("Content-Type", UNKNOWN))

    def url(self, path: str) -> str:
        """See the port."""
        if not self.is_public:
            raise no_public_address(self.name)
        return object_url(self.base_url, path)

    async def sign(self, path: str, *, seconds: int) -> str:
        """See the port. For a GET of this object, without any other parameter. Asks nobody."""
        if self.is_public:
            raise never_expires(self.name)
        return await self._signed(checked_path(path), checked_seconds(seconds))

    async def delete(self, paths: Sequence[str]) -> None:
        """See the port."""
        wanted = [checked_path(path) for path in paths]
        for start in range(0, len(wanted), DELETES_AT_ONCE):
            await asyncio.gather(*(self._delete(path) for path in wanted[start : start + DELETES_AT_ONCE]))

    async def list(self, prefix: str) -> list[StoredObject]:
        """See the port. Asks for the folder that the prefix ends in: obstore knows whole parts of paths only."""
        folder = checked_prefix(prefix).rpartition("/")[0]
        async with self._asking(f"listing {prefix!r}"):
            found = await self._store.list(folder or None).collect_async()
        described = [StoredObject(each["path"], each["size"], by_suffix(each["path"])) for each in found]
        return sorted((each for each in described if each.path.startswith(prefix)), key=lambda each: each.path)

    async def _first(self) -> str | None:
        """The path of any object there is. Raises `BucketMissing`."""
        async with self._asking(f"looking into bucket {self.name!r}"):
            async for page in self._store.list(chunk_size=1):
                return page[0]["path"]
        return None

    async def _delete(self, path: str) -> None:
        with suppress(ObjectMissing):
            async with self._asking(f"deleting {path!r}"):
                await obstore.delete_async(self._store, path)

    async def _is_closed(self, path: str) -> bool:
        """Whether strangers are refused the object. Raises `BucketRefused` where they read it."""
        opened = await is_open((await self._signed(path, 1)).partition("?")[0])
        if opened:
            raise other_access(self.name, is_public=True)
        return opened is not None

    async def _signed(self, path: str, seconds: int) -> str:
        async with self._asking(f"signing {path!r}"):
            return await self._vendor.signed(path, seconds)

    @asynccontextmanager
    async def _asking(self, what: str) -> AsyncIterator[None]:
        """Bounds the time of what is asked inside, and turns obstore's errors into ours."""
        try:
            async with asyncio.timeout(self._patience.total):
                yield
        except TimeoutError:
            raise BucketUnavailable(f"{what}: not done within {self._patience.total:g} seconds") from None
        except (BaseError, ValueError) as error:
            raise from_object_store(str(error), what, secret=self._vendor.secret) from None
        except FileNotFoundError as error:
            if error.errno is not None:  # of the caller's own file
                raise
            raise from_object_store(str(error), what, secret=self._vendor.secret) from None
