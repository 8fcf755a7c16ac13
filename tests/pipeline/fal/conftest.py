"""A real HTTP server that says what a test tells it to, fal's signing key, and the sample replies.

It knows nothing of fal: it answers one prepared reply to everything and keeps what it was asked.
"""

import asyncio
import base64
import contextlib
import json
import socket
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from pipeline.fal.client import FalGenerator
from pipeline.fal.messages import Reply
from pipeline.fal.webhook import signed_message
from pipeline.model import Order, Parameters, Prompt

SAMPLES = Path(__file__).parent / "samples"

NOON = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)

KEY = "0f9d8c7b-1111-2222-3333-444455556666:5ecre75ecre75ecre75ecre75ecre7"


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class StubServer:
    """Answers every request with `answer`; a callable is asked each time."""

    url: str
    answer: Response | Callable[[], Awaitable[Response]] = field(default_factory=Response)
    seen: list[Seen] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen = Seen(request.method, request.url.path, dict(request.query_params), headers, await request.body())
        self.seen.append(seen)
        answer = self.answer if isinstance(self.answer, Response) else await self.answer()
        await answer(scope, receive, send)


class _QuietServer(uvicorn.Server):
    """A server inside the test's own loop: it tells when it is up and leaves the signals to pytest."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def _serving() -> AsyncIterator[StubServer]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        stub = StubServer(f"http://127.0.0.1:{listener.getsockname()[1]}")
        config = uvicorn.Config(
            stub,
            lifespan="off",
            log_config=None,
            ws="none",
            timeout_graceful_shutdown=1,
            timeout_keep_alive=3600,  # tests share it, and the loop that serves it stands still in between
            date_header=False,
        )
        server = _QuietServer(config)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        await server.ready.wait()
        yield stub
        server.should_exit = True
        await running


@pytest.fixture(scope="session")
async def _stub() -> AsyncIterator[StubServer]:
    async with _serving() as stub:
        yield stub


@pytest.fixture(scope="session")
async def _second_stub() -> AsyncIterator[StubServer]:
    async with _serving() as stub:
        yield stub


@pytest.fixture
def fal(_stub: StubServer) -> StubServer:
    """The server that stands for queue.fal.run."""
    _stub.seen.clear()
    _stub.answer = Response(status_code=500)
    return _stub


@pytest.fixture
def stranger(_second_stub: StubServer) -> StubServer:
    """Another host: it may be fal's key server, or one that must never hear from us."""
    _second_stub.seen.clear()
    _second_stub.answer = Response(status_code=500)
    return _second_stub


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.fixture
def sample() -> Callable[[str], Reply]:
    """A reply by the name of its file."""

    def load(name: str) -> Reply:
        recorded = json.loads((SAMPLES / f"{name}.json").read_text())
        return Reply(recorded["status"], recorded["headers"], json.dumps(recorded["body"]).encode())

    return load


@pytest.fixture
def response(sample: Callable[[str], Reply]) -> Callable[[str], Response]:
    """The same as a response for the server."""

    def load(name: str) -> Response:
        reply = sample(name)
        return Response(reply.body, reply.status, dict(reply.headers))

    return load


@pytest.fixture
def webhook_body() -> Callable[[str], bytes]:
    """A webhook's body by the name of its file."""
    return lambda name: (SAMPLES / f"{name}.json").read_bytes()


@pytest.fixture
def order() -> Order:
    return Order(
        endpoint="fal-ai/fast-animatediff/turbo/text-to-video",
        prompt=Prompt(text="a fox in the snow", negative="blurry"),
        seed=42,
        parameters=Parameters(frames=16, steps=8, guidance=2.0, motion_scale=1.3, width=512, height=512),
        webhook_url="https://app.example/functions/v1/video-webhook?render=7&x=ä",
        start_timeout=300.0,
    )


@dataclass(frozen=True)
class Signer:
    """What fal keeps secret: it signs bodies and publishes the key."""

    key: Ed25519PrivateKey

    def headers(self, body: bytes, *, at: datetime = NOON, request_id: str = "r1") -> dict[str, str]:
        timestamp = str(int(at.timestamp()))
        signature = self.key.sign(signed_message(request_id, "u1", timestamp, body))
        return {
            "x-fal-webhook-request-id": request_id,
            "x-fal-webhook-user-id": "u1",
            "x-fal-webhook-timestamp": timestamp,
            "x-fal-webhook-signature": signature.hex(),
        }

    def jwk(self) -> dict[str, str]:
        raw = self.key.public_key().public_bytes_raw()
        x = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "x": x}


def key_set(*signers: Signer) -> Response:
    return JSONResponse({"keys": [signer.jwk() for signer in signers]})


def signing_key(start: int) -> Ed25519PrivateKey:
    """A key whose seed is 32 bytes counting up from `start`."""
    return Ed25519PrivateKey.from_private_bytes(bytes(range(start, start + 32)))


@pytest.fixture
def signer() -> Signer:
    return Signer(signing_key(0))


@pytest.fixture
def other_signer() -> Signer:
    return Signer(signing_key(32))


@pytest.fixture
def generator(http: httpx.AsyncClient, fal: StubServer, stranger: StubServer) -> FalGenerator:
    return FalGenerator(
        http, key=KEY, queue_url=f"{fal.url}/", jwks_url=f"{stranger.url}/jwks.json", emulated=True
    )


def assert_key_is_nowhere(error: BaseException) -> None:
    """Not in the message, the repr, the arguments or any cause, as a log would print them."""
    printed = "".join(traceback.format_exception(error)) + repr(error) + repr(error.args)
    assert KEY not in printed
    assert KEY.split(":")[1] not in printed
