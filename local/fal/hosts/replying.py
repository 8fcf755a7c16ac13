"""What all hosts do alike: note what came in, write JSON, go silent. It knows no route."""

import json
from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from local.fal.clock import Clock
from local.fal.journal import Journal
from local.fal.outcomes import JsonObject, Outcome
from pipeline.errors import BadRequest

Shape = TypeVar("Shape", bound=BaseModel)


class Noting:
    """Reads a request's body and notes the request in the journal."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock

    async def __call__(self, request: Request) -> bytes:
        """The body."""
        body = await request.body()
        self._journal.received(
            at=self._clock.now(),
            method=request.method,
            host=request.url.netloc,
            path=request.url.path,
            query=request.url.query,
            headers=dict(request.headers),
            body=body,
        )
        return body


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
