"""Moves requests through the queue: starts what may start, renders, ends, announces. Answers no HTTP itself.

Every change goes through `Queue`, which lets each happen once: a render that ends after its request was
cancelled changes nothing.
"""

import logging
from collections.abc import Callable, Coroutine

from local.fal.clock import Clock
from local.fal.delivery import Courier
from local.fal.endpoints import ClipRequest, read_input
from local.fal.outcomes import (
    JsonObject,
    Outcome,
    crashed,
    failed,
    invalid_input,
    not_started,
    platform_failure,
    succeeded,
)
from local.fal.queue import Cancel, Job, Queue
from local.fal.studio import Studio

log = logging.getLogger(__name__)

Spawn = Callable[[Coroutine[None, None, None]], object]
"""Starts a background task whose failure must not go unseen; `asyncio.TaskGroup.create_task`."""


class Runner:
    """The one that works on the queue. All methods belong to the event loop's thread."""

    def __init__(self, *, queue: Queue, clock: Clock, studio: Studio, courier: Courier, spawn: Spawn) -> None:
        self._queue = queue
        self._clock = clock
        self._studio = studio
        self._courier = courier
        self._spawn = spawn

    def accept(self, job: Job) -> int:
        """Queue a new job and return its position; it may begin at once."""
        self._queue.add(job)
        position = self._queue.position(job)
        if job.start_by is not None:
            self._spawn(self._watch_start(job, job.start_by))
        self._start_ready()
        return position

    def cancel(self, request_id: str) -> Cancel:
        """Cancel what waits; what runs is told, and stops only if it heeds that."""
        answer = self._queue.cancel(request_id, now=self._clock.now())
        job = self._queue.get(request_id, now=self._clock.now())
        if answer is Cancel.REQUESTED and job is not None and job.fate.heeds_cancel:
            self._complete(job, platform_failure("client_cancelled"))
        return answer

    def _start_ready(self) -> None:
        while (job := self._queue.start_next(now=self._clock.now())) is not None:
            self._spawn(self._run(job))

    async def _watch_start(self, job: Job, start_by: float) -> None:
        await self._clock.sleep_until(start_by)
        ended = self._queue.time_out(job.request_id, not_started(), now=self._clock.now())
        if ended is not None:
            self._announce(ended)

    async def _run(self, job: Job) -> None:
        try:
            outcome = await self._outcome(job)
        except Exception:  # the model's own crash, whatever it is, is a 500 at fal and never stops the queue
            log.exception("rendering %s failed", job.request_id)
            outcome = crashed()
        self._complete(job, outcome)

    async def _outcome(self, job: Job) -> Outcome:
        checked = read_input(job.endpoint, job.body)
        if isinstance(checked, list):
            return invalid_input(checked)
        assert job.started_at is not None
        done_at = job.started_at + job.fate.latency
        if job.fate.fail is not None:
            await self._clock.sleep_until(done_at)
            return failed(job.fate.fail, body=job.body)
        output = await self._film(checked.clip(fallback_seed=job.fate.fallback_seed), base_url=job.base_url)
        await self._clock.sleep_until(done_at)
        # AnimateDiff is billed by the compute second
        return succeeded(output, billable_units=job.fate.latency)

    async def _film(self, request: ClipRequest, *, base_url: str) -> JsonObject:
        clip = await self._studio.film(request)
        video = {
            "url": f"{base_url}/files/{clip.name}",
            "content_type": "video/mp4",
            "file_name": clip.name,
            "file_size": clip.size,
        }
        return {"video": video, "seed": request.seed}

    def _complete(self, job: Job, outcome: Outcome) -> None:
        ended = self._queue.complete(job.request_id, outcome, now=self._clock.now())
        if ended is not None:
            self._announce(ended)
            self._start_ready()

    def _announce(self, job: Job) -> None:
        if job.webhook_url is not None:
            for _ in range(job.fate.webhook_copies):
                self._spawn(self._courier.deliver(job))
