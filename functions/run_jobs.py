"""`run-jobs`: runs what is due within a time limit, then reconciles. A scheduler calls it each minute.

With it a deployment needs no standing worker: `generate-video` and `video-webhook` only write rows.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse

from functions.callers import require_secret
from functions.problems import CORS, Refused
from functions.services import Services, open_media

_DEFAULT_SECONDS = 50.0
_MOST_SECONDS = 800.0


async def run_jobs(request: Request) -> JSONResponse:
    """POST, with `?seconds=` to start jobs for; 200 with what reconcile found, counted by kind."""
    from functions.jobs import drain  # noqa: PLC0415 - the engine is imported only where it runs

    services: Services = request.app.state.services
    require_secret(request.headers, services.settings.http.secrets)
    seconds = _seconds(request.query_params.get("seconds"))
    async with open_media(services) as media:
        found = await drain(services, media, seconds=seconds)
    return JSONResponse({"found": dict(found)}, headers=CORS)


def _seconds(text: str | None) -> float:
    if text is None:
        return _DEFAULT_SECONDS
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= _MOST_SECONDS:
        raise Refused(422, "bad_request", f"seconds is {text!r}; it must be a number up to {_MOST_SECONDS:.0f}")
    return seconds
