"""What a server may make us take: bytes, seconds, headers; and that a broken clip never passes for a whole one."""

import asyncio
import gzip
import hashlib
from pathlib import Path

import pytest

from pipeline.download import MAX_BYTES, HttpClipSource
from pipeline.errors import GeneratorUnavailable, StoryreelError, UnusableClip
from tests.pipeline.downloads.servers import CLIP, TRUSTING_NOBODY, Answer, endless, fetched, raw, reply, serving

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"
SOON = 0.3  # seconds in all for servers that never come to an end


async def test_a_claimed_size_over_the_limit_is_refused_at_once(file: Path) -> None:
    """Before any of it is read or written."""
    with pytest.raises(UnusableClip):
        await fetched(file, reply(b"x", length=str(MAX_BYTES + 1)))

    assert not file.exists()


async def test_a_real_size_over_the_limit_is_cut_off(file: Path) -> None:
    """A server that claims nothing and goes on for ever fills no disk."""
    with pytest.raises(UnusableClip):
        await fetched(file, endless(CHUNKED, b"100000\r\n" + bytes(2**20) + b"\r\n"))

    assert file.stat().st_size <= MAX_BYTES


async def test_the_largest_clip_is_taken_whole(file: Path) -> None:
    whole = bytes(MAX_BYTES)

    assert await fetched(file, reply(whole)) == hashlib.sha256(whole).hexdigest()


@pytest.mark.parametrize(
    ("length", "error"),
    [
        (str(len(CLIP) + 1), GeneratorUnavailable),
        ("-5", GeneratorUnavailable),
        ("+5", GeneratorUnavailable),
        ("0x10", GeneratorUnavailable),
        ("many", GeneratorUnavailable),
        ("", GeneratorUnavailable),
        ("5.0", GeneratorUnavailable),
        ("9" * 20, UnusableClip),
        ("9" * 21, GeneratorUnavailable),
        (f"{len(CLIP)}, {len(CLIP) + 1}", GeneratorUnavailable),
        (f"{len(CLIP)}\r\ncontent-length: {len(CLIP) + 1}", GeneratorUnavailable),
    ],
)
async def test_a_length_that_is_a_lie_makes_no_clip(file: Path, length: str, error: type[StoryreelError]) -> None:
    """Too large, negative, no number, absurd, doubled: the error says whether to ask again."""
    with pytest.raises(error):
        await fetched(file, reply(CLIP, length=length))


async def test_a_length_beside_chunks_makes_no_clip(file: Path) -> None:
    """Two words on where the clip ends are one too many, though both are kept (RFC 9112, 6.3)."""
    chunks = f"{len(CLIP):x}\r\n".encode() + CLIP + b"\r\n0\r\n\r\n"
    with pytest.raises(GeneratorUnavailable, match="where the clip ends"):
        await fetched(file, reply(chunks, length=str(len(CLIP)), more="transfer-encoding: chunked\r\n"))


async def test_a_length_said_twice_alike_is_believed(file: Path) -> None:
    digest = await fetched(file, reply(CLIP, more=f"content-length: {len(CLIP)}\r\n"))

    assert digest == hashlib.sha256(CLIP).hexdigest()


async def test_more_than_claimed_is_not_read(file: Path) -> None:
    """The claim is the end."""
    digest = await fetched(file, reply(CLIP + b"smuggled", length=str(len(CLIP))))

    assert digest == hashlib.sha256(CLIP).hexdigest()


@pytest.mark.parametrize(
    "answer",
    [
        CHUNKED + b"ffff\r\n" + CLIP[:5000],
        CHUNKED + b"1388\r\n" + CLIP[:5000] + b"\r\n",
        OK + b"\r\n" + CLIP,
        b"HTTP/1.0 200 OK\r\n\r\n" + CLIP,
    ],
    ids=["inside a chunk", "between chunks", "of unknown length", "of unknown length, by HTTP/1.0"],
)
async def test_an_answer_that_ends_early_is_no_clip(file: Path, answer: bytes) -> None:
    """A connection that broke off is tried again, and so is what cannot be told from one that did."""
    with pytest.raises(GeneratorUnavailable):
        await fetched(file, raw(answer))


@pytest.mark.parametrize("encoding", ["gzip", "GZip", "deflate", "br", "zstd", "x-own", "identity, gzip"])
async def test_an_answer_that_came_compressed_is_refused(file: Path, encoding: str) -> None:
    """Nothing is ever unpacked, so that no small answer becomes a large file."""
    bomb = gzip.compress(bytes(2**20))
    with pytest.raises(GeneratorUnavailable, match="compressed"):
        await fetched(file, reply(bomb, more=f"content-encoding: {encoding}\r\n"))

    assert not file.exists()


async def test_an_encoding_that_is_none_is_taken(file: Path) -> None:
    digest = await fetched(file, reply(CLIP, more="content-encoding: Identity\r\n"))

    assert digest == hashlib.sha256(CLIP).hexdigest()


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()  # until the client hangs up


@pytest.mark.parametrize(
    "answer",
    [
        endless(CHUNKED, b"1\r\nx\r\n", pause=0.01),
        endless(OK + b"content-length: 1000000\r\n\r\n", b"x", pause=0.01),
        endless(OK, b"x-more: x\r\n", pause=0.01),
        endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", pause=0.01),
        endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        endless(CHUNKED, b"1\r\nx\r\n"),
        endless(CHUNKED + b"1;", b"x"),
        silence,
    ],
    ids=["chunks", "body", "headers", "hints", "hints at full speed", "full speed", "chunk's head", "silence"],
)
async def test_a_server_that_never_ends_is_given_up_in_time(file: Path, answer: Answer) -> None:
    """A byte now and then keeps no worker busy beyond the limit, nor does none at all, nor very many; then it is
    hung up on."""
    async with serving(answer) as served:
        source = HttpClipSource(hosts=[served.host], tls=TRUSTING_NOBODY, seconds=SOON)
        with pytest.raises(GeneratorUnavailable):
            await source.download(f"http://{served.host}/clip.mp4", file)
        await served.empty.wait()


@pytest.mark.parametrize("piece", [b"x-more: x\r\n", b"x" * 1000], ids=["lines", "one line"])
async def test_headers_beyond_all_measure_are_refused(file: Path, piece: bytes) -> None:
    """Their end is not waited for."""
    with pytest.raises(GeneratorUnavailable, match="RemoteProtocolError"):
        await fetched(file, endless(OK, piece))
