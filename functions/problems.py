"""Our errors as HTTP answers: RFC 9457 problem JSON, with the CORS headers that supabase-js needs.

One table maps classes to statuses; an error that is in none of its branches is a fault of ours, and a 500.
"""

from collections.abc import Mapping
from math import ceil

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pipeline.errors import (
    BadDelivery,
    BadRequest,
    BadSignature,
    BadStory,
    BucketUnavailable,
    GeneratorUnavailable,
    KeysUnavailable,
    OverQuota,
    StoreUnavailable,
    StoryreelError,
    UnknownTable,
)

# As supabase-js's functions.invoke asks for them; authentication is by header, so any origin may call.
CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-headers": (
        "authorization, x-client-info, apikey, content-type, x-retry-count, traceparent, tracestate, baggage"
    ),
    "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
}

# The first class that fits decides: subclasses stand before their parents.
_STATUS: Mapping[type[StoryreelError], int] = {
    BadSignature: 401,
    BadDelivery: 400,
    BadStory: 422,
    UnknownTable: 404,
    BadRequest: 422,
    OverQuota: 429,
    GeneratorUnavailable: 503,
    KeysUnavailable: 503,
    BucketUnavailable: 503,
    StoreUnavailable: 503,
}


class Refused(StoryreelError):
    """The request is not answered as asked, for a reason of HTTP's own."""

    permanent = True

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = code


def problem(status: int, code: str, detail: str, **more: object) -> JSONResponse:
    """A problem document. `code` is the stable word that programs look at."""
    body = {"type": "about:blank", "title": _TITLES.get(status, "Error"), "status": status, "code": code}
    # Supabase's Python client shows nothing but a member named `error`.
    told = {**body, "detail": detail, "error": detail, **more}
    return JSONResponse(told, status, headers=CORS, media_type="application/problem+json")


_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Content Too Large",
    414: "URI Too Long",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


def on_error(_: Request, error: Exception) -> Response:
    """The answer to an error of ours."""
    assert isinstance(error, StoryreelError), "registered for that class alone"
    if isinstance(error, Refused):
        answer = problem(error.status, error.reason, str(error))
        if error.status == 408:
            answer.headers["connection"] = "close"  # what is still to come is not waited for
        return answer
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)
    code = error.reason if isinstance(error, BadStory) else error.code
    answer = problem(status, code, str(error))
    if error.retry_after is not None:
        answer.headers["retry-after"] = str(ceil(error.retry_after))
    return answer


def on_not_found(request: Request, _: Exception) -> Response:
    """The answer where no function is."""
    return problem(404, "not_found", f"there is no function at {request.url.path}")


def on_wrong_method(request: Request, error: Exception) -> Response:
    """The answer to a method that the function does not take."""
    answer = problem(405, "method_not_allowed", f"{request.method} is not what this function takes")
    answer.headers.update(getattr(error, "headers", None) or {})  # Allow
    return answer


def on_fault(_: Request, error: Exception) -> Response:
    """The answer to a fault of ours; the server logs the error itself."""
    return problem(500, "internal", f"an unexpected {type(error).__name__}; it has been logged")
