"""Answers fal's queue requests: submit, status, result, cancel. Must not touch HTTP objects or sockets.

An `Ask` comes in, an `Answer` goes out; reading sockets and hanging up is for `routes`.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from local.fal import replies
from local.fal.clock import Clock
from local.fal.endpoints import ENDPOINTS
from local.fal.knobs import Knobs, Overrides, draw_fate, read_overrides
from local.fal.outcomes import JsonObject, Outcome, platform_failure
from local.fal.paths import Action, RequestPath, SubmitPath, app_of, read_path
from local.fal.queue import Cancel, Job, Queue, State
from local.fal.runner import Runner
from local.fal.submission import Submission, read_submission
from pipeline.errors import BadRequest

_CANCEL_STATUS = {Cancel.REQUESTED: 202, Cancel.TOO_LATE: 400, Cancel.NOT_FOUND: 404}


@dataclass(frozen=True)
class Ask:
    """A request. Header names are lower-case; `base_url` is scheme and host as the caller knows them."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base_url: str


@dataclass(frozen=True)
class Answer:
    """One HTTP reply; `hang_up` closes the connection instead of sending it."""

    status: int
    body: JsonObject
    headers: Mapping[str, str]
    hang_up: bool = False


class Desk:
    """The queue's front desk. `key` is the one accepted credential; None accepts any."""

    def __init__(
        self,
        *,
        queue: Queue,
        runner: Runner,
        clock: Clock,
        knobs: Knobs,
        scripts: Mapping[int, Overrides],
        key: str | None,
        new_id: Callable[[], str],
    ) -> None:
        self._queue = queue
        self._runner = runner
        self._clock = clock
        self._knobs = knobs
        self._scripts = scripts
        self._key = key
        self._new_id = new_id
        self._submits = 0

    def answer(self, ask: Ask) -> Answer:
        """Answer one request."""
        if not self._authorised(ask.headers.get("authorization", "")):
            return _plain(replies.UNAUTHORIZED)
        match read_path(ask.path), ask.method:
            case SubmitPath(endpoint), "POST":
                return self._submit(endpoint, ask)
            case RequestPath() as path, method:
                return self._about(path, method, ask.query)
            case SubmitPath(), _:
                return _plain(replies.METHOD_NOT_ALLOWED)
            case _:
                return _plain(replies.NOT_FOUND)

    def _authorised(self, header: str) -> bool:
        scheme, _, key = header.partition(" ")
        if scheme.lower() not in {"key", "bearer"} or not key.strip():
            return False
        return self._key is None or hmac.compare_digest(key.strip().encode(), self._key.encode())

    def _submit(self, endpoint: str, ask: Ask) -> Answer:
        if endpoint not in ENDPOINTS:
            return _plain(replies.unknown_endpoint(endpoint))
        try:
            submission = read_submission(endpoint, query=ask.query, headers=ask.headers, body=ask.body)
            overrides = self._overrides(ask.headers.get("x-emulator"))
        except BadRequest as error:
            return _plain(platform_failure("bad_request", str(error)))
        if overrides.refuse is not None:
            return _plain(replies.refusal(overrides.refuse))
        longest = submission.max_queue_length
        if longest is not None and self._queue.length(endpoint) > longest:
            return _plain(replies.QUEUE_TOO_LONG)
        return self._accept(submission, overrides, base_url=ask.base_url)

    def _overrides(self, header: str | None) -> Overrides:
        given = None if header is None else read_overrides(header)
        self._submits += 1
        return given or self._scripts.get(self._submits, Overrides())

    def _accept(self, submission: Submission, overrides: Overrides, *, base_url: str) -> Answer:
        now = self._clock.now()
        job = Job(
            request_id=self._new_id(),
            number=self._submits,
            endpoint=submission.endpoint,
            body=submission.body,
            base_url=base_url,
            webhook_url=submission.webhook_url,
            priority=submission.priority,
            start_by=None if submission.start_timeout is None else now + submission.start_timeout,
            submitted_at=now,
            fate=draw_fate(self._knobs, overrides, nth=self._submits),
        )
        position = self._runner.accept(job)
        body = replies.submitted(job, position=position)
        return Answer(200, body, _named(job.request_id), hang_up=job.fate.drop_answer)

    def _about(self, path: RequestPath, method: str, query: Mapping[str, str]) -> Answer:
        if method != ("PUT" if path.action is Action.CANCEL else "GET"):
            return _plain(replies.METHOD_NOT_ALLOWED)
        job = self._queue.get(path.request_id, now=self._clock.now())
        if job is None or app_of(job.endpoint) != path.app:
            return _plain(replies.NOT_FOUND)
        match path.action:
            case Action.STATUS:
                return self._status(job, with_logs=query.get("logs", "").lower() in {"1", "true"})
            case Action.CANCEL:
                return self._cancel(job)
            case Action.RESULT:
                return _result(job)

    def _status(self, job: Job, *, with_logs: bool) -> Answer:
        body = replies.status(job, position=self._queue.position(job), with_logs=with_logs)
        return Answer(200 if job.state is State.COMPLETED else 202, body, _named(job.request_id))

    def _cancel(self, job: Job) -> Answer:
        verdict = self._runner.cancel(job.request_id)
        return Answer(_CANCEL_STATUS[verdict], {"status": verdict}, _named(job.request_id))


def _result(job: Job) -> Answer:
    outcome = job.outcome or replies.STILL_IN_PROGRESS
    return Answer(outcome.status, outcome.body, {**outcome.headers, **_named(job.request_id)})


def _plain(outcome: Outcome) -> Answer:
    return Answer(outcome.status, outcome.body, outcome.headers)


def _named(request_id: str) -> dict[str, str]:
    return {"x-fal-request-id": request_id}
