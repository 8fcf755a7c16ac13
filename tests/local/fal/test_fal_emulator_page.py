"""Promises of the page at the emulator's root, in a real browser and without."""

import asyncio
import re
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from local.fal.models.film import Drawing
from local.renderer import render_clip
from tests.conftest import program
from tests.local.fal.emulated import Running

Start = Callable[..., Awaitable[Running]]


def small_clip(_: Drawing) -> bytes:
    """A clip that a browser can play."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "clip.mp4"
        render_clip(file, text="x", seed=1, width=64, height=64, frames=4, fps=8, loop_frames=4)
        return file.read_bytes()


async def dom_in_chromium(url: str, folder: Path) -> str:
    """The page's document some seconds after it was opened."""
    chromium = await asyncio.create_subprocess_exec(
        str(program("chromium")),
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *(f"--user-data-dir={folder}/profile", "--virtual-time-budget=4000", "--dump-dom", url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(90):
        dom, _ = await chromium.communicate()
    return dom.decode()


@pytest.mark.needs("chromium")
async def test_the_page_shows_a_finished_request_with_its_clip(start: Start, tmp_path: Path) -> None:
    """Its prompt as text, whatever is in it, its clip, which can be loaded, and of a failed one the error."""
    fal = await start(render=small_clip)
    done = await fal.submit({"prompt": "a fox <img src=x> in snow"})
    await fal.finished(done)
    failed = await fal.submit({"prompt": "a bear", "num_frames": 99})
    await fal.finished(failed)
    clip = httpx.URL((await fal.http.get(done.json()["response_url"])).json()["video"]["url"])

    dom = await dom_in_chromium(f"{fal.url}/", tmp_path)

    assert "a fox &lt;img src=x&gt; in snow" in dom
    [video] = re.findall(r"<video[^>]*>", dom)
    assert f'src="{clip.path}"' in video
    assert 'class="stage lost"' not in dom
    assert dom.count('data-state="done"') == dom.count('data-state="failed"') == 2  # a card and a count of each
    assert "body.num_frames: Input should be less than or equal to 32" in dom


@pytest.mark.needs("chromium")
async def test_the_page_of_an_idle_emulator_says_how_to_begin(start: Start, tmp_path: Path) -> None:
    """With a command that fits its own address."""
    fal = await start()
    dom = await dom_in_chromium(f"{fal.url}/", tmp_path)

    assert f"{fal.url}/fal-ai/" in dom
    assert '<section class="blank" id="blank">' in dom


async def test_the_page_is_on_every_host_and_may_load_nothing_from_elsewhere(start: Start) -> None:
    """Everything is inline, and the browser is told to refuse the rest."""
    fal = await start()
    for host in ("queue.fal.run", "fal.run", "rest.fal.ai", "127.0.0.1"):
        answer = await fal.http.get("/", headers={"Host": host})

        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not re.search(r"(src|href)=\"(https?:)?//", answer.text)


async def test_the_page_leaves_no_trace_in_the_record(start: Start) -> None:
    """Looking changes nothing."""
    fal = await start()
    for path in ("/", "/_emulator/requests", "/_emulator/clock", "/_emulator/account"):
        await fal.http.get(path)

    assert (await fal.http.get("/_emulator/requests")).json()["received"] == []
