"""fal's Python client pointed by its environment variables, and what it does when an answer is lost."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.local.fal.clients.serving import Served, run_program, serve_emulator
from tests.local.fal.emulated import MODEL

PROGRAM = "tests.local.fal.clients.programs.fal_client_calls"


@pytest.fixture
async def served(clip_bytes: bytes, tmp_path: Path) -> AsyncIterator[Served]:
    async with serve_emulator(clip_bytes, tmp_path) as served:
        yield served


async def test_one_port_stands_for_all_hosts(served: Served) -> None:
    """FAL_RUN_HOST takes a path beside host and port, and what is made is found at that port, too."""
    host = served.url.removeprefix("https://")
    hosts = {"FAL_RUN_HOST": f"{host}/run", "FAL_QUEUE_RUN_HOST": host}
    calls = ("submit", "run", "stream", "realtime(use_jwt=False)")
    session = await run_program(
        served, sys.executable, "-m", PROGRAM, "blocking", served.inbox.url, *calls, **hosts
    )

    files = f"{served.url}/files/"
    assert session.of("submit")["result"]["video"]["url"].startswith(files)
    assert session.of("run")["video"]["url"].startswith(files)
    assert session.of("stream")[-1]["video"]["url"].startswith(files)
    assert session.of("realtime(use_jwt=False)")["seed"] == 8


async def test_a_lost_answer_makes_fals_client_order_twice(served: Served) -> None:
    """fal has no idempotency key: its client repeats the submit, and both jobs are worked on and billed."""
    served.emulator.script(1, {"drop_submit_answer": True})
    code = f"import fal_client; fal_client.submit('{MODEL}', {{'prompt': 'x'}}); print('{{}}')"
    await run_program(served, sys.executable, "-c", code)

    assert len(served.emulator.journal.listing(wanted={}, now=0)["requests"]) == 2
