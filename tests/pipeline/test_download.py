"""Downloading a clip from a server that may be slow, wrong or hostile: real sockets and raw answers."""

import asyncio
import gzip
import hashlib
import selectors
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from pipeline.download import MAX_BYTES, MAX_SECONDS, HttpClipSource
from pipeline.errors import GeneratorMissing, GeneratorUnavailable, UnusableClip

CLIP = b"\x00\x00\x00\x18ftypisom" + bytes(range(256)) * 500
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def reply(body: bytes = b"", *, status: str = "200 OK", length: int | None = None, more: str = "") -> Answer:
    """A whole answer; `length` is what it claims to be long."""
    claimed = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\ncontent-length: {claimed}\r\n{more}connection: close\r\n\r\n"

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(head.encode() + body)

    return answer


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that gives everybody that answer: its `host:port` and the heads of the requests it got."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            await answer(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client had enough
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", heads


async def fetched(answer: Answer, file: Path) -> str:
    """Download that answer from an allowed host."""
    async with serving(answer) as (host, _), httpx.AsyncClient(trust_env=False, verify=False) as http:
        return await HttpClipSource(http, hosts=[host]).download(f"http://{host}/clip.mp4", file)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "clip.mp4"


async def test_the_bytes_arrive_as_they_are(file: Path) -> None:
    """The file holds them, and the answer is their SHA-256."""
    digest = await fetched(reply(CLIP), file)

    assert file.read_bytes() == CLIP
    assert digest == hashlib.sha256(CLIP).hexdigest()


async def test_an_answer_without_a_length_is_taken(file: Path) -> None:
    """Chunks, as proxies send them."""

    async def chunks(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for piece in (CLIP[:1000], CLIP[1000:]):
            writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        writer.write(b"0\r\n\r\n")

    assert await fetched(chunks, file) == hashlib.sha256(CLIP).hexdigest()


async def test_no_key_and_no_cookie_go_along(file: Path) -> None:
    """The file server is another party than the queue."""
    async with serving(reply(CLIP)) as (host, heads), httpx.AsyncClient(trust_env=False, verify=False) as http:
        await HttpClipSource(http, hosts=[host]).download(f"http://{host}/clip.mp4", file)

    (head,) = heads
    assert b"authorization" not in head.lower()
    assert b"cookie" not in head.lower()


@pytest.mark.parametrize("status", ["403 Forbidden", "404 Not Found", "410 Gone"])
async def test_gone_is_missing(file: Path, status: str) -> None:
    """So, too, is what a signed address no longer opens."""
    with pytest.raises(GeneratorMissing):
        await fetched(reply(status=status), file)


ODD = [204, 206, 300, 304, 400, 401, 402, 405, 406, 408, 416, 418, 422, 425, 429, 451, 500, 502, 503, 504, 599]


@pytest.mark.parametrize("status", [f"{code} X" for code in ODD])
async def test_trouble_of_the_server_passes(file: Path, status: str) -> None:
    """Try again later: whatever a server answers, it says nothing about the bytes of the clip."""
    with pytest.raises(GeneratorUnavailable) as trouble:
        await fetched(reply(status=status), file)

    assert not trouble.value.permanent


@pytest.mark.parametrize("status", ["301 X", "302 X", "307 X", "308 X"])
async def test_a_redirect_is_not_followed(file: Path, status: str) -> None:
    """Wherever it leads, even for a client that would: nobody else is asked."""
    async with (
        serving(reply(CLIP)) as (elsewhere, heads),
        serving(reply(status=status, more=f"location: http://{elsewhere}/clip.mp4\r\n")) as (host, _),
        httpx.AsyncClient(trust_env=False, verify=False, follow_redirects=True) as http,
    ):
        with pytest.raises(GeneratorUnavailable) as trouble:
            await HttpClipSource(http, hosts=[host, elsewhere]).download(f"http://{host}/clip.mp4", file)

    assert not trouble.value.permanent
    assert heads == []


async def test_a_claimed_size_over_the_limit_is_refused_at_once(file: Path) -> None:
    """Before any of it is read or written."""
    with pytest.raises(UnusableClip):
        await fetched(reply(b"x", length=MAX_BYTES + 1), file)

    assert not file.exists()


async def test_a_real_size_over_the_limit_is_cut_off(file: Path) -> None:
    """A server that claims nothing and goes on for ever fills no disk."""

    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
        while True:
            writer.write(bytes(2**20))
            await writer.drain()

    with pytest.raises(UnusableClip):
        await fetched(endless, file)

    assert file.stat().st_size <= MAX_BYTES


async def test_a_compressed_bomb_is_cut_off(file: Path) -> None:
    """What counts is what would be written, not what was sent."""
    bomb = gzip.compress(bytes(MAX_BYTES + 2**20), compresslevel=1)
    assert len(bomb) < MAX_BYTES / 100
    with pytest.raises(UnusableClip):
        await fetched(reply(bomb, more="content-encoding: gzip\r\n"), file)

    assert file.stat().st_size <= MAX_BYTES


async def test_less_than_claimed_is_no_clip(file: Path) -> None:
    """A connection that broke off is tried again, never taken for the whole."""
    with pytest.raises(GeneratorUnavailable):
        await fetched(reply(CLIP, length=len(CLIP) + 1), file)


async def test_more_than_claimed_is_not_read(file: Path) -> None:
    """The claim is the end."""
    digest = await fetched(reply(CLIP + b"smuggled", length=len(CLIP)), file)

    assert digest == hashlib.sha256(CLIP).hexdigest()


@pytest.mark.parametrize(
    "head", [b"", b"no http at all\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n"]
)
async def test_a_broken_answer_passes(file: Path, head: bytes) -> None:
    """Whatever it is, it is one of our errors, and tried again."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(head)

    with pytest.raises(GeneratorUnavailable):
        await fetched(answer, file)


async def test_nobody_at_home_passes(file: Path) -> None:
    """The host is down."""
    async with serving(reply()) as (host, _):
        pass
    async with httpx.AsyncClient(trust_env=False, verify=False) as http:
        with pytest.raises(GeneratorUnavailable):
            await HttpClipSource(http, hosts=[host]).download(f"http://{host}/clip.mp4", file)


class _Selector(selectors.DefaultSelector):
    """Waits a thousandth of the time it is told to."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(timeout / 1000 if timeout else timeout)


class _QuickLoop(asyncio.SelectorEventLoop):
    """An event loop in which a thousand seconds pass in one."""

    def __init__(self) -> None:
        super().__init__(_Selector())

    def time(self) -> float:
        return super().time() * 1000


@pytest.mark.parametrize("seconds_between", [1.0, 1000.0], ids=["a drip", "silence"])
def test_a_slow_server_is_given_up_in_time(file: Path, seconds_between: float) -> None:
    """A byte now and then keeps no worker busy beyond the limit, nor does none at all."""

    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(seconds_between)

    async def waited() -> float:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        with pytest.raises(GeneratorUnavailable):
            await fetched(drip, file)
        return loop.time() - begun

    with asyncio.Runner(loop_factory=_QuickLoop) as runner:
        assert runner.run(waited()) < 3 * MAX_SECONDS
