"""The forwarders as a proxy: what reaches the functions, and what comes back of them."""

import asyncio
import gzip
import random
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from functions import video_webhook
from tests.functions.serving import SECRET
from tests.supabase.edge.running import Edge
from tests.supabase.edge.upstream import CALLS, HOOK, KEY, SIGNED, VIDEO, Upstream, serving_upstream, whole

pytestmark = pytest.mark.needs("deno")


async def test_a_delivery_arrives_byte_for_byte(edge: Edge, upstream: Upstream) -> None:
    """With all that its signature is over, and with what proves who sends it; the address with its query."""
    body = random.Random(7).randbytes(200_000)
    headers = {
        "content-type": "application/json; charset=utf-8",
        "x-fal-webhook-request-id": "r1",
        "x-fal-webhook-user-id": "u1",
        "x-fal-webhook-timestamp": "1795302000",
        "x-fal-webhook-signature": "ab" * 64,
        "authorization": "Bearer a.b.c",
        "apikey": SECRET,
        "idempotency-key": '"k 1"',
        "x-client-info": "supabase-js/2",
    }
    arrived: list[bytes] = []

    async def read(request: Request) -> Response:
        arrived.append(await request.body())
        return Response()

    upstream.answer(read)
    answer = await edge.http.post(f"{HOOK}?a=1&a=%20%2F", content=body, headers=headers)

    (asked,) = upstream.asked
    assert answer.status_code == 200
    assert arrived == [body]
    assert headers.items() <= dict(asked.headers).items()
    assert (asked.scope["raw_path"].decode(), asked.url.query) == (HOOK, "a=1&a=%20%2F")


async def test_what_is_of_one_connection_stays_there(edge: Edge, upstream: Upstream) -> None:
    """Names that `Connection` lists too; and the functions are told their own host."""
    headers = KEY | {"connection": "keep-alive, X-Hop", "x-hop": "1", "te": "trailers", "host": "ref.supabase.co"}
    await edge.http.get(VIDEO, headers=headers)

    (asked,) = upstream.asked
    assert not set(asked.headers) & {"x-hop", "te", "connection", "transfer-encoding"}
    assert asked.headers["host"].startswith("127.0.0.1:")
    assert asked.headers["via"] == "1.1 storyreel-edge"


async def test_the_answer_comes_back_as_it_is(edge: Edge, upstream: Upstream) -> None:
    """Status, headers and bytes, of refusals too, and though nobody asked for them to be packed."""
    said = gzip.compress("Zu früh".encode() * 1000)

    async def refuse(_: Request) -> Response:
        answer = Response(said, 429, {"retry-after": "7", "content-encoding": "gzip"}, "text/x")
        answer.set_cookie("a", "1")
        answer.set_cookie("b", "2")
        return answer

    upstream.answer(refuse)
    async with edge.http.stream("GET", VIDEO, headers=KEY) as answer:
        received = b"".join([chunk async for chunk in answer.aiter_raw()])

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/x")
    assert [cookie.split("=")[0] for cookie in answer.headers.get_list("set-cookie")] == ["a", "b"]
    assert received == said


async def test_the_secret_may_be_written_in_capitals(edge: Edge, upstream: Upstream) -> None:
    """Schemes and hosts mean the same in either case (RFC 3986, 6.2.2.1)."""
    async with serving_upstream() as (elsewhere, url), edge.leading_to(url.replace("http://", "HTTP://")):
        answer = await edge.http.get(VIDEO, headers=KEY)

    assert answer.status_code == 404
    assert (len(elsewhere.asked), upstream.asked) == (1, [])


@pytest.mark.parametrize(("status", "passed_on"), [(204, 204), (205, 204), (304, 304)])
async def test_an_answer_without_a_body_is_passed_on(
    edge: Edge, upstream: Upstream, status: int, passed_on: int
) -> None:
    """A 304 is no redirect, and none of them is waited for: a 205, which Deno cannot end, goes as a 204."""

    async def say(_: Request) -> Response:
        return Response(status_code=status, headers={"etag": '"1"'})

    upstream.answer(say)
    answer = await edge.http.get(VIDEO, headers=KEY)

    assert (answer.status_code, answer.content, answer.headers["etag"]) == (passed_on, b"", '"1"')


async def test_a_body_is_not_held_back(edge: Edge, upstream: Upstream) -> None:
    """The functions have its first bytes before the last are sent."""
    begun = asyncio.Event()

    async def read(request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            begun.set()
        return Response(body)

    async def sent() -> AsyncIterator[bytes]:
        yield b"first, "
        await begun.wait()
        yield b"last"

    upstream.answer(read)
    answer = await edge.http.post(CALLS, content=sent(), headers=KEY)

    assert answer.content == b"first, last"


async def test_an_answer_is_not_held_back(edge: Edge, upstream: Upstream) -> None:
    """The caller has its first bytes before the last are made."""
    seen = asyncio.Event()

    async def chunks() -> AsyncIterator[bytes]:
        yield b"first"
        await seen.wait()
        yield b"last"

    async def speak(_: Request) -> Response:
        return StreamingResponse(chunks())

    upstream.answer(speak)
    async with edge.http.stream("GET", VIDEO, headers=KEY) as answer:
        received = answer.aiter_raw()
        assert await anext(received) == b"first"
        seen.set()
        assert b"".join([chunk async for chunk in received]) == b"last"


async def test_a_refusal_may_come_before_the_body_was_read(edge: Edge, upstream: Upstream) -> None:
    """As the functions refuse an address that is none of theirs."""

    async def refuse(_: Request) -> Response:
        return Response(b"none of ours" * 1000, 404)

    upstream.answer(refuse)
    answer = await edge.http.post(HOOK, content=bytes(video_webhook.MAX_BODY), headers=SIGNED)

    assert (answer.status_code, answer.content) == (404, b"none of ours" * 1000)


async def test_a_body_that_breaks_off_is_not_taken_for_whole(edge: Edge, upstream: Upstream) -> None:
    """Its sender is gone; what came of it would be half a story."""
    ended = whole(upstream)
    _, writer = await asyncio.open_connection("127.0.0.1", edge.http.base_url.port)
    head = f"POST {CALLS} HTTP/1.1\r\nhost: ref\r\napikey: {SECRET}\r\ncontent-length: 9\r\n\r\n"
    writer.write(head.encode() + b"half")
    await upstream.reached.wait()
    writer.transport.abort()

    assert await ended is False


async def test_an_answer_that_breaks_off_is_not_taken_for_whole(edge: Edge, upstream: Upstream) -> None:
    """The caller sees the connection break, as it would have without us."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionAbortedError

    async def speak(_: Request) -> Response:
        return StreamingResponse(chunks())

    upstream.answer(speak)
    with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
        await edge.http.get(VIDEO, headers=KEY)
