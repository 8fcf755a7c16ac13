"""What SupabaseBucket makes of who may read a bucket, and of the addresses that Storage signs."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from local.bucket.server import routes
from pipeline.errors import BucketRefused, BucketUnavailable
from storage.buckets.folder import BucketFolder
from storage.buckets.supabase import SupabaseBucket
from tests.storage.buckets.servers import serving

KEY = "sb_secret_test"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "served"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "source"
    file.write_bytes(b"clip")
    return file


@pytest.mark.parametrize("wanted", ["public", "private"])
async def test_whoever_makes_a_bucket_first_decides_who_reads_it(root: Path, wanted: str) -> None:
    """Two processes with different settings: between looking and making, the other one was quicker."""
    storage = Starlette(routes=routes(root, secret=KEY))

    async def overtaken(scope: Scope, receive: Receive, send: Send) -> None:
        if (scope["method"], scope["path"]) == ("POST", "/storage/v1/bucket"):
            BucketFolder(root, "clips").make({"public": wanted == "private"})
        await storage(scope, receive, send)

    with serving(overtaken) as address:
        async with SupabaseBucket(address, KEY, "clips", is_public=wanted == "public") as bucket:
            with pytest.raises(BucketRefused, match=f"should be {wanted}"):
                await bucket.ensure()


async def test_a_private_bucket_is_made_private(root: Path) -> None:
    """By whoever opens it first as that."""
    with serving(Starlette(routes=routes(root, secret=KEY))) as address:
        async with SupabaseBucket(address, KEY, "clips", is_public=False) as bucket:
            await bucket.ensure()

    assert not BucketFolder(root, "clips").is_public()


@pytest.mark.parametrize("answer", ['{"signedURL": "/object/sign/clips/a.mp4"}', '{"signedURL": "?token="}', "{}"])
async def test_an_answer_without_a_signature_is_no_answer(answer: str) -> None:
    """A proxy's page says nothing of the object, and half an address is none."""

    async def reply(request: Request) -> Response:
        return Response(answer, media_type="application/json")

    with serving(Starlette(routes=[Route("/{path:path}", reply, methods=["POST"])])) as address:
        async with SupabaseBucket(address, KEY, "clips", is_public=False) as bucket:
            with pytest.raises(BucketUnavailable, match=r"signing 'a\.mp4'"):
                await bucket.sign("a.mp4", seconds=60)


async def test_signed_addresses_may_have_another_base(root: Path, source: Path) -> None:
    """A custom domain, there too."""
    with serving(Starlette(routes=routes(root, secret=KEY))) as address:
        bucket = SupabaseBucket(address, KEY, "clips", is_public=False, public_base_url="https://cdn.example/")
        async with bucket:
            await bucket.ensure()
            await bucket.put("a b.mp4", source, content_type="video/mp4")

            signed = await bucket.sign("a b.mp4", seconds=60)

    assert signed.startswith("https://cdn.example/storage/v1/object/sign/clips/a%20b.mp4?token=ey")


@pytest.mark.parametrize(("is_public", "said"), [(True, "public"), (False, "private")])
async def test_copies_of_a_private_file_are_kept_by_its_reader_alone(
    root: Path, source: Path, is_public: bool, said: str
) -> None:
    """A cache that others ask as well would serve them after the address has expired."""
    heard: list[str] = []
    storage = Starlette(routes=routes(root, secret=KEY))

    async def listening_in(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].endswith("/a.mp4"):
            heard.append(Request(scope).headers["cache-control"])
        await storage(scope, receive, send)

    with serving(listening_in) as address:
        async with SupabaseBucket(address, KEY, "clips", is_public=is_public) as bucket:
            await bucket.ensure()
            await bucket.put("a.mp4", source, content_type="video/mp4")

    assert heard == [f"{said}, max-age=31536000, immutable"]
