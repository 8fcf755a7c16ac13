"""Resumable uploads to the local server: by the client that apps use, and by ones that fail."""

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from local.bucket.partial import PartialUploads, Promised
from local.bucket.server import routes
from storage.buckets.disk import DiskBucket
from storage.buckets.folder import BucketFolder
from tests.storage.buckets.places import Watch
from tests.storage.buckets.servers import serving

VERSION = {"tus-resumable": "1.0.0"}
BYTES = {"content-type": "application/offset+octet-stream"}
UPLOADS = "/storage/v1/upload/resumable"


def beginning(size: int, path: str = "a.mp4", **more: str) -> dict[str, str]:
    told = {"bucketName": "clips", "objectName": path, "contentType": "video/mp4", **more}
    metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())
    return {**VERSION, "upload-length": str(size), "upload-metadata": metadata}


@pytest.fixture
async def app(address: str, secret: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=address, headers={"apikey": secret}) as app:
        yield app


async def begin(app: httpx.AsyncClient, size: int, **more: str) -> str:
    reply = await app.post(UPLOADS, headers=beginning(size, **more))
    assert reply.status_code == 201, reply.text
    return reply.headers["location"]


async def send(app: httpx.AsyncClient, url: str, offset: int, content: bytes) -> httpx.Response:
    return await app.patch(url, content=content, headers={**VERSION, **BYTES, "upload-offset": str(offset)})


async def offset(app: httpx.AsyncClient, url: str) -> tuple[int, str | None]:
    reply = await app.head(url, headers=VERSION)
    return reply.status_code, reply.headers.get("upload-offset")


async def upload(address: str, secret: str, path: str, file: Path) -> dict[str, object]:
    """By tus-js-client, in chunks of 64 KiB."""
    program = str(Path(__file__).with_name("tus_upload.mjs"))
    arguments = (f"{address}/storage/v1", secret, "clips", path, str(file), str(2**16))
    node = await asyncio.create_subprocess_exec("node", program, *arguments, stdout=asyncio.subprocess.PIPE)
    told: dict[str, object] = json.loads((await node.communicate())[0])
    return told


@pytest.mark.needs("tus")
async def test_the_client_of_apps_uploads(address: str, secret: str, disk: DiskBucket, tmp_path: Path) -> None:
    """tus-js-client, as Supabase's guide has it: an object for everyone; and a second time a refusal, in words."""
    clip = tmp_path / "clip"
    clip.write_bytes(os.urandom(150_000))

    assert await upload(address, secret, "a b/ü.mp4", clip) == {"accepted": 3}
    assert await upload(address, secret, "a b/ü.mp4", clip) == {
        "status": 409,
        "body": "The resource already exists",
    }
    found = await disk.head("a b/ü.mp4")
    assert found is not None
    assert (found.size, found.content_type) == (150_000, "video/mp4")
    await disk.get("a b/ü.mp4", tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == clip.read_bytes()


async def test_it_is_an_object_with_its_last_byte(app: httpx.AsyncClient, disk: DiskBucket) -> None:
    """Until then nothing is to be seen of it."""
    url = await begin(app, 8)

    assert (await send(app, url, 0, b"half")).headers["upload-offset"] == "4"
    assert await disk.list("") == []
    assert (await send(app, url, 4, b"done")).status_code == 204
    assert [each.path for each in await disk.list("")] == ["a.mp4"]
    assert (await app.get("/storage/v1/object/clips/a.mp4")).content == b"halfdone"


async def test_nothing_is_an_object_at_once(app: httpx.AsyncClient, disk: DiskBucket) -> None:
    """An empty file has no bytes to send."""
    await begin(app, 0)

    assert [each.size for each in await disk.list("")] == [0]


@pytest.mark.usefixtures("disk")
async def test_who_is_cut_off_goes_on(app: httpx.AsyncClient, root: Path, secret: str) -> None:
    """What came before counts, also for a server that was started since."""
    url = await begin(app, 8)

    async def cut_off() -> AsyncIterator[bytes]:
        yield b"half"
        while await offset(app, url) != (200, "4"):
            await asyncio.sleep(0.01)
        raise ConnectionResetError

    headers = {**VERSION, **BYTES, "upload-offset": "0", "content-length": "8"}
    with pytest.raises(ConnectionResetError):
        await app.patch(url, content=cut_off(), headers=headers)
    with serving(Starlette(routes=routes(root, secret=secret))) as restarted:
        url = f"{restarted}{UPLOADS}/{url.rpartition('/')[2]}"
        assert await offset(app, url) == (200, "4")
        assert (await send(app, url, 4, b"done")).status_code == 204

    assert (await app.get("/storage/v1/object/clips/a.mp4")).content == b"halfdone"


@pytest.mark.usefixtures("disk")
async def test_bytes_go_where_the_last_ones_ended(app: httpx.AsyncClient) -> None:
    """Neither twice, nor with a gap, nor beyond what was promised."""
    url = await begin(app, 8)
    await send(app, url, 0, b"half")

    for wrong in (0, 3, 5, 8):
        assert (await send(app, url, wrong, b"x")).status_code == 409
    assert (await send(app, url, 4, b"too long")).status_code == 413
    assert await offset(app, url) == (200, "4")


@pytest.mark.usefixtures("disk")
async def test_two_do_not_send_at_once(app: httpx.AsyncClient) -> None:
    """The second one is told to come back."""
    url = await begin(app, 8)
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"half"
        arrived.set()
        await go_on.wait()
        yield b"done"

    headers = {**VERSION, **BYTES, "upload-offset": "0", "content-length": "8"}
    first = asyncio.ensure_future(app.patch(url, content=slowly(), headers=headers))
    await arrived.wait()
    while await offset(app, url) == (200, "0"):
        await asyncio.sleep(0.01)
    assert (await send(app, url, 4, b"evil")).status_code == 423
    go_on.set()

    assert (await first).status_code == 204
    assert (await app.get("/storage/v1/object/clips/a.mp4")).content == b"halfdone"


async def test_an_upload_expires(root: Path, secret: str, disk: DiskBucket) -> None:
    """After a day it is gone for its sender, and with the next upload from the disk."""
    clock = Watch()
    with serving(Starlette(routes=routes(root, secret=secret, clock=clock))) as address:
        async with httpx.AsyncClient(base_url=address, headers={"apikey": secret}) as app:
            url = await begin(app, 8)
            clock.ahead = timedelta(hours=23)
            young = await begin(app, 8, path="b.mp4")
            clock.ahead = timedelta(hours=24)

            assert await offset(app, url) == (410, None)
            assert (await send(app, url, 0, b"half")).status_code == 410
            await begin(app, 8)
            assert await offset(app, url) == (404, None)
            assert await offset(app, young) == (200, "0")
    assert await disk.list("") == []


LIMITED = {"public": True, "file_size_limit": 8, "allowed_mime_types": ["video/*"]}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"tus-resumable": ""}, 412),
        ({"upload-length": ""}, 400),
        ({"upload-length": "-1"}, 400),
        ({"upload-metadata": "bucketName ?"}, 400),
        ({"upload-metadata": ""}, 400),
        (beginning(8, bucketName="other"), 404),
        (beginning(8, bucketName="../clips"), 404),
        (beginning(8, path="../a"), 400),
        (beginning(8, contentType="text/html"), 415),
        (beginning(8, contentType="video/\r\nx"), 400),
        (beginning(9), 413),
        ({"apikey": "wrong"}, 403),
    ],
)
async def test_what_would_be_refused_is_refused_at_once(
    app: httpx.AsyncClient, root: Path, headers: dict[str, str], status: int
) -> None:
    """With HTTP's own status and a line of text, before a byte is sent."""
    BucketFolder(root, "clips").make(LIMITED)

    reply = await app.post(UPLOADS, headers={**beginning(8), **headers})

    assert (reply.status_code, reply.headers["content-type"]) == (status, "text/plain; charset=utf-8")
    assert not (root / "~uploads").exists()


