"""What a person's browser does with the result."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.conftest import program
from tests.end_to_end.conftest import Stack

_PAGE = """<!doctype html>
<video src="{url}" muted autoplay loop playsinline width="512" height="512"></video>
<script>
  const video = document.querySelector("video");
  const tell = (word) => {{ new Image().src = "{listener}" + encodeURIComponent(word); }};
  video.onerror = () => tell(`error ${{video.error.message}}`);
  video.ontimeupdate = () => {{
    const shown = video.getVideoPlaybackQuality().totalVideoFrames;
    if (video.currentTime > 0.5 && shown) tell(`${{video.videoWidth}}x${{video.videoHeight}}`);
  }};
</script>
"""


@asynccontextmanager
async def hearing() -> AsyncIterator[tuple[str, asyncio.Future[str]]]:
    """An address below which a page can say one word, and the word."""
    word: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, path, _ = (await reader.readline()).decode().split()
        if not word.done():
            word.set_result(unquote(path.removeprefix("/")))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(hear, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", word


@pytest.mark.needs("chromium")
async def test_the_final_clip_plays_in_chromium(stack: Stack) -> None:
    """The public URL plays in a browser: half a second in, frames have been shown at the right size."""
    video = await stack.end_of(await stack.insert("An owl reads under a mushroom"))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with hearing() as (listener, word):
            page = Path(folder) / "page.html"
            page.write_text(_PAGE.format(url=video["url"], listener=listener))
            chromium = await asyncio.create_subprocess_exec(
                str(program("chromium")),
                *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
                *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
                *("--autoplay-policy=no-user-gesture-required", f"--user-data-dir={folder}/profile"),
                *("--remote-debugging-port=0", page.as_uri()),  # with a debugger it stays until it is ended
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
            try:
                async with asyncio.timeout(90):
                    told = await word
            finally:
                chromium.terminate()
                await chromium.wait()

    assert told == "512x512"
