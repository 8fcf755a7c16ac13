"""fal's queue as a state machine. Pure: time is an argument, and nothing here waits, renders or answers HTTP.

    IN_QUEUE ──start──► IN_PROGRESS ──complete──► COMPLETED ──(retention)──► forgotten
       │  ▲                  │
       │  └─────requeue──────┘       an attempt failed in a way that fal tries again, and nobody cancelled
       ├──time out──────────────────────────────► COMPLETED (504)
       └──cancel──► forgotten: fal removes what had not begun

Only requests in progress count against the concurrency limit, which is the account's and shared with direct
calls; low priority stands behind all normal ones. Nothing is ever dropped: success and failure are both COMPLETED.
"""

import heapq
from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

from local.fal.outcomes import Outcome
from local.fal.work import Work

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


Rank = tuple[Priority, int, str]


@dataclass(frozen=True)
class Job:
    """One accepted request. Times in Unix seconds; `base_url` as the caller reached us, no final slash.

    `attempts` counts those begun; each after the first has a `gateway_request_id` of its own. `direct` is one that
    was answered in its own connection: it never was in the queue, and is a job for the record only. What runs is
    only told of a cancel (`cancel_requested`); what waits is taken out of the queue by it (`cancelled`).
    """

    request_id: str
    number: int
    work: Work
    base_url: str
    webhook_url: str | None
    priority: Priority
    start_by: float | None
    may_retry: bool
    submitted_at: float
    gateway_request_id: str
    state: State = State.IN_QUEUE
    attempts: int = 0
    started_at: float | None = None
    completed_at: float | None = None
    expires_at: float | None = None
    outcome: Outcome | None = None
    cancel_requested: bool = False
    cancelled: bool = False
    direct: bool = False

    @property
    def endpoint(self) -> str:
        """The endpoint it was submitted to."""
        return self.work.endpoint

    @property
    def rank(self) -> Rank:
        """Its place among those that wait."""
        return self.priority, self.number, self.request_id


class Queue:
    """All requests of one account. Each transition happens once; one that comes too late returns None.

    `changed` is told of every job as it has become, and of one that was cancelled in the queue a last time.
    """

    def __init__(self, *, concurrency: int, changed: Callable[[Job], None] = lambda _: None) -> None:
        self._concurrency = concurrency
        self._changed = changed
        self._jobs: dict[str, Job] = {}
        self._waiting: list[Rank] = []
        self._lines: dict[str, list[Rank]] = {}
        self._running = 0
        self._expiries: list[tuple[float, str]] = []

    def add(self, job: Job) -> None:
        """Put a new job at its place in the queue."""
        self._put(job)
        self._enter(job)

    def get(self, request_id: str, *, now: float) -> Job | None:
        """The job, or None if it never was, was removed, or has expired."""
        self.forget_expired(now=now)
        return self._jobs.get(request_id)

    def position(self, job: Job) -> int:
        """How many of the same endpoint start before it; 0-indexed like fal's `queue_position`."""
        return bisect_left(self._lines.get(job.endpoint, []), job.rank)

    def length(self, endpoint: str) -> int:
        """How many of that endpoint wait."""
        return len(self._lines.get(endpoint, []))

    def occupy(self) -> bool:
        """Take a place for a call that does not queue; False where the limit is reached."""
        if self._running >= self._concurrency:
            return False
        self._running += 1
        return True

    def vacate(self) -> None:
        """Give back a place that `occupy` took."""
        self._running -= 1

    def start_next(self, *, now: float) -> Job | None:
        """Start the first that waits if the limit allows it."""
        if not self._waiting or not self.occupy():
            return None
        *_, request_id = self._waiting[0]
        job = self._jobs[request_id]
        self._leave(job)
        return self._put(replace(job, state=State.IN_PROGRESS, started_at=now, attempts=job.attempts + 1))

    def requeue(self, request_id: str, *, gateway_request_id: str) -> Job | None:
        """Put a job in progress back to its place for another attempt.

        None if it is not in progress, or if a cancel has told it to stop.
        """
        job = self._in_progress(request_id)
        if job is None or job.cancel_requested:
            return None
        self.vacate()
        back = self._put(
            replace(job, state=State.IN_QUEUE, started_at=None, gateway_request_id=gateway_request_id)
        )
        self._enter(back)
        return back

    def complete(self, request_id: str, outcome: Outcome, *, now: float) -> Job | None:
        """End a job in progress; None if it is not in progress (any more)."""
        job = self._in_progress(request_id)
        if job is None:
            return None
        self.vacate()
        return self._end(job, outcome, now=now)

    def time_out(self, request_id: str, outcome: Outcome, *, now: float) -> Job | None:
        """End a job whose start timeout has passed; None if it has begun."""
        job = self._jobs.get(request_id)
        if job is None or job.state is not State.IN_QUEUE:
            return None
        self._leave(job)
        return self._end(job, outcome, now=now)

    def cancel(self, request_id: str, *, now: float) -> Cancel:
        """Remove what waits, mark what runs."""
        job = self.get(request_id, now=now)
        if job is None:
            return Cancel.NOT_FOUND
        if job.state is State.COMPLETED:
            return Cancel.TOO_LATE
        if job.state is State.IN_QUEUE:
            self._leave(job)
            del self._jobs[request_id]
            self._changed(replace(job, cancel_requested=True, cancelled=True))
        else:
            self._put(replace(job, cancel_requested=True))
        return Cancel.REQUESTED

    def forget_expired(self, *, now: float) -> None:
        """Drop every job whose result fal would no longer have."""
        while self._expiries and self._expiries[0][0] <= now:
            _, request_id = heapq.heappop(self._expiries)
            del self._jobs[request_id]

    def _in_progress(self, request_id: str) -> Job | None:
        job = self._jobs.get(request_id)
        return job if job is not None and job.state is State.IN_PROGRESS else None

    def _enter(self, job: Job) -> None:
        insort(self._waiting, job.rank)
        insort(self._lines.setdefault(job.endpoint, []), job.rank)

    def _leave(self, job: Job) -> None:
        for line in (self._waiting, self._lines[job.endpoint]):
            del line[bisect_left(line, job.rank)]

    def _end(self, job: Job, outcome: Outcome, *, now: float) -> Job:
        expires_at = now + (RETENTION_LARGE if outcome.size >= LARGE else RETENTION)
        heapq.heappush(self._expiries, (expires_at, job.request_id))
        return self._put(
            replace(job, state=State.COMPLETED, outcome=outcome, completed_at=now, expires_at=expires_at)
        )

    def _put(self, job: Job) -> Job:
        self._jobs[job.request_id] = job
        self._changed(job)
        return job
