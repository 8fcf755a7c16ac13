"""Whom a download asks: the provider's hosts over https, a loopback stand-in, and nobody else."""

from pathlib import Path

import httpx
import pytest

from pipeline.download import HttpClipSource
from pipeline.errors import GeneratorUnavailable


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "clip.mp4"


class _Network(httpx.AsyncBaseTransport):
    """Stands for the internet: notes who would be asked, and sends nothing."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.url.scheme}://{request.url.host}")
        return httpx.Response(200, content=b"clip")


async def asked(url: str, hosts: list[str], file: Path) -> list[str]:
    """Who is asked for that address; nobody, where it is refused: in passing, for a person may add the host."""
    network, refusals = _Network(), []
    async with httpx.AsyncClient(transport=network) as http:
        try:
            await HttpClipSource(http, hosts=hosts).download(url, file)
        except GeneratorUnavailable as error:
            refusals.append(error)
    for refusal in refusals:
        assert network.asked == []
        assert "STORYREEL_CLIP_HOSTS" in str(refusal)
        assert not refusal.permanent
    return network.asked


HOSTS = ["fal.media", "storage.googleapis.com"]


@pytest.mark.parametrize(
    "url",
    [
        "https://fal.media/files/clip.mp4",
        "https://v3.fal.media/files/clip.mp4",
        "https://v3b.cdn.fal.media/clip.mp4?x=1",
        "https://storage.googleapis.com/bucket/clip.mp4",
    ],
)
async def test_the_providers_hosts_are_asked(file: Path, url: str) -> None:
    """The names and their subdomains, over https."""
    assert len(await asked(url, HOSTS, file)) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/clip.mp4",
        "https://fal.media.example.com/clip.mp4",
        "https://notfal.media/clip.mp4",
        "https://fal.media@example.com/clip.mp4",
        "https://example.com/fal.media",
        "https://example.com#fal.media",
        "https://example.com\\@fal.media/",
        "https://user:password@fal.media/clip.mp4",
        "https://fal.media:8443/clip.mp4",
        "http://v3.fal.media/clip.mp4",
        "ftp://fal.media/clip.mp4",
        "file:///etc/passwd",
        "https://127.0.0.1/clip.mp4",
        "http://169.254.169.254/latest/meta-data",
        "https://[::1]/clip.mp4",
        "//fal.media/clip.mp4",
        "clip.mp4",
        "",
    ],
)
async def test_nobody_else_is_asked(file: Path, url: str) -> None:
    """A clip's address is the provider's word, and trusted only as far as this list goes."""
    assert await asked(url, HOSTS, file) == []


@pytest.mark.parametrize("host", HOSTS)
async def test_a_named_host_is_never_asked_in_the_clear(file: Path, host: str) -> None:
    """Plain http is for a loopback stand-in with its port alone."""
    assert await asked(f"http://{host}/clip.mp4", HOSTS, file) == []


async def test_a_stand_in_is_one_port_of_one_host(file: Path) -> None:
    """`host:port` admits no neighbour and no user before it."""
    hosts = ["127.0.0.1:4711"]

    assert await asked("http://127.0.0.1:4711/clip.mp4", hosts, file) == ["http://127.0.0.1"]
    for url in (
        "http://127.0.0.1:4712/x",
        "http://127.0.0.1/x",
        "http://u:p@127.0.0.1:4711/x",
        "ftp://127.0.0.1:4711/x",
    ):
        assert await asked(url, hosts, file) == []


@pytest.mark.parametrize("url", ["http://[::1", "https://fal.media/\x00", "https://fal.media/" + "a" * 70_000])
async def test_an_address_that_is_none_is_one_of_our_errors(file: Path, url: str) -> None:
    """No stranger's exception, with which a step would die each time; and nothing is thrown away for it."""
    async with httpx.AsyncClient(transport=_Network()) as http:
        with pytest.raises(GeneratorUnavailable):
            await HttpClipSource(http, hosts=HOSTS).download(url, file)
