"""What the local server does with requests it should not serve: no key, nonsense, half an upload."""

import asyncio
import socket
import threading
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from local.bucket.server import routes
from storage.buckets.disk import DiskBucket
from tests.storage.buckets.servers import serving


@pytest.mark.usefixtures("disk")
@pytest.mark.parametrize("headers", [{}, {"apikey": "wrong"}, {"authorization": "Bearer wrong"}])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/bucket"),
        ("GET", "/bucket/clips"),
        ("PUT", "/bucket/clips"),
        ("POST", "/object/clips/a.txt"),
        ("PUT", "/object/clips/a.txt"),
        ("GET", "/object/clips/a.txt"),
        ("GET", "/object/info/clips/a.txt"),
        ("POST", "/object/sign/clips/a.txt"),
        ("DELETE", "/object/clips"),
        ("POST", "/object/list/clips"),
        ("POST", "/object/list-v2/clips"),
    ],
)
async def test_nothing_without_the_key(
    browser: httpx.AsyncClient, method: str, path: str, headers: dict[str, str]
) -> None:
    """Everything but public reading asks for it."""
    reply = await browser.request(method, f"/storage/v1{path}", headers=headers)

    assert (reply.status_code, reply.json()["statusCode"]) == (400, "403")


@pytest.mark.usefixtures("disk")
async def test_either_header_carries_the_key(browser: httpx.AsyncClient, secret: str) -> None:
    """`apikey` or a bearer token."""
    for headers in ({"apikey": secret}, {"authorization": f"Bearer {secret}"}):
        assert (await browser.get("/storage/v1/bucket/clips", headers=headers)).status_code == 200


@pytest.mark.usefixtures("disk")
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/bucket", b"no json"),
        ("/bucket", b"[]"),
        ("/bucket", b'{"id": "../x"}'),
        ("/bucket", b'{"id": "x", "file_size_limit": "10MB"}'),
        ("/object/list-v2/clips", b'{"cursor": "?"}'),
        ("/object/list-v2/clips", b'{"limit": "many"}'),
        ("/object/list-v2/clips", b'{"with_delimiter": true}'),
        ("/object/list-v2/clips", b'{"prefix": "../"}'),
        ("/object/list/clips", b'{"limit": "many"}'),
        ("/object/clips/a//b", b"x"),
        ("/object/clips/50%25", b"x"),
    ],
)
async def test_nonsense_is_answered_with_400(
    browser: httpx.AsyncClient, secret: str, path: str, body: bytes
) -> None:
    """Never with a crash."""
    reply = await browser.post(f"/storage/v1{path}", content=body, headers={"apikey": secret})

    assert (reply.status_code, reply.json()["statusCode"]) == (400, "400")


async def test_an_upload_cut_off_leaves_nothing(
    root: Path, disk: DiskBucket, browser: httpx.AsyncClient, secret: str
) -> None:
    """Half a raw body, then a closed connection: no object, no file, and the server goes on."""
    server = Starlette(routes=routes(root, secret=secret))
    done = threading.Event()

    async def noticing_the_end(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await server(scope, receive, send)
        finally:
            done.set()

    with serving(noticing_the_end) as address:
        await asyncio.to_thread(send_half_an_upload, address, secret)
        assert await asyncio.to_thread(done.wait, 10)

    assert await disk.list("") == []
    assert [file.name for file in root.rglob("half*")] == []
    assert (await browser.get("/storage/v1/bucket/clips", headers={"apikey": secret})).status_code == 200


def send_half_an_upload(address: str, secret: str) -> None:
    parts = urlsplit(address)
    head = (
        "POST /storage/v1/object/clips/half.mp4 HTTP/1.1\r\nhost: x\r\n"
        f"apikey: {secret}\r\ncontent-type: video/mp4\r\ncontent-length: 2000000\r\n\r\n"
    )
    with socket.create_connection((str(parts.hostname), int(parts.port or 0))) as connection:
        connection.sendall(head.encode() + bytes(1_000_000))
