"""fal's queue as a state machine. Pure: time is an argument, and nothing here waits, renders or answers HTTP.

    IN_QUEUE ──start──► IN_PROGRESS ──complete──► COMPLETED ──(retention)──► forgotten
       ├──time out──────────────────────────────► COMPLETED (504)
       └──cancel──► forgotten: fal removes what had not begun

Only requests in progress count against the concurrency limit, which is the account's; low priority stands
behind all normal ones. Nothing is ever dropped: success and failure are both COMPLETED.
"""

import heapq
from bisect import insort
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

from local.fal.knobs import Fate
from local.fal.outcomes import JsonObject, Outcome

RETENTION = 3600.0
"""Seconds for which fal keeps a result after completion."""
RETENTION_LARGE = 360.0
"""The same for a result of `LARGE` bytes and more."""
LARGE = 10 * 1024


class State(StrEnum):
    """fal's three states; a failed request is COMPLETED too."""

    IN_QUEUE = "IN_QUEUE"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"


class Priority(IntEnum):
    """Order of starting; the smaller number first."""

    NORMAL = 0
    LOW = 1


class Cancel(StrEnum):
    """fal's answers to a cancel."""

    REQUESTED = "CANCELLATION_REQUESTED"
    TOO_LATE = "ALREADY_COMPLETED"
    NOT_FOUND = "NOT_FOUND"


@dataclass(frozen=True)
class Job:
    """One accepted request. Times in Unix seconds; `base_url` as the caller reached us, no final slash."""

    request_id: str
    number: int
    endpoint: str
    body: JsonObject
    base_url: str
    webhook_url: str | None
    priority: Priority
    start_by: float | None
    submitted_at: float
    fate: Fate
    state: State = State.IN_QUEUE
    started_at: float | None = None
    completed_at: float | None = None
    expires_at: float | None = None
    outcome: Outcome | None = None
    cancel_requested: bool = False

    @property
    def rank(self) -> tuple[Priority, int]:
        """Its place among those that wait."""
        return self.priority, self.number


class Queue:
    """All requests of one account. Each transition happens once; one that comes too late returns None."""

    def __init__(self, *, concurrency: int) -> None:
        self._concurrency = concurrency
        self._jobs: dict[str, Job] = {}
        self._waiting: list[tuple[Priority, int, str]] = []
        self._running = 0
        self._expiries: list[tuple[float, str]] = []

    def add(self, job: Job) -> None:
        """Put a new job at its place in the queue."""
        self._jobs[job.request_id] = job
        insort(self._waiting, (*job.rank, job.request_id))

    def get(self, request_id: str, *, now: float) -> Job | None:
        """The job, or None if it never was, was removed, or has expired."""
        self.forget_expired(now=now)
        return self._jobs.get(request_id)

    def jobs(self) -> tuple[Job, ...]:
        """Every job still known, oldest first."""
        return tuple(self._jobs.values())

    def position(self, job: Job) -> int:
        """How many of the same endpoint start before it; 0-indexed like fal's `queue_position`."""
        ahead = (self._jobs[request_id] for *rank, request_id in self._waiting if tuple(rank) < job.rank)
        return sum(other.endpoint == job.endpoint for other in ahead)

    def length(self, endpoint: str) -> int:
        """How many of that endpoint wait."""
        return sum(self._jobs[request_id].endpoint == endpoint for *_, request_id in self._waiting)

    def start_next(self, *, now: float) -> Job | None:
        """Start the first that waits if the limit allows it."""
        if self._running >= self._concurrency or not self._waiting:
            return None
        *_, request_id = self._waiting.pop(0)
        self._running += 1
        return self._put(replace(self._jobs[request_id], state=State.IN_PROGRESS, started_at=now))

    def complete(self, request_id: str, outcome: Outcome, *, now: float) -> Job | None:
        """End a job in progress; None if it is not in progress (any more)."""
        job = self._jobs.get(request_id)
        if job is None or job.state is not State.IN_PROGRESS:
            return None
        self._running -= 1
        return self._end(job, outcome, now=now)

    def time_out(self, request_id: str, outcome: Outcome, *, now: float) -> Job | None:
        """End a job whose start timeout has passed; None if it has begun."""
        job = self._jobs.get(request_id)
        if job is None or job.state is not State.IN_QUEUE:
            return None
        self._waiting.remove((*job.rank, request_id))
        return self._end(job, outcome, now=now)

    def cancel(self, request_id: str, *, now: float) -> Cancel:
        """Remove what waits, mark what runs."""
        job = self.get(request_id, now=now)
        if job is None:
            return Cancel.NOT_FOUND
        if job.state is State.COMPLETED:
            return Cancel.TOO_LATE
        if job.state is State.IN_PROGRESS:
            self._put(replace(job, cancel_requested=True))
            return Cancel.REQUESTED
        self._waiting.remove((*job.rank, request_id))
        del self._jobs[request_id]
        return Cancel.REQUESTED

    def forget_expired(self, *, now: float) -> None:
        """Drop every job whose result fal would no longer have."""
        while self._expiries and self._expiries[0][0] <= now:
            _, request_id = heapq.heappop(self._expiries)
            del self._jobs[request_id]

    def _end(self, job: Job, outcome: Outcome, *, now: float) -> Job:
        expires_at = now + (RETENTION_LARGE if len(outcome.encoded) >= LARGE else RETENTION)
        heapq.heappush(self._expiries, (expires_at, job.request_id))
        return self._put(
            replace(job, state=State.COMPLETED, outcome=outcome, completed_at=now, expires_at=expires_at)
        )

    def _put(self, job: Job) -> Job:
        self._jobs[job.request_id] = job
        return job