@pytest.mark.usefixtures("disk")
@pytest.mark.parametrize("name", ["0" * 32, "..", "clips", "%2e%2e%2fclips~bucket"])
async def test_an_id_that_is_none_names_nothing(app: httpx.AsyncClient, name: str) -> None:
    """Least of all a file."""
    assert (await offset(app, f"{UPLOADS}/{name}"))[0] == 404
    assert (await send(app, f"{UPLOADS}/{name}", 0, b"x")).status_code in {404, 405}


def test_an_id_leads_nowhere_else(tmp_path: Path) -> None:
    """Also where a router lets a slash through: what lies beside the uploads is none of them."""
    uploads = PartialUploads(tmp_path)
    real = uploads.begin(Promised("clips", "a.mp4", 8, "video/mp4", None, begun=0.0))
    (tmp_path / "other.json").write_bytes((tmp_path / "~uploads" / f"{real}.json").read_bytes())

    assert uploads.find(real) is not None
    assert uploads.find("../other") is None


async def test_a_bucket_that_changed_meanwhile_is_asked_again(
    app: httpx.AsyncClient, disk: DiskBucket, root: Path
) -> None:
    """Taken by then, the path is another's; and the bytes wait for whoever may replace it."""
    url = await begin(app, 4)
    BucketFolder(root, "clips").file("a.mp4").write_bytes(b"first")

    assert (await send(app, url, 0, b"late")).status_code == 409
    assert [each.size for each in await disk.list("")] == [5]


@pytest.mark.parametrize("written", ["", "[]", "{}", "\ud800", '{"begun": 0}', "whole, with a word more"])
async def test_an_upload_that_another_version_wrote_is_in_nobodys_way(
    app: httpx.AsyncClient, disk: DiskBucket, root: Path, written: str
) -> None:
    """It is as good as expired: not gone on with, and removed by the next one."""
    old = await begin(app, 4)
    promise = root / "~uploads" / f"{old.rpartition('/')[2]}.json"
    if written.startswith("whole"):
        written = json.dumps({**json.loads(promise.read_text()), "more": True})
    promise.write_text(written, encoding="utf-8", errors="surrogatepass")

    assert (await offset(app, old))[0] == 404
    url = await begin(app, 4)
    assert (await send(app, url, 0, b"clip")).status_code == 204
    assert list((root / "~uploads").iterdir()) == []
