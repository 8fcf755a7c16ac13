"""Remembers what reached the emulator, what became of it and of its webhooks, for people and tests to read.

Keeps the newest so many of each, what is long in them made short, and never a credential; what fal has forgotten
is here still. A listing can be narrowed to what is asked for.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote_plus

from local.fal.abridging import abridged
from local.fal.outcomes import JsonObject
from local.fal.parsing import read_json, whole_number
from local.fal.queue import Job
from local.fal.webhooks import Attempt
from pipeline.errors import BadRequest

LIMIT = 10_000
"""Kept of each unless told otherwise."""
LONGEST_BODY = 256 * 1024
"""Bytes; of a longer body only its length is kept."""
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})
SECRET_QUERY = "fal_jwt_token"  # noqa: S105 - the name of it


FIELDS = (
    "request_id", "gateway_request_id", "number", "endpoint", "state", "status", "billable_units", "attempts",
    "priority", "direct", "cancel_requested", "cancelled", "expired", "webhook_url",
)  # fmt: skip
"""What requests can be chosen by."""


@dataclass(frozen=True)
class Received:
    """One HTTP request as it came, `host` being the one that was meant. `at` in Unix seconds; `body` parsed where
    it is JSON, text otherwise.
    """

    at: float
    method: str
    host: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: Any  # Any: whatever JSON the caller sent


@dataclass
class _Entry:
    """A request as it stands, and the POSTs of its webhook."""

    job: Job
    attempts: list[Attempt] = field(default_factory=list)


class Journal:
    """What came in and what went out, oldest first."""

    def __init__(self, *, limit: int = LIMIT) -> None:
        """`limit`: how many are kept of each."""
        self._limit = limit
        self._received: deque[Received] = deque(maxlen=limit)
        self._entries: dict[str, _Entry] = {}
        self._last_forgotten = 0

    def received(
        self, *, at: float, method: str, host: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> None:
        """Note a request that came in; header names are lower-case."""
        kept = {name: _public(value) for name, value in headers.items() if name not in SECRET_HEADERS}
        self._received.append(Received(at, method, host, path, _public(query), kept, _readable(body)))

    def changed(self, job: Job) -> None:
        """Note what a request has become, unless it is older than all that are kept."""
        entry = self._entries.get(job.request_id)
        if entry is not None:
            entry.job = _short(job, known=entry.job)
        elif job.number > self._last_forgotten:
            self._entries[job.request_id] = _Entry(_short(job))
            if len(self._entries) > self._limit:
                oldest = next(iter(self._entries))
                self._last_forgotten = self._entries.pop(oldest).job.number

    def attempted(self, request_id: str, attempt: Attempt) -> None:
        """Note one POST of a webhook."""
        entry = self._entries.get(request_id)
        if entry is not None:
            entry.attempts.append(attempt)

    def attempts(self, request_id: str) -> tuple[Attempt, ...]:
        """The POSTs of one request's webhook."""
        entry = self._entries.get(request_id)
        return () if entry is None else tuple(entry.attempts)

    def listing(self, *, wanted: Mapping[str, str], now: float) -> JsonObject:
        """Everything, ready for JSON; of the requests only those whose fields read as in `wanted`.

        `limit` in `wanted` keeps the newest so many of both lists. Raises `BadRequest` for a name in `wanted` that
        no request has, and for a limit that is none.
        """
        conditions = {name: value for name, value in wanted.items() if name != "limit"}
        if unknown := conditions.keys() - FIELDS:
            raise BadRequest(f"requests have no {', '.join(sorted(unknown))}; they have {', '.join(FIELDS)}")
        newest = -_limit(wanted.get("limit"), usual=self._limit)
        requests = [_described(entry, now=now) for entry in self._entries.values()]
        fitting = [entry for entry in requests if _fits(entry, conditions)]
        received = [vars(entry) for entry in self._received]
        return {"received": received[newest:], "requests": fitting[newest:]}


def _short(job: Job, *, known: Job | None = None) -> Job:
    """The job with an input and an output of limited length; the input stays as it is `known`."""
    work = replace(job.work, body=abridged(job.work.body)) if known is None else known.work
    outcome = job.outcome and replace(job.outcome, body=abridged(job.outcome.body))
    return replace(job, work=work, outcome=outcome)


def _described(entry: _Entry, *, now: float) -> JsonObject:
    job = entry.job
    return {
        "request_id": job.request_id,
        "gateway_request_id": job.gateway_request_id,
        "number": job.number,
        "endpoint": job.endpoint,
        "input": job.work.body,
        "state": job.state,
        "status": job.outcome.status if job.outcome else None,
        "output": job.outcome.body if job.outcome else None,
        "billable_units": job.outcome.headers.get("x-fal-billable-units") if job.outcome else None,
        "attempts": job.attempts,
        "fate": vars(job.work.fate),
        "priority": job.priority.name.lower(),
        "direct": job.direct,
        "cancel_requested": job.cancel_requested,
        "cancelled": job.cancelled,
        "expired": job.expires_at is not None and job.expires_at <= now,
        "submitted_at": job.submitted_at,
        "started_at": job.started_at,
        "completed_at": job.completed_at,
        "expires_at": job.expires_at,
        "webhook_url": job.webhook_url,
        "deliveries": [vars(attempt) for attempt in entry.attempts],
    }


def _fits(entry: JsonObject, conditions: Mapping[str, str]) -> bool:
    return all(str(entry.get(name)).lower() == value.lower() for name, value in conditions.items())


def _limit(value: str | None, *, usual: int) -> int:
    number = usual if value is None else whole_number(value)
    if not number:
        raise BadRequest(f"limit is a number above 0, not {value!r}")
    return number


def _public(text: str) -> str:
    """A query or a header's value; none of it where a token stands in it."""
    return "[token]" if SECRET_QUERY in unquote_plus(text) else text


def _readable(body: bytes) -> Any:  # noqa: ANN401 - whatever JSON the caller sent
    if len(body) > LONGEST_BODY:
        return f"[{len(body)} bytes]"
    try:
        return abridged(read_json(body))
    except ValueError:
        return abridged(body.decode(errors="replace"))
