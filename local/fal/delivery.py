"""Delivers webhooks over HTTP, again and again until one of fal's reasons to stop. Decides nothing itself.

When to try again and what an answer means is said by `webhooks`. Of an answer only the status is read: redirects,
cookies and bodies are the receiver's affair. Loopback targets are allowed on purpose: fal drops them, but reaching
a laptop is what an emulator is for.
"""

import asyncio
import logging
from collections.abc import Callable

import httpx

from local.fal.clock import Clock
from local.fal.knobs import Knobs
from local.fal.queue import Job
from local.fal.webhooks import Attempt, Signer, Verdict, next_attempt, verdict_of, webhook_body

log = logging.getLogger(__name__)


class Courier:
    """Delivers for all requests through one transport, which its maker closes."""

    def __init__(
        self,
        *,
        transport: httpx.AsyncBaseTransport,
        clock: Clock,
        signer: Signer,
        knobs: Knobs,
        note: Callable[[str, Attempt], None],
    ) -> None:
        self._transport = transport
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
        await self._clock.sleep_until(job.completed_at + job.work.fate.webhook_delay)
        attempts = 1
        while await self._attempt(job, body, first=attempts == 1) is Verdict.FAILED:
            if not await self._pause(attempts, expires_at=job.expires_at):
                log.warning("gave up the webhook of %s after %d attempts", job.request_id, attempts)
                return
            attempts += 1

    async def _pause(self, attempts: int, *, expires_at: float) -> bool:
        """Wait after that many failures; False where there is nothing to wait for."""
        due = next_attempt(
            attempts, now=self._clock.now(), expires_at=expires_at, backoff_base=self._knobs.backoff_base
        )
        if due is None:
            return False
        await self._clock.sleep_until(due)
        return self._clock.now() < expires_at  # the clock may have been moved past it

    async def _attempt(self, job: Job, body: bytes, *, first: bool) -> Verdict:
        now = self._clock.now()
        # signed anew each time: receivers refuse timestamps older than five minutes
        headers = {"Content-Type": "application/json", **self._signer.headers(job.request_id, body, now=now)}
        request = httpx.Request("POST", str(job.webhook_url), content=body, headers=headers)
        limit = self._knobs.first_attempt_timeout if first else self._knobs.retry_timeout
        try:
            async with asyncio.timeout(limit):
                status = await self._status(request)
        except Exception as error:  # noqa: BLE001 - whatever one receiver provokes must not end the others' tasks
            attempt = Attempt(now, Verdict.FAILED, type(error).__name__)
        else:
            attempt = Attempt(now, verdict_of(status), str(status))
        self._note(job.request_id, attempt)
        return attempt.verdict

    async def _status(self, request: httpx.Request) -> int:
        answer = await self._transport.handle_async_request(request)
        await answer.aclose()
        return answer.status_code
