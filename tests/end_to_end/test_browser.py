"""What a person's browser does with the result."""

import asyncio
import re
import tempfile
from pathlib import Path

import pytest

from tests.conftest import program
from tests.end_to_end.conftest import Stack

_PAGE = """<!doctype html><title>not yet</title>
<video src="{url}" muted autoplay loop playsinline width="512" height="512"></video>
<script>
  const video = document.querySelector("video");
  const shown = () => video.getVideoPlaybackQuality().totalVideoFrames;
  const tell = () => document.title = `frames=${{shown()}} size=${{video.videoWidth}}x${{video.videoHeight}}`;
  video.onerror = () => document.title = `error ${{video.error.message}}`;
  video.ontimeupdate = () => {{ if (video.currentTime > 0.5) tell(); }};
</script>
"""


@pytest.mark.needs("chromium")
async def test_the_final_clip_plays_in_chromium(stack: Stack) -> None:
    """The public URL plays in a browser: half a second in, frames have been shown at the right size."""
    video = await stack.end_of(await stack.insert("An owl reads under a mushroom"))
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(_PAGE.format(url=video["url"]))
        chromium = await asyncio.create_subprocess_exec(
            str(program("chromium")),
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *("--autoplay-policy=no-user-gesture-required", f"--user-data-dir={folder}/profile"),
            *("--virtual-time-budget=8000", "--dump-dom", page.as_uri()),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(90):
            dom, _ = await chromium.communicate()

    title = re.search(r"<title>(.*?)</title>", dom.decode())
    assert title is not None
    told = re.fullmatch(r"frames=(\d+) size=512x512", title[1])
    assert told is not None, title[1]
    assert int(told[1]) > 0
