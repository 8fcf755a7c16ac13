"""What SupabaseBucket makes of answers that no storage gives, of endless ones, and of settings for no client."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from pipeline.errors import BucketRefused, BucketUnavailable
from storage.buckets.supabase import SupabaseBucket
from tests.storage.buckets.servers import serving

KEY = "sb_secret_test"
WHEN = "2026-01-01T00:00:00Z"
BUCKET: dict[str, object] = {
    "id": "clips",
    "name": "clips",
    "owner": "",
    "public": True,
    "created_at": WHEN,
    "updated_at": WHEN,
}
BUCKET |= {"file_size_limit": None, "allowed_mime_types": None}
CLIP = bytes(1000)
PORTAL = "<html>Welcome to our hotel</html>"
STORED = json.dumps({"Key": "clips/a.mp4", "Id": "1"})
GONE = json.dumps({"statusCode": "404", "error": "not_found", "message": "Object not found"})


class Storage:
    """Answers by the start of a path below `/storage/v1/`: status, type and body. Notes what was asked."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.answers: dict[str, tuple[int, str, str]] = {}
        self.versions: set[str] = set()
        self.asked: list[str] = []

    async def answer(self, request: Request) -> Response:
        await request.body()
        self.versions.add(request.scope["http_version"])
        path = request.path_params["path"]
        self.asked.append(path)
        if path == "bucket/clips":
            return Response(json.dumps(BUCKET), media_type="application/json")
        if path == "object/clips/endless.mp4":
            return StreamingResponse(_endless(request), media_type="video/mp4")
        status, media_type, body = next(told for start, told in self.answers.items() if path.startswith(start))
        return Response(body, status, media_type=media_type)


async def _endless(request: Request) -> AsyncIterator[bytes]:
    """A byte whenever the reader has taken the one before, so that it is never silent."""
    while not await request.is_disconnected():
        yield b"x"


@pytest.fixture(scope="module")
def opened() -> Iterator[tuple[str, Storage]]:
    storage = Storage()
    methods = ["GET", "POST", "PUT", "DELETE"]
    with serving(Starlette(routes=[Route("/storage/v1/{path:path}", storage.answer, methods=methods)])) as address:
        yield address, storage


@pytest.fixture
def storage(opened: tuple[str, Storage]) -> Storage:
    opened[1].reset()
    return opened[1]


@pytest.fixture
async def bucket(opened: tuple[str, Storage]) -> AsyncIterator[SupabaseBucket]:
    async with SupabaseBucket(opened[0], KEY, "clips") as bucket:
        yield bucket


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    (tmp_path / "clip").write_bytes(CLIP)
    return tmp_path / "clip"


@pytest.mark.parametrize("said", [PORTAL, "[]", "{}", '{"ok": true}', ""])
async def test_a_success_that_names_no_object_stored_nothing(
    bucket: SupabaseBucket, storage: Storage, clip: Path, said: str
) -> None:
    """A captive portal says 200 to everything: the object is asked for, and is not there."""
    storage.answers.update({"object/info/": (400, "application/json", GONE), "object/": (200, "text/html", said)})

    with pytest.raises(BucketUnavailable, match=r"putting 'a.mp4': no usable answer"):
        await bucket.put("a.mp4", clip, content_type="video/mp4")

    storage.answers["object/"] = 200, "application/json", STORED
    await bucket.put("a.mp4", clip, content_type="video/mp4")


async def test_a_page_in_the_place_of_a_clip_is_no_clip(
    bucket: SupabaseBucket, storage: Storage, tmp_path: Path
) -> None:
    """Of another type than the path says, it is held against what storage tells of the object."""
    info = json.dumps({"size": len(CLIP), "content_type": "video/mp4"})
    storage.answers.update(
        {"object/info/": (200, "application/json", info), "object/": (200, "text/html", PORTAL)}
    )

    with pytest.raises(BucketUnavailable, match=r"getting 'a.mp4': no usable answer"):
        await bucket.get("a.mp4", tmp_path / "fetched")
    assert not (tmp_path / "fetched").exists()

    storage.answers["object/info/"] = 200, "text/html", PORTAL
    with pytest.raises(BucketUnavailable, match=r"getting 'a.mp4'"):
        await bucket.get("a.mp4", tmp_path / "fetched")


