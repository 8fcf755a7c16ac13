"""What SupabaseBucket makes of refusals, limits, and answers that are not Supabase's."""

import json
import shutil
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.bucket.server import routes
from pipeline.errors import BucketRefused, BucketUnavailable, ObjectMissing
from storage.buckets.supabase import SupabaseBucket
from tests.storage.buckets.servers import serving

KEY = "sb_secret_test"
AUTH = {"apikey": KEY}


@pytest.fixture(scope="module")
def served_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def served(served_root: Path) -> Iterator[str]:
    with serving(Starlette(routes=routes(served_root, secret=KEY))) as address:
        yield address


@pytest.fixture
def root(served_root: Path) -> Iterator[Path]:
    yield served_root
    shutil.rmtree(served_root)
    served_root.mkdir()


@pytest.fixture
def address(served: str, root: Path) -> str:
    """The server, with an empty folder behind it."""
    return served


@pytest.fixture
async def bucket(address: str) -> AsyncIterator[SupabaseBucket]:
    async with SupabaseBucket(address, KEY, "clips") as bucket:
        await bucket.ensure()
        yield bucket


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "source"
    file.write_bytes(bytes(1000))
    return file


def limit(root: Path, **settings: object) -> None:
    """Change the bucket's settings, as its owner would in the dashboard."""
    (root / "clips~bucket.json").write_text(json.dumps({"public": True, **settings}))


LIMITS = [{"file_size_limit": 999}, {"allowed_mime_types": ["image/*", "audio/mpeg"]}]


@pytest.mark.parametrize("settings", LIMITS)
async def test_a_file_beyond_the_buckets_limits_is_not_sent(
    bucket: SupabaseBucket, root: Path, source: Path, settings: dict[str, object]
) -> None:
    """The bucket's limits are asked for once, and an unfit file is refused before its first byte."""
    limit(root, **settings)

    with pytest.raises(BucketRefused, match=r"takes 999|does not take video/mp4"):
        await bucket.put("clip.mp4", source, content_type="video/mp4")


@pytest.mark.parametrize("settings", LIMITS)
async def test_limits_set_later_are_refusals_too(
    bucket: SupabaseBucket, root: Path, source: Path, settings: dict[str, object]
) -> None:
    """Where the limits we know are old, the server's HTTP 400 is read for what it means."""
    await bucket.put("first.mp4", source, content_type="video/mp4")
    limit(root, **settings)

    with pytest.raises(BucketRefused, match=r"41[35]"):
        await bucket.put("clip.mp4", source, content_type="video/mp4")

    assert await bucket.head("clip.mp4") is None


async def test_fitting_types_pass(bucket: SupabaseBucket, root: Path, source: Path) -> None:
    """A wildcard lets through what it names, and a limit its own size."""
    limit(root, allowed_mime_types=["video/*"], file_size_limit=1000)

    await bucket.put("clip.mp4", source, content_type="video/mp4")

    assert await bucket.head("clip.mp4") is not None


async def test_a_wrong_key_is_refused(address: str, bucket: SupabaseBucket, source: Path) -> None:
    """Everything that needs the key says no, permanently."""
    async with SupabaseBucket(address, "wrong", "clips") as intruder:
        with pytest.raises(BucketRefused):
            await intruder.ensure()
        with pytest.raises(BucketRefused):
            await intruder.put("clip.mp4", source, content_type="video/mp4")
        with pytest.raises(BucketRefused):
            await intruder.head("clip.mp4")
        with pytest.raises(BucketRefused):
            await intruder.delete(["clip.mp4"])


async def test_a_private_bucket_is_not_published(address: str) -> None:
    """`ensure` never opens to the world what somebody made private."""
    private = {"id": "clips", "name": "clips", "public": False}
    async with httpx.AsyncClient() as owner:
        (await owner.post(f"{address}/storage/v1/bucket", json=private, headers=AUTH)).raise_for_status()

    async with SupabaseBucket(address, KEY, "clips") as bucket:
        with pytest.raises(BucketRefused, match="private"):
            await bucket.ensure()


async def test_urls_may_have_another_base(address: str) -> None:
    """A custom domain serves what the project's own address stores."""
    bucket = SupabaseBucket(address, KEY, "clips", public_base_url="https://cdn.example/")
    async with bucket:
        assert bucket.url("a.mp4") == "https://cdn.example/storage/v1/object/public/clips/a.mp4"


