"""An empty bucket of each kind that users have."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from pipeline.ports import Bucket
from tests.storage.buckets.places import PRIVATE, Places, open_places

SPECIAL = ["a b/ü é.mp4", "日本/🎬.mp4", "plus+and&?=;,:@$!*'().mp4", "Case/x.mp4", "case/x.mp4"]

REFUSED = {400, 401, 403, 404}

Put = Callable[..., Awaitable[None]]
Open = Callable[[str], Awaitable[Bucket]]


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    with open_places(tmp_path_factory.mktemp("buckets")) as places:
        yield places


# Of those of obstore, public and private differ in who reads them alone: the other promises are shown for one.
@pytest.fixture(params=["disk", "supabase", "private disk", "private supabase", *PRIVATE[2:]])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
async def opened(places: Places) -> AsyncIterator[Open]:
    """Opens a bucket of the kind when it is first needed, and keeps it: one of each serves all tests."""
    buckets: dict[str, Bucket] = {}
    async with AsyncExitStack() as stack:

        async def open_once(kind: str) -> Bucket:
            if kind not in buckets:
                name = f"{kind.replace(' ', '-')}-clips"
                places.prepare(kind, name)
                buckets[kind] = await stack.enter_async_context(places.bucket(kind, name))
                await buckets[kind].ensure()
            return buckets[kind]

        yield open_once


@pytest.fixture
async def bucket(opened: Open, kind: str) -> AsyncIterator[Bucket]:
    """An empty one."""
    bucket = await opened(kind)
    yield bucket
    await bucket.delete([each.path for each in await bucket.list("")])


@pytest.fixture
def put(bucket: Bucket, tmp_path: Path) -> Put:
    async def put(path: str, content: bytes = b"clip", content_type: str = "video/mp4") -> None:
        file = tmp_path / "source"
        file.write_bytes(content)
        await bucket.put(path, file, content_type=content_type)

    return put


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    """Anyone: without a key."""
    async with httpx.AsyncClient() as browser:
        yield browser


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A file for whatever bucket."""
    file = tmp_path / "clip"
    file.write_bytes(b"clip")
    return file


def is_refused(reply: httpx.Response) -> bool:
    """Answered with no, and with nothing of the object."""
    return reply.status_code in REFUSED and b"clip" not in reply.content
