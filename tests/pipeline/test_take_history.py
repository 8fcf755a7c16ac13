"""Random histories of one take, in which no promise about money and clips breaks.

Verdicts are applied as the port `Renders.conclude` says they are; that Postgres does so, too, is for tests/storage
and tests/pipeline/steps.
"""

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pipeline.lifecycle import (
    ENDED,
    HOLDS_SLOT,
    RenderEvent,
    RenderStatus,
    TakeEvent,
    TakeStatus,
    render_after,
    take_after,
)
from pipeline.model import Clip, Failure
from pipeline.outcome import RenderSeen, Verdict, on_failure, on_silence
from pipeline.receive import verdict_on
from pipeline.reconcile import ENDLESS, FORGOTTEN
from pipeline.retry import MAX_RENDERS, MAX_RENDERS_AFTER_LOSS

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CLIP = Clip("https://v3.fal.media/clip.mp4")
PASSING = Failure("provider_error", "try again", permanent=False)
FINAL = Failure("no_clip", "no", permanent=True)


@dataclass
class Job:
    """One submit that the provider took, and how it ended there; a clip is what it bills."""

    render: "Made"
    outcome: Clip | Failure | None = None


@dataclass(eq=False)
class Made:
    """One render as the database keeps it. `lost_answer`: ever; `billed`: given up, and may have been paid for."""

    round: int
    status: RenderStatus = RenderStatus.WAITING
    lost_answer: bool = False
    billed: bool = False


