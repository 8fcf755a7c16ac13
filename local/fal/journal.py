"""Remembers what reached the emulator, what became of it and of its webhooks, for people and tests to read.

Decides nothing. Keeps the newest `LIMIT` of each and never a credential; what fal has forgotten is here still.
"""

import json
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from local.fal.outcomes import JsonObject
from local.fal.queue import Job, State
from local.fal.webhooks import Attempt
from pipeline.errors import BadRequest

LIMIT = 10_000
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


class Journal:
    """What came in and what went out, oldest first."""

    def __init__(self) -> None:
        self._received: deque[Received] = deque(maxlen=LIMIT)
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._attempts: dict[str, list[Attempt]] = {}

    def received(
        self, *, at: float, method: str, host: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> None:
        """Note a request that came in; header names are lower-case."""
        kept = {name: value for name, value in headers.items() if name not in SECRET_HEADERS}
        shown = "[token]" if SECRET_QUERY in query else query
        self._received.append(Received(at, method, host, path, shown, kept, _readable(body)))

    def changed(self, job: Job) -> None:
        """Note what a request has become."""
        self._jobs[job.request_id] = job
        if len(self._jobs) > LIMIT:
            forgotten, _ = self._jobs.popitem(last=False)
            self._attempts.pop(forgotten, None)

    def attempted(self, request_id: str, attempt: Attempt) -> None:
        """Note one POST of a webhook."""
        self._attempts.setdefault(request_id, []).append(attempt)

    def attempts(self, request_id: str) -> tuple[Attempt, ...]:
        """The POSTs of one request's webhook."""
        return tuple(self._attempts.get(request_id, ()))

    def listing(self, *, wanted: Mapping[str, str], now: float) -> JsonObject:
        """Everything, ready for JSON; of the requests only those whose fields read as in `wanted`.

        `limit` in `wanted` keeps the newest so many of both lists. Raises `BadRequest` for a name in `wanted` that
        no request has, and for a limit that is none.
        """
        conditions = {name: value for name, value in wanted.items() if name != "limit"}
        if unknown := conditions.keys() - FIELDS:
            raise BadRequest(f"requests have no {', '.join(sorted(unknown))}; they have {', '.join(FIELDS)}")
        newest = -_limit(wanted.get("limit"))
        requests = [self._request(job, now=now) for job in self._jobs.values()]
        fitting = [entry for entry in requests if _fits(entry, conditions)]
        received = list(self._received)[newest:]
        return {"received": [asdict(entry) for entry in received], "requests": fitting[newest:]}

    def _request(self, job: Job, *, now: float) -> JsonObject:
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
            "priority": job.priority.name.lower(),
            "direct": job.direct,
            "cancel_requested": job.cancel_requested,
            "cancelled": job.cancel_requested and job.state is State.IN_QUEUE,
            "expired": job.expires_at is not None and job.expires_at <= now,
            "submitted_at": job.submitted_at,
            "started_at": job.started_at,
            "completed_at": job.completed_at,
            "expires_at": job.expires_at,
            "webhook_url": job.webhook_url,
            "deliveries": [asdict(attempt) for attempt in self.attempts(job.request_id)],
        }


def _fits(entry: JsonObject, conditions: Mapping[str, str]) -> bool:
    return all(str(entry.get(name)).lower() == value.lower() for name, value in conditions.items())


def _limit(value: str | None) -> int:
    if value is None:
        return LIMIT
    if not (value.isascii() and value.isdigit() and int(value)):
        raise BadRequest(f"limit is a number above 0, not {value!r}")
    return int(value)


def _readable(body: bytes) -> Any:  # noqa: ANN401 - whatever JSON the caller sent
    if len(body) > LONGEST_BODY:
        return f"[{len(body)} bytes]"
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
