"""Promises of webhook delivery over real HTTP: what is said, how it is signed, when it is tried again."""

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from starlette.responses import RedirectResponse, Response

from local.fal.webhooks import Attempt
from tests.local.fal.emulated import Delivered, Inbox, Running

Start = Callable[..., Awaitable[Running]]


async def verify(fal: Running, delivered: Delivered) -> None:
    """The receiver's side of fal's signature, written from its description alone. Raises InvalidSignature."""
    (key,) = (await fal.http.get("/.well-known/jwks.json")).json()["keys"]
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "=="))
    names = ("Request-Id", "User-Id", "Timestamp")
    parts = [delivered.headers[f"X-Fal-Webhook-{name}"] for name in names]
    message = "\n".join([*parts, hashlib.sha256(delivered.body).hexdigest()])
    public.verify(bytes.fromhex(delivered.headers["X-Fal-Webhook-Signature"]), message.encode())


async def test_a_finished_clip_is_announced_signed_with_its_payload(start: Start, inbox: Inbox) -> None:
    fal = await start()
    submitted = await fal.submit(params={"fal_webhook": inbox.url})
    delivered = await inbox.deliveries.get()
    result = await fal.http.get(submitted.json()["response_url"])

    request_id = submitted.json()["request_id"]
    assert delivered.json() == {
        "request_id": request_id,
        "gateway_request_id": request_id,
        "status": "OK",
        "payload": result.json(),
    }
    assert delivered.headers["X-Fal-Webhook-Request-Id"] == request_id
    assert delivered.headers["X-Fal-Webhook-Timestamp"] == str(int(fal.clock.now()))
    assert delivered.headers["Content-Type"] == "application/json"
    await verify(fal, delivered)
    with pytest.raises(InvalidSignature):
        await verify(fal, Delivered(delivered.headers, delivered.body + b" "))


@pytest.mark.parametrize(("fail", "status"), [("content_policy_violation", 422), ("runner_disconnected", 503)])
async def test_a_failure_is_announced_with_its_status_and_detail(
    start: Start, inbox: Inbox, fail: str, status: int
) -> None:
    fal = await start()
    submitted = await fal.submit(params={"fal_webhook": inbox.url}, override={"fail": fail})
    body = (await inbox.deliveries.get()).json()
    result = await fal.http.get(submitted.json()["response_url"])

    assert (body["status"], body["error"]) == ("ERROR", f"Invalid status code: {status}")
    assert body["payload"] == result.json()


async def test_a_start_timeout_is_announced_too(start: Start, inbox: Inbox) -> None:
    fal = await start(latency=(10.0, 10.0), concurrency=1)
    await fal.submit()
    await fal.submit(params={"fal_webhook": inbox.url}, headers={"X-Fal-Request-Timeout": "2"})
    fal.clock.forward(2.0)

    assert (await inbox.deliveries.get()).json()["error"] == "Invalid status code: 504"


async def test_a_payload_error_says_so_and_the_result_stays(start: Start, inbox: Inbox) -> None:
    fal = await start()
    submitted = await fal.submit(params={"fal_webhook": inbox.url}, override={"payload_error": True})
    body = (await inbox.deliveries.get()).json()
    result = await fal.http.get(submitted.json()["response_url"])

    assert (body["payload"], bool(body["payload_error"])) == (None, True)
    assert "video" in result.json()


async def test_failures_are_tried_again_after_growing_pauses_until_acknowledged(
    start: Start, inbox: Inbox
) -> None:
    fal = await start(backoff_base=5.0)
    inbox.answers += [Response(status_code=503), Response(status_code=404), Response(status_code=204)]
    await fal.submit(params={"fal_webhook": inbox.url})
    delivered = [await inbox.deliveries.get()]
    for pause in (5.0, 10.0):
        await fal.clock.asleep(pause)
        fal.clock.forward(pause)
        delivered.append(await inbox.deliveries.get())

    assert len({one.body for one in delivered}) == 1
    assert len({one.headers["X-Fal-Webhook-Timestamp"] for one in delivered}) == 3
    for one in delivered:
        await verify(fal, one)
    await settled(fal, ["503", "404", "204"])
    assert inbox.deliveries.empty()


