"""Promises of direct calls: an answer at once or none, in the account's places, and never from the queue."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import httpx
import pytest

from tests.local.fal.emulated import MODEL, Running

Start = Callable[..., Awaitable[Running]]
IMAGES = "fal-ai/flux/schnell"


async def call(fal: Running, path: str = f"/run/{MODEL}", **request: object) -> httpx.Response:
    return await fal.http.post(path, json=request.pop("body", {"prompt": "a fox"}), **request)  # type: ignore[arg-type]


async def test_a_direct_call_answers_with_the_models_output_and_its_id(start: Start) -> None:
    fal = await start()
    answer = await call(fal, body={"prompt": "a fox", "seed": 5})

    assert answer.status_code == 200
    assert answer.json()["seed"] == 5
    assert (await fal.http.get(answer.json()["video"]["url"])).headers["content-type"] == "video/mp4"
    assert answer.headers["x-fal-request-id"]
    assert answer.headers["x-fal-served-from"]
    assert answer.headers["x-fal-billable-units"] == "0"


async def test_an_image_model_answers_with_images(start: Start) -> None:
    """Output shape, count and sizes are those of the model's schema."""
    fal = await start()
    answer = (await call(fal, f"/run/{IMAGES}", body={"prompt": "a fox", "num_images": 2})).json()

    assert [(image["width"], image["height"]) for image in answer["images"]] == [(1024, 768)] * 2
    assert {image["content_type"] for image in answer["images"]} == {"image/jpeg"}
    assert answer["has_nsfw_concepts"] == [False, False]
    assert answer["timings"].keys() == {"inference"}
    assert answer["prompt"] == "a fox"


async def test_sync_mode_puts_the_file_into_the_answer(start: Start, clip_bytes: bytes) -> None:
    fal = await start()
    answer = (await call(fal, f"/run/{IMAGES}", body={"prompt": "a fox", "sync_mode": True})).json()
    [image] = answer["images"]

    assert image["url"].startswith("data:image/jpeg;base64,")


async def test_images_are_billed_by_the_megapixel(start: Start) -> None:
    fal = await start()
    answer = await call(fal, f"/run/{IMAGES}", body={"prompt": "x", "image_size": "square_hd", "num_images": 3})

    assert answer.headers["x-fal-billable-units"] == "3"


async def test_a_direct_call_beyond_the_limit_is_turned_away_at_once(start: Start) -> None:
    """429 with the type and the header by which clients know that they may try again; the queue would wait."""
    fal = await start(latency=(1.0, 1.0), concurrency=1)
    queued = await fal.submit()
    refused = await call(fal)
    fal.clock.forward(1.0)
    await fal.finished(queued)
    later = asyncio.create_task(call(fal))
    await fal.clock.asleep(1.0)
    fal.clock.forward(1.0)

    assert refused.status_code == 429
    assert refused.headers["x-fal-error-type"] == refused.json()["error_type"] == "concurrent_requests_limit"
    assert refused.headers["x-fal-needs-retry"] == "1"
    assert (await later).status_code == 200


async def test_what_waits_starts_when_a_direct_call_leaves_its_place(start: Start) -> None:
    fal = await start(latency=(1.0, 1.0), concurrency=1)
    direct = asyncio.create_task(call(fal))
    await fal.clock.asleep(1.0)
    queued = await fal.submit()
    waiting = (await fal.http.get(queued.json()["status_url"])).json()
    fal.clock.forward(1.0)
    await direct
    running = (await fal.http.get(queued.json()["status_url"])).json()

    assert (waiting["status"], running["status"]) == ("IN_QUEUE", "IN_PROGRESS")


async def test_a_caller_that_hangs_up_ends_its_run(start: Start) -> None:
    """What waits has the place at once, and the record says why the run ended."""
    fal = await start(latency=(1.0, 1.0), concurrency=1)
    direct = asyncio.create_task(call(fal))
    await fal.clock.asleep(1.0)
    queued = await fal.submit(override={"latency": 0})
    direct.cancel()
    async with asyncio.timeout(10):
        status = await fal.finished(queued)
    [run, _] = fal.emulator.journal.listing(wanted={}, now=0)["requests"]

    assert "error" not in status
    assert (run["direct"], run["state"], run["status"]) == (True, "COMPLETED", 499)
    assert run["output"]["error_type"] == "client_disconnected"


