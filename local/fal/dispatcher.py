"""Works on the queue: starts what may start, runs it, tries again or ends it, announces. Answers no HTTP itself.

Every change goes through `Queue`, which lets each happen once: a run that ends after its request was cancelled
changes nothing.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager

from local.fal.clock import Clock
from local.fal.delivery import Courier
from local.fal.outcomes import Outcome, not_started
from local.fal.queue import Cancel, Job, Queue
from local.fal.runner import Runner, interrupted

MAX_ATTEMPTS = 10
"""In total, the first one included."""
RETRIED = frozenset({503, 504})
"""Statuses that fal tries again, in the queue only; 500, 502 and everything below are final."""

Spawn = Callable[[Coroutine[None, None, None]], asyncio.Task[None]]
"""Starts a background task whose failure must not go unseen; `asyncio.TaskGroup.create_task`."""


class Dispatcher:
    """The one that works on the queue. All methods belong to the event loop's thread."""

    def __init__(
        self,
        *,
        queue: Queue,
        clock: Clock,
        runner: Runner,
        courier: Courier,
        spawn: Spawn,
        new_id: Callable[[], str],
    ) -> None:
        self._queue = queue
        self._clock = clock
        self._runner = runner
        self._courier = courier
        self._spawn = spawn
        self._new_id = new_id
        self._deadlines: dict[str, asyncio.Task[None]] = {}
        self._stopping = False

    def stop(self) -> None:
        """Begin nothing any more; what runs goes on."""
        self._stopping = True

    def accept(self, job: Job) -> int:
        """Queue a new job and return its position; it may begin at once."""
        self._queue.add(job)
        position = self._queue.position(job)
        if job.start_by is not None:
            self._deadlines[job.request_id] = self._spawn(self._watch_start(job, job.start_by))
        self._start_ready()
        return position

    def cancel(self, request_id: str) -> Cancel:
        """Cancel what waits; what runs is told, and stops only if it heeds that."""
        now = self._clock.now()
        answer = self._queue.cancel(request_id, now=now)
        job = self._queue.get(request_id, now=now)
        if job is None:
            self._forget_deadline(request_id)
        elif answer is Cancel.REQUESTED and job.work.fate.heeds_cancel:
            self._complete(job, interrupted("client_cancelled"))
        return answer

    @contextmanager
    def place(self) -> Iterator[bool]:
        """One of the places, for what does not queue, while the context lasts; False where all are taken."""
        if not self._queue.occupy():
            yield False
            return
        try:
            yield True
        finally:
            self._queue.vacate()
            self._start_ready()

    def _start_ready(self) -> None:
        while not self._stopping and (job := self._queue.start_next(now=self._clock.now())) is not None:
            self._spawn(self._run(job))

    async def _watch_start(self, job: Job, start_by: float) -> None:
        await self._clock.sleep_until(start_by)
        self._deadlines.pop(job.request_id, None)
        ended = self._queue.time_out(job.request_id, not_started(), now=self._clock.now())
        if ended is not None:
            self._announce(ended)

    async def _run(self, job: Job) -> None:
        outcome = await self._runner.run(job.work, attempt=job.attempts)
        if outcome.status not in RETRIED or not job.may_retry or job.attempts >= MAX_ATTEMPTS:
            self._complete(job, outcome)
        elif job.start_by is not None and job.start_by <= self._clock.now():
            # failed attempts count as waiting: the deadline passed before one got through
            self._complete(job, not_started())
        elif self._queue.requeue(job.request_id, gateway_request_id=self._new_id()) is not None:
            self._start_ready()
        else:
            # told to stop while it ran: this attempt was its last
            self._complete(job, outcome)

    def _complete(self, job: Job, outcome: Outcome) -> None:
        self._forget_deadline(job.request_id)
        ended = self._queue.complete(job.request_id, outcome, now=self._clock.now())
        if ended is not None:
            self._announce(ended)
            self._start_ready()

    def _forget_deadline(self, request_id: str) -> None:
        if (deadline := self._deadlines.pop(request_id, None)) is not None:
            deadline.cancel()

    def _announce(self, job: Job) -> None:
        if job.webhook_url is not None:
            for _ in range(job.work.fate.webhook_copies):
                self._spawn(self._courier.deliver(job))
