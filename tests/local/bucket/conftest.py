"""A running local bucket server over a fresh folder."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from local.bucket.server import routes
from storage.buckets.disk import DiskBucket
from tests.storage.buckets.servers import serving

SECRET = "sb_secret_test"


@pytest.fixture(scope="session")
def served_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture
def root(served_root: Path) -> Iterator[Path]:
    """The folder behind the server; one server for all tests, since stopping one takes 0.2 s."""
    yield served_root
    shutil.rmtree(served_root)
    served_root.mkdir()


@pytest.fixture(scope="session")
def secret() -> str:
    return SECRET


@pytest.fixture(scope="session")
def address(served_root: Path, secret: str) -> Iterator[str]:
    with serving(Starlette(routes=routes(served_root, secret=secret))) as address:
        yield address


@pytest.fixture
async def browser(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=address) as browser:
        yield browser


@pytest.fixture
async def disk(root: Path, address: str) -> DiskBucket:
    bucket = DiskBucket(root, "clips", public_base_url=address)
    await bucket.ensure()
    return bucket
