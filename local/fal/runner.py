"""Runs a model once: checks its input, takes its time, has it drawn, and says how it ended. Knows no queue.

Queued and direct calls, streams and sockets all end here.
"""

import logging

from local.fal.clock import Clock
from local.fal.endpoints import ClipRequest, read_input
from local.fal.files import Files
from local.fal.outcomes import JsonObject, Outcome, bounded, crashed, failed, invalid_input, succeeded
from local.fal.studio import Studio
from local.fal.work import Work

log = logging.getLogger(__name__)

SERVED_FROM = {"X-Fal-Served-From": "emulator"}
"""fal names the machine there."""


class Runner:
    """Does one piece of work after the other, or several at once; all on the event loop's thread."""

    def __init__(self, *, clock: Clock, studio: Studio, files: Files) -> None:
        self._clock = clock
        self._studio = studio
        self._files = files

    async def run(self, work: Work, *, attempt: int = 1) -> Outcome:
        """How this attempt, counted from 1, ends. Never raises: a model's own crash is a 500, as at fal."""
        try:
            outcome = await self._outcome(work, attempt)
        except Exception:
            log.exception("running %s failed", work.endpoint)
            outcome = crashed()
        return bounded(outcome.with_headers({**SERVED_FROM, **work.fate.headers}))

    async def _outcome(self, work: Work, attempt: int) -> Outcome:
        checked = read_input(work.endpoint, work.body)
        if isinstance(checked, list):
            return invalid_input(checked)
        done_at = self._clock.now() + work.fate.latency
        failure = work.fate.failure_of(attempt)
        if failure is not None:
            await self._clock.sleep_until(done_at)
            return failed(failure, body=work.body)
        output = await self._film(checked.clip(fallback_seed=work.fate.fallback_seed), work)
        await self._clock.sleep_until(done_at)
        # AnimateDiff is billed by the compute second
        return succeeded(output, billable_units=work.fate.latency)

    async def _film(self, request: ClipRequest, work: Work) -> JsonObject:
        clip = await self._studio.film(request)
        file = await self._files.keep(
            clip, content_type="video/mp4", lifecycle=work.lifecycle, now=self._clock.now()
        )
        video = {
            "url": f"{work.files_url}/{file.name}",
            "content_type": file.content_type,
            "file_name": file.name,
            "file_size": file.size,
        }
        return {"video": video, "seed": request.seed}
