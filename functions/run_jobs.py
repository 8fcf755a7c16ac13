"""`run-jobs`: runs what is due within a time limit, then reconciles. A scheduler calls it each minute.

With it a deployment needs no standing worker: `generate-video` and `video-webhook` only write rows. The database
may call it, too (storyreel.wake_by), as soon as there is work.
"""

import logging
from collections.abc import Mapping

from starlette.background import BackgroundTask
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse

from functions.callers import require_secret
from functions.problems import CORS, Refused
from functions.services import Services, open_media
from pipeline.errors import StoryreelError

DEFAULT_SECONDS = 50.0
_MOST_SECONDS = 800.0
_ASYNC = "respond-async"  # RFC 7240, 4.1

_log = logging.getLogger(__name__)


async def run_jobs(request: Request) -> JSONResponse:
    """POST, with `?seconds=` to start jobs for; 200 with what reconcile found, counted by kind.

    With `Prefer: respond-async` 202 at once, and the work goes on behind the answer.
    """
    services: Services = request.app.state.services
    http = services.settings.http
    require_secret(request.headers, (*http.secrets, *http.run_secrets))
    seconds = _seconds(request.query_params.get("seconds"))
    if _prefers_async(request.headers):
        return JSONResponse(
            {"accepted": True},
            status_code=202,
            headers={**CORS, "preference-applied": _ASYNC},
            background=BackgroundTask(_run_behind, services, seconds),
        )
    return JSONResponse({"found": dict(await run_due(services, seconds))}, headers=CORS)


async def run_due(services: Services, seconds: float) -> Mapping[str, int]:
    """Start what is due for so many seconds, then reconcile; what that found, by kind. Raises as `open_media`."""
    from functions.drain import drain  # noqa: PLC0415 - the engine is imported only where it runs

    async with open_media(services) as media:
        return await drain(services, media, seconds=seconds)


async def _run_behind(services: Services, seconds: float) -> None:
    """Nobody is there to be told of an error: it is logged, and whoever runs next finds the same work."""
    try:
        await run_due(services, seconds)
    except StoryreelError as error:
        _log.warning("run-jobs ended early: %s", error)


def _prefers_async(headers: Headers) -> bool:
    """Preferences stand in one header or in several, and may have parameters (RFC 7240, 2)."""
    preferred = ",".join(headers.getlist("prefer")).split(",")
    return _ASYNC in {preference.partition(";")[0].strip().lower() for preference in preferred}


def _seconds(text: str | None) -> float:
    if text is None:
        return DEFAULT_SECONDS
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= _MOST_SECONDS:
        raise Refused(422, "bad_request", f"seconds is {text!r}; it must be a number up to {_MOST_SECONDS:.0f}")
    return seconds
