"""What the functions' tests share: the real app on a loopback port, and a fal account that signs webhooks.

Signing is written from fal's page and not from our verifier, so that the two can disagree.
"""

import asyncio
import base64
import contextlib
import hashlib
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import httpx
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from functions.app import create_app
from functions.render_tags import tag
from functions.services import Services, open_services
from functions.settings import read
from pipeline.model import AdmittedRender
from pipeline.plan import plan
from pipeline.prompts import TemplateWriter

SECRET = "sb_secret_for_tests_only_0123456789"
OTHER_SECRET = "the-next-secret-0123456789"
CALLS = "/functions/v1/generate-video"
HOOK = "/functions/v1/video-webhook"
RUN = "/functions/v1/run-jobs"
HEALTH = "/functions/v1/health"
PROBLEM_KEYS = {"type", "title", "status", "detail", "code"}


def listener() -> socket.socket:
    """A socket on a free loopback port."""
    bound = socket.create_server(("127.0.0.1", 0), backlog=512)
    # Connections inherit it; without, every answer waits 40 ms for an acknowledgement (as in local/sockets.py).
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


def address(bound: socket.socket) -> str:
    return f"http://127.0.0.1:{bound.getsockname()[1]}"


class _Server(uvicorn.Server):
    """Leaves the test runner's signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(app: ASGIApp, bound: socket.socket) -> AsyncIterator[None]:
    """Serve the app on the socket for the block, as `storyreel serve` does."""
    config = uvicorn.Config(
        app,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=3600,  # tests share doors, and the loop that serves them stands still in between
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[bound]))
    while not server.started and not task.done():
        await asyncio.sleep(0.005)
    try:
        yield
    finally:
        server.should_exit = True
        await task


@dataclass
class Door:
    """The running app: where it is, a client that shows the secret, and what it was wired with."""

    url: str
    http: httpx.AsyncClient
    services: Services

    async def post(self, path: str = CALLS, **request: object) -> httpx.Response:
        return await self.http.post(path, **request)  # type: ignore[arg-type]  # httpx's own keywords


@asynccontextmanager
async def open_door(worker_url: str, **variables: str) -> AsyncIterator[Door]:
    """The app on this database, with these environment variables besides the usual ones."""
    bound = listener()
    url = address(bound)
    settings = read(
        {
            "SUPABASE_URL": url,
            "SUPABASE_DB_URL": worker_url,
            "SUPABASE_SECRET_KEY": SECRET,
            "STORYREEL_SECRETS": f"{SECRET}, {OTHER_SECRET}",
            "FAL_KEY": "id:secret",
            "STORYREEL_FAL_QUEUE_URL": "http://127.0.0.1:9",  # nobody listens on "discard"
            **variables,
        },
        cores=1,
    )
    app = create_app(lambda: open_services(settings))
    async with (
        serving(app, bound),
        httpx.AsyncClient(base_url=url, headers={"apikey": SECRET}, trust_env=False, timeout=60) as http,
    ):
        yield Door(url, http, app.state.services)


@dataclass
class FalAccount:
    """fal as a signer of webhooks: a key of its own, its JWKS on loopback, and files that nobody may fetch."""

    url: str
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    up: bool = True
    asked: int = 0
    downloads: int = 0

    def sign(self, body: bytes, *, at: float, request_id: str = "r1", user_id: str = "u1") -> dict[str, str]:
        """The four headers over exactly these bytes."""
        stamp = str(int(at))
        message = "\n".join([request_id, user_id, stamp, hashlib.sha256(body).hexdigest()])
        return {
            "content-type": "application/json",
            "X-Fal-Webhook-Request-Id": request_id,
            "X-Fal-Webhook-User-Id": user_id,
            "X-Fal-Webhook-Timestamp": stamp,
            "X-Fal-Webhook-Signature": self.key.sign(message.encode()).hex(),
        }

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/jwks.json", self._jwks),
                Route("/files/{name:path}", self._file),
            ]
        )

    async def _jwks(self, _: Request) -> Response:
        self.asked += 1
        if not self.up:
            return Response(status_code=500)
        raw = self.key.public_key().public_bytes_raw()
        x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        return JSONResponse({"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "x": x}]})

    async def _file(self, _: Request) -> Response:
        self.downloads += 1
        return Response(b"no clip")

    def clip(self, request_id: str, **more: object) -> bytes:
        """The body of a delivery of a clip."""
        video = {"url": f"{self.url}/files/{request_id}.mp4", "content_type": "video/mp4", "file_size": 1000}
        return json.dumps(
            {
                "request_id": request_id,
                "gateway_request_id": request_id,
                "status": "OK",
                "payload": {"video": video, "seed": 42},
                **more,
            }
        ).encode()


async def submitted_render(services: Services, text: str, request_id: str | None) -> AdmittedRender:
    """A render as it is at the provider; with `request_id` None its submit has not been answered yet."""
    now = services.clock()
    await services.stores.stories.request("generate-video", text, text)
    await plan(
        services.stores.plans,
        services.moderator,
        TemplateWriter(),
        services.generator,
        clock=services.clock,
        timing=services.timing,
        jitter=services.jitter,
        previews=False,
    )
    (render,) = await services.stores.renders.admit(
        "fal", now=now + timedelta(seconds=1), lease=timedelta(hours=1)
    )
    if request_id:
        due = now + timedelta(hours=1)
        assert await services.stores.renders.submitted(render, request_id, now=now, due_at=due)
    return render


def assert_problem(answer: httpx.Response, status: int, *said: str) -> dict[str, object]:
    """An RFC 9457 document with CORS headers that says these words."""
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    body: dict[str, object] = answer.json()
    assert body.keys() >= PROBLEM_KEYS
    assert body["status"] == status
    for word in said:
        assert word in str(body["detail"])
    return body


def hook(render_id: UUID) -> str:
    """The address that the provider was given, as it is after the deployment's own."""
    return f"{HOOK}/{render_id}/{tag(render_id, SECRET)}"
