"""An empty bucket of each kind that users have."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from pipeline.ports import Bucket
from tests.storage.buckets.places import PRIVATE, PUBLIC, Places, open_places

SPECIAL = ["a b/ü é.mp4", "日本/🎬.mp4", "plus+and&?=;,:@$!*'().mp4", "Case/x.mp4", "case/x.mp4"]

REFUSED = {400, 403, 404}

Put = Callable[..., Awaitable[None]]


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    with open_places(tmp_path_factory.mktemp("buckets")) as places:
        yield places


@pytest.fixture(params=[*PUBLIC, *PRIVATE])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
async def all_opened(places: Places) -> AsyncIterator[dict[str, Bucket]]:
    async with AsyncExitStack() as stack:
        opened: dict[str, Bucket] = {}
        for kind in (*PUBLIC, *PRIVATE):
            name = f"{kind.replace(' ', '-')}-clips"
            opened[kind] = await stack.enter_async_context(places.bucket(kind, name))
            await opened[kind].ensure()
        yield opened


@pytest.fixture
async def bucket(all_opened: dict[str, Bucket], kind: str) -> AsyncIterator[Bucket]:
    """One of each kind serves all tests, since making an S3 client takes 0.3 s."""
    yield all_opened[kind]
    left = await all_opened[kind].list("")
    await all_opened[kind].delete([each.path for each in left])


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
