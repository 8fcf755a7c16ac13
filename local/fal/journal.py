"""Remembers what reached the emulator and what its webhooks came to, for tests to read. Decides nothing.

Keeps the newest `LIMIT` of each and never a credential.
"""

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from local.fal.outcomes import JsonObject
from local.fal.queue import Job
from local.fal.webhooks import Attempt

LIMIT = 10_000
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})


@dataclass(frozen=True)
class Received:
    """One HTTP request as it came. `at` in Unix seconds; `body` parsed where it is JSON, text otherwise."""

    at: float
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: Any  # Any: whatever JSON the caller sent


class Journal:
    """What came in and what went out, oldest first."""

    def __init__(self) -> None:
        self._received: deque[Received] = deque(maxlen=LIMIT)
        self._attempts: deque[tuple[str, Attempt]] = deque(maxlen=LIMIT)

    def received(
        self, *, at: float, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> None:
        """Note a request that came in; header names are lower-case."""
        kept = {name: value for name, value in headers.items() if name not in SECRET_HEADERS}
        self._received.append(Received(at, method, path, query, kept, _readable(body)))

    def attempted(self, request_id: str, attempt: Attempt) -> None:
        """Note one POST of a webhook."""
        self._attempts.append((request_id, attempt))

    def attempts(self, request_id: str) -> tuple[Attempt, ...]:
        """The POSTs of one request's webhook."""
        return tuple(attempt for owner, attempt in self._attempts if owner == request_id)

    def listing(self, jobs: Iterable[Job]) -> JsonObject:
        """Everything, ready for JSON."""
        return {
            "received": [asdict(entry) for entry in self._received],
            "requests": [self._request(job) for job in jobs],
        }

    def _request(self, job: Job) -> JsonObject:
        return {
            "request_id": job.request_id,
            "number": job.number,
            "endpoint": job.endpoint,
            "state": job.state,
            "status": job.outcome.status if job.outcome else None,
            "priority": job.priority.name.lower(),
            "cancel_requested": job.cancel_requested,
            "submitted_at": job.submitted_at,
            "started_at": job.started_at,
            "completed_at": job.completed_at,
            "expires_at": job.expires_at,
            "webhook_url": job.webhook_url,
            "deliveries": [asdict(attempt) for attempt in self.attempts(job.request_id)],
        }


def _readable(body: bytes) -> Any:  # noqa: ANN401 - whatever JSON the caller sent
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
