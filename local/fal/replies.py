"""What fal replies about requests, and its fixed refusals. Pure: a job in, JSON out.

fal's Python client insists on `queue_position` while a job waits and on `logs` afterwards (null will do), and
follows the three URLs it is given; its JavaScript client expects id and URLs on every status. Where fal's
wording is unconfirmed a reply carries `detail` alone, so that no client comes to rely on what we made up.
"""

from datetime import UTC, datetime

from local.fal.outcomes import JsonObject, Outcome, error_of
from local.fal.paths import app_of
from local.fal.queue import Job, State

STILL_IN_PROGRESS = Outcome(400, {"detail": "Request is still in progress"})
NOT_FOUND = Outcome(404, {"status": "NOT_FOUND"})
UNAUTHORIZED = Outcome(401, {"detail": "Authentication is required: invalid key"})
LOCKED = Outcome(403, {"detail": "User is locked. Reason: Exhausted balance."})
FORBIDDEN = Outcome(403, {"detail": "Forbidden"})
METHOD_NOT_ALLOWED = Outcome(405, {"detail": "Method Not Allowed"})
QUEUE_TOO_LONG = Outcome(429, {"detail": "The queue is longer than fal_max_queue_length"})
TOO_MANY_AT_ONCE = Outcome(
    429,
    {"detail": "Too many concurrent requests", "error_type": "concurrent_requests_limit"},
    {"X-Fal-Error-Type": "concurrent_requests_limit", "X-Fal-Needs-Retry": "1"},
)
"""A direct call beyond the account's limit; in the queue it would have waited."""

_REFUSALS = {refused.status: refused for refused in (UNAUTHORIZED, LOCKED, TOO_MANY_AT_ONCE)}


def refusal(status: int) -> Outcome:
    """A call turned away before anything was accepted, hence without a request id."""
    return _REFUSALS.get(status) or Outcome(status, {"detail": f"Refused with status {status}"})


def unknown_endpoint(endpoint: str) -> Outcome:
    """There is no such model."""
    return Outcome(404, {"detail": f"Application '{endpoint}' not found"})


def named(request_id: str) -> dict[str, str]:
    """The header that tells which request is meant."""
    return {"x-fal-request-id": request_id}


def links(job: Job) -> JsonObject:
    """Where the job can be asked for, under owner/alias as fal's own clients do."""
    base = f"{job.base_url}/{app_of(job.endpoint)}/requests/{job.request_id}"
    return {
        "request_id": job.request_id,
        "response_url": base,
        "status_url": f"{base}/status",
        "cancel_url": f"{base}/cancel",
    }


def submitted(job: Job, *, position: int) -> JsonObject:
    """The answer to a submit: always IN_QUEUE, even if the job begins in the same moment."""
    return {
        "status": State.IN_QUEUE,
        **links(job),
        "gateway_request_id": job.gateway_request_id,
        "queue_position": position,
    }


def status(job: Job, *, position: int, with_logs: bool) -> JsonObject:
    """The answer to a status poll; `position` is used while the job waits."""
    body: JsonObject = {"status": job.state, **links(job), "logs": logs(job) if with_logs else None}
    if job.state is State.IN_QUEUE:
        body["queue_position"] = position
    if job.outcome is not None:
        body["metrics"] = {"inference_time": inference_time(job)}
        if not job.outcome.ok:
            body["error"], error_type = error_of(job.outcome)
            body |= {"error_type": error_type} if error_type else {}
    return body


def inference_time(job: Job) -> float | None:
    """Seconds in progress; None for a job that never began."""
    if job.started_at is None or job.completed_at is None:
        return None
    return round(job.completed_at - job.started_at, 3)


def logs(job: Job) -> list[JsonObject]:
    """What a model would have printed, oldest first."""
    lines = []
    if job.started_at is not None:
        lines.append(_log("INFO", f"Started {job.endpoint}", job.started_at))
    if job.outcome is not None and job.completed_at is not None:
        level, word = ("INFO", "Finished") if job.outcome.ok else ("ERROR", "Failed")
        lines.append(_log(level, f"{word} with status {job.outcome.status}", job.completed_at))
    return lines


def _log(level: str, message: str, at: float) -> JsonObject:
    timestamp = datetime.fromtimestamp(at, UTC).isoformat()
    return {"message": message, "timestamp": timestamp, "level": level, "source": "USER"}
