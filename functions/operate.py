"""What those who watch and mend a deployment may call: `status`, `metrics`, `rerender`. Closed by default.

Without secrets of their own (`STORYREEL_OPERATOR_SECRETS`) there are no such functions. What the app's back end
shows opens none of them: a leaked webhook secret must not tell what everything costs, nor spend on everybody's
stories.
"""

from datetime import timedelta

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from functions.asking import read_rerender
from functions.callers import require_secret
from functions.problems import CORS, Refused
from functions.requests import receive_body
from functions.services import Services
from functions.views import accepted
from pipeline.models import find_model
from pipeline.parameters import read_given
from storage.overview import Overview, PostgresOverview

MAX_BODY = 2**14

_LATE = timedelta(minutes=2)  # what reconcile, once a minute, should have seen to
_OVERVIEW: TypeAdapter[Overview] = TypeAdapter(Overview)


async def status(request: Request) -> JSONResponse:
    """GET how the deployment is: what `storyreel status` looks at, as JSON."""
    seen = await _look(_admitted(request))
    return JSONResponse(_OVERVIEW.dump_python(seen, mode="json"), headers=CORS)


async def metrics(request: Request) -> Response:
    """GET the same for Prometheus."""
    from functions.metrics import CONTENT_TYPE, exposition  # noqa: PLC0415 - imported only where it is asked for

    services = _admitted(request)
    text = exposition(await _look(services), now=services.clock())
    return Response(text, headers={"content-type": CONTENT_TYPE})


async def rerender(request: Request) -> JSONResponse:
    """POST a row's key; 202 with its video, which plays what it had until the new one is ready."""
    services = _admitted(request)
    call = read_rerender(await receive_body(request, limit=MAX_BODY))
    given = read_given(call.parameters)
    services.generator.check(find_model(call.model), given)
    stories = services.stores.stories
    source_table = (await stories.attachment(call.schema_, call.table)).source_table
    key = await stories.key(source_table, str(call.id))
    if key is not None:
        await stories.request_of(
            source_table,
            key,
            kind="new_take" if call.new_take else "rerender",
            model=call.model,
            seed=services.new_seed() if call.new_take else None,
            parameters=given,
        )
    found = key and await stories.find(source_table, key, now=services.clock())
    if not found:
        raise Refused(404, "no_such_row", f"{source_table} has no row {str(call.id)!r}")
    return JSONResponse(await accepted(services, found), 202, headers=CORS)


async def _look(services: Services) -> Overview:
    now = services.clock()
    return await PostgresOverview(services.database).look(now=now, before=now - _LATE)


def _admitted(request: Request) -> Services:
    """The services, for an operator. Raises `Refused`: 404 where nobody is one, 401 for a wrong secret."""
    services: Services = request.app.state.services
    secrets = services.settings.http.operator_secrets
    if not secrets:
        raise Refused(404, "not_found", "this function is closed; STORYREEL_OPERATOR_SECRETS opens it")
    require_secret(request.headers, secrets)
    return services
