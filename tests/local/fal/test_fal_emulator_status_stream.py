"""Promises of the status stream: every change once, new logs only, and an end."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from local.fal.emulator import Emulator
from local.fal.knobs import Knobs
from tests.local.fal.emulated import KEY_SEED, MODEL, ManualClock, Running

Start = Callable[..., Awaitable[Running]]


async def events(fal: Running, submitted: httpx.Response, **params: Any) -> AsyncIterator[dict[str, Any]]:
    url = f"{submitted.json()['status_url']}/stream"
    async with fal.http.stream("GET", url, params=params) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-fal-request-id"] == submitted.json()["request_id"]
        async for line in answer.aiter_lines():
            if line:
                yield json.loads(line.removeprefix("data: "))


async def test_a_stream_tells_every_change_and_ends_with_completion(start: Start) -> None:
    """Positions count down, each event is a whole status, and the last is COMPLETED."""
    fal = await start(latency=(1.0, 1.0), concurrency=1)
    first, second, third = [await fal.submit() for _ in range(3)]
    told = []
    async for event in events(fal, third):
        told.append((event["status"], event.get("queue_position")))
        assert event["response_url"] == third.json()["response_url"]
        await fal.clock.asleep(1.0) if event["status"] != "COMPLETED" else None
        fal.clock.forward(1.0)

    assert told == [("IN_QUEUE", 1), ("IN_QUEUE", 0), ("IN_PROGRESS", None), ("COMPLETED", None)]
    assert {(await fal.finished(reply))["status"] for reply in (first, second)} == {"COMPLETED"}


async def test_each_log_line_is_told_once(start: Start) -> None:
    """fal's JavaScript client appends the logs of all events."""
    fal = await start(latency=(1.0, 1.0))
    submitted = await fal.submit()
    lines = []
    async for event in events(fal, submitted, logs="1"):
        lines += [line["message"] for line in event["logs"]]
        if event["status"] == "IN_PROGRESS":
            await fal.clock.asleep(1.0)
            fal.clock.forward(1.0)

    assert len(lines) == len(set(lines)) == 2


async def test_a_stream_of_what_is_over_is_one_event(start: Start) -> None:
    fal = await start()
    submitted = await fal.submit()
    await fal.finished(submitted)

    assert [event["status"] async for event in events(fal, submitted)] == ["COMPLETED"]


async def test_cancelling_in_the_queue_ends_the_stream(start: Start) -> None:
    fal = await start(latency=(1.0, 1.0), concurrency=1)
    await fal.submit()
    waiting = await fal.submit()
    stream = events(fal, waiting)
    seen = [(await anext(stream))["status"]]
    await fal.http.put(waiting.json()["cancel_url"])
    seen += [event["status"] async for event in stream]

    assert seen == ["IN_QUEUE"]


async def test_a_stream_of_nothing_is_404(start: Start) -> None:
    fal = await start()
    answer = await fal.http.get("/fal-ai/fast-animatediff/requests/none/status/stream")

    assert (answer.status_code, answer.json()) == (404, {"status": "NOT_FOUND"})


async def test_a_hundred_listeners_hear_of_the_end(start: Start) -> None:
    fal = await start(latency=(1.0, 1.0))
    submitted = await fal.submit()

    async def last() -> str:
        return str([event["status"] async for event in events(fal, submitted)][-1])

    listeners = [asyncio.create_task(last()) for _ in range(100)]
    await fal.clock.asleep(1.0)
    fal.clock.forward(1.0)

    assert await asyncio.gather(*listeners) == ["COMPLETED"] * 100


@pytest.mark.parametrize("moment", ["http.response.start", "http.response.body"])
async def test_what_changes_while_a_status_is_on_its_way_is_told(moment: str, clip_bytes: bytes) -> None:
    """Before the first event as after it; no later change comes to wake the stream up."""
    clock, ids = ManualClock(), iter(f"id-{number}" for number in range(9))
    emulator = Emulator(
        knobs=Knobs(latency=(1.0, 1.0)),
        render=lambda _: clip_bytes,
        clock=clock,
        key_seed=KEY_SEED,
        new_id=lambda: next(ids),
    )
    async with AsyncExitStack() as stack:
        app, _ = await emulator._open(stack)

        async def completed_at_that_moment(scope: Scope, receive: Receive, send: Send) -> None:
            async def through(message: Message) -> None:
                await send(message)
                if scope["path"].endswith("/stream") and message["type"] == moment and clock.sleepers():
                    clock.forward(1.0)
                    while emulator.journal.listing(wanted={"state": "COMPLETED"}, now=0)["requests"] == []:
                        await asyncio.sleep(0)

            await app(scope, receive, through)

        transport = httpx.ASGITransport(completed_at_that_moment)
        http = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://here"))
        http.headers["Authorization"] = "Key id:secret"
        submitted = (await http.post(f"/{MODEL}", json={"prompt": "a fox"})).json()
        await clock.asleep(1.0)
        async with asyncio.timeout(10):
            told = (await http.get(f"{submitted['status_url']}/stream")).text

    assert '"COMPLETED"' in told.splitlines()[-2]