async def test_a_page_may_read_fals_headers(start: Start) -> None:
    """A browser hides them from scripts unless it is told not to."""
    fal = await start()
    answer = await call(fal, headers={"Origin": "https://app.example"})

    assert answer.headers["access-control-expose-headers"] == "*"
    assert answer.headers["x-fal-request-id"]


async def test_a_direct_call_is_never_tried_again(start: Start) -> None:
    fal = await start()
    failed = await call(fal, headers={"x-emulator": json.dumps({"fail": 503, "fail_attempts": 1})})

    assert failed.status_code == 503
    assert failed.json()["error_type"] == "runner_disconnected"


async def test_mistakes_are_told_as_in_the_queue(start: Start) -> None:
    fal = await start(key="id:secret")
    invalid = await call(fal, body={"prompt": "x", "num_frames": 99})
    unknown = await call(fal, "/run/fal-ai/nothing/here")
    got = await fal.http.get(f"/run/{MODEL}")
    no_json = await fal.http.post(f"/run/{MODEL}", content=b"{")
    stranger = await call(fal, headers={"Authorization": "Key other"})

    assert (invalid.status_code, invalid.json()["detail"][0]["type"]) == (422, "less_than_equal")
    assert [reply.status_code for reply in (unknown, got, no_json, stranger)] == [404, 405, 400, 401]


async def test_a_stream_ends_with_the_result(start: Start) -> None:
    fal = await start()
    answer = await call(fal, f"/run/{MODEL}/stream", body={"prompt": "x", "seed": 9})
    *_, last = [json.loads(line.removeprefix("data: ")) for line in answer.text.splitlines() if line]

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert last["seed"] == 9


async def test_a_stream_that_fails_is_an_error_and_no_stream(start: Start) -> None:
    fal = await start()
    answer = await call(fal, f"/run/{MODEL}/stream", body={})

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["type"] == "missing"


async def test_headers_of_an_app_reach_the_caller_up_to_16_kilobytes(start: Start) -> None:
    """Beyond that fal's gateway fails the response."""
    fal = await start()
    small = await call(fal, headers={"x-emulator": json.dumps({"response_headers": {"x-hint": "a"}})})
    large = await call(fal, headers={"x-emulator": json.dumps({"response_headers": {"x-hint": "a" * 16_384}})})

    assert (small.status_code, small.headers["x-hint"]) == (200, "a")
    assert (large.status_code, large.json()["error_type"]) == (502, "runner_incomplete_response")


@pytest.mark.parametrize(
    ("host", "path"),
    [("fal.run", f"/{MODEL}"), ("queue.fal.run", f"/run/{MODEL}"), ("run.localhost", f"/{MODEL}")],
)
async def test_a_host_is_known_by_its_name_or_by_its_path(start: Start, host: str, path: str) -> None:
    fal = await start()
    answer = await call(fal, path, headers={"host": host})

    assert "video" in answer.json()


async def test_a_proxied_call_goes_where_its_target_header_says(start: Start) -> None:
    """As fal's JavaScript client sends it with a proxy: links lead to the address that it knows."""
    fal = await start()
    direct = await call(fal, "/", headers={"x-fal-target-url": f"https://fal.run/{MODEL}"})
    queued = await call(
        fal, "/", headers={"x-fal-target-url": f"https://queue.fal.run/{MODEL}?fal_max_queue_length=9"}
    )

    assert direct.json()["video"]["url"].startswith(f"{fal.url}/files/")
    assert queued.json()["status_url"].startswith(fal.url)
    [first, second] = fal.emulator.journal.listing(wanted={}, now=0)["received"]
    assert (first["host"], first["path"], second["query"]) == ("fal.run", f"/{MODEL}", "fal_max_queue_length=9")
