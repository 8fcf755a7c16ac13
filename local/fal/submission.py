"""Reads what a submit asks of the queue. Pure: strings in, a value out or `BadRequest`.

Lenient where fal's behaviour is unconfirmed (an unknown priority is normal), strict where a mistake would
otherwise show up as a webhook that never comes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from local.fal.parsing import seconds, whole_number
from local.fal.queue import Priority
from pipeline.errors import BadRequest

MIN_START_TIMEOUT = 0.1
"""Seconds; fal's pages ask for more than this."""


@dataclass(frozen=True)
class Submission:
    """One submit. `start_timeout` in seconds from now; None and `max_queue_length` None: no limit."""

    webhook_url: str | None
    priority: Priority
    start_timeout: float | None
    max_queue_length: int | None
    may_retry: bool


def read_submission(*, query: Mapping[str, str], headers: Mapping[str, str]) -> Submission:
    """Parse query (`fal_webhook`, `fal_max_queue_length`) and headers (lower-case names).

    Raises `BadRequest`.
    """
    return Submission(
        webhook_url=_webhook_url(query.get("fal_webhook")),
        priority=Priority.LOW if headers.get("x-fal-queue-priority") == "low" else Priority.NORMAL,
        start_timeout=_start_timeout(headers.get("x-fal-request-timeout")),
        max_queue_length=_max_queue_length(query.get("fal_max_queue_length")),
        may_retry=headers.get("x-fal-no-retry", "").lower() not in {"1", "true", "yes"},
    )


def _webhook_url(value: str | None) -> str | None:
    if not value:
        return None
    try:
        # just what will be sent: some URLs can be read, and no request can be made of them
        url = httpx.Request("POST", value).url
    except (httpx.InvalidURL, ValueError) as error:
        raise BadRequest(f"fal_webhook is not a URL: {error}") from error
    if url.scheme not in {"http", "https"} or not url.host or (url.port or 0) > 65535:
        raise BadRequest("fal_webhook is not an http or https URL")
    return value


def _start_timeout(value: str | None) -> float | None:
    if value is None:
        return None
    limit = seconds(value)
    if limit is None:
        raise BadRequest("X-Fal-Request-Timeout is not a number")
    if limit <= MIN_START_TIMEOUT:
        raise BadRequest(f"X-Fal-Request-Timeout must be above {MIN_START_TIMEOUT} seconds")
    return limit


def _max_queue_length(value: str | None) -> int | None:
    if value is None:
        return None
    length = whole_number(value)
    if length is None:
        raise BadRequest("fal_max_queue_length is not a whole number")
    return length
