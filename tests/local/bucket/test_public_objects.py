"""Public objects over HTTP: what a browser's video element needs, and nothing beyond the folder."""

import json
import socket
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from storage.buckets.disk import DiskBucket

CLIP = bytes(range(256)) * 40
BASE = "/storage/v1/object/public/clips"
MISSING = {"statusCode": "404", "error": "not_found", "message": "Object not found", "code": "NoSuchKey"}


@pytest.fixture(autouse=True)
async def clip(disk: DiskBucket, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(CLIP)
    await disk.put("takes/clip.mp4", tmp_path / "source", content_type="video/mp4")


async def test_a_whole_object(browser: httpx.AsyncClient) -> None:
    """Type, length, validators, cache rule and cross-origin leave, without any key or origin."""
    reply = await browser.get(f"{BASE}/takes/clip.mp4")

    assert (reply.status_code, reply.content) == (200, CLIP)
    assert reply.headers["content-type"] == "video/mp4"
    assert reply.headers["content-length"] == str(len(CLIP))
    assert reply.headers["accept-ranges"] == "bytes"
    assert reply.headers["cache-control"] == "no-cache"
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["etag"]
    assert reply.headers["last-modified"]


async def test_head_is_get_without_the_body(browser: httpx.AsyncClient) -> None:
    """Players ask for the length first."""
    got = await browser.get(f"{BASE}/takes/clip.mp4")
    head = await browser.head(f"{BASE}/takes/clip.mp4")

    assert head.content == b""
    for name in ("content-length", "content-type", "etag", "accept-ranges", "access-control-allow-origin"):
        assert head.headers[name] == got.headers[name]


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, 10240),
        ("bytes=100-199", 100, 200),
        ("bytes=10000-99999", 10000, 10240),
        ("bytes=-100", 10140, 10240),
    ],
)
async def test_ranges(browser: httpx.AsyncClient, asked: str, start: int, end: int) -> None:
    """206 with exactly those bytes: this is how a video is sought in."""
    reply = await browser.get(f"{BASE}/takes/clip.mp4", headers={"range": asked})

    assert (reply.status_code, reply.content) == (206, CLIP[start:end])
    assert reply.headers["content-range"] == f"bytes {start}-{end - 1}/{len(CLIP)}"
    assert reply.headers["access-control-allow-origin"] == "*"


async def test_a_range_beyond_the_end_is_416(browser: httpx.AsyncClient) -> None:
    """With the true length, and still readable across origins."""
    reply = await browser.get(f"{BASE}/takes/clip.mp4", headers={"range": "bytes=10240-"})

    assert reply.status_code == 416
    assert reply.headers["content-range"] == "bytes */10240"
    assert reply.headers["access-control-allow-origin"] == "*"


async def test_a_range_of_a_changed_object_is_the_whole(browser: httpx.AsyncClient) -> None:
    """If-Range: a part only while the validator still holds, so two versions are never mixed."""
    etag = (await browser.head(f"{BASE}/takes/clip.mp4")).headers["etag"]
    headers = {"range": "bytes=0-9", "if-range": etag}

    assert (await browser.get(f"{BASE}/takes/clip.mp4", headers=headers)).status_code == 206
    headers["if-range"] = '"old"'
    assert (await browser.get(f"{BASE}/takes/clip.mp4", headers=headers)).status_code == 200


async def test_a_known_object_is_not_sent_again(
    browser: httpx.AsyncClient, disk: DiskBucket, tmp_path: Path
) -> None:
    """304 while the ETag holds; a replaced object has another."""
    etag = (await browser.head(f"{BASE}/takes/clip.mp4")).headers["etag"]
    known = {"if-none-match": f'"other", W/{etag}'}
    assert (await browser.get(f"{BASE}/takes/clip.mp4", headers=known)).status_code == 304

    (tmp_path / "source").write_bytes(b"new")
    await disk.put("takes/clip.mp4", tmp_path / "source", content_type="video/mp4")

    assert (await browser.get(f"{BASE}/takes/clip.mp4", headers=known)).content == b"new"


@pytest.mark.parametrize("path", ["missing.mp4", "takes", "takes/", "takes/clip.mp4/x", "takes/clip.mp4~type"])
async def test_a_missing_object_in_supabases_words(browser: httpx.AsyncClient, path: str) -> None:
    """HTTP 400 with the 404 in the body, as hosted; readable across origins."""
    reply = await browser.get(f"{BASE}/{path}")

    assert (reply.status_code, reply.json()) == (400, MISSING)
    assert reply.headers["access-control-allow-origin"] == "*"


ESCAPES = [
    "/../../secret",
    "/%2e%2e/%2e%2e/secret",
    "/takes/%2e%2e/%2e%2e/%2e%2e/secret",
    "/..%2f..%2fsecret",
    "/%252e%252e/%252e%252e/secret",
    "//etc/passwd",
    "/%2fetc/passwd",
    "/takes%5c..%5c..%5csecret",
    "/clip.mp4%00",
    "/%00",
    "/%ff%fe",
    "/out/secret",
    "/secret-link",
]


@pytest.mark.parametrize("path", ESCAPES)
@pytest.mark.parametrize("bucket", ["clips", "..", "%2e%2e", "linked", ".", "clips~bucket.json"])
async def test_nothing_outside_the_folder_is_served(
    address: str, root: Path, tmp_path: Path, bucket: str, path: str
) -> None:
    """Neither dots, encoded or not, nor absolute paths, NUL bytes or links lead out."""
    (tmp_path / "secret").write_bytes(b"the secret")
    (root / "clips" / "out").symlink_to(tmp_path)
    (root / "clips" / "secret-link").symlink_to(tmp_path / "secret")
    (root / "linked").symlink_to(tmp_path)

    reply = raw_get(address, f"/storage/v1/object/public/{bucket}{path}")

    assert b"the secret" not in reply
    assert b"root:" not in reply
    assert reply.startswith((b"HTTP/1.1 400", b"HTTP/1.1 404"))


async def test_a_private_bucket_is_not_public(browser: httpx.AsyncClient, root: Path) -> None:
    """It looks as if it were not there."""
    (root / "clips~bucket.json").write_text(json.dumps({"public": False}))

    reply = await browser.get(f"{BASE}/takes/clip.mp4")

    assert (reply.status_code, reply.json()["error"]) == (400, "Bucket not found")


async def test_a_preflight_is_answered(browser: httpx.AsyncClient) -> None:
    """A page on another origin may upload with its key."""
    reply = await browser.options("/storage/v1/object/clips/a.mp4", headers={"origin": "http://app"})

    assert reply.status_code == 204
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "apikey" in reply.headers["access-control-allow-headers"]
    assert "POST" in reply.headers["access-control-allow-methods"]


def raw_get(address: str, target: str) -> bytes:
    """The answer to a target sent as it is: clients resolve dots before they ask."""
    parts = urlsplit(address)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0))) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
        received = b""
        while piece := connection.recv(65536):
            received += piece
        return received
