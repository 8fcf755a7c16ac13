"""`video-webhook`: takes the provider's POST about one render. Verifies, records, answers; never downloads.

First the address, which costs nothing, then the size, then the signature; only then is the body parsed.
Every outcome that a repetition would not change is answered 200, so that the provider stops repeating it.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse

from functions.problems import Refused
from functions.render_tags import is_ours
from functions.requests import receive_body
from functions.services import Services
from pipeline.receive import receive

MAX_BODY = 2**20  # a delivery names a file, it does not carry one


async def video_webhook(request: Request) -> JSONResponse:
    """POST one delivery; 200 with what it was."""
    services: Services = request.app.state.services
    render_id = _render_id(request.path_params, services.settings.http.webhook_secrets)
    body = await receive_body(request, limit=MAX_BODY)
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


def _render_id(address: Mapping[str, str], secrets: Collection[str]) -> UUID:
    """The render that the address is of: one that we made, for nobody else could have made its tag."""
    try:
        render_id = UUID(address["render_id"])
    except ValueError:
        raise _no_render() from None
    if not is_ours(render_id, address["tag"], secrets):
        raise _no_render()
    return render_id


def _no_render() -> Refused:
    return Refused(404, "not_found", "this address names no render")