@pytest.mark.parametrize(("told", "requests"), [("video/mp4", 1), ("application/octet-stream", 2)])
async def test_a_clip_of_an_odd_type_comes_all_the_same(
    bucket: SupabaseBucket, storage: Storage, tmp_path: Path, told: str, requests: int
) -> None:
    """If it has the object's size; of the usual type it costs no second request."""
    info = json.dumps({"size": len(CLIP), "content_type": told})
    storage.answers.update(
        {"object/info/": (200, "application/json", info), "object/": (200, told, CLIP.decode())}
    )

    await bucket.get("a.mp4", tmp_path / "fetched")

    assert (tmp_path / "fetched").read_bytes() == CLIP
    assert len(storage.asked) == requests


async def test_an_answer_that_never_ends_is_given_up(opened: tuple[str, Storage], tmp_path: Path) -> None:
    """Though no two bytes are far apart."""
    async with SupabaseBucket(opened[0], KEY, "clips", total=0.1) as bucket:
        with pytest.raises(BucketUnavailable, match=r"'endless.mp4': not done within 0.1 seconds"):
            async with asyncio.timeout(5):  # for when nobody gives up
                await bucket.get("endless.mp4", tmp_path / "fetched")

    assert not (tmp_path / "fetched").exists()


async def test_a_listing_that_goes_round_in_a_circle_is_no_listing(
    opened: tuple[str, Storage], storage: Storage
) -> None:
    """A cursor that was there before leads to the same pages for ever."""
    page = json.dumps({"hasNext": True, "nextCursor": "again", "folders": [], "objects": []})
    storage.answers["object/list-v2/"] = 200, "application/json", page

    async with SupabaseBucket(opened[0], KEY, "clips", total=5.0) as bucket:
        with pytest.raises(BucketUnavailable, match=r"circle"):
            await bucket.list("")

    assert len(storage.asked) == 2


async def test_requests_go_by_http_1_1_and_give_up_connecting_soon(
    opened: tuple[str, Storage], storage: Storage
) -> None:
    """HTTP/2 breaks on connections that were idle, and a host that is away is not waited for like a slow one."""
    async with SupabaseBucket(opened[0], KEY, "clips") as bucket:
        await bucket.ensure()
        pool = bucket._http._transport._pool  # type: ignore[attr-defined]

    assert storage.versions == {"1.1"}
    assert (pool._http1, pool._http2) == (True, False)
    assert bucket._http.timeout.connect == 5.0


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://ref.supabase.co", ""),
        ("https://ref.supabase.co", "sb_secret_\u00fc"),
        ("ftp://ref.supabase.co", KEY),
        ("ref.supabase.co", KEY),
        ("", KEY),
        ("https://ref.supabase.co:port", KEY),
    ],
)
async def test_what_no_client_can_be_made_of_is_a_refusal(url: str, key: str) -> None:
    """It says what to look at and shows no key; and no connections are left open."""
    before = open_clients()

    with pytest.raises(BucketRefused, match=r"SUPABASE_URL and SUPABASE_SECRET_KEY") as caught:
        async with SupabaseBucket(url, key, "clips"):
            pass

    assert "\u00fc" not in str(caught.value)
    assert open_clients() <= before


def open_clients() -> int:
    """How many HTTP clients there are that nobody has closed."""
    clients = [each for each in gc.get_objects() if type(each) is httpx.AsyncClient]
    return sum("_state" in vars(each) and not each.is_closed for each in clients)  # one that failed has none
