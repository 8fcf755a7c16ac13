"""Promises of /_emulator/requests: what came in, what became of it, and a choice of it by query parameters."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.local.fal.emulated import MODEL, Running

Start = Callable[..., Awaitable[Running]]
IMAGES = "fal-ai/flux/schnell"
PRICED = "fal-ai/kling-video/v2.6/pro/text-to-video"


async def listed(fal: Running, **wanted: str) -> list[dict[str, Any]]:
    return list((await fal.http.get("/_emulator/requests", params=wanted)).json()["requests"])


async def numbers(fal: Running, **wanted: str) -> list[int]:
    return [entry["number"] for entry in await listed(fal, **wanted)]


@pytest.fixture
async def busy(start: Start) -> Running:
    """Three requests that ended (a clip, images, a failure), one in progress, and two that wait."""
    fal = await start(concurrency=1)
    await fal.finished(await fal.submit())
    await fal.finished(await fal.http.post(f"/{IMAGES}", json={"prompt": "a bear"}))
    await fal.finished(await fal.submit(override={"fail": 422}))
    for _ in range(3):
        await fal.submit(override={"latency": 60})
    return fal


async def test_the_record_can_be_narrowed_by_any_field(busy: Running) -> None:
    """Any case of letters, all conditions at once."""
    assert await numbers(busy) == [1, 2, 3, 4, 5, 6]
    assert await numbers(busy, endpoint=MODEL, state="COMPLETED") == [1, 3]
    assert await numbers(busy, endpoint=IMAGES) == [2]
    assert await numbers(busy, state="in_queue") == [5, 6]
    assert await numbers(busy, status="422") == [3]
    assert await numbers(busy, cancelled="true") == []
    assert await numbers(busy, number="4", state="IN_PROGRESS") == [4]
    assert await numbers(busy, endpoint="fal-ai/nothing") == []


async def test_a_limit_keeps_the_newest_in_their_order(busy: Running) -> None:
    """Of those that fit, and of the calls received."""
    assert await numbers(busy, limit="2") == [5, 6]
    assert await numbers(busy, endpoint=MODEL, state="COMPLETED", limit="1") == [3]
    assert await numbers(busy, limit="100") == [1, 2, 3, 4, 5, 6]
    listing = (await busy.http.get("/_emulator/requests", params={"limit": "2"})).json()
    assert len(listing["received"]) == 2


@pytest.mark.parametrize(
    ("query", "word"), [("endpont=x", "endpoint"), ("limit=0", "limit"), ("limit=few", "limit")]
)
async def test_a_mistyped_choice_is_told(start: Start, query: str, word: str) -> None:
    """An empty answer would look like an empty record."""
    answer = await (await start()).http.get(f"/_emulator/requests?{query}")

    assert answer.status_code == 400
    assert word in answer.json()["detail"]


async def test_direct_calls_stand_in_the_record_while_they_run_and_after(start: Start) -> None:
    """With their input, their output and their bill, like those that queued."""
    fal = await start(latency=(2.0, 2.0))
    call = asyncio.create_task(fal.http.post(f"/run/{MODEL}", json={"prompt": "a fox"}))
    await fal.clock.asleep(2.0)
    [running] = await listed(fal, direct="true")
    fal.clock.forward(2.0)
    answer = await call
    [done] = await listed(fal, direct="true")

    assert (running["state"], done["state"], done["status"]) == ("IN_PROGRESS", "COMPLETED", 200)
    assert done["request_id"] == answer.headers["x-fal-request-id"]
    assert (done["input"], done["output"], done["billable_units"]) == ({"prompt": "a fox"}, answer.json(), "2")


async def test_the_record_says_what_a_request_would_cost(start: Start) -> None:
    """In dollars, where a price is published; nothing before it has ended."""
    fal = await start(concurrency=3)
    asked: list[tuple[str, dict[str, Any]]] = [
        (PRICED, {"generate_audio": False}),
        (IMAGES, {"num_images": 2}),
        (MODEL, {}),
    ]
    for endpoint, given in asked:
        await fal.finished(await fal.http.post(f"/{endpoint}", json={"prompt": "x", **given}))
    await fal.submit(override={"latency": 60})

    told = [(entry["billable_units"], entry["unit"], entry["cost"]) for entry in await listed(fal)]

    assert told == [
        ("5", "second", "0.35"),
        ("2", "megapixel", "0.006"),
        ("0", "compute_second", None),
        (None, "compute_second", None),
    ]
