"""Calls of fal's JavaScript client that heed neither `proxyUrl` nor `requestMiddleware`: a browser's.

They go to fal's own host names, whatever the client is told.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.conftest import program
from tests.local.fal.clients.serving import Told, proven_calls, run_program, serve_emulator

pytestmark = pytest.mark.needs("fal-js")

PROGRAM = "tests/local/fal/clients/programs/fal_js_calls.mjs"


@pytest.fixture(scope="module")
async def session(
    request: pytest.FixtureRequest, clip_bytes: bytes, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Told]:
    """Every call that is proven here, made once."""
    async with serve_emulator(clip_bytes, tmp_path_factory.mktemp("js")) as served:
        argv = ("names", served.plain_url, served.inbox.url, *proven_calls(request.module))
        yield await run_program(served, program("fal-js"), PROGRAM, *argv)


@pytest.mark.proves("realtime.connect")
def test_realtime_answers_an_input(told: Any) -> None:
    """The client fetches a token, opens the socket with it and packs both ways with msgpack."""
    assert told["seed"] == 8


@pytest.mark.proves('stream(connectionMode: "client")')
def test_a_token_stands_for_the_key_in_a_browser(told: Any) -> None:
    """A client without credentials streams with a token that it was given."""
    assert told["seed"] == 6
