"""Answers fal's queue requests: submit, status, result, cancel. Must not touch HTTP objects or sockets.

An `Ask` comes in, an `Answer` goes out; reading sockets and hanging up is for the hosts.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from local.fal import replies
from local.fal.account import Account
from local.fal.clock import Clock
from local.fal.dispatcher import Dispatcher
from local.fal.knobs import Fate
from local.fal.orders import Order, Orders
from local.fal.outcomes import JsonObject, Outcome, platform_failure
from local.fal.paths import Action, RequestPath, SubmitPath, app_of, read_path
from local.fal.queue import Cancel, Job, Queue, State
from local.fal.submission import Submission, read_submission
from pipeline.errors import BadRequest

_CANCEL_STATUS = {Cancel.REQUESTED: 202, Cancel.TOO_LATE: 400, Cancel.NOT_FOUND: 404}


@dataclass(frozen=True)
class Ask:
    """A request. Header names are lower-case; `address` is scheme and host as the caller knows them."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    address: str


class Silence(Enum):
    """In place of a reply that a caller shall not get: close its connection, or let it wait."""

    HANG_UP = auto()
    STALL = auto()


@dataclass(frozen=True)
class Answer:
    """One HTTP reply, or the silence instead of it."""

    status: int
    body: JsonObject
    headers: Mapping[str, str]
    silence: Silence | None = None


class Desk:
    """The queue's front desk."""

    def __init__(
        self,
        *,
        account: Account,
        queue: Queue,
        dispatcher: Dispatcher,
        orders: Orders,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._account = account
        self._queue = queue
        self._dispatcher = dispatcher
        self._orders = orders
        self._clock = clock
        self._new_id = new_id
        self._polls: Counter[str] = Counter()

    def answer(self, ask: Ask) -> Answer:
        """Answer one request. A status stream is answered as the status it begins with."""
        refused = self._account.refusal(ask.headers)
        if refused is not None:
            return plain(refused)
        match read_path(ask.path), ask.method:
            case SubmitPath(endpoint), "POST":
                return self._submit(endpoint, ask)
            case RequestPath() as path, method:
                return self._about(path, method, ask.query)
            case SubmitPath(), _:
                return plain(replies.METHOD_NOT_ALLOWED)
            case _:
                return plain(replies.NOT_FOUND)

    def _submit(self, endpoint: str, ask: Ask) -> Answer:
        try:
            submission = read_submission(query=ask.query, headers=ask.headers)
        except BadRequest as error:
            return plain(platform_failure("bad_request", str(error)))
        order = self._orders.take(endpoint, headers=ask.headers, body=ask.body, address=ask.address)
        if isinstance(order, Outcome):
            return plain(order)
        longest = submission.max_queue_length
        if longest is not None and self._queue.length(endpoint) > longest:
            return plain(replies.QUEUE_TOO_LONG)
        return self._accept(order, submission, address=ask.address)

    def _accept(self, order: Order, submission: Submission, *, address: str) -> Answer:
        now = self._clock.now()
        request_id = self._new_id()
        job = Job(
            request_id=request_id,
            gateway_request_id=request_id,
            number=order.number,
            work=order.work,
            base_url=address,
            webhook_url=submission.webhook_url,
            priority=submission.priority,
            start_by=None if submission.start_timeout is None else now + submission.start_timeout,
            may_retry=submission.may_retry,
            submitted_at=now,
        )
        position = self._dispatcher.accept(job)
        body = replies.submitted(job, position=position)
        return Answer(200, body, replies.named(job.request_id), silence=_silence(order.work.fate))

    def _about(self, path: RequestPath, method: str, query: Mapping[str, str]) -> Answer:
        if method != ("PUT" if path.action is Action.CANCEL else "GET"):
            return plain(replies.METHOD_NOT_ALLOWED)
        job = self._queue.get(path.request_id, now=self._clock.now())
        if job is None or app_of(job.endpoint) != path.app:
            return plain(replies.NOT_FOUND)
        if path.action is not Action.CANCEL and (refused := self._refusal_of_poll(job)) is not None:
            return plain(replies.refusal(refused))
        match path.action:
            case Action.STATUS | Action.STATUS_STREAM:
                return self._status(job, with_logs=query.get("logs", "").lower() in {"1", "true"})
            case Action.CANCEL:
                return self._cancel(job)
            case Action.RESULT:
                return _result(job)

    def _refusal_of_poll(self, job: Job) -> int | None:
        """The status with which this poll is turned away: trouble of the gateway, which names no request."""
        fate = job.work.fate
        if fate.refuse_poll is None:
            return None
        self._polls[job.request_id] += 1
        return fate.refusal_of(self._polls[job.request_id])

    def _status(self, job: Job, *, with_logs: bool) -> Answer:
        body = replies.status(job, position=self._queue.position(job), with_logs=with_logs)
        return Answer(200 if job.state is State.COMPLETED else 202, body, replies.named(job.request_id))

    def _cancel(self, job: Job) -> Answer:
        verdict = self._dispatcher.cancel(job.request_id)
        return Answer(_CANCEL_STATUS[verdict], {"status": verdict}, replies.named(job.request_id))


def plain(outcome: Outcome) -> Answer:
    """An answer about no request in particular."""
    return Answer(outcome.status, outcome.body, outcome.headers)


def _silence(fate: Fate) -> Silence | None:
    if fate.drop_answer:
        return Silence.HANG_UP
    return Silence.STALL if fate.stall_answer else None


def _result(job: Job) -> Answer:
    outcome = job.outcome or replies.STILL_IN_PROGRESS
    return Answer(outcome.status, outcome.body, {**outcome.headers, **replies.named(job.request_id)})
