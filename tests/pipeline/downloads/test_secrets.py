"""The query of a signed URL opens the file to whoever reads it: no error and no log line repeats it."""

import logging
import ssl
import traceback
from pathlib import Path

import pytest

from local.fal.server import Tls
from pipeline.download import HttpClipSource
from pipeline.errors import StoryreelError
from tests.pipeline.downloads.servers import (
    CLIP,
    TRUSTING_NOBODY,
    Answer,
    Internet,
    Names,
    raw,
    redirect,
    reply,
    serving,
)

SECRET = "0123456789abcdef"
QUERY = f"?X-Goog-Signature={SECRET}&x=1"


async def told(source: HttpClipSource, url: str, file: Path) -> str:
    """All that the failed download tells: the error as it would be stored, and as it would be logged."""
    with pytest.raises(StoryreelError) as caught:
        await source.download(url, file)
    return "".join([str(caught.value), repr(caught.value), *traceback.format_exception(caught.value)])


@pytest.mark.parametrize(
    "url",
    [
        f"https://example.com/clip.mp4{QUERY}",
        f"https://example.com/clip.mp4#{SECRET}",
        f"https://user:{SECRET}@fal.media/clip.mp4",
        f"https://{SECRET}@fal.media/clip.mp4{QUERY}",
        f"http://fal.media/clip.mp4{QUERY}",
        f"https://fal.media:8443/clip.mp4{QUERY}",
        f"https://[::1/clip.mp4{QUERY}",
        f"https://ﬀ.media/clip.mp4{QUERY}",
        f"https://fal.media/{'a' * 9_000}{QUERY}",
        f"https://fal.media/\x00{QUERY}",
        f"https://nobody.fal.media/clip.mp4{QUERY}",
        f"https://nearby.fal.media/clip.mp4{QUERY}",
    ],
)
async def test_a_url_that_is_refused_is_shown_without_its_secrets(
    file: Path, caplog: pytest.LogCaptureFixture, url: str
) -> None:
    caplog.set_level(logging.DEBUG)
    names = Names({"nearby.fal.media": [["10.0.0.1"]]})
    source = HttpClipSource(hosts=["fal.media"], tls=TRUSTING_NOBODY, resolve=names, network=Internet({}))

    assert SECRET not in await told(source, url, file) + caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        reply(status="404 X"),
        reply(status="500 X"),
        reply(length="-1"),
        reply(CLIP, length="1000000"),
        reply(more="content-encoding: br\r\n"),
        raw(f"no http, but GET /clip.mp4{QUERY}\r\n\r\n".encode()),
        raw(f"HTTP/1.1 200 {SECRET}\r\ncontent-length: {SECRET}\r\n\r\n".encode()),
        redirect(f"/clip.mp4{QUERY}"),
        redirect(f"https://example.com/clip.mp4{QUERY}"),
        redirect(f"https://[::1/clip.mp4{QUERY}"),
    ],
)
async def test_what_a_server_answers_is_told_without_them(
    file: Path, caplog: pytest.LogCaptureFixture, answer: Answer
) -> None:
    """At the level of INFO, where httpx would log every URL."""
    caplog.set_level(logging.INFO)
    async with serving(answer) as served:
        source = HttpClipSource(hosts=[served.host], tls=TRUSTING_NOBODY)
        said = await told(source, f"http://{served.host}/clip.mp4{QUERY}", file)

    assert SECRET not in said + caplog.text


async def test_a_download_that_succeeds_logs_nothing_of_the_url(
    file: Path, trust: ssl.SSLContext, certificate: Tls, caplog: pytest.LogCaptureFixture
) -> None:
    """However much is logged."""
    caplog.set_level(logging.DEBUG)
    async with serving(reply(CLIP), tls=certificate) as served:
        internet, names = Internet({"93.184.216.34": served.port}), Names({"fal.media": [["93.184.216.34"]]})
        source = HttpClipSource(hosts=["fal.media"], tls=trust, resolve=names, network=internet)
        await source.download(f"https://fal.media/clip.mp4{QUERY}", file)

    assert served.targets == [f"/clip.mp4{QUERY}"]
    assert SECRET not in caplog.text