async def test_a_redirect_ends_delivery_for_good(start: Start, inbox: Inbox) -> None:
    fal = await start()
    inbox.answers.append(RedirectResponse(inbox.url))
    await fal.submit(params={"fal_webhook": inbox.url})

    await settled(fal, ["307"])
    fal.clock.forward(3600)
    [request] = (await fal.http.get("/_emulator/requests")).json()["requests"]
    assert request["expired"]
    assert inbox.deliveries.qsize() == 1


async def test_delivery_stops_when_the_result_expires(start: Start, inbox: Inbox) -> None:
    fal = await start(backoff_base=1000.0)
    inbox.answers += [Response(status_code=500)] * 3
    await fal.submit(params={"fal_webhook": inbox.url})
    await fal.clock.asleep(1000.0)
    fal.clock.forward(1000.0)
    await fal.clock.asleep(2000.0)
    fal.clock.forward(2000.0)

    await settled(fal, ["500", "500", "500"])
    assert fal.clock.sleepers() == 0


async def test_a_slow_receiver_counts_as_failed(start: Start, inbox: Inbox) -> None:
    fal = await start(first_attempt_timeout=0.2)
    release = asyncio.Event()

    async def slow() -> Response:
        await release.wait()
        return Response()

    inbox.answers.append(slow)
    await fal.submit(params={"fal_webhook": inbox.url})
    await fal.clock.asleep(5.0)
    release.set()
    fal.clock.forward(5.0)

    first, second = await attempted(fal, 2)
    assert first.answer == "TimeoutError"
    assert second.answer == "200"


async def test_a_receiver_that_is_away_is_tried_again(start: Start, inbox: Inbox) -> None:
    fal = await start()
    nobody = httpx.URL(inbox.url).copy_with(port=9)
    await fal.submit(params={"fal_webhook": str(nobody)})
    await fal.clock.asleep(5.0)

    await settled(fal, ["ConnectError"])


async def test_webhooks_can_be_lost_doubled_and_delayed(start: Start, inbox: Inbox) -> None:
    fal = await start()
    hook = {"fal_webhook": inbox.url}
    lost = await fal.submit(params=hook, override={"lose_webhook": True})
    await fal.finished(lost)
    doubled = await fal.submit(params=hook, override={"duplicate_webhook": 2})
    twice = [(await inbox.deliveries.get()).json()["request_id"] for _ in range(2)]
    delayed = await fal.submit(params=hook, override={"webhook_delay": 30})
    await fal.clock.asleep(30)
    early = inbox.deliveries.empty()
    fal.clock.forward(30)

    assert twice == [doubled.json()["request_id"]] * 2
    assert early
    assert (await inbox.deliveries.get()).json()["request_id"] == delayed.json()["request_id"]


async def test_rates_lose_and_double_webhooks_of_their_own_accord(start: Start, inbox: Inbox) -> None:
    losing = await start(loss_rate=1.0)
    doubling = await start(duplicate_rate=1.0)
    failing = await start(failure_rate=1.0)
    hook = {"fal_webhook": inbox.url}
    await losing.finished(await losing.submit(params=hook))
    nothing = inbox.deliveries.empty()
    await doubling.submit(params=hook)
    doubled = [(await inbox.deliveries.get()).json()["status"] for _ in range(2)]
    await failing.submit(params=hook)

    assert nothing
    assert doubled == ["OK", "OK"]
    assert (await inbox.deliveries.get()).json()["error"] == "Invalid status code: 500"


async def attempted(fal: Running, number: int) -> tuple[Attempt, ...]:
    """The attempts of request 1, once there are that many."""
    while len(attempts := fal.emulator.journal.attempts("id-1")) < number:
        await fal.http.get("/_emulator/requests")
    return attempts


async def settled(fal: Running, answers: list[str]) -> None:
    assert [attempt.answer for attempt in await attempted(fal, len(answers))] == answers
