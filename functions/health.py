"""`health`: whether this process can do its work, for load balancers and people. Tells nothing secret."""

from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import JSONResponse

from functions.problems import CORS, problem
from functions.services import Services
from pipeline.errors import BadSetting
from storage.deployment import check_database


async def health(request: Request) -> JSONResponse:
    """GET; 200 when the database answers and is prepared, else 503 with what is wrong."""
    services: Services = request.app.state.services
    try:
        await check_database(services.database)
    except (BadSetting, OperationalError, PoolTimeout) as error:
        detail = str(error) if isinstance(error, BadSetting) else "the database does not answer"
        return problem(503, "database", detail)
    return JSONResponse({"status": "ok"}, headers=CORS)
