"""Joins the functions into one ASGI application, at the URLs Supabase gives its own: `/functions/v1/<name>`.

Starlette and not FastAPI: handlers that read raw bytes gain nothing from parameter injection, and a cold start
pays for every import. Bodies are still parsed by pydantic.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from functions import operate
from functions.generate_video import generate_video
from functions.health import health
from functions.problems import (
    CORS,
    on_error,
    on_fault,
    on_not_found,
    on_wrong_method,
)
from functions.requests import Bounded
from functions.run_jobs import run_jobs
from functions.services import Services, open_services
from functions.settings import from_environment
from functions.video import video
from functions.video_webhook import video_webhook
from pipeline.errors import StoryreelError

BASE = "/functions/v1"
# Serverless hosts make as many instances as there are requests, and a pooler before Postgres takes a few hundred.
_CONNECTIONS = 2


Handler = Callable[[Request], Awaitable[Response]]


def routes() -> list[Route]:
    """Every function; those that a browser may call answer its preflight, which carries no key."""
    return [
        _function("generate-video", generate_video, "POST"),
        _function("run-jobs", run_jobs, "POST"),
        _function("health", health, "GET"),
        _function("openapi.json", openapi_document, "GET"),
        _function("video/{video_id}", video, "GET"),
        _function("status", operate.status, "GET"),
        _function("metrics", operate.metrics, "GET"),
        _function("rerender", operate.rerender, "POST"),
        Route(f"{BASE}/video-webhook/{{render_id}}/{{tag}}", video_webhook, methods=["POST"]),
    ]


async def openapi_document(_: Request) -> JSONResponse:
    """GET what all of these take and answer."""
    from functions.openapi import document  # noqa: PLC0415 - made only where somebody asks

    return JSONResponse(document(BASE), headers=CORS)


def _function(name: str, handler: Handler, method: str) -> Route:
    async def called(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=CORS)
        return await handler(request)

    return Route(f"{BASE}/{name}", called, methods=[method, "OPTIONS"])


def create_app(
    services: Callable[[], AbstractAsyncContextManager[Services]] | None = None,
    *,
    more_routes: Sequence[BaseRoute] = (),
) -> Starlette:
    """The application. Without `services` it reads the environment; raises `BadSetting` where that is wrong.

    An ASGI server calls this as a factory: `uvicorn --factory functions.app:create_app`.
    """
    if services is None:
        settings = from_environment()

        def services() -> AbstractAsyncContextManager[Services]:
            return open_services(settings, connections=_CONNECTIONS)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with services() as opened:
            app.state.services = opened
            yield

    app = Starlette(
        routes=[*routes(), *more_routes],
        middleware=[Middleware(Bounded)],
        lifespan=lifespan,
        exception_handlers={
            StoryreelError: on_error,
            404: on_not_found,
            405: on_wrong_method,
            Exception: on_fault,
        },
    )
    app.router.redirect_slashes = False  # a redirect would lack the CORS headers
    return app
