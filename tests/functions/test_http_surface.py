"""What holds for every function: who may call, how big a body may be, CORS, and problem documents for all else."""

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from tests.functions.serving import CALLS, HEALTH, OTHER_SECRET, RUN, SECRET, Door, assert_problem

STORY = {"text": "A whale"}


async def bare(door: Door, method: str, path: str, **request: object) -> httpx.Response:
    """A call without the client's usual secret."""
    async with httpx.AsyncClient(base_url=door.url, trust_env=False) as http:
        return await http.request(method, path, **request)  # type: ignore[arg-type]  # httpx's own keywords


async def raw(door: Door, request: bytes) -> bytes:
    """Bytes as no well-behaved client sends them; the head of the answer."""
    parts = urlsplit(door.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(request)
        return await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    "headers",
    [
        {"apikey": SECRET},
        {"apikey": OTHER_SECRET},
        {"Authorization": f"Bearer {SECRET}"},
        {"Authorization": f"Bearer {OTHER_SECRET}"},
        {"authorization": f"bearer {SECRET}"},
        {"apikey": SECRET, "Authorization": f"Bearer {SECRET}"},
        {"apikey": SECRET, "Authorization": "Bearer a-users-token"},
        {"apikey": "sb_publishable_key", "Authorization": f"Bearer {SECRET}"},
    ],
    ids=str,
)
async def test_either_header_may_carry_any_secret(shared_door: Door, headers: dict[str, str]) -> None:
    """supabase-js always sends its publishable key as apikey; the secret may then be the bearer token."""
    answer = await bare(shared_door, "POST", CALLS, json=STORY, headers=headers)

    assert answer.status_code == 202, answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"apikey": ""},
        {"apikey": "wrong"},
        {"apikey": SECRET[:-1]},
        {"apikey": SECRET + "x"},
        {"apikey": SECRET.upper()},
        {"apikey": f"{SECRET}, {OTHER_SECRET}"},
        {"apikey": "sécret".encode()},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {SECRET}"},
        {"Authorization": b"Bearer \xff\xfe"},
        {"Cookie": f"apikey={SECRET}"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", [CALLS, RUN])
async def test_without_a_valid_secret_it_is_401(
    shared_door: Door, path: str, headers: dict[str, str | bytes]
) -> None:
    """No secret, a wrong one, half of one, or one in another place: 401 that says where it belongs."""
    problem = assert_problem(await bare(shared_door, "POST", path, json=STORY, headers=headers), 401, "apikey")

    assert SECRET not in json.dumps(problem)


async def test_a_secret_in_the_address_is_no_secret(shared_door: Door) -> None:
    """Addresses end up in logs."""
    assert_problem(await bare(shared_door, "POST", f"{CALLS}?apikey={SECRET}", json=STORY), 401)


async def test_strangers_bodies_are_not_even_looked_at(shared_door: Door) -> None:
    """Without a secret there is nothing to learn about what bodies are good."""
    assert_problem(await bare(shared_door, "POST", CALLS, content=b"["), 401)
    assert_problem(await bare(shared_door, "POST", CALLS, content=b"x" * (3 * 2**20)), 401)


async def test_a_huge_body_is_413(shared_door: Door) -> None:
    """Past the limit the answer comes whether the length was announced or not."""
    size = 3 * 2**20

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(size // 2**16):
            yield b"x" * 2**16

    assert_problem(await shared_door.post(content=b"x" * size), 413)
    assert_problem(await shared_door.post(content=chunks()), 413)


async def test_a_huge_announced_length_is_413_before_the_body(shared_door: Door) -> None:
    """Ten gigabytes that are announced are refused without being read."""
    head = f"POST {CALLS} HTTP/1.1\r\nHost: x\r\napikey: {SECRET}\r\nContent-Length: 10000000000\r\n\r\n{{"

    assert (await raw(shared_door, head.encode())).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "+10", "\u00b2", "0x10", "9" * 400])
async def test_a_senseless_length_is_refused(shared_door: Door, length: str) -> None:
    """What is no length is a client's mistake, and the server lives on."""
    head = f"POST {CALLS} HTTP/1.1\r\nHost: x\r\napikey: {SECRET}\r\nContent-Length: {length}\r\n\r\n{{}}"

    answer = await raw(shared_door, head.encode("latin-1"))

    assert answer.split(b" ", 2)[1] in {b"400", b"413"}
    assert (await shared_door.post(json=STORY)).status_code == 202


