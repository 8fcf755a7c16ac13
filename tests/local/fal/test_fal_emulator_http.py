"""Promises of the queue over real HTTP, one per quirk of fal's that a client may trip over."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import av
import pytest

from local.fal.models.film import ClipRequest, Drawing
from tests.local.fal.emulated import MODEL, Inbox, Running

Start = Callable[..., Awaitable[Running]]
APP = "fal-ai/fast-animatediff"


async def test_a_request_becomes_a_clip_that_can_be_fetched(start: Start, clip_bytes: bytes) -> None:
    seen: list[Drawing] = []

    def render(request: Drawing) -> bytes:
        seen.append(request)
        return clip_bytes

    fal = await start(render=render, latency=(2.0, 2.0))
    submitted = await fal.submit({"prompt": "a fox", "seed": 5, "num_frames": 4, "fps": 16})
    await fal.clock.asleep(2.0)
    running = await fal.http.get(submitted.json()["status_url"])
    fal.clock.forward(2.0)
    status = await fal.finished(submitted)
    result = await fal.http.get(submitted.json()["response_url"])
    clip = await fal.http.get(result.json()["video"]["url"], headers={"Range": "bytes=0-9"})

    assert submitted.status_code == 200
    assert (running.status_code, running.json()["status"]) == (202, "IN_PROGRESS")
    assert (status["status"], status["metrics"]) == ("COMPLETED", {"inference_time": 2.0})
    assert seen == [ClipRequest("a fox", 5, 512, 512, 4, 16.0, 4)]
    assert result.status_code == 200
    assert result.json()["seed"] == 5
    assert result.json()["video"]["url"].startswith(f"{fal.url}/files/")
    assert result.json()["video"]["file_size"] == len(clip_bytes)
    assert result.json()["video"]["content_type"] == clip.headers["content-type"] == "video/mp4"
    assert result.headers["x-fal-billable-units"] == "2"
    assert (clip.status_code, clip.content) == (206, clip_bytes[:10])


async def test_the_served_clip_is_a_video(start: Start, tmp_path: Path) -> None:
    fal = await start()
    submitted = await fal.submit()
    await fal.finished(submitted)
    result = await fal.http.get(submitted.json()["response_url"])
    file = tmp_path / "clip.mp4"
    file.write_bytes((await fal.http.get(result.json()["video"]["url"])).content)

    with av.open(file) as container:
        assert sum(1 for _ in container.decode(video=0)) == 4


async def test_every_queue_reply_has_the_three_urls_and_the_id(start: Start) -> None:
    fal = await start(latency=(1.0, 1.0), concurrency=1)
    first, second = await fal.submit(), await fal.submit()
    replies = [first, second]
    replies += [await fal.http.get(reply.json()["status_url"]) for reply in (first, second)]
    fal.clock.forward(1.0)
    await fal.finished(first)
    replies.append(await fal.http.get(first.json()["status_url"]))

    states = [reply.json()["status"] for reply in replies]
    assert states == ["IN_QUEUE", "IN_QUEUE", "IN_PROGRESS", "IN_QUEUE", "COMPLETED"]
    for reply in replies:
        base = f"{fal.url}/{APP}/requests/{reply.json()['request_id']}"
        assert reply.json()["response_url"] == base
        assert reply.json()["status_url"] == f"{base}/status"
        assert reply.json()["cancel_url"] == f"{base}/cancel"
        assert reply.headers["x-fal-request-id"] == reply.json()["request_id"]


async def test_logs_is_always_there_and_filled_only_when_asked_for(start: Start) -> None:
    fal = await start(latency=(1.0, 1.0), concurrency=1)
    first, second = await fal.submit(), await fal.submit()
    without = [(await fal.http.get(reply.json()["status_url"])).json() for reply in (first, second)]
    asked = [
        (await fal.http.get(first.json()["status_url"], params={"logs": value})).json()
        for value in ("true", "1", "false", "0")
    ]

    assert [status["logs"] for status in without] == [None, None]
    assert [bool(status["logs"]) for status in asked] == [True, True, False, False]
    assert {"message", "timestamp", "level", "source"} == asked[0]["logs"][0].keys()


@pytest.mark.parametrize("prefix", [APP, MODEL])
async def test_app_only_and_full_paths_work_with_and_without_slash(start: Start, prefix: str) -> None:
    fal = await start()
    submitted = await fal.http.post(f"/{MODEL}/", json={"prompt": "x"})
    await fal.finished(submitted)
    base = f"/{prefix}/requests/{submitted.json()['request_id']}"
    statuses = [
        (await fal.http.get(base + tail)).status_code
        for tail in ("", "/", "/response", "/response/", "/status", "/status/")
    ]

    assert statuses == [200] * 6
    assert (await fal.http.put(f"{base}/cancel/")).status_code == 400


async def test_positions_start_at_zero_and_low_priority_stands_behind(start: Start) -> None:
    fal = await start(latency=(1.0, 1.0), concurrency=2)
    running = [await fal.submit(), await fal.submit()]
    low = await fal.submit(headers={"X-Fal-Queue-Priority": "low"})
    normal = await fal.submit(headers={"X-Fal-Queue-Priority": "normal"})
    low_now = await fal.http.get(low.json()["status_url"])

    assert [reply.json()["queue_position"] for reply in (*running, low, normal)] == [0, 0, 0, 0]
    assert low_now.json()["queue_position"] == 1


async def test_no_more_than_the_limit_render_at_once(start: Start, clip_bytes: bytes) -> None:
    guard, threads, most = threading.Lock(), [0], [0]
    release = threading.Event()

    def render(_: Drawing) -> bytes:
        with guard:
            threads[0] += 1
            most[0] = max(most[0], threads[0])
            if threads[0] == 2:
                release.set()
        release.wait(10)
        with guard:
            threads[0] -= 1
        return clip_bytes

    fal = await start(render=render, concurrency=2)
    submitted = [await fal.submit() for _ in range(6)]
    await asyncio.gather(*(fal.finished(reply) for reply in submitted))

    assert most == [2]


async def test_a_slot_that_becomes_free_goes_to_the_next_in_line(start: Start) -> None:
    fal = await start(latency=(1.0, 1.0), concurrency=1)
    jobs = [await fal.submit() for _ in range(3)]
    for job in jobs:
        await fal.clock.asleep(1.0)
        fal.clock.forward(1.0)
        await fal.finished(job)
    listing = (await fal.http.get("/_emulator/requests")).json()["requests"]

    assert [entry["started_at"] - listing[0]["started_at"] for entry in listing] == [0.0, 1.0, 2.0]


async def test_a_result_asked_for_too_early_is_a_400(start: Start) -> None:
    fal = await start(latency=(1.0, 1.0))
    submitted = await fal.submit()
    early = await fal.http.get(submitted.json()["response_url"])

    assert early.status_code == 400
    assert isinstance(early.json()["detail"], str)


async def test_start_timeout_ends_what_has_not_begun_and_spares_what_has(start: Start) -> None:
    fal = await start(latency=(10.0, 10.0), concurrency=1)
    begun, waiting = [await fal.submit(headers={"X-Fal-Request-Timeout": "3"}) for _ in range(2)]
    fal.clock.forward(3.0)
    status = await fal.finished(waiting)
    result = await fal.http.get(waiting.json()["response_url"])
    still = await fal.http.get(begun.json()["status_url"])

    assert result.status_code == 504
    assert result.headers["X-Fal-Request-Timeout-Type"] == "user"
    assert result.headers["x-fal-billable-units"] == "0"
    assert result.headers["X-Fal-Error-Type"] == result.json()["error_type"] == status["error_type"]
    assert still.json()["status"] == "IN_PROGRESS"


async def test_nobody_waits_for_the_deadline_of_what_is_over(start: Start) -> None:
    """Completed, or taken out of the queue."""
    fal = await start(concurrency=1)
    patient = {"X-Fal-Request-Timeout": "1000000000"}
    for _ in range(3):
        await fal.finished(await fal.submit(headers=patient))
    busy = await fal.submit(override={"latency": 60})
    waiting = await fal.submit(headers=patient)
    await fal.clock.asleep(60)
    await fal.clock.asleep(1e9)
    await fal.http.put(waiting.json()["cancel_url"])
    after_cancel = fal.clock.sleepers()
    fal.clock.forward(60)
    await fal.finished(busy)

    assert (after_cancel, fal.clock.sleepers()) == (1, 0)


async def test_cancel_removes_what_waits_and_only_tells_what_runs(start: Start, inbox: Inbox) -> None:
    fal = await start(latency=(1.0, 1.0), concurrency=1)
    running = await fal.submit()
    waiting = await fal.submit(params={"fal_webhook": inbox.url})
    answers = [await fal.http.put(reply.json()["cancel_url"]) for reply in (running, waiting)]
    gone = await fal.http.get(waiting.json()["status_url"])
    fal.clock.forward(1.0)
    await fal.finished(running)
    late = await fal.http.put(running.json()["cancel_url"])
    unknown = await fal.http.put(f"/{APP}/requests/nobody/cancel")

    assert [(answer.status_code, answer.json()) for answer in (*answers, late, unknown)] == [
        (202, {"status": "CANCELLATION_REQUESTED"}),
        (202, {"status": "CANCELLATION_REQUESTED"}),
        (400, {"status": "ALREADY_COMPLETED"}),
        (404, {"status": "NOT_FOUND"}),
    ]
    assert (gone.status_code, gone.json()) == (404, {"status": "NOT_FOUND"})
    assert (await fal.http.get(running.json()["response_url"])).status_code == 200
    assert inbox.deliveries.empty()


async def test_a_model_that_heeds_a_cancel_ends_with_499(start: Start) -> None:
    fal = await start(latency=(1.0, 1.0), concurrency=1)
    submitted = await fal.submit(override={"heed_cancel": True})
    await fal.http.put(submitted.json()["cancel_url"])
    await fal.finished(submitted)
    fal.clock.forward(1.0)
    following = await fal.submit(override={"latency": 0})
    await fal.finished(following)

    assert (await fal.http.get(submitted.json()["response_url"])).status_code == 499


async def test_results_expire_after_an_hour_or_six_minutes_when_large(start: Start) -> None:
    fal = await start()
    small = await fal.submit()
    large = await fal.submit({"seed": 1, "negative_prompt": "x" * 11_000})
    await fal.finished(small)
    await fal.finished(large)
    large_body = await fal.http.get(large.json()["response_url"])
    fal.clock.forward(360)
    after_six_minutes = [await fal.http.get(reply.json()["response_url"]) for reply in (small, large)]
    fal.clock.forward(3240)
    after_an_hour = await fal.http.get(small.json()["status_url"])

    assert len(large_body.content) >= 10 * 1024
    assert [reply.status_code for reply in after_six_minutes] == [200, 404]
    assert (after_an_hour.status_code, after_an_hour.json()) == (404, {"status": "NOT_FOUND"})
