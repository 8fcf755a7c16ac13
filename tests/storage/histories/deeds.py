"""What everybody does: an app, a planner, whoever submits, a provider, those who fetch and finish, a sweep.

Each deed is one transaction or the few that a step makes of it, in the step's own order. Late, repeated and stale
ones are made by doing them again with an old argument.
"""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Literal, LiteralString
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Identifier

from local.postgres import EmbeddedPostgres
from pipeline import retry
from pipeline.errors import FileBeingRemoved, GeneratorBusy, GeneratorMissing
from pipeline.lifecycle import RenderEvent, RenderStatus, TakeEvent
from pipeline.model import AdmittedRender, Clip, Failure, RevisionToPlan, TakeInHand
from pipeline.outcome import on_silence
from pipeline.reasons import CLIP_GONE, ORIGINAL_GONE
from pipeline.receive import verdict_on
from pipeline.timing import Timing
from storage.database import Database
from storage.stories import Kind
from tests.storage.builders import TABLE, delivery, renditions, shot
from tests.storage.histories.operators import Operators
from tests.storage.histories.provider import Request

BUCKET = "videos"
TIMING = Timing()
Chore = Literal["hint", "lose answers", "silence", "begin again", "withdraw", "settle old", "wake", "mend"]
Step = Literal["fetch", "finish"]
Answer = Literal["gone", "refused", "none"]  # of the bucket


