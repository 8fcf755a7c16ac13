"""What all hosts do alike: read bodies of a shape, write JSON. It knows no route."""

import json
from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from local.fal.outcomes import JsonObject, Outcome
from pipeline.errors import BadRequest

ANY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE"]
"""Of routes that say for themselves which ones they take."""

Shape = TypeVar("Shape", bound=BaseModel)


def parse(shape: type[Shape], body: bytes) -> Shape:
    """The body as that shape. Raises `BadRequest` that says what is wrong with it."""
    try:
        return shape.model_validate_json(body or b"{}")
    except ValidationError as error:
        complaints = (f"{'.'.join(map(str, fault['loc'])) or 'body'}: {fault['msg']}" for fault in error.errors())
        raise BadRequest("; ".join(complaints)) from error


def reply(
    body: JsonObject | list[object] | str, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON reply."""
    # escaped to ASCII, unlike Starlette's own: a prompt cut inside an emoji must come back, too
    return Response(json.dumps(body), status, dict(headers or {}), media_type="application/json")


def reply_with(outcome: Outcome, headers: Mapping[str, str] | None = None) -> Response:
    """An outcome as a reply, with more headers."""
    return reply(outcome.body, outcome.status, {**outcome.headers, **(headers or {})})
