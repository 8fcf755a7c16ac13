"""What fal's error answers mean in our words. Pure: reads replies, sends nothing, decides no retry time.

fal speaks two shapes, told apart by the type of `detail`: a list of {loc, msg, type, …} is the model's own
complaint about one request; a string, with `error_type`, is the platform's. Source: fal's pages "Request
errors" and "Model errors". Not every endpoint keeps to either, so everything here has a reading by status.
"""

from collections.abc import Mapping

from pipeline.errors import (
    ContentRejected,
    GeneratorBusy,
    GeneratorError,
    GeneratorKeyRefused,
    GeneratorMissing,
    GeneratorRefused,
    GeneratorUnavailable,
)
from pipeline.fal.messages import JsonObject, Reply
from pipeline.model import Failure
from pipeline.prose import clean
from pipeline.reasons import CONTENT_REJECTED
from pipeline.retry_after import retry_after

_DECLINED = "content_policy_violation"

CODES: Mapping[str, str] = {
    # The model's own types. Those about one parameter or input file are left to the status, which is 422.
    _DECLINED: CONTENT_REJECTED,
    "no_media_generated": "no_clip",
    "generation_timeout": "timeout",
    "internal_server_error": "provider_error",
    "downstream_service_error": "provider_error",  # comes with status 400, though no parameter is at fault
    "downstream_service_unavailable": "provider_error",
    # The platform's types.
    "request_timeout": "timeout",
    "startup_timeout": "not_started",
    "runner_scheduling_failure": "not_started",
    "runner_connection_timeout": "provider_error",
    "runner_disconnected": "provider_error",
    "runner_connection_refused": "provider_error",
    "runner_connection_error": "provider_error",
    "runner_incomplete_response": "provider_error",
    "runner_server_error": "provider_error",
    "internal_error": "provider_error",
    "client_disconnected": "cancelled",
    "client_cancelled": "cancelled",
}
"""fal's error types in our words."""

PERMANENT = frozenset({CONTENT_REJECTED, "no_clip", "bad_parameters", "endpoint_missing"})
"""The codes that the same request would meet again, where fal does not say otherwise."""

RETRY_FLAGS = ("x-fal-needs-retry", "x-fal-retryable")
"""The header that says whether another try can help: today's name first, then that of older pages."""

GATEWAY_STATUSES = frozenset({401, 402, 403, 404, 405, 408, 409, 429})
"""On GET result these usually come from fal's gateway and say nothing of how the request itself ended."""

MENDS: Mapping[int, str] = {
    401: "Set FAL_KEY to a valid key from https://fal.ai/dashboard/keys",
    402: "Top up the account at https://fal.ai/dashboard/billing",
    403: "Check the account's balance, or set FAL_KEY to a key that may do this",
}
"""What to do about a key that is refused, or whose account is."""

_EXCEPTIONS: Mapping[int, type[GeneratorError]] = {
    404: GeneratorMissing,
    408: GeneratorUnavailable,
    409: GeneratorUnavailable,
}
"""4xx statuses that are no plain refusal."""


def failure(body: JsonObject | None, *, status: int | None, headers: Mapping[str, str]) -> Failure:
    """The final word on a request that has no clip, from an error body and what came with it.

    `status` is the model's HTTP status, None if unknown; `headers` is empty for a webhook, whose headers
    are not signed. A retry flag overrules what the code would suggest, but for declined content: that is final.
    """
    kind = error_type(body, headers)
    code = CODES.get(kind or "") or _code_of_status(status)
    if status == 504 and headers.get("x-fal-request-timeout-type") == "user":
        code = "not_started"  # our own start timeout ran out: never begun, never charged
    retryable = _retry_flag(headers)
    permanent = code == CONTENT_REJECTED or (code in PERMANENT if retryable is None else not retryable)
    said = "no reason given" if status is None else f"HTTP {status}, no reason given"
    return Failure(code=code, message=explanation(body) or said, permanent=permanent)


