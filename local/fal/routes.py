"""The emulator's URLs as a Starlette app: reads HTTP requests, asks the desk, writes HTTP replies.

fal's own paths take everything that is not ours, and nothing is ever redirected. Beside them: `/files/…` for
clips, the key set at fal's well-known path, and `/_emulator/requests` for tests.
"""

import json
from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from local.fal import replies
from local.fal.clock import Clock
from local.fal.desk import Ask, Desk
from local.fal.journal import Journal
from local.fal.outcomes import JsonObject
from local.fal.queue import Queue
from local.fal.server import hang_up
from local.fal.studio import Studio
from local.fal.webhooks import Signer

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Routes:
    """One method per kind of URL."""

    def __init__(
        self, *, desk: Desk, queue: Queue, studio: Studio, signer: Signer, journal: Journal, clock: Clock
    ) -> None:
        self._desk = desk
        self._queue = queue
        self._studio = studio
        self._signer = signer
        self._journal = journal
        self._clock = clock

    def app(self) -> Starlette:
        """The ASGI app. Serve it with `local.fal.server`: hanging up needs the connection."""
        app = Starlette(
            routes=[
                Route("/_emulator/requests", self.listing),
                Route("/.well-known/jwks.json", self.jwks),
                Route("/files/{name}", self.file),
                Route("/{path:path}", self.queue, methods=_METHODS),
            ]
        )
        app.router.redirect_slashes = False
        return app

    async def queue(self, request: Request) -> Response:
        """Anything in fal's own URL space."""
        body = await self._note(request)
        answer = self._desk.answer(
            Ask(
                method=request.method,
                path=request.url.path,
                query=request.query_params,
                headers=request.headers,
                body=body,
                base_url=str(request.base_url).rstrip("/"),
            )
        )
        if answer.hang_up:
            await hang_up(request)
        return _reply(answer.body, answer.status, answer.headers)

    async def file(self, request: Request) -> Response:
        """A rendered clip; ranges work."""
        await self._note(request)
        path = self._studio.file(request.path_params["name"])
        if path is None:
            return _reply(replies.NOT_FOUND.body, replies.NOT_FOUND.status, {})
        return FileResponse(path, media_type="video/mp4")

    async def jwks(self, request: Request) -> Response:
        """The key with which webhooks are signed; receivers may keep it for a day."""
        await self._note(request)
        return _reply(self._signer.jwks(), 200, {"Cache-Control": "public, max-age=86400"})

    async def listing(self, request: Request) -> Response:  # noqa: ARG002 - the shape of a Starlette endpoint
        """What came in and where each request stands, for tests."""
        self._queue.forget_expired(now=self._clock.now())
        return _reply(self._journal.listing(self._queue.jobs()), 200, {})

    async def _note(self, request: Request) -> bytes:
        body = await request.body()
        self._journal.received(
            at=self._clock.now(),
            method=request.method,
            path=request.url.path,
            query=request.url.query,
            headers=dict(request.headers),
            body=body,
        )
        return body


def _reply(body: JsonObject, status: int, headers: Mapping[str, str]) -> Response:
    # escaped to ASCII, unlike Starlette's own: a prompt cut inside an emoji must come back, too
    return Response(json.dumps(body), status, dict(headers), media_type="application/json")
