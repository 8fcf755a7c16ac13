"""fal's queue protocol: our values to requests, replies to our values. Pure: no I/O, no clock, no key.

Every URL is built here from the configured queue address. The `status_url`, `response_url` and `cancel_url`
of a reply are never used: following them would send the key to whatever host they name.
"""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import quote, urlencode, urlsplit

from pipeline.errors import GeneratorBusy, GeneratorMissing, GeneratorUnavailable
from pipeline.fal import failures
from pipeline.fal.inputs import arguments
from pipeline.fal.messages import JsonObject, Reply, Request
from pipeline.model import Clip, Done, Failure, Order, Queued, RenderState, Result, Running
from pipeline.prose import clean

NAMESPACES = frozenset({"workflows", "comfy"})
"""First segments that stand before the owner and move the split of an endpoint id by one."""

_REQUESTS = "requests"
LONGEST_ENDPOINT = 200
"""Characters of an endpoint id; the longest that fal lists have about eighty."""

LARGEST_INTEGER = 2**63 - 1
"""What a Postgres bigint holds; a larger seed or size of theirs is not kept."""

_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._~:=@+-]{0,199}")
# fal does not publish how many digits it sends; seconds of compute are a float's seventeen.
_UNITS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,30})?([eE]-[0-9]{1,2})?")


@dataclass(frozen=True)
class EndpointId:
    """An endpoint id taken apart: `app` is [namespace/]owner/alias, `path` the rest, often empty."""

    app: str
    path: str

    @property
    def full(self) -> str:
        """The id as it was given."""
        return f"{self.app}/{self.path}" if self.path else self.app


def split_endpoint(endpoint: str) -> EndpointId:
    """Take an endpoint id apart. Raises `GeneratorMissing` for what cannot be one."""
    segments = endpoint.split("/")
    length = 3 if segments[0] in NAMESPACES else 2
    well_formed = len(segments) >= length and all(_SEGMENT.fullmatch(segment) for segment in segments)
    well_formed = well_formed and _REQUESTS not in segments  # that is where an app's requests are, and no endpoint
    if not well_formed or len(endpoint) > LONGEST_ENDPOINT:
        raise GeneratorMissing(f"{clean(endpoint)!r} is no fal endpoint id; the form is owner/alias[/path]")
    return EndpointId(app="/".join(segments[:length]), path="/".join(segments[length:]))


def submit_request(queue_url: str, order: Order) -> Request:
    """The one POST of a submission. Raises `GeneratorMissing` for a malformed endpoint id.

    `X-Fal-No-Retry` is left out: fal's queue repeats what its own machines broke and bills only success.
    Its model fallbacks are off: a take must come from the endpoint it was priced and recorded with, and the
    ladder of a model is ours. Payload storage is left on: it is what lets a lost result be read later.
    """
    query = urlencode({"fal_webhook": order.webhook_url})
    return Request(
        method="POST",
        url=f"{queue_url}/{split_endpoint(order.endpoint).full}?{query}",
        headers={
            "Content-Type": "application/json",
            "Accept": "application/json",
            "X-Fal-Request-Timeout": format(Decimal(str(order.start_timeout)), "f"),
            "X-Fal-Queue-Priority": "low" if order.low_priority else "normal",
            "X-App-Fal-Disable-Fallback": "true",
        },
        body=json.dumps(arguments(order)).encode(),
    )


def status_request(queue_url: str, endpoint: str, request_id: str) -> Request:
    """Ask where a request stands, without its logs."""
    return Request("GET", _request_url(queue_url, endpoint, request_id) + "/status?logs=0")


def result_request(queue_url: str, endpoint: str, request_id: str) -> Request:
    """Ask for the outcome of a finished request."""
    return Request("GET", _request_url(queue_url, endpoint, request_id))


def cancel_request(queue_url: str, endpoint: str, request_id: str) -> Request:
    """Ask fal to stop."""
    return Request("PUT", _request_url(queue_url, endpoint, request_id) + "/cancel")


