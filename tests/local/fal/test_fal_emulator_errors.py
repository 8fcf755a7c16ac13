"""Promises about everything that goes wrong: refusals, failures, lost answers, and how to cause them."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from local.fal.models.film import Drawing
from tests.local.fal.emulated import MODEL, Running

Start = Callable[..., Awaitable[Running]]
APP = "fal-ai/fast-animatediff"


@pytest.mark.parametrize(
    "body",
    [{}, {"prompt": 3}, {"prompt": "x", "num_frames": 33}, {"prompt": "x", "video_size": "huge"}],
)
async def test_bad_input_is_accepted_and_fails_as_a_422_result(start: Start, body: dict[str, Any]) -> None:
    fal = await start(latency=(9.0, 9.0))
    submitted = await fal.http.post(f"/{MODEL}", json=body)
    status = await fal.finished(submitted)
    result = await fal.http.get(submitted.json()["response_url"])

    assert submitted.status_code == 200
    assert result.status_code == 422
    assert {"loc", "msg", "type", "url", "input"} <= result.json()["detail"][0].keys()
    assert (status["error"], status["error_type"]) == (
        result.json()["detail"][0]["msg"],
        result.json()["detail"][0]["type"],
    )
    assert result.headers["x-fal-billable-units"] == "0"


@pytest.mark.parametrize(
    ("fail", "status", "listed"),
    [
        (422, 422, True),
        (500, 500, True),
        ("content_policy_violation", 422, True),
        ("runner_disconnected", 503, False),
        ("generation_timeout", 504, True),
    ],
)
async def test_scripted_failures_have_fals_shapes(
    start: Start, fail: int | str, status: int, listed: bool
) -> None:
    fal = await start()
    submitted = await fal.submit(override={"fail": fail})
    completed = await fal.finished(submitted)
    result = await fal.http.get(submitted.json()["response_url"])

    assert completed["status"] == "COMPLETED"
    assert result.status_code == status
    assert isinstance(result.json()["detail"], list if listed else str)
    assert ("X-Fal-Error-Type" in result.headers) is not listed


async def test_a_renderer_that_crashes_is_a_500_and_the_queue_goes_on(start: Start, clip_bytes: bytes) -> None:
    def render(request: Drawing) -> bytes:
        if request.text == "boom":
            raise RuntimeError("boom")
        return clip_bytes

    fal = await start(render=render, concurrency=1)
    bad, good = await fal.submit({"prompt": "boom"}), await fal.submit()
    await fal.finished(bad)
    await fal.finished(good)
    result = await fal.http.get(bad.json()["response_url"])

    assert (result.status_code, result.json()) == (500, {"detail": "Internal Server Error"})
    assert (await fal.http.get(good.json()["response_url"])).status_code == 200


async def test_unknown_endpoints_and_requests_are_404(start: Start) -> None:
    fal = await start()
    submitted = await fal.submit()
    invented = await fal.http.post("/fal-ai/fast-animatediff-lightning", json={"prompt": "x"})
    unknown = await fal.http.get(f"/{APP}/requests/nobody/status")
    foreign = await fal.http.get(f"/fal-ai/flux/requests/{submitted.json()['request_id']}/status")

    assert invented.status_code == 404
    assert isinstance(invented.json()["detail"], str)
    for reply in (unknown, foreign):
        assert (reply.status_code, reply.json()) == (404, {"status": "NOT_FOUND"})


async def test_keys_are_checked_and_never_listed(start: Start) -> None:
    fal = await start(key="id:secret")
    wrong = [
        await fal.http.post(f"/{MODEL}", json={"prompt": "x"}, headers={"Authorization": value})
        for value in ("", "Key", "Key other", "Basic id:secret")
    ]
    right = await fal.submit()
    listing = await fal.http.get("/_emulator/requests")

    assert [reply.status_code for reply in wrong] == [401] * 4
    assert all(isinstance(reply.json()["detail"], str) for reply in wrong)
    assert right.status_code == 200
    assert "secret" not in listing.text


async def test_a_dropped_answer_leaves_the_job_accepted(start: Start) -> None:
    fal = await start()
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        await fal.submit({"prompt": "unheard"}, override={"drop_submit_answer": True})
    listing = (await fal.http.get("/_emulator/requests")).json()

    assert [entry["number"] for entry in listing["requests"]] == [1]
    assert listing["received"][0]["body"] == {"prompt": "unheard"}


@pytest.mark.parametrize("status", [401, 403, 429, 503])
async def test_a_refused_submit_leaves_nothing_behind(start: Start, status: int) -> None:
    fal = await start()
    refused = await fal.submit(override={"refuse": status})
    listing = (await fal.http.get("/_emulator/requests")).json()

    assert refused.status_code == status
    assert isinstance(refused.json()["detail"], str)
    assert "x-fal-request-id" not in refused.headers
    assert listing["requests"] == []


async def test_a_refusal_for_too_many_calls_looks_like_a_real_one(start: Start) -> None:
    """Clients wait and try again for its type and its header."""
    fal = await start(latency=(1.0, 1.0), concurrency=1)
    await fal.submit()
    real = await fal.http.post(f"/run/{MODEL}", json={"prompt": "x"})
    scripted = await fal.submit(override={"refuse": 429})

    assert real.json() == scripted.json()
    for name in ("x-fal-error-type", "x-fal-needs-retry"):
        assert real.headers[name] == scripted.headers[name]


async def test_whatever_a_runner_ended_says_where_it_ran(start: Start) -> None:
    """What succeeds, what fails, what heeds a cancel, and what has more headers than a gateway lets through."""
    fal = await start(latency=(1.0, 1.0), concurrency=3)
    headers = {"x-hint": "a" * 16_384}
    runs: list[dict[str, Any]] = [{"latency": 0}, {"latency": 0, "fail": 500}, {"heed_cancel": True}]
    runs.append({"latency": 0, "response_headers": headers})
    submitted = [await fal.submit(override=run) for run in runs]
    await fal.http.put(submitted[2].json()["cancel_url"])
    for reply in submitted:
        await fal.finished(reply)
    results = [await fal.http.get(reply.json()["response_url"]) for reply in submitted]

    assert [result.status_code for result in results] == [200, 500, 499, 502]
    assert all(result.headers["x-fal-served-from"] for result in results)


async def test_scripts_choose_submits_by_number_and_the_header_goes_before(start: Start) -> None:
    fal = await start()
    fal.emulator.script(2, {"fail": 500})
    fal.emulator.script(3, {"fail": 500})
    url = f"/{MODEL}"
    plain = [await fal.http.post(url, json={"prompt": "x"}) for _ in range(2)]
    with_header = await fal.submit(override={"fail": 422})
    statuses = []
    for reply in (*plain, with_header):
        await fal.finished(reply)
        statuses.append((await fal.http.get(reply.json()["response_url"])).status_code)

    assert statuses == [200, 500, 422]


@pytest.mark.parametrize(
    "bad",
    [
        {"headers": {"x-emulator": "{"}},
        {"params": {"fal_webhook": "ftp://x"}},
        {"headers": {"X-Fal-Request-Timeout": "soon"}},
        {"content": b"not json"},
    ],
)
async def test_a_mistaken_submit_is_a_platform_400(start: Start, bad: dict[str, Any]) -> None:
    fal = await start()
    reply = await fal.http.post(f"/{MODEL}", **bad)

    assert reply.status_code == 400
    assert reply.headers["X-Fal-Error-Type"] == reply.json()["error_type"] == "bad_request"
    assert isinstance(reply.json()["detail"], str)


async def test_a_caller_may_refuse_a_long_queue(start: Start) -> None:
    fal = await start(latency=(1.0, 1.0), concurrency=1)
    limit = {"fal_max_queue_length": "1"}
    replies = [await fal.submit(params=limit) for _ in range(4)]

    assert [reply.status_code for reply in replies] == [200, 200, 200, 429]


async def test_other_methods_are_405_and_strange_paths_404(start: Start) -> None:
    fal = await start()
    submitted = await fal.submit()

    assert (await fal.http.get(f"/{MODEL}")).status_code == 405
    assert (await fal.http.post(submitted.json()["cancel_url"])).status_code == 405
    assert (await fal.http.get("/nothing")).status_code == 404
    assert (await fal.http.get("/files/nothing.mp4")).status_code == 404


async def test_text_that_is_no_valid_unicode_comes_back_as_it_came(start: Start) -> None:
    fal = await start()
    bad = await fal.http.post(f"/{MODEL}", content=b'{"negative_prompt": "cut \\ud83d"}')
    await fal.finished(bad)
    good = await fal.submit()
    await fal.finished(good)

    result = await fal.http.get(bad.json()["response_url"])

    assert result.json()["detail"][0]["input"] == {"negative_prompt": "cut \ud83d"}
    assert (await fal.http.get("/_emulator/requests")).status_code == 200
    assert (await fal.http.get(good.json()["response_url"])).status_code == 200