class History(RuleBasedStateMachine):
    """One take, a provider with all its ways, and news in any order, late, twice or never."""

    @initialize()
    def begin(self) -> None:
        self.take = TakeStatus.RENDERING
        self.round = 1
        self.renders = [Made(1)]
        self.jobs: list[Job] = []
        self.again = TakeEvent.WANTED_AGAIN  # what asking for it does, once it has failed

    def live(self) -> list[Made]:
        return [render for render in self.renders if render.status not in ENDED]

    def of_round(self) -> list[Made]:
        return [render for render in self.renders if render.round == self.round]

    def seen(self, render: Made) -> RenderSeen:
        rival = any(other is not render for other in self.live()) or render.round != self.round
        lost = sum(other.status is RenderStatus.LOST or other.billed for other in self.of_round())
        made = len(self.of_round())
        return RenderSeen(
            id=UUID(int=1),
            status=render.status,
            provider="fal",
            endpoint="fal-ai/x",
            model="lightning",
            take_status=self.take,
            made=made,
            lost=lost,
            ever_lost=sum(other.status is RenderStatus.LOST or other.billed for other in self.renders),
            comebacks=0,
            rival=rival,
        )

    def apply(self, render: Made, verdict: Verdict) -> None:
        wanted = self.take in {TakeStatus.RENDERING, TakeStatus.FAILED}
        if verdict.render is RenderStatus.DELIVERED and wanted:
            assert verdict.clip is not None, "a clip was thrown away"
        render.status = verdict.render or render.status
        self.take = verdict.take or self.take
        if verdict.clip:
            self.again = TakeEvent.REFETCHED
            for other in self.live():
                other.status = render_after(other.status, RenderEvent.WITHDRAWN) or other.status
        if verdict.retry_at:
            assert self.take is TakeStatus.RENDERING, "a render for a take that has its clip"
            self.renders.append(Made(self.round))

    def move(self, render: Made, event: RenderEvent) -> None:
        render.status = render_after(render.status, event) or render.status

    @precondition(lambda self: self.with_status(RenderStatus.WAITING))
    @rule()
    def admit(self) -> None:
        self.move(self.with_status(RenderStatus.WAITING)[0], RenderEvent.ADMITTED)

    def with_status(self, status: RenderStatus) -> list[Made]:
        return [render for render in self.renders if render.status is status]

    @precondition(lambda self: self.with_status(RenderStatus.ADMITTED))
    @rule(how=st.sampled_from(["accepted", "busy", "refused", "lost", "lost, accepted"]))
    def post(self, how: str) -> None:
        (render,) = self.with_status(RenderStatus.ADMITTED)
        if how.endswith("accepted"):
            self.jobs.append(Job(render))
        if how == "accepted":
            self.move(render, RenderEvent.SUBMITTED)
        elif how == "busy":
            self.move(render, RenderEvent.PUT_BACK)
        elif how == "refused":
            self.apply(render, on_failure(self.seen(render), FINAL, now=NOW, jitter=0))
        else:
            render.lost_answer = True
            self.move(render, RenderEvent.ANSWER_LOST)

    @precondition(lambda self: any(job.outcome is None for job in self.jobs))
    @rule(outcome=st.sampled_from([CLIP, PASSING, FINAL]))
    def provider_ends(self, outcome: Clip | Failure) -> None:
        next(job for job in self.jobs if job.outcome is None).outcome = outcome

    @precondition(lambda self: any(job.outcome for job in self.jobs))
    @rule(data=st.data())
    def news(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from([job for job in self.jobs if job.outcome]))
        self.apply(job.render, verdict_on(self.seen(job.render), job.outcome, now=NOW, jitter=0))

    @precondition(lambda self: self.with_status(RenderStatus.UNKNOWN))
    @rule()
    def silence(self) -> None:
        (render,) = self.with_status(RenderStatus.UNKNOWN)
        self.apply(render, on_silence(self.seen(render), now=NOW))

    @precondition(
        lambda self: any(job.outcome and job.render.status is RenderStatus.SUBMITTED for job in self.jobs)
    )
    @rule()
    def provider_forgets(self) -> None:
        job = next(job for job in self.jobs if job.outcome and job.render.status is RenderStatus.SUBMITTED)
        self.fail_billed(job.render, FORGOTTEN)

    @precondition(
        lambda self: any(not job.outcome and job.render.status is RenderStatus.SUBMITTED for job in self.jobs)
    )
    @rule()
    def provider_never_ends(self) -> None:
        job = next(job for job in self.jobs if not job.outcome and job.render.status is RenderStatus.SUBMITTED)
        self.fail_billed(job.render, ENDLESS)

    def fail_billed(self, render: Made, failure: Failure) -> None:
        verdict = on_failure(self.seen(render), failure, now=NOW, jitter=0)
        render.billed = verdict.render is RenderStatus.FAILED
        self.apply(render, verdict)

    @precondition(lambda self: self.take in {TakeStatus.FETCHING, TakeStatus.FINISHING})
    @rule(event=st.sampled_from([TakeEvent.FETCHED, TakeEvent.FINISHED, TakeEvent.GAVE_UP]))
    def step_ends(self, event: TakeEvent) -> None:
        if (self.take, event) != (TakeStatus.FETCHING, TakeEvent.FINISHED):
            self.take = take_after(self.take, event) or self.take
        if event is TakeEvent.FETCHED:
            self.again = TakeEvent.RESUMED

    @precondition(lambda self: self.take is TakeStatus.FETCHING)
    @rule()
    def clip_is_gone(self) -> None:
        self.take = take_after(self.take, TakeEvent.GAVE_UP) or self.take
        self.again = TakeEvent.WANTED_AGAIN

    @precondition(lambda self: self.take is TakeStatus.FAILED)
    @rule()
    def wanted_again(self) -> None:
        self.take = take_after(self.take, self.again) or self.take
        if self.again is TakeEvent.WANTED_AGAIN:
            self.round += 1
            self.renders.append(Made(self.round))

    @invariant()
    def one_at_a_time(self) -> None:
        assert len(self.live()) <= 1
        assert sum(render.status in HOLDS_SLOT for render in self.renders) <= 1

    @invariant()
    def something_is_awaited_or_at_an_end(self) -> None:
        if self.take is TakeStatus.RENDERING:
            assert len(self.live()) == 1, "nobody will ever move this take again"
        else:
            assert self.live() == [], "a slot is taken for nothing"

    @invariant()
    def no_more_renders_than_allowed(self) -> None:
        for _, group in itertools.groupby(self.renders, key=lambda render: render.round):
            made = list(group)
            assert len(made) <= MAX_RENDERS
            # A loss of the last one is followed by none.
            if any(render.status is RenderStatus.LOST or render.billed for render in made[:-1]):
                assert len(made) <= MAX_RENDERS_AFTER_LOSS

    @invariant()
    def one_double_payment_at_most_and_only_after_a_loss(self) -> None:
        for number in range(1, self.round + 1):
            made = [render for render in self.renders if render.round == number]
            paid = [
                job.render for job in self.jobs if job.render.round == number and isinstance(job.outcome, Clip)
            ]
            assert len(paid) <= 1 + any(render.lost_answer or render.billed for render in made)

    @invariant()
    def a_clip_that_was_seen_is_kept(self) -> None:
        if self.with_status(RenderStatus.DELIVERED) and self.round == 1:
            assert self.take is not TakeStatus.RENDERING


TestHistory = History.TestCase
TestHistory.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
