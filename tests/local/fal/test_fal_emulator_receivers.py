"""Promises about receivers of webhooks that misbehave: each harms its own deliveries and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest

from tests.local.fal.emulated import Inbox, Running
from tests.local.fal.test_fal_emulator_webhooks import attempted, settled

Start = Callable[..., Awaitable[Running]]


@dataclass
class Receiver:
    """A receiver that says the same bytes to everyone; `heads` are those of the requests that came."""

    url: str
    heads: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def receiving(
    answer: bytes, *, then: Callable[[asyncio.StreamWriter], Awaitable[None]]
) -> AsyncIterator[Receiver]:
    receiver = Receiver("")

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        receiver.heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await then(writer)
        writer.close()

    server = await asyncio.start_server(receive, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    async with server:
        yield receiver


async def nothing(_: asyncio.StreamWriter) -> None:
    """Nothing follows the answer."""


async def drip(writer: asyncio.StreamWriter) -> None:
    """A byte again and again, until nobody listens any more."""
    with suppress(ConnectionError):
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0)


def head(status: str, *lines: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "Content-Length: 0", "", ""]).encode()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (head("302 Found", "Location: http://xn--/"), "302"),
        (head("302 Found", "Location: http://["), "302"),
        (head("204 No Content", "Set-Cookie: \u00ff=\u00ff; expires=never"), "204"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", "200"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\nabc", "200"),
        (b"\xff\xfe\r\n\r\n", "RemoteProtocolError"),
    ],
    ids=["redirect to no name", "redirect to no URL", "cookie", "no gzip", "cut off", "no HTTP"],
)
async def test_no_answer_of_a_receiver_ends_the_emulator(start: Start, answer: bytes, told: str) -> None:
    """Its status is what counts, whatever else is in it."""
    fal = await start()
    async with receiving(answer, then=nothing) as receiver:
        await fal.submit(params={"fal_webhook": receiver.url})
        await settled(fal, [told])

    assert (await fal.submit()).status_code == 200
    assert not fal.serving.done()


async def test_an_answer_whose_body_never_ends_has_been_given(start: Start) -> None:
    """The status came; a timeout for each byte would never be over."""
    fal = await start(first_attempt_timeout=60.0)
    async with receiving(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", then=drip) as receiver:
        await fal.submit(params={"fal_webhook": receiver.url})

        await settled(fal, ["200"])


async def test_an_attempt_has_one_time_limit_however_often_a_byte_comes(start: Start) -> None:
    fal = await start(first_attempt_timeout=0.2)
    async with receiving(b"HTTP/1.1 200 OK\r\nX: ", then=drip) as receiver:
        await fal.submit(params={"fal_webhook": receiver.url})

        await settled(fal, ["TimeoutError"])


async def test_a_receivers_cookie_comes_back_to_nobody(start: Start) -> None:
    fal = await start()
    async with receiving(head("500 No", "Set-Cookie: a=b", "Connection: close"), then=nothing) as receiver:
        await fal.submit(params={"fal_webhook": receiver.url})
        await fal.clock.asleep(5.0)
        fal.clock.forward(5.0)
        await attempted(fal, 2)

    assert len(receiver.heads) == 2
    assert all(b"cookie" not in one.lower() for one in receiver.heads)


async def test_slow_receivers_keep_no_other_from_being_told(start: Start, inbox: Inbox) -> None:
    """However many hold their connections."""
    fal = await start(first_attempt_timeout=60.0)
    release = asyncio.Event()

    async def hold(_: asyncio.StreamWriter) -> None:
        await release.wait()

    async with receiving(b"", then=hold) as slow:
        await fal.submit(params={"fal_webhook": slow.url}, override={"duplicate_webhook": 10})
        for _ in range(11):
            await fal.submit(params={"fal_webhook": slow.url}, override={"duplicate_webhook": 10})
        submitted = await fal.submit(params={"fal_webhook": inbox.url})
        told = (await asyncio.wait_for(inbox.deliveries.get(), 30)).json()
        release.set()

    assert told["request_id"] == submitted.json()["request_id"]


async def test_nothing_is_tried_again_once_the_result_is_gone(start: Start) -> None:
    """Not even where the clock jumps over the moment."""
    fal = await start()
    async with receiving(head("500 No", "Connection: close"), then=nothing) as receiver:
        await fal.submit(params={"fal_webhook": receiver.url})
        await fal.clock.asleep(5.0)
        fal.clock.forward(7200.0)
        while fal.clock.sleepers():
            await asyncio.sleep(0)
        await fal.finished(await fal.submit())

    assert len(receiver.heads) == 1


async def test_a_webhook_that_was_asked_to_be_late_comes_even_after_the_result(start: Start, inbox: Inbox) -> None:
    fal = await start()
    await fal.submit(params={"fal_webhook": inbox.url}, override={"webhook_delay": 7200})
    await fal.clock.asleep(7200.0)
    fal.clock.forward(7200.0)

    assert (await inbox.deliveries.get()).json()["status"] == "OK"
