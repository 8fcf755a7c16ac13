"""How a request can end, in fal's two shapes of error. Pure: values only, no HTTP, no queue.

A model's error has a list under `detail`; the platform's has a sentence there, and `error_type` beside it
and in a header. Types and statuses: fal's pages on model and request errors; which of a model's errors are
worth a retry is said by a header.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, NamedTuple

JsonObject = dict[str, Any]  # Any: JSON is whatever the caller or fal's schema says

MOST_HEADERS = 16 * 1024
"""Bytes of all response headers together, as fal lets them through."""

ADDED_HEADERS = 1024
"""Bytes of these left to what a reply has beside its outcome: id, type, length, date, and what browsers need."""


class ModelError(NamedTuple):
    """One of fal's documented model errors."""

    status: int
    message: str
    retryable: bool


class PlatformError(NamedTuple):
    """One of fal's documented platform errors."""

    status: int
    message: str


MODEL_ERRORS: Mapping[str, ModelError] = {
    "content_policy_violation": ModelError(
        422,
        "The content could not be processed because it was flagged by a content checker.",
        retryable=False,
    ),
    "no_media_generated": ModelError(422, "No media was generated for the given input.", retryable=False),
    "feature_not_supported": ModelError(422, "This feature is not supported.", retryable=False),
    "downstream_service_error": ModelError(400, "Downstream service error.", retryable=True),
    "internal_server_error": ModelError(500, "Internal server error.", retryable=True),
    "generation_timeout": ModelError(504, "Generation timed out.", retryable=True),
}

PLATFORM_ERRORS: Mapping[str, PlatformError] = {
    "bad_request": PlatformError(400, "Bad request"),
    "client_cancelled": PlatformError(499, "Request cancelled by the client"),
    "client_disconnected": PlatformError(499, "Client disconnected"),
    "internal_error": PlatformError(500, "Internal error"),
    "runner_server_error": PlatformError(500, "Runner returned a server error"),
    "runner_incomplete_response": PlatformError(502, "Runner returned an incomplete response"),
    "runner_disconnected": PlatformError(503, "Runner disconnected"),
    "runner_scheduling_failure": PlatformError(503, "No runner could be scheduled"),
    "request_timeout": PlatformError(504, "Request timed out"),
    "startup_timeout": PlatformError(504, "Runner did not start in time"),
}

ERROR_BY_STATUS: Mapping[int, str] = {
    400: "downstream_service_error",
    422: "no_media_generated",
    499: "client_cancelled",
    500: "internal_server_error",
    502: "runner_incomplete_response",
    503: "runner_disconnected",
    504: "generation_timeout",
}
"""The error that stands for a status where a script names only the number."""


@dataclass(frozen=True)
class Outcome:
    """What GET of the result answers from now on: the model's output, or an error with its own status.

    Headers are merged by their names in lower case, so that none is there twice.
    """

    status: int
    body: JsonObject
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the model gave its output."""
        return self.status < 300

    def with_headers(self, headers: Mapping[str, str]) -> "Outcome":
        """The same with more headers; those there are go before."""
        merged = (*headers.items(), *self.headers.items())
        return replace(self, headers={name.lower(): value for name, value in merged})

    @property
    def encoded(self) -> bytes:
        """The body as it goes over the wire."""
        return json.dumps(self.body).encode()

    @property
    def size(self) -> int:
        """Bytes of the body as fal's apps write it, in UTF-8 without spaces: they decide how long fal keeps it."""
        # a prompt may have been cut inside an emoji, which strict UTF-8 cannot say
        text = json.dumps(self.body, ensure_ascii=False, separators=(",", ":"))
        return len(text.encode(errors="surrogatepass"))


def succeeded(output: JsonObject, *, billable_units: Decimal) -> Outcome:
    """The model's own output and what it is billed for, in the endpoint's unit."""
    return Outcome(200, output, {"x-fal-billable-units": f"{billable_units.normalize():f}"})


def failed(error_type: str, *, body: JsonObject) -> Outcome:
    """The documented error of that type, about the input `body`. Raises KeyError for other types."""
    if error_type in PLATFORM_ERRORS:
        return platform_failure(error_type)
    status, message, retryable = MODEL_ERRORS[error_type]
    item = {
        "loc": ["body", "prompt"],
        "msg": message,
        "type": error_type,
        "url": f"https://docs.fal.ai/errors#{error_type}",
        "input": body,
    }
    headers = {"x-fal-billable-units": "0", "X-Fal-Needs-Retry": "true" if retryable else "false"}
    return Outcome(status, {"detail": [item]}, headers)


def platform_failure(error_type: str, message: str | None = None) -> Outcome:
    """An error of fal's own. Raises KeyError for an undocumented type."""
    status, usual = PLATFORM_ERRORS[error_type]
    body = {"detail": message or usual, "error_type": error_type}
    return Outcome(status, body, {"x-fal-billable-units": "0", "X-Fal-Error-Type": error_type})


def not_started() -> Outcome:
    """The caller's start timeout passed in the queue: 504, marked so that no client tries again by itself.

    The header is confirmed; that the type is `request_timeout` is not.
    """
    outcome = platform_failure("request_timeout")
    return Outcome(outcome.status, outcome.body, {**outcome.headers, "X-Fal-Request-Timeout-Type": "user"})


def invalid_input(details: list[JsonObject]) -> Outcome:
    """The model refused its input: one entry per mistake, nothing billed."""
    return Outcome(422, {"detail": details}, {"x-fal-billable-units": "0"})


def bounded(outcome: Outcome) -> Outcome:
    """The outcome itself, or the failure that it becomes where its headers are larger than fal lets through.

    fal's pages say that such a response fails; that it fails as an incomplete one is not confirmed.
    """
    size = sum(len(name) + len(value) + len(": \r\n") for name, value in outcome.headers.items())
    return outcome if size <= MOST_HEADERS - ADDED_HEADERS else platform_failure("runner_incomplete_response")


def crashed() -> Outcome:
    """The model raised something nobody foresaw: the bare body that fal's runner answers with."""
    return Outcome(500, {"detail": "Internal Server Error"}, {"x-fal-billable-units": "0"})


def error_of(outcome: Outcome) -> tuple[str, str | None]:
    """Message and type of a failed outcome, as a COMPLETED status repeats them."""
    detail = outcome.body["detail"]
    if isinstance(detail, list):
        return str(detail[0]["msg"]), str(detail[0]["type"])
    return str(detail), outcome.body.get("error_type")
