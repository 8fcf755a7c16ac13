"""Promises of the queue's state machine, under any order of events."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from local.fal.knobs import Knobs, Overrides, draw_fate
from local.fal.lifecycle import Lifecycle
from local.fal.outcomes import Outcome, not_started
from local.fal.queue import LARGE, RETENTION, RETENTION_LARGE, Cancel, Job, Priority, Queue, State
from local.fal.work import Work

ENDPOINTS = ("a/b/x", "a/b/y")
LIMIT = 2


def a_job(number: int, *, endpoint: str = "a/b/x", priority: Priority = Priority.NORMAL) -> Job:
    return Job(
        request_id=f"r{number}",
        number=number,
        gateway_request_id=f"r{number}",
        work=Work(endpoint, {}, "http://here/files", Lifecycle(), draw_fate(Knobs(), Overrides(), nth=number)),
        base_url="http://here",
        webhook_url=None,
        priority=priority,
        start_by=None,
        may_retry=True,
        submitted_at=0.0,
    )


def test_low_priority_waits_behind_all_normal_ones() -> None:
    queue = Queue(concurrency=1)
    low, normal, lower = a_job(1, priority=Priority.LOW), a_job(2), a_job(3, priority=Priority.LOW)
    other = a_job(4, endpoint="a/b/y")
    for job in (low, normal, lower, other):
        queue.add(job)

    assert [queue.position(job) for job in (low, normal, lower, other)] == [1, 0, 2, 0]
    started = queue.start_next(now=0)
    assert started is not None
    assert started.request_id == "r2"


def test_large_results_are_forgotten_sooner() -> None:
    queue = Queue(concurrency=2)
    for number, size in ((1, 10), (2, LARGE)):
        queue.add(a_job(number))
        queue.start_next(now=0)
        queue.complete(f"r{number}", Outcome(200, {"x": "y" * size}), now=100)

    assert queue.get("r2", now=100 + RETENTION_LARGE - 1) is not None
    assert queue.get("r2", now=100 + RETENTION_LARGE) is None
    assert queue.get("r1", now=100 + RETENTION - 1) is not None
    assert queue.get("r1", now=100 + RETENTION) is None


class QueueMachine(RuleBasedStateMachine):
    """Whatever happens, in whatever order: limits hold, ends are final, nothing is lost."""

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[str, Job] = {}
        self.queue = Queue(concurrency=LIMIT, changed=lambda job: self.told.update({job.request_id: job}))
        self.now = 0.0
        self.number = 0
        self.direct = 0
        self.cancelled: set[str] = set()
        self.ended: dict[str, tuple[Outcome, float]] = {}

    def jobs(self) -> list[Job]:
        known = (self.queue.get(f"r{number}", now=self.now) for number in range(1, self.number + 1))
        return [job for job in known if job is not None]

    def running(self) -> int:
        return self.direct + sum(job.state is State.IN_PROGRESS for job in self.jobs())

    def any_id(self, pick: int) -> str:
        return f"r{pick % (self.number + 1)}"

    @rule(endpoint=st.sampled_from(ENDPOINTS), priority=st.sampled_from(Priority))
    def submit(self, endpoint: str, priority: Priority) -> None:
        self.number += 1
        self.queue.add(a_job(self.number, endpoint=endpoint, priority=priority))

    @rule()
    def start(self) -> None:
        waiting = [job for job in self.jobs() if job.state is State.IN_QUEUE]
        running = self.running()
        started = self.queue.start_next(now=self.now)

        if running < LIMIT and waiting:
            assert started is not None
            assert started.request_id == min(waiting, key=lambda job: job.rank).request_id
        else:
            assert started is None

    @rule()
    def call_directly(self) -> None:
        running = self.running()
        admitted = self.queue.occupy()

        assert admitted == (running < LIMIT)
        self.direct += admitted

    @precondition(lambda self: self.direct)
    @rule()
    def end_direct_call(self) -> None:
        self.queue.vacate()
        self.direct -= 1

    @rule(pick=st.integers(0))
    def try_again(self, pick: int) -> None:
        """Another attempt waits at the old place, and is the same request under another gateway id.

        There is none for what was told to stop.
        """
        before = self.queue.get(self.any_id(pick), now=self.now)
        again = self.queue.requeue(self.any_id(pick), gateway_request_id=f"again-{pick}")

        if before is None or before.state is not State.IN_PROGRESS or before.cancel_requested:
            assert again is None
        else:
            assert again is not None
            assert (again.state, again.rank, again.attempts) == (State.IN_QUEUE, before.rank, before.attempts)
            assert again.gateway_request_id == f"again-{pick}"

    @rule(pick=st.integers(0))
    def complete(self, pick: int) -> None:
        self.end(pick, State.IN_PROGRESS, Outcome(200, {}))

    @rule(pick=st.integers(0))
    def time_out(self, pick: int) -> None:
        self.end(pick, State.IN_QUEUE, not_started())

    def end(self, pick: int, allowed_from: State, outcome: Outcome) -> None:
        request_id = self.any_id(pick)
        before = self.queue.get(request_id, now=self.now)
        act = self.queue.complete if allowed_from is State.IN_PROGRESS else self.queue.time_out
        ended = act(request_id, outcome, now=self.now)

        assert (ended is not None) == (before is not None and before.state is allowed_from)
        if ended is not None:
            assert request_id not in self.ended
            self.ended[request_id] = (outcome, self.now)

    @rule(pick=st.integers(0))
    def cancel(self, pick: int) -> None:
        request_id = self.any_id(pick)
        before = self.queue.get(request_id, now=self.now)
        answer = self.queue.cancel(request_id, now=self.now)

        if before is None:
            assert answer is Cancel.NOT_FOUND
        elif before.state is State.COMPLETED:
            assert answer is Cancel.TOO_LATE
        else:
            assert answer is Cancel.REQUESTED
            if before.state is State.IN_QUEUE:
                self.cancelled.add(request_id)

    @precondition(lambda self: self.ended)
    @rule(seconds=st.sampled_from([1.0, 1000.0, RETENTION]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def never_more_running_than_allowed(self) -> None:
        assert self.running() <= LIMIT

    @invariant()
    def nothing_is_lost_and_every_end_is_final(self) -> None:
        for number in range(1, self.number + 1):
            job = self.queue.get(f"r{number}", now=self.now)
            if f"r{number}" in self.cancelled:
                assert job is None
            elif f"r{number}" in self.ended:
                outcome, at = self.ended[f"r{number}"]
                assert (job is None) == (self.now >= at + RETENTION)
                assert job is None or job.outcome == outcome
            else:
                assert job is not None
                assert job.outcome is None

    @invariant()
    def what_is_told_is_so(self) -> None:
        """Whoever hears of every change knows each request as it is, or as it was when it left the queue."""
        now = {job.request_id: job for job in self.jobs()}
        for request_id, job in self.told.items():
            assert job.cancelled == (request_id in self.cancelled)
            assert request_id not in now or now[request_id] == job

    @invariant()
    def positions_count_up_from_zero(self) -> None:
        waiting = sorted((job for job in self.jobs() if job.state is State.IN_QUEUE), key=lambda job: job.rank)
        for endpoint in ENDPOINTS:
            line = [self.queue.position(job) for job in waiting if job.endpoint == endpoint]
            assert line == list(range(len(line)))
            assert self.queue.length(endpoint) == len(line)


TestQueueMachine = QueueMachine.TestCase
TestQueueMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
