"""Promises of the sockets: realtime sessions, and HTTP calls over a socket."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import msgpack
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from local.fal.hosts.realtime import IDLE
from tests.local.fal.emulated import MODEL, Running

Start = Callable[..., Awaitable[Running]]
KEY = {"Authorization": "Key id:secret"}
LCM = "fal-ai/fast-lcm-diffusion"


def socket(fal: Running, path: str, **headers: str) -> connect:
    return connect(fal.url.replace("http", "ws") + path, additional_headers=headers or KEY)


async def say(socket: ClientConnection, **message: Any) -> dict[str, Any]:
    """Send an input as msgpack and return the answer to it."""
    await socket.send(msgpack.packb(message))
    return dict(msgpack.unpackb(await socket.recv(decode=False)))


async def token(fal: Running, *apps: str, seconds: float = 120) -> str:
    answer = await fal.http.post("/rest/tokens/", json={"allowed_apps": apps, "token_expiration": seconds})
    return str(answer.json())


async def test_a_session_answers_input_after_input_with_timings_between(start: Start) -> None:
    fal = await start()
    async with socket(fal, f"/run/{MODEL}/realtime") as session:
        first = await say(session, prompt="a fox", seed=1)
        timings = json.loads(await session.recv())
        second = await say(session, prompt="a fox", seed=2)

    assert (first["seed"], second["seed"]) == (1, 2)
    assert first["video"]["url"].startswith(f"{fal.url}/files/")
    assert timings.keys() == {"type", "action", "timing"}
    assert (timings["type"], timings["action"]) == ("x-fal-message", "timings")


async def test_text_frames_are_answered_with_text_frames(start: Start) -> None:
    fal = await start()
    async with socket(fal, f"/run/{LCM}/realtime") as session:
        await session.send(json.dumps({"prompt": "a fox", "seed": 1}))
        answer = json.loads(await session.recv(decode=True))

    assert answer["images"][0]["url"].startswith("data:image/jpeg;base64,")


async def test_an_input_that_is_refused_ends_the_session_with_the_reason(start: Start) -> None:
    fal = await start()
    async with socket(fal, f"/run/{MODEL}/realtime") as session:
        await session.send(msgpack.packb({"prompt": "x", "num_frames": 99}))
        error = json.loads(await session.recv())
        with pytest.raises(ConnectionClosed):
            await session.recv()

    assert (error["type"], error["error"]) == ("x-fal-error", "INTERNAL_ERROR")
    assert "less than or equal to 32" in error["reason"]


@pytest.mark.parametrize(
    "frame",
    [
        b"\xc1",
        b"\x93\x01",
        "{",
        "[" * 100_000,
        b"\x91" * 600 + b"\x90",
        msgpack.packb({b"prompt": "x"}),
        msgpack.packb({"prompt": "x", "seed": float("nan")}),
        msgpack.packb({"prompt": "x", "seed": str(2**70)}),
    ],
    ids=["no msgpack", "half", "half JSON", "deep JSON", "deep", "no text key", "nan", "large"],
)
async def test_what_cannot_be_an_input_or_an_answer_ends_the_session(start: Start, frame: str | bytes) -> None:
    """With the reason and a close frame."""
    fal = await start()
    async with socket(fal, f"/run/{MODEL}/realtime") as session:
        await session.send(frame)
        error = json.loads(await session.recv())
        await session.wait_closed()

    assert (error["type"], error["error"]) == ("x-fal-error", "INTERNAL_ERROR")
    assert session.close_code == 1000


async def test_an_input_may_hold_what_json_cannot(start: Start) -> None:
    """Bytes, as clients send the picture of a camera, and moments."""
    fal = await start()
    async with socket(fal, f"/run/{MODEL}/realtime") as session:
        answer = await say(session, prompt="x", seed=4, image=b"\xff\x00", taken=msgpack.Timestamp(7, 0))
    [entry] = fal.emulator.journal.listing(wanted={}, now=0)["requests"]

    assert answer["seed"] == 4
    assert entry["input"] == {"prompt": "x", "seed": 4, "image": "/wA=", "taken": 7.0}


async def test_text_that_is_no_valid_unicode_is_answered_as_it_came(start: Start) -> None:
    fal = await start()
    async with socket(fal, "/run/fal-ai/flux/schnell/realtime") as session:
        await session.send('{"prompt": "cut \\ud83d"}')
        answer = json.loads(await session.recv())

    assert answer["prompt"] == "cut \ud83d"


async def test_a_silent_session_times_out(start: Start) -> None:
    """Clients know the word TIMEOUT: it is no error to them."""
    fal = await start()
    async with socket(fal, f"/run/{MODEL}/realtime") as session:
        await say(session, prompt="x")
        await session.recv()
        await fal.clock.asleep(IDLE)
        fal.clock.forward(IDLE)
        error = json.loads(await session.recv())

    assert (error["type"], error["error"]) == ("x-fal-error", "TIMEOUT")


async def test_with_buffering_only_the_newest_inputs_are_worked_on(start: Start) -> None:
    """In real time an old input is a stale one."""
    fal = await start(latency=(1.0, 1.0))
    async with socket(fal, f"/run/{MODEL}/realtime?max_buffering=1") as session:
        await session.send(msgpack.packb({"prompt": "x", "seed": 1}))
        await fal.clock.asleep(1.0)
        for seed in (2, 3, 4):
            await session.send(msgpack.packb({"prompt": "x", "seed": seed}))
        await session.ping()
        pong = await session.ping()
        await pong
        fal.clock.forward(1.0)
        first = msgpack.unpackb(await session.recv(decode=False))
        await session.recv()
        await fal.clock.asleep(1.0)
        fal.clock.forward(1.0)
        second = msgpack.unpackb(await session.recv(decode=False))

    assert (first["seed"], second["seed"]) == (1, 4)


async def test_a_token_opens_its_own_app_until_it_expires(start: Start) -> None:
    fal = await start(key="id:secret")
    good, other = await token(fal, "fast-animatediff"), await token(fal, "flux")
    path = f"/run/{MODEL}/realtime?fal_jwt_token="
    async with socket(fal, path + good, Accept="*/*") as session:
        answered = await say(session, prompt="x", seed=3)
    refusals = []
    for wrong in (other, "made-up"):
        async with socket(fal, path + wrong, Accept="*/*") as session:
            refusals.append(json.loads(await session.recv()))
    fal.clock.forward(120)
    async with socket(fal, path + good, Accept="*/*") as session:
        refusals.append(json.loads(await session.recv()))

    assert answered["seed"] == 3
    assert refusals == [{"status": "error", "error": "Unauthorized"}] * 3


async def test_a_token_serves_direct_streams_of_browsers_too(start: Start) -> None:
    fal = await start(key="id:secret")
    query = {"fal_jwt_token": await token(fal, "fal-ai/fast-animatediff")}
    answer = await fal.http.post(
        f"/run/{MODEL}/stream", json={"prompt": "x"}, params=query, headers={"Authorization": ""}
    )

    assert answer.status_code == 200
    [entry] = [e for e in fal.emulator.journal.listing(wanted={}, now=0)["received"] if "stream" in e["path"]]
    assert query["fal_jwt_token"] not in json.dumps(entry)


async def test_tokens_are_for_those_with_the_key(start: Start) -> None:
    fal = await start(key="id:secret")
    asked = {"allowed_apps": ["flux"]}
    stranger = await fal.http.post("/rest/tokens/", json=asked, headers={"Authorization": "Key other"})
    senseless = await fal.http.post("/rest/tokens/", json={"allowed_apps": []})

    assert (stranger.status_code, senseless.status_code) == (401, 400)


async def test_a_session_takes_a_place_and_gives_it_back(start: Start) -> None:
    fal = await start(concurrency=1)
    async with socket(fal, f"/run/{MODEL}/realtime") as session:
        await say(session, prompt="x")
        queued = await fal.submit()
        waiting = (await fal.http.get(queued.json()["status_url"])).json()["status"]
        with pytest.raises(InvalidStatus) as refused:
            async with socket(fal, f"/run/{MODEL}/realtime"):
                pass
    status = await fal.finished(queued)

    assert (waiting, status["status"]) == ("IN_QUEUE", "COMPLETED")
    assert refused.value.response.status_code == 429


async def test_a_model_that_is_not_there_cannot_be_opened(start: Start) -> None:
    fal = await start()
    with pytest.raises(InvalidStatus) as refused:
        async with socket(fal, "/run/fal-ai/nothing/here/realtime"):
            pass

    assert refused.value.response.status_code == 404


async def test_calls_over_a_socket_come_as_start_body_and_end(start: Start) -> None:
    fal = await start()
    async with socket(fal, f"/ws/{MODEL}") as connection:
        for seed, status in ((1, 200), ("x", 422)):
            await connection.send(json.dumps({"prompt": "x", "seed": seed}))
            begin, body, end = [await connection.recv() for _ in range(3)]
            begin, end = json.loads(begin), json.loads(end)

            assert (begin["type"], begin["status"], end["type"]) == ("start", status, "end")
            assert begin["request_id"] == end["request_id"]
            assert begin["headers"]["x-fal-served-from"]
            assert json.loads(body).keys() >= ({"video"} if status == 200 else {"detail"})


async def test_a_binary_frame_is_a_call_over_a_socket_too(start: Start) -> None:
    fal = await start()
    async with socket(fal, f"/ws/{MODEL}") as connection:
        await connection.send(b'{"prompt": "x", "seed": 3}')
        _, body, _ = [await connection.recv() for _ in range(3)]

    assert json.loads(body)["seed"] == 3


@pytest.mark.parametrize("path", [f"/run/{MODEL}/realtime", f"/ws/{MODEL}"])
async def test_a_caller_that_goes_in_the_middle_ends_its_run(start: Start, path: str) -> None:
    """What waits has the place at once, and the record says why the run ended."""
    fal = await start(latency=(1.0, 1.0), concurrency=1)
    session = await socket(fal, path)
    await session.send('{"prompt": "x"}')
    await fal.clock.asleep(1.0)
    queued = await fal.submit(override={"latency": 0})
    await session.close()
    async with asyncio.timeout(10):
        status = await fal.finished(queued)
    [run, _] = fal.emulator.journal.listing(wanted={}, now=0)["requests"]

    assert "error" not in status
    assert (run["state"], run["status"]) == ("COMPLETED", 499)
    assert run["output"]["error_type"] == "client_disconnected"


async def test_a_lock_is_felt_in_sockets_that_are_open(start: Start) -> None:
    fal = await start()
    async with socket(fal, f"/run/{MODEL}/realtime") as session, socket(fal, f"/ws/{MODEL}") as calls:
        await fal.http.post("/_emulator/account", json={"locked": True})
        await session.send('{"prompt": "x"}')
        await calls.send('{"prompt": "x"}')
        error, begin = json.loads(await session.recv()), json.loads(await calls.recv())
        with pytest.raises(ConnectionClosed):
            await session.recv()

    assert (error["type"], begin["status"]) == ("x-fal-error", 403)
    assert "locked" in error["reason"]