class Deeds(Operators):
    """A scene, and all that can happen on it."""

    def insert(self, text: str, owner: UUID | None = None) -> str:
        """A story; its id."""
        insert: LiteralString = "insert into public.stories (text, owner_id) values (%s, %s) returning id::text"
        return str(self.owners(insert, text, owner)[0][0])

    def delete(self, story: str) -> None:
        """The story is gone, and its video with it."""
        self.owners("delete from public.stories where id = %s", story)

    def revise(self, story: str, kind: Kind, *, preview: bool = False, seed: int | None = None) -> None:
        """A further revision of the story's video."""
        assert self.do(self.stores.stories.request_of(TABLE, story, kind=kind, preview=preview, seed=seed))

    def restore(self, story: str) -> None:
        """Go back to what played before."""
        restore: LiteralString = (
            "select r.* from storyreel.videos v, storyreel.restore_video(v.id, %s) r where v.source_id = %s"
        )
        self.owners(restore, self.clock(), story)

    def claim(self, limit: int = 50) -> list[RevisionToPlan]:
        """Take revisions in hand."""
        return self.do(self.stores.plans.claim(now=self.clock(), lease=TIMING.plan_lease, limit=limit))

    def save(self, plan: RevisionToPlan, *, preview: bool = True) -> bool:
        """Each word of the text is a shot; a preview only where it was asked for, and the deployment makes any."""
        keys = [f"{word}-{plan.seed or 0}" for word in plan.story.split()]
        preview = preview and plan.preview
        shots = [shot(key, preview=f"{key}-preview" if preview else None) for key in keys]
        before = self.memory.state.takes
        saved = self.do(self.stores.plans.save(plan, shots, now=self.clock()))
        self._note_restarts(before)
        return saved

    def _note_restarts(self, before: Mapping[str, Sequence[object]]) -> None:
        for take, row in before.items():
            if (now := self.memory.state.takes[take][0]) != row[0]:
                self.met[f"take {row[0]}: begun again, {now}"] += 1

    def reject(self, plan: RevisionToPlan) -> bool:
        """The story cannot become a video."""
        return self.do(self.stores.plans.reject(plan, reason="blank", message="No words.", now=self.clock()))

    def admit(self) -> list[AdmittedRender]:
        """Whatever may go now."""
        return self.do(self.stores.renders.admit("fal", now=self.clock(), lease=TIMING.submit_lease))

    def submitted(self, request: Request) -> bool:
        """Save the provider's name for a render."""
        now = self.clock()
        self.note(request.render.id, RenderEvent.SUBMITTED)
        due_at = now + TIMING.poll_after
        return self.do(self.stores.renders.submitted(request.render, request.id, now=now, due_at=due_at))

    def answer_lost(self, render: AdmittedRender) -> bool:
        """Whether the provider took it is not known."""
        self.note(render.id, RenderEvent.ANSWER_LOST)
        return self.do(self.stores.renders.answer_lost(render, due_at=self.clock() + TIMING.until_lost(None)))

    def put_back(self, render: AdmittedRender) -> bool:
        """The provider says that it is busy."""
        self.note(render.id, RenderEvent.PUT_BACK)
        due_at = self.clock() + retry.backoff(render.tries, jitter=0)
        return self.do(self.stores.renders.put_back(render, due_at=due_at, why=GeneratorBusy("busy")))

    def climb_down(self, render: AdmittedRender) -> bool:
        """The provider says that it has no such endpoint."""
        self.note(render.id, RenderEvent.PUT_BACK)
        why, below = GeneratorMissing("no such endpoint"), f"{render.endpoint}/below"
        climb = self.stores.renders.climb_down(render, below, Decimal("0.02"), why=why, now=self.clock())
        return self.do(climb)

    def conclude(self, render: UUID, outcome: Clip | Failure) -> None:
        """News heard by asking."""
        self._note_news(render, outcome)
        decide = partial(verdict_on, outcome=outcome, now=self.clock(), jitter=0.0)
        self.do(self.stores.renders.conclude(render, decide, now=self.clock()))

    def _note_news(self, render: UUID, outcome: Clip | Failure | None) -> None:
        if outcome is None:
            return
        clip = isinstance(outcome, Clip)
        self.note(render, RenderEvent.CLIP if clip else RenderEvent.ERROR)
        if clip and self.status(render) is not RenderStatus.DELIVERED:
            self.note(self.take_of(render), TakeEvent.DELIVERED)

    def deliver(self, address: UUID, request: Request, outcome: Clip | Failure | None) -> str:
        """A webhook POST about the request, at that address."""
        if address == request.render.id:
            self._note_news(address, outcome)
        decide = partial(verdict_on, outcome=outcome, now=self.clock(), jitter=0.0)
        # Another body at another address: the same one would count as repeated, and only a poll would find out.
        body = f"{request.id} at {address}: {outcome}"
        news = delivery(self.clock, outcome, request_id=request.id, body=body)
        return self.do(self.stores.renders.deliver(address, news, decide, provider="fal"))

    def is_known(self, request: Request, other: Request) -> bool:
        """Whether it is on record whose the request is, or what the other's is."""
        known: LiteralString = (
            "select from storyreel.renders where request_id = %s or (id = %s and request_id is not null)"
        )
        return bool(self.rows(known, request.id, other.render.id))

    def settle(self, render: UUID, cost: Decimal | None = None) -> None:
        """Write down what it cost, if it delivered; what the provider tells is a bill."""
        if self.ask(self.stores.renders.unsettled(render)):
            units = None if cost is None else Decimal(1)
            self.do(self.stores.renders.settle(render, units=units, cost=cost, now=self.clock()))

    def steps(self) -> list[tuple[Step, UUID]]:
        """What is to be done with which takes, whether or not it is time for it."""
        query: LiteralString = (
            "select case status when 'fetching' then 'fetch' else 'finish' end, id from storyreel.takes"
            " where due_at is not null order by id"
        )
        return [(step, take) for step, take in self.rows(query)]

    def is_waiting(self) -> bool:
        """Whether any render waits to be admitted."""
        return any(row[0] == RenderStatus.WAITING for row in self.memory.state.renders.values())

    def is_unplanned(self) -> bool:
        """Whether any revision waits to be planned."""
        return bool(self.rows("select from storyreel.revisions where planned_at is null limit 1"))

    def take_in_hand(self, step: Step, take: UUID) -> TakeInHand | None:
        """Take it in hand for the step."""
        takes, now = self.stores.takes, self.clock()
        if step == "fetch":
            return self.do(takes.claim_fetch(take, now=now, lease=TIMING.fetch_lease))
        return self.do(takes.claim_finish(take, now=now, lease=TIMING.finish_lease))

    def fetched(self, hand: TakeInHand) -> bool:
        """Equal takes have equal clips, however often they are rendered."""
        self.note(hand.id, TakeEvent.FETCHED)
        digest = hashlib.sha256(hand.id.bytes).hexdigest()
        path = f"originals/{digest}.mp4"
        try:
            self.do(self.stores.takes.note_files(BUCKET, [path], now=self.clock()))
        except FileBeingRemoved:
            return self.try_again(hand)
        return self.do(self.stores.takes.fetched(hand, bucket=BUCKET, path=path, sha256=digest, now=self.clock()))

    def finished(self, hand: TakeInHand, recipe: str = "1") -> bool:
        """Renditions that are there are used."""
        self.note(hand.id, TakeEvent.FINISHED)
        takes, key = self.stores.takes, f"{hand.id}-{recipe}"
        made = () if self.ask(takes.renditions(key)) else renditions(key)
        paths = [rendition.path for rendition in made]
        try:
            self.do(takes.note_files(BUCKET, paths, now=self.clock()))
            finish = takes.finished(hand, rendition_key=key, bucket=BUCKET, renditions=made, now=self.clock())
            return self.do(finish)
        except FileBeingRemoved:
            return self.try_again(hand)

    def try_again(self, hand: TakeInHand) -> bool:
        """The step failed in a way that can pass."""
        due_at = self.clock() + retry.backoff(hand.failures + 1, jitter=0)
        return self.do(self.stores.takes.try_again(hand, due_at=due_at))

    def hand_back(self, hand: TakeInHand) -> bool:
        """The step was interrupted by an orderly stop."""
        return self.do(self.stores.takes.hand_back(hand, now=self.clock()))

    def give_up(self, hand: TakeInHand, failure: Failure) -> bool:
        """There is no more to be had of it, or not before it comes back by itself."""
        self.note(hand.id, TakeEvent.GAVE_UP)
        now, wait = self.clock(), retry.comeback(hand.comebacks, jitter=0)
        stays = wait is None or failure.permanent or failure.code in {CLIP_GONE, ORIGINAL_GONE}
        again_at = None if stays or wait is None else now + wait
        return self.do(self.stores.takes.give_up(hand, failure, now=now, again_at=again_at))

    def chore(self, what: Chore) -> None:
        """What reconcile does of itself."""
        sweep, now, before = self.stores.sweep, self.clock(), self.memory.state.takes
        match what:
            case "hint":
                self.do(sweep.hint_overdue(now=now))
            case "lose answers":
                self.do(sweep.lose_answers(now=now, patience=TIMING.patience, usual=TIMING.usual))
            case "silence":
                for render in sorted(self.ask(sweep.silent(now=now, limit=50))):
                    self.silence(render)
            case "begin again":
                self.do(sweep.begin_again(now=now, limit=50))
                self._note_restarts(before)
            case "withdraw":
                self.do(sweep.withdraw(now=now))
            case "settle old":
                self.do(sweep.settle_old(now=now, before=now - TIMING.unsettled))
            case "wake":
                self.do(sweep.wake_held(now=now))
            case "mend":
                self.do(sweep.mend_held(now=now))

    def silence(self, render: UUID) -> None:
        """Nothing was heard of it for too long."""
        self.note(render, RenderEvent.SILENCE)
        decide = partial(on_silence, now=self.clock())
        self.do(self.stores.renders.conclude(render, decide, now=self.clock()))

    def poll(self, requests: Mapping[str, Request], *, forgotten: Failure | None = None) -> None:
        """Ask after what is overdue. The provider tells the truth, or has forgotten it."""
        now = self.clock()
        sweep = self.stores.sweep
        overdue = self.do(sweep.claim_overdue(now=now, due_at=now + TIMING.poll_after, limit=50))
        for render in sorted(overdue, key=lambda render: render.id):  # an UPDATE returns its rows in no order
            outcome = forgotten or requests[render.request_id].outcome
            if outcome:
                self.conclude(render.id, outcome)
                self.do(sweep.asked(render.id))
            if isinstance(outcome, Clip):
                self.settle(render.id)

    def remove(self, answer: Answer = "gone") -> None:
        """Remove files that nobody needs, and what the bucket says to it."""
        now, sweep = self.clock(), self.stores.sweep
        paths = self.do(sweep.remove_unused(BUCKET, now=now, before=now - TIMING.keep, limit=500))
        if answer == "gone":
            self.do(sweep.removed(BUCKET, paths, marked_at=now))
        elif answer == "refused":
            self.do(sweep.not_removed(BUCKET, paths, marked_at=now, due_at=now + timedelta(days=1)))


@contextmanager
def on_a_database(server: EmbeddedPostgres, template: str) -> Iterator[Deeds]:
    """Deeds on a database of their own, for as many histories as are wanted, one after the other."""
    name = "histories"
    with asyncio.Runner() as runner, psycopg.connect(server.url(), autocommit=True) as admin:
        admin.execute(SQL("create database {} template {}").format(Identifier(name), Identifier(template)))
        with psycopg.connect(server.url(database=name), autocommit=True) as owner:
            database = Database(server.url(user="storyreel", database=name), connections=1)
            runner.run(database.__aenter__())
            yield Deeds(database, owner, runner.get_loop())
            runner.run(database.__aexit__())
        admin.execute(SQL("drop database {} with (force)").format(Identifier(name)))
