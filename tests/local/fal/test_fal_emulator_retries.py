"""Promises of the queue's own retries, and of the rules by which things go wrong."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from local.fal.dispatcher import MAX_ATTEMPTS
from local.fal.faults import read_faults
from pipeline.errors import BadSetting
from tests.local.fal.emulated import MODEL, Inbox, Running

Start = Callable[..., Awaitable[Running]]

THIRD = """
[[fault]]
request = 3
stall_submit_answer = true
duplicate_webhook = 2
webhook_delay = 90
"""


async def listing(fal: Running, **wanted: Any) -> list[dict[str, Any]]:
    return list((await fal.http.get("/_emulator/requests", params=wanted)).json()["requests"])


async def test_what_a_runner_broke_is_tried_again_under_another_gateway_id(start: Start, inbox: Inbox) -> None:
    """The caller's id stays, and the webhook names both."""
    fal = await start()
    submitted = await fal.submit(params={"fal_webhook": inbox.url}, override={"fail": 503, "fail_attempts": 2})
    status = await fal.finished(submitted)
    delivered = (await inbox.deliveries.get()).json()

    assert "error" not in status
    assert delivered["status"] == "OK"
    assert delivered["request_id"] == submitted.json()["request_id"] == submitted.json()["gateway_request_id"]
    assert delivered["gateway_request_id"] != delivered["request_id"]
    assert [request["attempts"] for request in await listing(fal)] == [3]


@pytest.mark.parametrize(
    ("status", "attempts"), [(503, MAX_ATTEMPTS), (504, MAX_ATTEMPTS), (500, 1), (502, 1), (422, 1)]
)
async def test_only_errors_of_the_platform_are_tried_again_and_not_for_ever(
    start: Start, status: int, attempts: int
) -> None:
    fal = await start()
    submitted = await fal.submit(override={"fail": status})
    await fal.finished(submitted)

    assert (await fal.http.get(submitted.json()["response_url"])).status_code == status
    assert [request["attempts"] for request in await listing(fal)] == [attempts]


async def test_what_was_told_to_stop_is_not_tried_again(start: Start) -> None:
    """A cancel while it runs; it ends as that attempt did, and never was taken out of the queue."""
    fal = await start(latency=(1.0, 1.0))
    submitted = await fal.submit(override={"fail": 503, "fail_attempts": 1})
    await fal.clock.asleep(1.0)
    told = await fal.http.put(submitted.json()["cancel_url"])
    fal.clock.forward(1.0)
    while (entry := (await listing(fal))[0])["state"] != "COMPLETED" and entry["attempts"] == 1:
        pass

    assert told.json() == {"status": "CANCELLATION_REQUESTED"}
    assert (entry["attempts"], entry["status"]) == (1, 503)
    assert (entry["cancel_requested"], entry["cancelled"]) == (True, False)


@pytest.mark.parametrize("word", ["1", "true", "YES"])
async def test_a_caller_can_do_without_retries(start: Start, word: str) -> None:
    fal = await start()
    submitted = await fal.submit(override={"fail": 503}, headers={"X-Fal-No-Retry": word})
    await fal.finished(submitted)

    assert [request["attempts"] for request in await listing(fal)] == [1]


async def test_a_retry_waits_at_its_old_place(start: Start) -> None:
    """It goes before those that were submitted after it."""
    fal = await start(latency=(1.0, 1.0), concurrency=1)
    first = await fal.submit(override={"fail": 503, "fail_attempts": 1})
    second = await fal.submit()
    await fal.clock.asleep(1.0)
    fal.clock.forward(1.0)
    while (await listing(fal))[0]["attempts"] < 2:
        await asyncio.sleep(0)
    states = [(await fal.http.get(reply.json()["status_url"])).json()["status"] for reply in (first, second)]

    assert states == ["IN_PROGRESS", "IN_QUEUE"]


async def test_failed_attempts_count_as_waiting_for_the_start(start: Start) -> None:
    """A deadline that passes before an attempt gets through ends the request as a user's time-out."""
    fal = await start(latency=(5.0, 5.0))
    submitted = await fal.submit(override={"fail": 503}, headers={"X-Fal-Request-Timeout": "4"})
    await fal.clock.asleep(5.0)
    fal.clock.forward(5.0)
    await fal.finished(submitted)
    result = await fal.http.get(submitted.json()["response_url"])

    assert (result.status_code, result.headers["x-fal-request-timeout-type"]) == (504, "user")


async def test_a_script_makes_the_third_request_go_wrong_in_its_own_way(start: Start, inbox: Inbox) -> None:
    """Accepted, though its caller never hears so; its webhook comes twice, a minute and a half late."""
    fal = await start(faults=read_faults(THIRD))

    async def submit() -> None:
        await fal.http.post(f"/{MODEL}", json={"prompt": "x"}, params={"fal_webhook": inbox.url})

    for _ in range(2):
        await submit()
        await inbox.deliveries.get()
    third = asyncio.create_task(submit())
    await fal.clock.asleep(90.0)
    state = (await listing(fal))[2]["state"]
    fal.clock.forward(90.0)
    copies = [(await inbox.deliveries.get()).json() for _ in range(2)]
    heard = third.done()
    third.cancel()

    assert state == "COMPLETED"
    assert [copy["request_id"] for copy in copies] == [(await listing(fal))[2]["request_id"]] * 2
    assert not heard
    with pytest.raises(asyncio.CancelledError):
        await third


async def test_rules_can_name_prompts_endpoints_and_every_nth_request(start: Start) -> None:
    rules = """
    [[fault]]
    prompt = "DRAGON"
    fail = "content_policy_violation"
    [[fault]]
    every = 2
    fail = 500
    [[fault]]
    endpoint = "fal-ai/flux/schnell"
    refuse = 403
    """
    fal = await start(faults=read_faults(rules))

    async def status(prompt: str, model: str = MODEL) -> int:
        return (await fal.http.post(f"/run/{model}", json={"prompt": prompt})).status_code

    assert [await status("a dragon"), await status("a fox"), await status("a fox")] == [422, 500, 200]
    assert [await status("a dragon"), await status("x", "fal-ai/flux/schnell")] == [422, 403]


async def test_a_requests_own_header_goes_before_the_script(start: Start) -> None:
    fal = await start(faults=read_faults("[[fault]]\nfail = 500"))
    headers = {"x-emulator": json.dumps({"latency": 0})}

    assert (await fal.http.post(f"/run/{MODEL}", json={"prompt": "x"}, headers=headers)).status_code == 200
    assert (await fal.http.post(f"/run/{MODEL}", json={"prompt": "x"})).status_code == 500


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[[fault", "TOML"),
        ("fault = 3", "tables"),
        ("[[faults]]\nfail = 500", "tables"),
        ("[[fault]]\nfail = 500\n[[fault]]\nfial = 500", "fault 2: fial"),
        ("[[fault]]\nrequest = 0", "fault 1: request"),
        ("[[fault]]\nfail = 418", "fault 1: fail"),
    ],
)
def test_a_script_that_makes_no_sense_is_refused_with_its_fault(text: str, word: str) -> None:
    with pytest.raises(BadSetting, match=word.replace("[", r"\[")):
        read_faults(text)
