"""What the network can do to a submission: each fault is one request at most and one error of ours."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from starlette.responses import Response, StreamingResponse

from pipeline.errors import GeneratorBusy, GeneratorMissing, GeneratorUnavailable
from pipeline.fal.client import FalGenerator
from pipeline.fal.wire import Patience
from pipeline.model import Order
from tests.pipeline.fal.conftest import KEY, StubServer, assert_key_is_nowhere

RID = "764cabcf-b745-4b3e-ae38-1200304cf45b"
TURBO = "fal-ai/fast-animatediff/turbo/text-to-video"
SHORT = Patience(connect=5, write=5, read=0.15, total=5)


class TestNetwork:
    @pytest.fixture
    async def silence(self) -> AsyncIterator[Callable[[], Awaitable[Response]]]:
        """An answer that does not come before the test is over."""
        over = asyncio.Event()

        async def answer() -> Response:
            await over.wait()
            return Response()

        yield answer
        over.set()

    async def test_read_timeout(
        self,
        http: httpx.AsyncClient,
        fal: StubServer,
        order: Order,
        silence: Callable[[], Awaitable[Response]],
    ) -> None:
        """No answer in time leaves it unknown, after exactly one POST."""
        fal.answer = silence
        with pytest.raises(GeneratorUnavailable) as caught:
            await FalGenerator(http, key=KEY, queue_url=fal.url, patience=SHORT).submit(order)

        assert isinstance(caught.value.__cause__, httpx.ReadTimeout)
        assert len(fal.seen) == 1
        assert_key_is_nowhere(caught.value)

    async def test_total_time(
        self,
        http: httpx.AsyncClient,
        fal: StubServer,
        order: Order,
        silence: Callable[[], Awaitable[Response]],
    ) -> None:
        """A reply that has begun does not keep us waiting past the total time."""

        async def begun() -> AsyncIterator[bytes]:
            yield b"{"
            await silence()

        async def answer() -> Response:
            return StreamingResponse(begun())

        fal.answer = answer
        patience = Patience(connect=5, write=5, read=60, total=0.2)
        with pytest.raises(GeneratorUnavailable) as caught:
            await FalGenerator(http, key=KEY, queue_url=fal.url, patience=patience).submit(order)

        assert isinstance(caught.value.__cause__, TimeoutError)
        assert len(fal.seen) == 1

    async def test_dropped_connection(self, http: httpx.AsyncClient, order: Order) -> None:
        """A connection that breaks after the request was read leaves it unknown, after exactly one POST."""
        received: list[bytes] = []

        async def read_and_drop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            received.append(await reader.readuntil(b"\r\n\r\n"))
            writer.transport.abort()

        server = await asyncio.start_server(read_and_drop, "127.0.0.1", 0)
        async with server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            with pytest.raises(GeneratorUnavailable) as caught:
                await FalGenerator(http, key=KEY, queue_url=url, patience=SHORT).submit(order)

        assert len(received) == 1
        assert_key_is_nowhere(caught.value)

    async def test_cut_off_reply(self, http: httpx.AsyncClient, order: Order) -> None:
        """Half a reply is no reply, even where it begins with 200."""
        received: list[bytes] = []

        async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            received.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{"request_id": "r1"')
            writer.close()

        server = await asyncio.start_server(half, "127.0.0.1", 0)
        async with server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            with pytest.raises(GeneratorUnavailable):
                await FalGenerator(http, key=KEY, queue_url=url).submit(order)

        assert len(received) == 1

    async def test_nobody_listens(self, http: httpx.AsyncClient, order: Order) -> None:
        """Without a connection nothing was accepted: it may be tried again."""
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{closed.getsockname()[1]}"
            with pytest.raises(GeneratorBusy) as caught:
                await FalGenerator(http, key=KEY, queue_url=url).submit(order)

        assert caught.value.retry_after is None
        assert_key_is_nowhere(caught.value)

    async def test_full_pool(
        self, fal: StubServer, order: Order, silence: Callable[[], Awaitable[Response]]
    ) -> None:
        """A request that never got a connection was not sent."""
        asked = asyncio.Event()

        async def tell_and_hang() -> Response:
            asked.set()
            return await silence()

        fal.answer = tell_and_hang
        patience = Patience(connect=0.1, write=5, read=5, total=5)
        async with httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_connections=1)) as http:
            generator = FalGenerator(http, key=KEY, queue_url=fal.url, patience=patience)
            first = asyncio.create_task(generator.submit(order))
            await asked.wait()
            with pytest.raises(GeneratorBusy):
                await generator.submit(order)
            first.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await first

        assert len(fal.seen) == 1

    async def test_malformed_endpoint_sends_nothing(self, generator: FalGenerator, fal: StubServer) -> None:
        """An endpoint id that would lead elsewhere is refused without a request."""
        with pytest.raises(GeneratorMissing):
            await generator.status("fal-ai/../admin", RID)
        with pytest.raises(GeneratorMissing):
            await generator.result(TURBO, "../../admin")

        assert fal.seen == []
