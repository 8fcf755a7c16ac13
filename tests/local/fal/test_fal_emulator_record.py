"""Promises of /_emulator/requests: what came in, what became of it, and a choice of it by query parameters."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from local.fal.abridging import ROOM
from local.fal.journal import Journal
from local.fal.webhooks import Attempt, Verdict
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


async def test_every_call_of_fals_hosts_is_noted_and_answered_in_json(start: Start) -> None:
    """Also those that mean nothing there, and the handshakes of sockets."""
    fal = await start()
    wrong = [
        await fal.http.get("/rest/nothing"),
        await fal.http.get("/rest/tokens"),
        await fal.http.post("/cdn/nothing", content=b"{}"),
        await fal.http.post("/files/a/multipart"),
    ]
    for path in (f"/run/{MODEL}/realtime", "/cdn/nothing"):
        try:
            async with connect(fal.url.replace("http", "ws") + path):
                pass
        except InvalidStatus:
            pass
    received = (await fal.http.get("/_emulator/requests")).json()["received"]

    assert [answer.status_code for answer in wrong] == [404, 405, 404, 404]
    assert all(isinstance(answer.json()["detail"], str) for answer in wrong)
    assert [(entry["method"], entry["path"], entry["body"]) for entry in received] == [
        ("GET", "/rest/nothing", ""),
        ("GET", "/rest/tokens", ""),
        ("POST", "/cdn/nothing", {}),
        ("POST", "/files/a/multipart", ""),
        ("GET", f"/run/{MODEL}/realtime", ""),
        ("GET", "/cdn/nothing", ""),
    ]


@pytest.mark.parametrize("path", ["/rest/tokens", "/rest/storage/auth/token", "/rest/storage/upload/initiate"])
async def test_a_slash_at_the_end_changes_nothing(start: Start, path: str) -> None:
    """And is noted as it came."""
    fal = await start()
    answers = [await fal.http.post(path + end, json={"allowed_apps": ["flux"]}) for end in ("", "/")]
    received = fal.emulator.journal.listing(wanted={}, now=0)["received"]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert [entry["path"] for entry in received] == [path, f"{path}/"]


async def test_what_is_long_is_kept_short(start: Start) -> None:
    """Of a huge input, of the answer that repeats it, and of the call; what is short beside it stays whole."""
    fal = await start()
    huge = {"seed": 3, "note": "a fox", "junk": "a" * 1_000_000, "many": [[1]] * 100_000}
    submitted = await fal.http.post(f"/{MODEL}", json=huge)
    await fal.finished(submitted)
    call = await fal.http.post(f"/{MODEL}", json={"note": "a fox", "junk": "a" * 100_000})
    listing = (await fal.http.get("/_emulator/requests")).json()
    entry, *_ = listing["requests"]
    received = [one["body"] for one in listing["received"] if one["method"] == "POST"]

    assert call.status_code == 200
    assert (entry["input"]["seed"], entry["input"]["note"]) == (3, "a fox")
    assert entry["input"]["junk"].startswith("[1000000 characters] aaa")
    assert entry["output"]["detail"][0]["type"] == "missing"
    assert received[1]["note"] == "a fox"
    kept = [entry["input"], entry["output"], *received]
    assert max(len(json.dumps(value)) for value in kept) < 1.1 * ROOM
    assert (await fal.http.get(submitted.json()["response_url"])).json()["detail"][0]["input"] == huge


async def test_a_token_stands_nowhere_in_the_record(start: Start) -> None:
    """Neither in the query nor in the target of a proxied call, however it is written."""
    fal = await start()
    for name in ("fal_jwt_token", "fal%5Fjwt%5Ftoken"):
        await fal.http.post(f"/run/{MODEL}?{name}=hidden", json={})
        target = f"https://fal.run/{MODEL}?{name}=hidden"
        await fal.http.post("/", json={}, headers={"x-fal-target-url": target, "Referer": target})
    listing = await fal.http.get("/_emulator/requests")

    assert len(listing.json()["received"]) == 4
    assert "hidden" not in listing.text


async def test_beyond_its_limit_the_record_drops_the_oldest_for_good(busy: Running) -> None:
    """One that changes later comes not back, nor do its webhooks."""
    journal, jobs = Journal(limit=2), [entry.job for entry in busy.emulator.journal._entries.values()]
    for job in (*jobs, jobs[0], jobs[-2]):
        journal.changed(job)
    for job in jobs:
        journal.attempted(job.request_id, Attempt(0.0, Verdict.FAILED, "503"))
    kept = journal.listing(wanted={}, now=0.0)["requests"]

    assert [entry["number"] for entry in kept] == [5, 6]
    assert [len(journal.attempts(job.request_id)) for job in jobs] == [0, 0, 0, 0, 1, 1]
