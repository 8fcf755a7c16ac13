"""One small file put, found, read as a stranger would, listed and deleted: what proves that a bucket works.

For `storyreel doctor`. Raises nothing that the bucket or the network did: each is a finding that says what to do.
A process killed in between leaves one file of 44 bytes below `doctor/`, which nothing refers to.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import httpx

from pipeline.errors import BucketError
from pipeline.ports import Bucket, StoredObject
from storage.buckets.keys import unsigned
from storage.buckets.stranger import is_open

PREFIX = "doctor/"
"""Where the files of round trips lie."""

SAMPLE = base64.b64decode("UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAgA0JaQAA3AA/vuUAAA=")
"""A WebP of one pixel: a file of a type that is stored anyway, so that no bucket of ours refuses it."""

_TYPE = "image/webp"
_RANGE = slice(4, 12)
_TIMEOUT_SECONDS = 10.0
_SIGNED_SECONDS = 60


@dataclass(frozen=True)
class Finding:
    """What was tried, whether it is as it should be, and a sentence: what was seen, or what is wrong and the mend.

    `what` is one of put, head, get, list, read, type, caching, range, closed (private buckets only), delete.
    """

    what: str
    ok: bool
    sentence: str


async def round_trip(bucket: Bucket, *, marker: UUID) -> list[Finding]:
    """Everything that storing and showing a clip needs, in the order tried; the file is deleted in any case.

    `marker` makes the path one of its own. What cannot be tried, because something before it failed, is left out.
    """
    with TemporaryDirectory(prefix="storyreel-doctor-") as folder:
        async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, follow_redirects=True) as stranger:
            trip = _RoundTrip(bucket, f"{PREFIX}{marker}.webp", Path(folder), stranger)
            try:
                findings = await _there_and_back(trip)
            finally:
                deleted = await _try("delete", trip.delete)
            return [*findings, deleted]


class _Wrong(Exception):
    """It was done, and what came out is not as it should be."""


@dataclass
class _RoundTrip:
    """Each step returns what it saw; raises `_Wrong`, `BucketError` or `httpx.HTTPError`."""

    bucket: Bucket
    path: str
    folder: Path
    stranger: httpx.AsyncClient
    address: str = ""
    reply: httpx.Response = field(default_factory=lambda: httpx.Response(0))
    """What a stranger is answered at the address."""

    async def put(self) -> str:
        file = self.folder / "sample"
        await asyncio.to_thread(file.write_bytes, SAMPLE)
        await self.bucket.put(self.path, file, content_type=_TYPE)
        return f"stored {len(SAMPLE)} bytes at {self.path}"

    async def head(self) -> str:
        found = await self.bucket.head(self.path)
        if found != StoredObject(self.path, len(SAMPLE), _TYPE):
            raise _Wrong(f"the bucket tells of it as {found}")
        return "the bucket tells its size and type"

    async def get(self) -> str:
        await self.bucket.get(self.path, self.folder / "fetched")
        if await asyncio.to_thread((self.folder / "fetched").read_bytes) != SAMPLE:
            raise _Wrong("other bytes came back than were put")
        return "the same bytes came back"

    async def list(self) -> str:
        found = [each.path for each in await self.bucket.list(self.path)]
        if found != [self.path]:
            raise _Wrong(f"the listing of {self.path} has {len(found)} objects")
        return "the listing has it"

    async def read(self) -> str:
        is_public = self.bucket.is_public
        if is_public:
            self.address = self.bucket.url(self.path)
        else:
            self.address = await self.bucket.sign(self.path, seconds=_SIGNED_SECONDS)
        self.reply = reply = await self.stranger.get(self.address)
        if not reply.is_success:
            raise _Wrong(f"{_where(reply)} answered HTTP {reply.status_code}: {_DOORS[is_public]}")
        if reply.content != SAMPLE:
            raise _Wrong(f"{_where(reply)} answered with something else")
        return f"anyone reads it at {_where(reply)}" if is_public else "whoever has its signed address reads it"

    async def type(self) -> str:
        told = self.reply.headers.get("content-type")
        if told != _TYPE:
            raise _Wrong(f"it comes as {told}, and was put as {_TYPE}")
        return f"it comes as {told}"

    async def caching(self) -> str:
        told = self.reply.headers.get("cache-control", "")
        if complaint := caching_complaint(told, is_public=self.bucket.is_public):
            raise _Wrong(f"it comes with cache-control {told!r}, {complaint}")
        return f"it comes with cache-control {told!r}"

    async def range(self) -> str:
        asked = f"bytes={_RANGE.start}-{_RANGE.stop - 1}"
        reply = await self.stranger.get(self.address, headers={"range": asked})
        if (reply.status_code, reply.content) != (206, SAMPLE[_RANGE]):
            raise _Wrong(f"asked for 8 bytes of it, {_where(reply)} answered HTTP {reply.status_code}")
        return "a player can seek"

    async def closed(self) -> str:
        address = unsigned(self.address)
        if await is_open(address):
            raise _Wrong(f"{address} gives it to those without a signature, too")
        return "without the signature nobody reads it"

    async def delete(self) -> str:
        await self.bucket.delete([self.path])
        if await self.bucket.head(self.path) is not None:
            raise _Wrong(f"{self.path} is still there")
        return "deleted, and gone"


_MENDS = {
    "put": "check the bucket's name, its key and what the key may do",
    "head": "check what the key may do: it needs to read objects",
    "get": "check what the key may do: it needs to read objects",
    "read": "check what stands before the path (SUPABASE_URL, STORYREEL_PUBLIC_URL) and that its server runs",
    "type": "something between here and the bucket changes headers: let content-type pass",
    "caching": "something between here and the bucket changes headers: let cache-control pass",
    "range": "players need it to seek, and Safari to play at all: let Range pass, or read from the bucket itself",
    "closed": "make the bucket private where it is kept, or name another one in STORYREEL_BUCKET",
    "list": "check what the key may do: it needs to list objects",
    "delete": "check what the key may do: it needs to delete objects, or old files are never removed",
}


_DOORS = {
    True: "let everyone read the bucket where it is kept, or set STORYREEL_BUCKET_ACCESS=private",
    False: "is this machine's clock right?",
}


async def _there_and_back(trip: _RoundTrip) -> list[Finding]:
    put = await _try("put", trip.put)
    if not put.ok:
        return [put]
    within = [await _try("head", trip.head), await _try("get", trip.get), await _try("list", trip.list)]
    read = await _try("read", trip.read)
    if not read.ok:
        return [put, *within, read]
    shown = [await _try("type", trip.type), await _try("caching", trip.caching), await _try("range", trip.range)]
    closed = [] if trip.bucket.is_public else [await _try("closed", trip.closed)]
    return [put, *within, read, *shown, *closed]


async def _try(what: str, step: Callable[[], Awaitable[str]]) -> Finding:
    try:
        return Finding(what, ok=True, sentence=await step())
    except (BucketError, _Wrong) as error:
        return Finding(what, ok=False, sentence=f"{error}; {_MENDS[what]}")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Finding(what, ok=False, sentence=f"no answer ({type(error).__name__}: {error}); {_MENDS[what]}")


def caching_complaint(told: str, *, is_public: bool) -> str | None:
    """What is wrong with a `cache-control`, None if nothing.

    No path ever has another content, so copies may be kept; of a private one, by no cache that others ask as well.
    """
    directives = {part.strip().lower().partition("=")[0] for part in told.split(",")}
    if not is_public and directives & {"public", "s-maxage"}:
        return "so caches serve it after its address has expired"
    if not directives & {"max-age", "no-cache", "no-store"}:
        return "so browsers guess for how long to keep it"
    return None


def _where(reply: httpx.Response) -> str:
    """Without the query: a signature is as good as the file."""
    return str(reply.url.copy_with(query=None))
