"""What becomes of an answer: the clip in a file, or one of our errors, whatever a server says."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from pipeline.download import HttpClipSource
from pipeline.errors import GeneratorMissing, GeneratorUnavailable
from tests.pipeline.downloads.servers import CLIP, TRUSTING_NOBODY, fetched, raw, reply, serving


async def test_the_bytes_arrive_as_they_are(file: Path) -> None:
    """The file holds them, and the answer is their SHA-256."""
    digest = await fetched(file, reply(CLIP))

    assert file.read_bytes() == CLIP
    assert digest == hashlib.sha256(CLIP).hexdigest()


async def test_a_second_download_replaces_the_first(file: Path) -> None:
    """What a worker left that was killed on the way is not part of the clip."""
    file.write_bytes(CLIP * 2)

    assert await fetched(file, reply(CLIP)) == hashlib.sha256(CLIP).hexdigest()
    assert file.read_bytes() == CLIP


async def test_an_answer_in_chunks_is_taken(file: Path) -> None:
    """As proxies send them."""

    async def chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for piece in (CLIP[:1000], CLIP[1000:]):
            writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        writer.write(b"0\r\n\r\n")

    assert await fetched(file, chunks) == hashlib.sha256(CLIP).hexdigest()


async def test_only_the_clip_is_asked_for(file: Path) -> None:
    """The file server is another party than the queue: no key and no cookie go along; and nothing compressed."""
    async with serving(reply(CLIP)) as served:
        source = HttpClipSource(hosts=[served.host], tls=TRUSTING_NOBODY)
        await source.download(f"http://{served.host}/a%20b.mp4?x=1#t=2", file)

    request, *headers = served.heads[0].decode().lower().strip().split("\r\n")
    assert request == "get /a%20b.mp4?x=1 http/1.1"
    assert dict(header.split(": ") for header in headers) == {
        "host": served.host,
        "accept": "*/*",
        "accept-encoding": "identity",
        "user-agent": "storyreel",
    }


@pytest.mark.parametrize("status", ["403 Forbidden", "404 Not Found", "410 Gone"])
async def test_gone_is_missing(file: Path, status: str) -> None:
    """So, too, is what a signed address no longer opens."""
    with pytest.raises(GeneratorMissing):
        await fetched(file, reply(status=status))


ODD = [204, 206, 300, 304, 400, 401, 402, 405, 406, 408, 416, 418, 422, 425, 429, 451, 500, 502, 503, 504, 599]


@pytest.mark.parametrize("status", [101, *ODD])
async def test_trouble_of_the_server_passes(file: Path, status: int) -> None:
    """Try again later: whatever a server answers, it says nothing about the bytes of the clip."""
    with pytest.raises(GeneratorUnavailable) as trouble:
        await fetched(file, reply(status=f"{status} X"))

    assert not trouble.value.permanent


async def test_when_to_come_back_is_passed_on(file: Path) -> None:
    with pytest.raises(GeneratorUnavailable) as trouble:
        await fetched(file, reply(status="503 X", more="retry-after: 77\r\n"))

    assert trouble.value.retry_after == 77


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"no http at all\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n: empty\r\n\r\nclips",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nmany\r\nclip\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n4\r\nclip\r\n0\r\n\r\n",
        b"\x16\x03\x01\x00\x05hello",
    ],
)
async def test_a_broken_answer_passes(file: Path, answer: bytes) -> None:
    """Whatever it is, it is one of our errors, and tried again."""
    with pytest.raises(GeneratorUnavailable):
        await fetched(file, raw(answer))


async def test_nobody_at_home_passes(file: Path) -> None:
    """The host is down."""
    async with serving(reply()) as served:
        pass
    with pytest.raises(GeneratorUnavailable):
        await HttpClipSource(hosts=[served.host], tls=TRUSTING_NOBODY).download(f"http://{served.host}/x", file)
