"""`video-webhook`: takes the provider's POST about one render. Verifies, records, answers; never downloads.

Every outcome that a repetition would not change is answered 200, so that the provider stops repeating it.
"""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse

from functions.problems import Refused
from functions.requests import read_body
from functions.services import Services
from pipeline.receive import receive

MAX_BODY = 2**20  # a delivery names a file, it does not carry one


async def video_webhook(request: Request) -> JSONResponse:
    """POST one delivery; 200 with what it was."""
    services: Services = request.app.state.services
    render_id = _render_id(request.path_params["render_id"])
    body = await read_body(request, limit=MAX_BODY)
    outcome = await receive(
        services.stores.renders,
        services.generator,
        render_id,
        request.headers,
        body,
        now=services.clock(),
        jitter=services.jitter(),
    )
    return JSONResponse({"outcome": outcome})


def _render_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused(404, "not_found", "this address names no render") from None