def read_submitted(reply: Reply, endpoint: str) -> str:
    """The request id. Raises what `Generator.submit` promises; a 2xx without an id may have been accepted."""
    doing = f"the submission to {endpoint}"
    if not reply.ok:
        raise failures.refusal(reply, doing)
    request_id = valid_request_id((reply.json() or {}).get("request_id"))
    if request_id is None:
        raise GeneratorUnavailable(f"fal answered HTTP {reply.status} to {doing} without a usable request id")
    return request_id


def read_state(reply: Reply, request_id: str) -> RenderState:
    """Where a request stands. COMPLETED says nothing of success: only the result does."""
    doing = f"the status of {request_id}"
    if not reply.ok:
        raise failures.refusal(reply, doing)
    body = reply.json() or {}
    match body.get("status"):
        case "IN_QUEUE":
            return Queued(position=_count(body.get("queue_position")))
        case "IN_PROGRESS":
            return Running()
        case "COMPLETED":
            return Done()
        case _:
            raise GeneratorUnavailable(f"fal answered {doing} with a word that is not in its protocol")


def read_result(reply: Reply, request_id: str) -> Result:
    """The outcome of a finished request: the model's answer, or its error with the model's own status.

    Raises `GeneratorBusy` while there is none yet, `GeneratorMissing` once fal has forgotten the request.
    """
    doing = f"the result of {request_id}"
    units = billable_units(reply.headers.get("x-fal-billable-units"))
    body = reply.json()
    if reply.status == 202 or (reply.status == 400 and _says_unfinished(body)):
        raise GeneratorBusy(f"fal has no result of {request_id} yet")
    if reply.ok and body is not None:
        return Result(read_payload(body), units)
    if reply.ok:
        raise GeneratorUnavailable(f"fal answered {doing} with something that is no JSON object")
    if not failures.is_outcome(reply):
        raise failures.refusal(reply, doing)
    return Result(failures.failure(body, status=reply.status, headers=reply.headers), units)


def check_cancelled(reply: Reply, request_id: str) -> None:
    """Raise unless fal will stop, has finished already, or has forgotten the request."""
    finished = (reply.json() or {}).get("status") == "ALREADY_COMPLETED"
    if reply.ok or reply.status == 404 or (reply.status == 400 and finished):
        return
    raise failures.refusal(reply, f"the cancellation of {request_id}")


def read_payload(payload: JsonObject) -> Clip | Failure:
    """The clip in a model's output (`video: {url, content_type?, file_size?}` and `seed`), if it has one."""
    video = payload.get("video")
    url = video.get("url") if isinstance(video, dict) else None
    if not isinstance(video, dict) or not isinstance(url, str) or not _is_web_address(url):
        return Failure("no_clip", "the output holds no video with a web address", permanent=True)
    content_type = video.get("content_type")
    return Clip(
        url=url,
        content_type=clean(content_type) if isinstance(content_type, str) else None,
        size=_count(video.get("file_size")),
        seed=_count(payload.get("seed")),
    )


def billable_units(header: str | None) -> Decimal | None:
    """`x-fal-billable-units` as a number, None if absent or not a plain one."""
    value = (header or "").strip()
    return Decimal(value) if _UNITS.fullmatch(value) else None


def valid_request_id(value: object) -> str | None:
    """A request id that is safe in a URL path, a log line and a row; None for anything else."""
    return value if isinstance(value, str) and _REQUEST_ID.fullmatch(value) else None


def _request_url(queue_url: str, endpoint: str, request_id: str) -> str:
    """Status, result and cancel know the app only: the path behind owner/alias is left out."""
    if valid_request_id(request_id) is None:
        raise GeneratorMissing(f"{clean(request_id)!r} is no fal request id")
    return f"{queue_url}/{split_endpoint(endpoint).app}/requests/{quote(request_id, safe='')}"


def _says_unfinished(body: JsonObject | None) -> bool:
    """Whether a 400 to GET result means "not yet". Its wording is undocumented; this one has been seen."""
    said = failures.explanation(body) or ""
    return said in {"IN_QUEUE", "IN_PROGRESS"} or "still in progress" in said.lower()


def _is_web_address(url: str) -> bool:
    if not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _count(value: object) -> int | None:
    """A whole number from 0 up that a database can hold. JSON's `true` is an int to Python, but no count."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= LARGEST_INTEGER else None
