"""`health`: whether this process can do its work, for load balancers and people. Tells nothing secret."""

from starlette.requests import Request
from starlette.responses import JSONResponse

from functions.problems import CORS, problem
from functions.services import Services
from pipeline.errors import BadSetting, StoreUnavailable
from storage.deployment import check_database


async def health(request: Request) -> JSONResponse:
    """GET; 200 when the database answers and is prepared, else 503 with what is wrong."""
    services: Services = request.app.state.services
    try:
        await check_database(services.database)
    except (BadSetting, StoreUnavailable) as error:
        return problem(503, "database", str(error))
    return JSONResponse({"status": "ok"}, headers=CORS)