async def test_a_body_that_ends_early_does_no_harm(shared_door: Door, caplog: pytest.LogCaptureFixture) -> None:
    """A caller that hangs up in the middle makes no video, and no stack trace in the log."""
    head = f"POST {CALLS} HTTP/1.1\r\nHost: x\r\napikey: {SECRET}\r\nContent-Length: 50\r\n\r\n"
    parts = urlsplit(shared_door.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(head.encode() + b'{"text": "A whale"}')
    writer.write_eof()
    await reader.read()
    writer.close()
    await writer.wait_closed()

    assert (await shared_door.post(json=STORY)).status_code == 202
    assert "Traceback" not in caplog.text
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize("path", [CALLS, RUN, HEALTH])
async def test_a_browsers_preflight_needs_no_key(shared_door: Door, path: str) -> None:
    """OPTIONS answers what supabase-js's invoke asks for."""
    asked = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": (
            "authorization,x-client-info,apikey,content-type,x-retry-count,traceparent,tracestate,baggage"
        ),
    }
    answer = await bare(shared_door, "OPTIONS", path, headers=asked)

    assert answer.status_code in {200, 204}
    assert answer.headers["access-control-allow-origin"] == "*"
    allowed = answer.headers["access-control-allow-headers"].replace(" ", "").lower().split(",")
    assert set(asked["Access-Control-Request-Headers"].split(",")) <= set(allowed)
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert answer.content == b""


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/functions/v1",
        "/functions/v1/",
        "/functions/v1/nothing",
        "/functions/v1/generate-video/x",
        "//",
        "/%00",
    ],
)
async def test_an_address_without_a_function_is_404(shared_door: Door, path: str) -> None:
    """The problem names the address that was asked for."""
    assert_problem(await shared_door.http.get(path), 404)


@pytest.mark.parametrize("host", ["[", "a b", "x:99999999", "\u00e4"])
async def test_an_odd_host_header_is_no_fault(shared_door: Door, host: str) -> None:
    """The host decides nothing here, so a senseless one changes no answer to a fault of ours."""
    head = f"GET /nothing HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"

    assert (await raw(shared_door, head.encode("latin-1"))).split(b" ", 2)[1] in {b"400", b"404"}


@pytest.mark.parametrize("path", [f"{CALLS}/", f"{RUN}/", f"{HEALTH}/"])
async def test_no_answer_is_a_redirect(shared_door: Door, path: str) -> None:
    """A preflight may not be redirected and fal takes a 3xx for a final no: a slash too many works or is 404."""
    for method in ("OPTIONS", "POST", "GET"):
        answer = await shared_door.http.request(method, path)

        assert not answer.is_redirect, f"{method} {path}: {answer.status_code} to {answer.headers['location']}"
        assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("method", "path", "allowed"), [("GET", CALLS, "POST"), ("PUT", RUN, "POST"), ("POST", HEALTH, "GET")]
)
async def test_a_wrong_method_is_405_and_says_which_is_right(
    shared_door: Door, method: str, path: str, allowed: str
) -> None:
    """The Allow header, which RFC 9110 demands with a 405, lists what works."""
    answer = await shared_door.http.request(method, path)

    assert_problem(answer, 405, method)
    assert allowed in answer.headers.get("allow", "").replace(" ", "").split(",")


async def test_a_fault_of_ours_is_a_500_that_tells_nothing(door: Door, owner: psycopg.AsyncConnection) -> None:
    """Even then the caller can read it: a problem document with CORS, without SQL, paths or traces."""
    await owner.execute("drop function storyreel.request_videos cascade")

    problem = assert_problem(await door.post(json=STORY), 500)

    assert problem["code"] == "internal"
    assert "request_videos" not in json.dumps(problem)


async def test_many_callers_at_once_are_all_served(door: Door, owner: psycopg.AsyncConnection) -> None:
    """A burst larger than the pool of connections waits its turn; the same id is still one video."""
    answers = await asyncio.gather(
        *(door.post(json={"text": f"A whale {number}", "id": str(number % 20)}) for number in range(80))
    )

    assert {answer.status_code for answer in answers} == {202}
    counts = "select (select count(*) from storyreel.videos), (select count(*) from storyreel.revisions)"
    assert await (await owner.execute(counts)).fetchone() == (20, 20)
