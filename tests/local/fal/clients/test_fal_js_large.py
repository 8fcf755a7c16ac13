"""An upload so large that fal's JavaScript client sends it in parts. It takes a second, so it is made once."""

from pathlib import Path

import pytest

from tests.conftest import program
from tests.local.fal.clients.serving import run_program, serve_emulator

PROGRAM = "tests/local/fal/clients/programs/fal_js_calls.mjs"
CALL = "storage.upload of 90 MB"


@pytest.mark.needs("fal-js")
@pytest.mark.proves(CALL)
async def test_a_large_upload_goes_in_parts_and_comes_out_whole(clip_bytes: bytes, tmp_path: Path) -> None:
    """Its size is right, and so are the bytes where the first two parts meet."""
    async with serve_emulator(clip_bytes, tmp_path) as served:
        argv = ("proxyUrl", served.plain_url, served.inbox.url, CALL)
        told = (await run_program(served, program("fal-js"), PROGRAM, *argv)).of(CALL)

    assert told["range"].endswith(f"/{9 * 10 * 2**20 + len('and the rest')}")
    assert (told["status"], told["content"]) == (206, "00000101")