def refusal(reply: Reply, doing: str) -> GeneratorError:
    """The error for a reply that is not the one hoped for. `doing` names the call for the message.

    Only a status that proves that nothing was accepted may become anything but `GeneratorUnavailable`,
    which stands for "perhaps accepted, perhaps paid": a redirect, a 408 or 409 and every 5xx are that.
    """
    said = explanation(reply.json())
    text = f"fal answered HTTP {reply.status} to {doing}" + (f": {said}" if said else "")
    if reply.status == 429 or (reply.status == 503 and never_accepted(reply)):
        return GeneratorBusy(text, retry_after=retry_after(reply.headers))
    if reply.status in MENDS:
        return GeneratorKeyRefused(f"{text}. {MENDS[reply.status]}")
    if reply.status in {400, 422} and error_type(reply.json(), reply.headers) == _DECLINED:
        return ContentRejected(text)
    usual = GeneratorRefused if 400 <= reply.status < 500 else GeneratorUnavailable
    return _EXCEPTIONS.get(reply.status, usual)(text)


def never_accepted(reply: Reply) -> bool:
    """Whether a 503 proves that no request was queued.

    fal's queue names every request it takes in `x-fal-request-id`. A 503 without that name is proof if the
    door itself turned us away: it says when to come back (RFC 9110 §10.2.3), or is the bare page of the
    ingress, which fal's own client also takes for safe to repeat. Any other 503 may hide an accepted request.
    """
    if "x-fal-request-id" in reply.headers:
        return False
    return "retry-after" in reply.headers or (reply.json() is None and b"nginx" in reply.body)


def is_outcome(reply: Reply) -> bool:
    """Whether an error answer to GET result is how the request ended, rather than trouble of fal's gateway.

    A list of details or a bill can only come from the model. Short of that, a 5xx must at least be typed or
    carry the request's name: to take a passing 502 for the end would throw a paid clip away.
    """
    body = reply.json() or {}
    if isinstance(body.get("detail"), list) or "x-fal-billable-units" in reply.headers:
        return True
    if 400 <= reply.status < 500:
        return reply.status not in GATEWAY_STATUSES
    typed = error_type(body, reply.headers) is not None
    return reply.status >= 500 and (typed or "x-fal-request-id" in reply.headers)


def error_type(body: JsonObject | None, headers: Mapping[str, str]) -> str | None:
    """The word that fal has for the error. Of several details declined content, else the first one in `CODES`."""
    fields = body or {}
    detail, platform = fields.get("detail"), fields.get("error_type")
    if isinstance(detail, list):
        types = [entry.get("type") for entry in detail if isinstance(entry, dict)]
        words = [word for word in types if isinstance(word, str)]
        if _DECLINED in words:
            return _DECLINED
        return next((word for word in words if word in CODES), words[0] if words else None)
    return platform if isinstance(platform, str) else headers.get("x-fal-error-type")


def explanation(body: JsonObject | None) -> str | None:
    """The sentence that fal gives, None if it gives none. Details read `field: message`."""
    fields = body or {}
    detail = fields.get("detail")
    if isinstance(detail, list):
        sentences = [_sentence(entry) for entry in detail if isinstance(entry, dict)]
        return clean("; ".join(sentences)) or None
    candidates = (detail, fields.get("message"), fields.get("error"), fields.get("status"))
    return next((clean(text) for text in candidates if isinstance(text, str) and text.strip()), None)


def _sentence(entry: dict[str, object]) -> str:
    location = entry.get("loc")
    parts = [str(part) for part in location] if isinstance(location, list) else []
    field = ".".join(part for part in parts if part != "body")
    message = entry.get("msg") or entry.get("type") or "no reason given"
    return f"{field}: {message}" if field else str(message)


def _code_of_status(status: int | None) -> str:
    match status:
        case 404 | 405:
            return "endpoint_missing"
        case 499:
            return "cancelled"
        case 504:
            return "timeout"
        case 400 | 413 | 422:
            return "bad_parameters"
        case _:
            return "provider_error"


def _retry_flag(headers: Mapping[str, str]) -> bool | None:
    for name in RETRY_FLAGS:
        match headers.get(name, "").strip().lower():
            case "true" | "1":
                return True
            case "false" | "0":
                return False
    return None
