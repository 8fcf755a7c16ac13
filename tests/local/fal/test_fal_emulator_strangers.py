"""Promises about what strangers send: it is answered, however odd, and spoils nothing for those who come after."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.local.fal.emulated import MODEL, Running

Start = Callable[..., Awaitable[Running]]
FAR = "9" * 5000
"""A whole number with more digits than Python reads."""


async def statuses(fal: Running, *calls: dict[str, Any]) -> list[int]:
    return [
        (await fal.http.request(**{"method": "POST", "url": f"/{MODEL}", **call})).status_code for call in calls
    ]


async def test_numbers_of_any_length_are_read(start: Start) -> None:
    """A limit beyond all limits is none, and a part of that number there never was."""
    fal = await start()
    begun = (await fal.http.post("/rest/storage/upload/initiate-multipart", json={})).json()

    assert await statuses(
        fal,
        {"json": {"prompt": "x"}, "params": {"fal_max_queue_length": FAR}},
        {"method": "GET", "url": "/_emulator/requests", "params": {"limit": FAR}},
        {"method": "PUT", "url": f"{begun['upload_url']}/{FAR}", "content": b"x"},
        {"method": "PUT", "url": f"{begun['upload_url']}/one", "content": b"x"},
        {"method": "PUT", "url": f"{begun['upload_url']}/0", "content": b"x"},
    ) == [200, 200, 400, 400, 400]


async def test_json_of_any_depth_is_answered_and_can_be_looked_up(start: Start) -> None:
    """Also where the caller has no key."""
    fal = await start(key="id:secret")
    deep = '{"prompt": "x", "a": ' + "[" * 800 + "]" * 800 + "}"
    bodies = [deep, "[" * 100_000, '{"prompt": "x", "a": NaN}', '{"prompt": "x", "a": 1e999}']
    answers = [await fal.http.post(f"/{MODEL}", content=body) for body in bodies]
    strangers = await fal.http.post(f"/{MODEL}", content="[" * 100_000, headers={"Authorization": ""})
    listing = await fal.http.get("/_emulator/requests")

    assert [answer.status_code for answer in (*answers, strangers)] == [400, 400, 400, 400, 401]
    assert all(answer.json()["error_type"] == "bad_request" for answer in answers)
    received = json.loads(listing.text, parse_constant=pytest.fail)["received"]
    assert received[2]["body"] == bodies[2]


@pytest.mark.parametrize("url", ["http://xn--/", "http://xn--a/", "http://☃.invalid/", "http://x:70000/"])
async def test_a_webhook_to_which_nothing_can_be_sent_is_refused(start: Start, url: str) -> None:
    fal = await start()

    assert await statuses(fal, {"json": {"prompt": "x"}, "params": {"fal_webhook": url}}) == [400]


@pytest.mark.parametrize(
    "target", ["http://[", "//", "", "fal.run/x", "ftp://fal.run/x", "https:///x", "https://a:b/"]
)
async def test_a_target_that_is_no_url_is_refused(start: Start, target: str) -> None:
    """By a socket's handshake, too."""
    fal = await start()
    headers = {"x-fal-target-url": target}
    answer = await fal.http.post("/", json={}, headers=headers)
    with pytest.raises(InvalidStatus, match="400"):
        await connect(fal.url.replace("http", "ws"), additional_headers=headers)

    assert (answer.status_code, answer.json()["error_type"]) == (400, "bad_request")


async def test_a_target_is_a_url_with_all_that_urls_have(start: Start) -> None:
    """Escapes in its path and a port; what stands before its host is no part of it."""
    fal = await start()
    target = f"https://user:word@fal.run:443/{MODEL.replace('-', '%2D')}"
    answer = await fal.http.post("/", json={"prompt": "x"}, headers={"x-fal-target-url": target})
    [received] = (await fal.http.get("/_emulator/requests")).json()["received"]

    assert answer.status_code == 200
    assert (received["host"], received["path"]) == ("fal.run:443", f"/{MODEL}")


@pytest.mark.parametrize(
    "headers",
    [{"x": "a\r\nb: c"}, {"x": "☃"}, {"x y": "a"}, {"": "a"}, {"Content-Length": "3"}, {"connection": "close"}],
)
async def test_headers_that_no_app_can_set_are_refused(start: Start, headers: dict[str, str]) -> None:
    fal = await start()
    answer = await fal.submit(override={"response_headers": headers})

    assert answer.status_code == 400
    assert "response_headers" in answer.json()["detail"]


async def test_an_app_sets_no_header_twice(start: Start) -> None:
    """Names are equal in any case; those of fal's gateway are its own."""
    fal = await start()
    asked = {"X-Fal-Request-Id": "mine", "X-FAL-BILLABLE-UNITS": "9", "X-Hint": "a"}
    answer = await fal.http.post(
        f"/run/{MODEL}", json={"prompt": "x"}, headers={"x-emulator": json.dumps({"response_headers": asked})}
    )

    for name in asked:
        assert len(answer.headers.get_list(name)) == 1
    assert (answer.headers["x-hint"], answer.headers["x-fal-billable-units"]) == ("a", "0")
    assert answer.headers["x-fal-request-id"] != "mine"


async def test_no_reply_has_more_than_16_kilobytes_of_headers(start: Start) -> None:
    """Those that the gateway adds are counted; one byte more of the app's fails."""
    fal = await start()

    async def size(length: int) -> tuple[int, int]:
        override = json.dumps({"response_headers": {"x": "a" * length}})
        headers = {"x-emulator": override, "Origin": "http://app.example"}
        answer = await fal.http.post(f"/run/{MODEL}", json={"prompt": "x"}, headers=headers)
        return answer.status_code, sum(len(name) + len(value) + 4 for name, value in answer.headers.raw)

    sizes = [await size(length) for length in range(15_000, 16_400, 100)]

    assert {status for status, _ in sizes} == {200, 502}
    assert max(total for _, total in sizes) <= 16 * 1024


@pytest.mark.parametrize("content_type", ["text/☃", "text/plain\r\nset-cookie: x=1", "text/plain\n"])
async def test_a_content_type_that_no_header_can_say_is_refused(start: Start, content_type: str) -> None:
    """When the upload begins, and not whenever its file is read."""
    fal = await start()
    begun = await fal.http.post("/rest/storage/upload/initiate", json={"content_type": content_type})

    assert begun.status_code == 400


async def test_the_clock_stays_within_the_calendar(start: Start) -> None:
    """What tells dates goes on doing so."""
    fal = await start()
    moves = [await fal.http.post("/_emulator/clock", json={"advance": by}) for by in (1e11, 1e12, 1.7e308)]
    submitted = await fal.submit()
    await fal.finished(submitted)
    status = await fal.http.get(submitted.json()["status_url"], params={"logs": "1"})
    token = await fal.http.post("/rest/storage/auth/token", json={})

    assert [move.status_code for move in moves] == [200, 400, 400]
    assert (status.status_code, token.status_code) == (200, 200)
