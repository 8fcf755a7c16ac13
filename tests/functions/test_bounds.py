"""What every function refuses before it looks at anything: too large, too long, and too slow."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from starlette.requests import Request
from starlette.types import Message

from functions import requests
from functions.problems import Refused
from local.postgres import EmbeddedPostgres
from tests.functions.auth import Auth, open_auth
from tests.functions.serving import CALLS, HEALTH, HOOK, PROBLEM_KEYS, RUN, SECRET, Door, hook
from tests.functions.user_sites import bearing, database_of, open_users_door

OPERATOR = "operators-only-0123456789"
RERENDER = "/functions/v1/rerender"
FUNCTIONS = [
    ("POST", CALLS),
    ("POST", RUN),
    ("GET", HEALTH),
    ("GET", f"/functions/v1/video/{UUID(int=1)}"),
    ("GET", "/functions/v1/status"),
    ("GET", "/functions/v1/metrics"),
    ("POST", RERENDER),
    ("POST", f"{HOOK}/{UUID(int=1)}/{'0' * 32}"),
    ("OPTIONS", CALLS),
    ("GET", "/functions/v1/nothing"),
]
Pairs = list[tuple[bytes, bytes]]


@pytest.fixture(scope="module")
async def site(postgres: EmbeddedPostgres, _template: str) -> AsyncIterator[tuple[Door, Auth]]:
    """An app with all its doors."""
    with database_of(postgres, _template, "bounds") as urls:
        async with (
            open_auth() as auth,
            open_users_door(urls.worker, auth, STORYREEL_OPERATOR_SECRETS=OPERATOR) as door,
        ):
            yield door, auth


def request(method: str, path: str, headers: Iterable[tuple[bytes, bytes]] = (), body: bytes = b"") -> bytes:
    """The bytes of a request, as no well-behaved client may send them."""
    lines = [f"{method} {path} HTTP/1.1".encode(), b"Host: x", *(b"%s: %s" % pair for pair in headers)]
    return b"\r\n".join([*lines, b"", body])


class Answer:
    """The status, headers and body of an answer."""

    def __init__(self, head: bytes, body: bytes) -> None:
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        self.status = int(first.split(" ")[1])
        self.headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        self.body = body

    def assert_problem(self, status: int) -> None:
        """An RFC 9457 document with CORS headers."""
        assert self.status == status, self.body
        assert self.headers["content-type"] == "application/problem+json"
        assert self.headers["access-control-allow-origin"] == "*"
        said = json.loads(self.body)
        assert said.keys() >= PROBLEM_KEYS
        assert said["status"] == status


async def answer_of(reader: asyncio.StreamReader) -> Answer:
    head = await reader.readuntil(b"\r\n\r\n")
    answer = Answer(head, b"")
    if length := int(answer.headers.get("content-length", "0")):
        answer.body = await reader.readexactly(length)
    return answer


async def raw(door: Door, sent: bytes) -> Answer:
    parts = urlsplit(door.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(sent)  # at once, so that the server has all of it before it begins to read
        return await asyncio.wait_for(answer_of(reader), 20)
    finally:
        writer.close()
        await writer.wait_closed()


LARGE_HEADERS: dict[str, Pairs] = {
    "one value": [(b"x-large", b"v" * 34_000)],
    "one name": [(b"x" * 34_000, b"1")],
    "many": [(b"x-%d" % number, b"v" * 50) for number in range(700)],
    "many empty": [(b"x" * 100 + b"%d" % number, b"") for number in range(400)],
    "the same": [(b"cookie", b"v" * 1000)] * 34,
    "authorization": [(b"authorization", b"Bearer " + b"a" * 34_000)],
    "apikey": [(b"apikey", b"a" * 34_000)],
    "with a secret": [(b"apikey", SECRET.encode()), (b"x-large", b"v" * 34_000)],
}


@pytest.mark.parametrize("case", LARGE_HEADERS)
async def test_headers_over_32_kib_are_431_at_every_door(site: tuple[Door, Auth], case: str) -> None:
    """One large or many small, with credentials or without: before anybody looks at them."""
    for method, path in FUNCTIONS:
        (await raw(site[0], request(method, path, LARGE_HEADERS[case]))).assert_problem(431)


@pytest.mark.parametrize("length", [4097, 5000, 12_000])
async def test_an_address_over_4_kib_is_414_at_every_door(site: tuple[Door, Auth], length: int) -> None:
    """In its path or its query, and as long as it is written: %41 has three bytes."""
    for method, path in FUNCTIONS:
        for address in (
            f"{path}?{'q' * (length - len(path))}",
            f"{path}/{'p' * (length - len(path))}",
            f"{path}/{'%41' * (length // 3 + 1 - len(path) // 3)}",
            f"{path}?seconds=5&{'%00' * (length // 3)}",
        ):
            (await raw(site[0], request(method, address))).assert_problem(414)


async def test_what_is_just_within_the_bounds_is_let_through(site: tuple[Door, Auth]) -> None:
    """To be refused, or not, for what it is."""
    door, auth = site
    for headers in ([(b"x-large", b"v" * 30_000)], [(b"x-%d" % number, b"v" * 50) for number in range(500)]):
        assert (await raw(door, request("GET", HEALTH, headers))).status == 200
        (await raw(door, request("POST", CALLS, headers))).assert_problem(401)
    assert (await raw(door, request("GET", f"{HEALTH}?{'q' * 3900}"))).status == 200
    large = auth.token(uuid4(), app_metadata={"groups": "g" * 6000})
    assert (await door.post(json={"text": "A whale"}, headers=bearing(large))).status_code == 202


def bodies(door: Door) -> dict[str, tuple[str, Pairs]]:
    """The functions that read a body, each with what opens it."""
    return {
        "generate-video": (CALLS, [(b"apikey", SECRET.encode())]),
        "rerender": (RERENDER, [(b"apikey", OPERATOR.encode())]),
        "video-webhook": (hook(UUID(int=1)), []),
    }


@pytest.mark.parametrize("function", ["generate-video", "rerender", "video-webhook"])
@pytest.mark.parametrize("framing", ["announced", "chunked"])
@pytest.mark.parametrize("drips", [True, False], ids=["trickles", "stops"])
async def test_a_body_that_takes_its_time_is_408(
    site: tuple[Door, Auth], monkeypatch: pytest.MonkeyPatch, function: str, framing: str, drips: bool
) -> None:
    """However it keeps coming: a connection is not held for ever. The limit is lowered, and nothing else."""
    monkeypatch.setattr(requests, "BODY_SECONDS", 0.2)
    door, _ = site
    path, headers = bodies(door)[function]
    announced = (b"content-length", b"1000") if framing == "announced" else (b"transfer-encoding", b"chunked")
    drop = b" " if framing == "announced" else b"1\r\n \r\n"
    parts = urlsplit(door.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(request("POST", path, [*headers, announced], drop))
    answering = asyncio.ensure_future(answer_of(reader))
    while not answering.done():
        await asyncio.wait({answering}, timeout=0.02)
        if drips and not answering.done():
            writer.write(drop)
    (await answering).assert_problem(408)
    writer.close()

    assert (await door.http.get(HEALTH)).status_code == 200


def test_a_body_has_half_a_minute() -> None:
    """What the test above lowers."""
    assert requests.BODY_SECONDS == 30


ODD_LENGTHS = [
    b"-1",
    b"-0",
    b"+5",
    b"1e3",
    b"0x10",
    b"1_000",
    b"5 5",
    b"5, 6",
    b"NaN",
    b"",
    b"\xc2\xb2",
    "\u0661\u0662".encode(),
    "\uff15".encode(),
    b"1" + b"0" * 30,
    b"9" * 4400,
    b"99999999999",
    b"00000000000000000000000005000000",
]


@pytest.mark.parametrize("length", ODD_LENGTHS, ids=lambda length: ascii(length[:24]))
async def test_a_length_that_is_odd_is_a_clients_mistake(site: tuple[Door, Auth], length: bytes) -> None:
    """400 or 413 where a body is read, and nowhere a fault."""
    door, _ = site
    for path, headers in bodies(door).values():
        answer = await raw(door, request("POST", path, [*headers, (b"content-length", length)], b"{}"))
        assert answer.status in {400, 413}, answer.body
    for method, path in FUNCTIONS:
        assert (await raw(door, request(method, path, [(b"content-length", length)], b"{}"))).status < 500
    assert (await door.http.get(HEALTH)).status_code == 200


@pytest.mark.parametrize("length", ODD_LENGTHS, ids=lambda length: ascii(length[:24]))
async def test_a_length_is_judged_whatever_server_let_it_through(length: bytes) -> None:
    """Not every server looks at it as closely as ours does: refused, and the body is not asked for."""

    async def receive() -> Message:
        raise AssertionError("the body was asked for")

    asked = Request({"type": "http", "method": "POST", "headers": [(b"content-length", length)]}, receive)
    with pytest.raises(Refused) as refused:
        await requests.receive_body(asked, limit=1000)

    assert refused.value.status in {400, 413}


@pytest.mark.parametrize(
    "headers",
    [
        [(b"content-length", b"2"), (b"content-length", b"3")],
        [(b"content-length", b"2"), (b"transfer-encoding", b"chunked")],
        [(b"transfer-encoding", b"chunked"), (b"transfer-encoding", b"chunked")],
        [(b"transfer-encoding", b"gzip, chunked")],
        [(b"transfer-encoding", b"xchunked")],
        [(b"content-length", b"2"), (b"content-encoding", b"gzip")],
    ],
    ids=str,
)
async def test_a_framing_of_two_minds_is_no_fault(site: tuple[Door, Auth], headers: Pairs) -> None:
    """What a proxy may read otherwise than we do is refused, or read in one way."""
    door, _ = site
    for path, opening in bodies(door).values():
        sent = request("POST", path, [*opening, *headers], b"2\r\n{}\r\n0\r\n\r\n")
        assert 400 <= (await raw(door, sent)).status < 500


async def test_a_body_over_the_limit_is_413_however_it_comes(site: tuple[Door, Auth]) -> None:
    """Announced, or chunk by chunk without an end."""
    door, _ = site

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b" " * 65_536

    for path, headers in bodies(door).values():
        named = {name.decode(): value.decode() for name, value in headers}
        announced = await raw(door, request("POST", path, [*headers, (b"content-length", b"50000000")]))
        announced.assert_problem(413)
        answer = await door.http.post(path, content=endless(), headers=named)
        assert answer.status_code == 413
