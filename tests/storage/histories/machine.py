"""Any history whatever: a hypothesis state machine whose rules are the deeds of everybody, in any order.

A rule may use what an earlier one gave it again, and late: plans, requests and takes in hand are never used up, so
every answer comes twice, and from workers that were cut off. All promises are looked at after each transaction; in
the end everything is let settle.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar, Literal, get_args
from uuid import UUID

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    multiple,
    precondition,
    rule,
)

from pipeline.lifecycle import RenderStatus
from pipeline.model import Clip, Failure, RevisionToPlan, TakeInHand
from pipeline.reasons import CLIP_GONE, ORIGINAL_GONE
from pipeline.reconcile import ENDLESS, FORGOTTEN
from tests.storage.builders import CLIP, PASSING, PERMANENT
from tests.storage.histories.deeds import Answer, Chore, Deeds, Step
from tests.storage.histories.operators import Limit
from tests.storage.histories.provider import Provider, Request
from tests.storage.histories.settling import make_all, plan_all, settle_everything, submit_all, sweep_all, tell_all

TEXTS = st.sampled_from(["whale", "fox", "fox whale", "fox fox"])
OWNERS = st.sampled_from([None, UUID(int=1), UUID(int=2)])
OUTCOMES = st.sampled_from([CLIP, CLIP, PASSING, PERMANENT])
UNTIL = st.sampled_from(["told", "made", "made by a new recipe", "submitted", "planned"])
CHORES = st.sampled_from(get_args(Chore))
LIMITS = st.sampled_from([None, *get_args(Limit)])
BILLS = st.sampled_from([None, None, Decimal("0.001"), Decimal("0.01"), Decimal("0.05")])
WAITS = st.sampled_from([timedelta(seconds=30), timedelta(minutes=12), timedelta(days=1), timedelta(days=8)])
How = Literal["well", "by a new recipe", "stopped", "try again", "passing", "gone", "unusable"]
HOW: tuple[How, ...] = get_args(How)
UNUSABLE = Failure("unusable_clip", "no video", permanent=True)


@dataclass(frozen=True)
class Hand:
    """A worker with a take."""

    step: Step
    take: TakeInHand


class Histories(RuleBasedStateMachine):
    """One database from its beginning to the end of everything that was begun in it."""

    deeds: ClassVar[Deeds]

    stories = Bundle[str]("stories")
    plans = Bundle[RevisionToPlan]("plans")
    requests = Bundle[Request]("requests")
    hands = Bundle[Hand]("hands")

    def __init__(self) -> None:
        super().__init__()
        self.deeds.begin()
        self.provider = Provider()
        self.heard: set[tuple[str, bool]] = set()  # requests whose end was told, usably or not
        self.over: set[tuple[UUID, int]] = set()  # takes in hand whose step has ended

    # The app.

    @initialize(target=stories, text=TEXTS, slots=st.sampled_from([1, 2, 5]))
    def insert_first(self, text: str, slots: int) -> str:
        self.deeds.owners("update storyreel.providers set slots = %s", slots)
        return self.deeds.insert(text)

    @rule(target=stories, text=TEXTS, owner=OWNERS)
    def insert(self, text: str, owner: UUID | None) -> str:
        return self.deeds.insert(text, owner)

    @rule(story=consumes(stories))
    def delete(self, story: str) -> None:
        self.deeds.delete(story)

    @rule(story=stories, how=st.sampled_from(["again", "with a preview", "new take", "back"]))
    def revise(self, story: str, how: str) -> None:
        """A further revision of its video."""
        match how:
            case "back":
                self.deeds.restore(story)
            case "new take":
                self.deeds.revise(story, "new_take", seed=1, preview=True)
            case _:
                self.deeds.revise(story, "rerender", preview=how == "with a preview")

    @precondition(lambda self: self.deeds.is_waiting())
    @rule(slots=st.sampled_from([1, 2, 5]))
    def change_slots(self, slots: int) -> None:
        self.deeds.owners("update storyreel.providers set slots = %s", slots)

    @rule(limit=LIMITS, amount=st.sampled_from([1, 2, 3, None]))
    def change_limit(self, limit: Limit | None, amount: int | None) -> None:
        """Of money in cents: as much as a clip or a few may cost."""
        self.deeds.limit(limit, amount)

    @precondition(lambda self: self.provider.requests)
    @rule(how=st.sampled_from(["pause", "resume"]))
    def stop_or_go(self, how: str) -> None:
        """A provider that takes nothing, and a person who thinks that it does."""
        if how == "pause":
            self.deeds.pause()
        else:
            self.deeds.resume()

    # Everybody does their work.

    @rule(target=requests, outcome=OUTCOMES, until=UNTIL)
    def go_on(self, outcome: Clip | Failure, until: str) -> MultipleResults[Request]:
        plan_all(self.deeds)
        requests = submit_all(self.deeds, self.provider) if until != "planned" else []
        if until not in {"planned", "submitted"}:
            tell_all(self.deeds, self.provider, outcome)
        if until.startswith("made"):
            make_all(self.deeds, "2" if until == "made by a new recipe" else "1")
        return multiple(*requests)

    # The planner, who may be cut off between its two transactions.

    @precondition(lambda self: self.deeds.is_unplanned())
    @rule(target=plans)
    def claim(self) -> MultipleResults[RevisionToPlan]:
        return multiple(*self.deeds.claim(limit=2))

    @rule(plan=plans, how=st.sampled_from(["with previews", "without", "reject"]))
    def end_planning(self, plan: RevisionToPlan, how: str) -> None:
        if how == "reject":
            self.deeds.reject(plan)
        else:
            self.deeds.save(plan, preview=how == "with previews")

    # Whoever submits, and what the provider answers.

    @precondition(lambda self: self.deeds.is_waiting())
    @rule(target=requests)
    def admit(self) -> MultipleResults[Request]:
        requests = self.provider.order(self.deeds.admit())
        self.deeds.give_up_over_cap()
        return multiple(*requests)

    @rule(request=requests, how=st.sampled_from(["taken", "lost", "busy", "no such endpoint"]))
    def answer(self, request: Request, how: str) -> None:
        """To the POST; one that says that it takes nothing may have taken it before."""
        match how:
            case "taken":
                if request.take():
                    self.deeds.submitted(request)
            case "lost":
                self.deeds.answer_lost(request.render)
            case "busy":
                request.refused = True
                self.deeds.put_back(request.render)
            case _:
                request.refused = True
                self.deeds.climb_down(request.render)

    @rule(request=requests, outcome=OUTCOMES, empty=st.booleans())
    def webhook(self, request: Request, outcome: Clip | Failure, empty: bool) -> None:
        """It ended; what is told of that may be unusable."""
        ended = request.end(outcome)
        if not ended:
            return
        render = request.render.id
        before = self.deeds.status(render)

        answer = self.deeds.deliver(render, request, None if empty else ended)

        told = (request.id, empty)
        assert (answer == "repeated") == (told in self.heard or (request.told and not empty))
        self.heard.add(told)
        request.told = request.told or not empty
        if isinstance(ended, Clip) and not empty and self.provider.only_request(request):
            assert self.deeds.status(render) is RenderStatus.DELIVERED, "a paid clip was thrown away"
            assert (answer in {"accepted", "late"}) == (before is not RenderStatus.DELIVERED)

    @rule(request=requests, other=requests, outcome=OUTCOMES)
    def webhook_of_another(self, request: Request, other: Request, outcome: Clip | Failure) -> None:
        """At the address of another render, where one of the two is known by its request already."""
        if request.render.id == other.render.id or not self.deeds.is_known(request, other):
            return
        if ended := request.end(outcome):
            before = self.deeds.memory.state
            assert self.deeds.deliver(other.render.id, request, ended) in {"stale", "repeated"}
            assert self.deeds.memory.state == before

    @rule(request=requests, cost=BILLS)
    def late_answer_to_a_poll(self, request: Request, cost: Decimal | None) -> None:
        if request.outcome:
            self.deeds.conclude(request.render.id, request.outcome)
            self.deeds.settle(request.render.id, cost)

    # Those who fetch and finish, and may be cut off between.

    @precondition(lambda self: self.deeds.steps())
    @rule(target=hands)
    def begin(self) -> MultipleResults[Hand]:
        """Every take that is due, is taken in hand."""
        begun = [(step, self.deeds.take_in_hand(step, take)) for step, take in self.deeds.steps()]
        return multiple(*[Hand(step, take) for step, take in begun if take])

    @rule(hand=hands, how=st.sampled_from(HOW))
    def end_step(self, hand: Hand, how: How) -> None:
        take = hand.take
        gone = CLIP_GONE if hand.step == "fetch" else ORIGINAL_GONE
        match how:
            case "well" | "by a new recipe" if hand.step == "fetch":
                self.ended(take, self.deeds.fetched(take))
            case "well" | "by a new recipe":
                self.ended(take, self.deeds.finished(take, "1" if how == "well" else "2"))
            case "stopped":
                self.deeds.hand_back(take)  # as if it had never been begun
            case "try again":
                self.ended(take, self.deeds.try_again(take))
            case "passing":
                self.ended(take, self.deeds.give_up(take, PASSING))
            case "gone":
                self.ended(take, self.deeds.give_up(take, Failure(gone, "404", permanent=False)))
            case "unusable":
                self.ended(take, self.deeds.give_up(take, UNUSABLE))

    def ended(self, take: TakeInHand, moved: bool) -> None:
        """Whoever had ended a step, moves nothing more."""
        assert not (moved and (take.id, take.attempt) in self.over), "a worker returned and was not fenced off"
        if moved:
            self.over.add((take.id, take.attempt))

    # The clock, and what looks at it.

    @rule(by=WAITS, swept=st.booleans())
    def wait(self, by: timedelta, swept: bool) -> None:
        self.deeds.clock.now += by
        if swept:
            sweep_all(self.deeds)

    @precondition(lambda self: self.provider.requests)
    @rule(what=CHORES)
    def chore(self, what: Chore) -> None:
        self.deeds.chore(what)

    @precondition(lambda self: self.provider.requests)
    @rule(
        how=st.sampled_from(["poll", "poll what is forgotten", "poll what never ends", "gone", "refused", "none"])
    )
    def outside(self, how: Answer | str) -> None:
        """What reconcile asks of a provider, and of a bucket."""
        match how:
            case "gone" | "refused" | "none":
                self.deeds.remove(how)
            case "poll":
                self.deeds.poll(self.provider.requests)
            case _:
                forgotten = FORGOTTEN if how == "poll what is forgotten" else ENDLESS
                self.deeds.poll(self.provider.requests, forgotten=forgotten)

    def teardown(self) -> None:
        """No story is ever stuck: with an honest provider and time, all of them come to an end."""
        if not self.deeds.broken:
            settle_everything(self.deeds, self.provider)
        for pair in sorted(self.deeds.met):
            event(pair)
