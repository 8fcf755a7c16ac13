"""Promises of what fal does not have: a hand on the clock, a lock on the account, a record to ask."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from local.fal.clock import MovableClock
from tests.local.fal.emulated import MODEL, Running

Start = Callable[..., Awaitable[Running]]


async def test_the_clock_can_be_moved_by_hand(start: Start) -> None:
    """An hour passes at once, and a result is forgotten as at fal."""
    fal = await start()
    submitted = await fal.submit()
    await fal.finished(submitted)
    before = (await fal.http.get("/_emulator/clock")).json()["now"]
    after = (await fal.http.post("/_emulator/clock", json={"advance": 3600})).json()["now"]

    assert after == before + 3600
    assert (await fal.http.get(submitted.json()["response_url"])).status_code == 404


@pytest.mark.parametrize(
    "body", ['{"advance": -1}', '{"advance": "soon"}', '{"back": 1}', "[]", '{"advance": Infinity}']
)
async def test_time_goes_forward_only(start: Start, body: str) -> None:
    fal = await start()
    answer = await fal.http.post("/_emulator/clock", content=body)

    assert answer.status_code == 400
    assert fal.clock.now() == 1_700_000_000.0


async def test_moving_the_real_clock_wakes_those_for_whom_it_is_time() -> None:
    """And nobody else."""
    clock = MovableClock()
    began = clock.now()
    soon = asyncio.create_task(clock.sleep_until(began + 100))
    late = asyncio.create_task(clock.sleep_until(began + 10_000))
    await asyncio.sleep(0)
    clock.forward(200)
    await soon

    assert clock.now() >= began + 200
    assert not late.done()
    late.cancel()
    with pytest.raises(ValueError, match="forward"):
        clock.forward(-1)


async def test_a_locked_account_is_told_so_and_can_be_unlocked(start: Start) -> None:
    fal = await start()
    token = (await fal.http.post("/rest/storage/auth/token")).json()
    await fal.http.post("/_emulator/account", json={"locked": True})
    refused = [await fal.submit(), await fal.http.post(f"/run/{MODEL}", json={"prompt": "x"})]
    refused.append(await fal.http.post("/rest/tokens/", json={"allowed_apps": ["flux"]}))
    refused.append(await fal.http.post("/cdn/files/upload", headers={"Authorization": f"Bearer {token['token']}"}))
    await fal.http.post("/_emulator/account", json={"locked": False})

    assert [answer.status_code for answer in refused] == [403] * 4
    assert {answer.json()["detail"] for answer in refused} == {"User is locked. Reason: Exhausted balance."}
    assert "x-fal-request-id" not in refused[0].headers
    assert (await fal.submit()).status_code == 200


async def test_the_page_of_another_site_can_touch_nothing_of_ours(start: Start) -> None:
    """Nor read the record; fal's own URLs are open to any page."""
    fal = await start()
    foreign = {"Origin": "https://evil.example"}
    own = await fal.http.post("/_emulator/account", json={"locked": False}, headers={"Origin": fal.url})
    locked = await fal.http.post("/_emulator/account", content='{"locked": true}', headers=foreign)
    moved = await fal.http.post("/_emulator/clock", content='{"advance": 60}', headers=foreign)
    record = await fal.http.get("/_emulator/requests", headers=foreign)
    submitted = await fal.submit(headers=foreign)

    assert [answer.status_code for answer in (own, locked, moved)] == [200, 400, 400]
    assert "access-control-allow-origin" not in record.headers
    assert submitted.headers["access-control-allow-origin"] == "*"


async def test_the_record_can_be_asked_for_some_requests_only(start: Start) -> None:
    fal = await start()
    done = [await fal.submit({"prompt": f"fox {number}"}) for number in range(3)]
    failed = await fal.submit({"prompt": "x", "num_frames": 99})
    for reply in (*done, failed):
        await fal.finished(reply)

    async def asked(**wanted: str) -> list[int]:
        listing = (await fal.http.get("/_emulator/requests", params=wanted)).json()
        return [request["number"] for request in listing["requests"]]

    assert await asked() == [1, 2, 3, 4]
    assert await asked(state="completed", status="422") == [4]
    assert await asked(limit="2") == [3, 4]
    assert await asked(request_id=done[1].json()["request_id"]) == [2]
    assert await asked(endpoint="fal-ai/other") == []


async def test_the_record_keeps_input_output_and_cost_beyond_expiry(start: Start) -> None:
    fal = await start(latency=(2.0, 2.0))
    submitted = await fal.submit({"prompt": "a fox", "seed": 4})
    await fal.clock.asleep(2.0)
    fal.clock.forward(2.0)
    await fal.finished(submitted)
    fal.clock.forward(4000)
    [request] = (await fal.http.get("/_emulator/requests")).json()["requests"]

    assert request["expired"]
    assert (request["input"], request["output"]["seed"]) == ({"prompt": "a fox", "seed": 4}, 4)
    assert request["billable_units"] == "2"


async def test_what_was_cancelled_in_the_queue_stays_in_the_record(start: Start) -> None:
    fal = await start(latency=(1.0, 1.0), concurrency=1)
    await fal.submit()
    waiting = await fal.submit()
    await fal.http.put(waiting.json()["cancel_url"])
    requests = (await fal.http.get("/_emulator/requests")).json()["requests"]

    assert [request["cancelled"] for request in requests] == [False, True]


async def test_a_name_that_a_stranger_made_lead_here_opens_nothing_of_ours(start: Start) -> None:
    """Neither to read nor to change, with fal's URLs for a target or without: fal's own stay open."""
    fal = await start()
    for host in (
        "[",
        ":1",
        "evil.example",
        "evil.example:54331",
        "127.0.0.1.evil.example",
        "fal.run.evil.example",
    ):
        rebound = {"Host": host, "Origin": f"http://{host}"}
        refused = [await fal.http.get(path, headers=rebound) for path in ("/", "/_emulator/requests")]
        refused += [await fal.http.post("/_emulator/account", json={"locked": True}, headers=rebound)]
        aimed = {**rebound, "x-fal-target-url": "http://localhost/_emulator/requests"}
        refused += [await fal.http.get("/", headers=aimed)]

        assert [answer.status_code for answer in refused] == [403] * 4
    assert (await fal.submit(headers={"Host": "evil.example"})).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "localhost:1",
        "a.localhost",
        "192.168.0.7:54331",
        "[::1]:1",
        "emulator:54331",
        "queue.fal.run",
        "Box.Example",
    ],
)
async def test_a_name_that_no_stranger_can_own_opens_it(start: Start, host: str) -> None:
    """An address, as from another machine, the name of a container, fal's, or one that it was told."""
    fal = await start(names=["box.example"])
    headers = {"Host": host, "Origin": f"http://{host}"}
    read = await fal.http.get("/_emulator/requests", headers=headers)
    changed = await fal.http.post("/_emulator/account", json={"locked": False}, headers=headers)

    assert [answer.status_code for answer in (read, changed)] == [200, 200]