UNUSABLE = [
    (502, "<html>Bad gateway</html>"),
    (544, "{}"),
    (200, "<html>Welcome to our hotel</html>"),
    (200, "[]"),
]


@pytest.mark.parametrize(("status", "body"), UNUSABLE)
async def test_answers_that_are_not_storages_are_no_answers(status: int, body: str) -> None:
    """A proxy's page says nothing of the object; whoever asks again may hear more."""

    async def answer(request: Request) -> Response:
        return Response(body, status, media_type="text/html")

    methods = ["GET", "POST", "DELETE"]
    app = Starlette(routes=[Route("/{path:path}", answer, methods=methods)])
    with serving(app) as address:
        async with SupabaseBucket(address, KEY, "clips") as bucket:
            for call in (bucket.ensure, lambda: bucket.head("a"), lambda: bucket.list("")):
                with pytest.raises(BucketUnavailable):
                    await call()


@pytest.mark.parametrize("code", ["SlowDown", "LockTimeout", "NoSuchKey", "AccessDenied"])
async def test_the_code_in_the_body_counts_where_the_package_drops_it(code: str) -> None:
    """Beside an older word that says nothing."""

    async def answer(request: Request) -> Response:
        body = {"statusCode": "400", "error": "Error", "message": "why", "code": code}
        return Response(json.dumps(body), 400, media_type="application/json")

    with serving(Starlette(routes=[Route("/{path:path}", answer)])) as address:
        async with SupabaseBucket(address, KEY, "clips") as bucket:
            if code == "NoSuchKey":
                assert await bucket.head("a") is None
                return
            with pytest.raises(
                BucketRefused if code == "AccessDenied" else BucketUnavailable, match=f"{code}: why"
            ):
                await bucket.head("a")


async def test_a_listing_is_held_against_the_prefix() -> None:
    """Supabase matches by LIKE, where `_` is any letter; what does not start with the prefix is left out."""
    when = "2026-01-01T00:00:00Z"
    objects = [
        {"id": "1", "name": name, "updated_at": when, "created_at": when, "metadata": None}
        for name in ("a_b/x", "a-b/x")
    ]
    reply = json.dumps({"hasNext": False, "folders": [], "objects": objects})

    async def answer(request: Request) -> Response:
        return Response(reply, media_type="application/json")

    with serving(Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])])) as address:
        async with SupabaseBucket(address, KEY, "clips") as bucket:
            found = await bucket.list("a_")

    assert [each.path for each in found] == ["a_b/x"]


async def test_an_upload_without_an_answer_is_unknown(source: Path) -> None:
    """A silence after the last byte is `BucketUnavailable`: the object may be there."""
    limits = b'{"id":"clips","name":"clips","owner":"","public":true,"created_at":"2026-01-01T00:00:00Z",'
    limits += b'"updated_at":"2026-01-01T00:00:00Z","file_size_limit":null,"allowed_mime_types":null}'
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(limits)
    patience = httpx.Timeout(5.0, read=0.2)
    with listening(head + limits) as address:
        async with SupabaseBucket(address, KEY, "clips", timeout=patience) as bucket:
            with pytest.raises(BucketUnavailable, match="ReadTimeout"):
                await bucket.put("clip.mp4", source, content_type="video/mp4")


async def test_a_download_cut_short_leaves_no_file(tmp_path: Path) -> None:
    """Fewer bytes than announced are an error and not a shorter clip."""
    with listening(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf", close=True) as address:
        async with SupabaseBucket(address, KEY, "clips") as bucket:
            with pytest.raises(BucketUnavailable):
                await bucket.get("clip.mp4", tmp_path / "fetched")

    assert not (tmp_path / "fetched").exists()


async def test_everything_is_closed_at_the_end(address: str) -> None:
    """After the block no connection is left to use."""
    async with SupabaseBucket(address, KEY, "clips") as bucket:
        await bucket.ensure()
        with pytest.raises(ObjectMissing):
            await bucket.get("a", Path("unused"))

    with pytest.raises(RuntimeError, match="closed"):
        await bucket.head("a")


@contextmanager
def listening(answer: bytes, *, close: bool = False) -> Iterator[str]:
    """A server that says one thing to the first request of one connection, and then closes or is silent."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection = server.accept()[0]
            with connection:
                connection.recv(65536)
                connection.sendall(answer)
                while not close and connection.recv(65536):
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()
