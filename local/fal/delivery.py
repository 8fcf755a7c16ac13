"""Delivers webhooks over HTTP, again and again until one of fal's reasons to stop. Decides nothing itself.

When to try again and what an answer means is said by `webhooks`. Loopback targets are allowed on purpose: fal
drops them, but reaching a laptop is what an emulator is for.
"""

import logging
from collections.abc import Callable

import httpx

from local.fal.clock import Clock
from local.fal.knobs import Knobs
from local.fal.queue import Job
from local.fal.webhooks import Attempt, Signer, Verdict, next_attempt, verdict_of, webhook_body

log = logging.getLogger(__name__)


class Courier:
    """Delivers for all requests through one pooled client, which its maker closes."""

    def __init__(
        self,
        *,
        http: httpx.AsyncClient,
        clock: Clock,
        signer: Signer,
        knobs: Knobs,
        note: Callable[[str, Attempt], None],
    ) -> None:
        self._http = http
        self._clock = clock
        self._signer = signer
        self._knobs = knobs
        self._note = note

    async def deliver(self, job: Job) -> None:
        """Deliver a completed job's webhook; returns when it is acknowledged or given up."""
        assert job.outcome is not None
        assert job.completed_at is not None
        assert job.expires_at is not None
        body = webhook_body(job, job.outcome)
        due: float | None = job.completed_at + job.work.fate.webhook_delay
        attempts = 0
        while due is not None:
            await self._clock.sleep_until(due)
            verdict = await self._attempt(job, body, first=attempts == 0)
            attempts += 1
            if verdict is not Verdict.FAILED:
                return
            due = next_attempt(
                attempts,
                now=self._clock.now(),
                expires_at=job.expires_at,
                backoff_base=self._knobs.backoff_base,
            )
        log.warning("gave up the webhook of %s after %d attempts", job.request_id, attempts)

    async def _attempt(self, job: Job, body: bytes, *, first: bool) -> Verdict:
        now = self._clock.now()
        # signed anew each time: receivers refuse timestamps older than five minutes
        headers = {"Content-Type": "application/json", **self._signer.headers(job.request_id, body, now=now)}
        timeout = self._knobs.first_attempt_timeout if first else self._knobs.retry_timeout
        try:
            answer = await self._http.post(str(job.webhook_url), content=body, headers=headers, timeout=timeout)
        except httpx.HTTPError as error:
            attempt = Attempt(now, Verdict.FAILED, type(error).__name__)
        else:
            attempt = Attempt(now, verdict_of(answer.status_code), str(answer.status_code))
        self._note(job.request_id, attempt)
        return attempt.verdict
