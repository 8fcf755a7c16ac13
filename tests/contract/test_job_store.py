"""The promises of the JobStore ports (Plans, Renders, Takes, Sweep) to the steps, on their one implementation.

What is specific to SQL, locks and rows stands in tests/storage; here only the ports are used, with a story's row
as the door on one side and its video as the app sees it on the other.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID, uuid4

import pytest

from functions.services import Stores
from pipeline.errors import GeneratorBusy
from pipeline.model import AdmittedRender, Clip, Failure, PlannedShot
from pipeline.outcome import on_clip, on_failure, on_silence
from pipeline.receive import verdict_on
from pipeline.stores import Plans, Renders, Sweep, Takes
from storage.database import Database
from storage.stories import PostgresStories, VideoView
from tests.conftest import Clock
from tests.storage.builders import CLIP, LEASE, PASSING, PERMANENT, TABLE, delivery, renditions, shot


@dataclass(frozen=True)
class JobStore:
    """The ports as the steps see them."""

    plans: Plans
    renders: Renders
    takes: Takes
    sweep: Sweep
    stories: PostgresStories
    clock: Clock
    database: Database

    async def take(self) -> UUID:
        """The id that the hint of the step carries: the only take there is."""
        async with self.database.transaction() as tx:
            row = await tx.one(b"select id from storyreel.takes", {})
        assert row
        return UUID(str(row["id"]))

    async def ask(self, story: str) -> None:
        assert await self.stories.request(TABLE, story, f"Story {story}")

    async def video(self, story: str) -> VideoView:
        view = await self.stories.find(TABLE, story, now=self.clock())
        assert view
        return view

    async def plan(self, wanted: PlannedShot) -> None:
        for revision in await self.plans.claim(now=self.clock(), lease=LEASE, limit=50):
            assert await self.plans.save(revision, [wanted], now=self.clock())

    async def admit(self) -> list[AdmittedRender]:
        return await self.renders.admit("fal", now=self.clock(), lease=LEASE)

    async def submit(self, render: AdmittedRender, request_id: str) -> None:
        now = self.clock()
        assert await self.renders.submitted(render, request_id, now=now, due_at=now + LEASE)

    async def deliver(self, render: UUID, outcome: Clip | Failure, request_id: str) -> str:
        decide = partial(verdict_on, outcome=outcome, now=self.clock(), jitter=0.0)
        news = delivery(self.clock, outcome, request_id=request_id, body=f"{request_id} {outcome}")
        return await self.renders.deliver(render, news, decide, provider="fal")


@pytest.fixture
def store(stores: Stores, clock: Clock, database: Database) -> JobStore:
    clock.advance(hours=1)
    return JobStore(stores.plans, stores.renders, stores.takes, stores.sweep, stores.stories, clock, database)


async def test_a_story_goes_all_the_way(store: JobStore) -> None:
    """Asked, planned, admitted, submitted, delivered, fetched, finished: the video shows the final clip."""
    await store.ask("1")
    assert (await store.video("1")).work == "working"
    await store.plan(shot())
    (render,) = await store.admit()
    await store.submit(render, "r1")
    assert await store.deliver(render.id, CLIP, "r1") == "accepted"
    assert (await store.sweep.hint_overdue(now=store.clock()))["fetch"] == 1
    unsettled = await store.renders.unsettled(render.id)
    assert unsettled
    await store.renders.settle(render.id, units=Decimal(1), cost=Decimal("0.001"), now=store.clock())

    take = await store.take()
    in_hand = await store.takes.claim_fetch(take, now=store.clock(), lease=LEASE)
    assert in_hand
    assert (in_hand.clip_url, in_hand.render_id) == (CLIP.url, render.id)
    assert await store.takes.fetched(
        in_hand, bucket="videos", path="originals/o.mp4", sha256="a" * 64, now=store.clock()
    )
    in_hand = await store.takes.claim_finish(take, now=store.clock(), lease=LEASE)
    assert in_hand
    assert await store.takes.finished(
        in_hand, rendition_key="k", bucket="videos", renditions=renditions("k"), now=store.clock()
    )

    video = await store.video("1")
    trace = await store.stories.trace(video.id)
    assert (video.shows, video.shown_revision, video.work, video.path) == ("final", 1, "idle", "k/video.mp4")
    assert trace
    assert (trace.take_status, trace.render_status, trace.request_id) == ("ready", "delivered", "r1")
    assert (trace.cost_usd, trace.estimate_usd) == (Decimal("0.001"), Decimal("0.01"))


async def test_nothing_to_do_is_no_error(store: JobStore) -> None:
    """Every question about rows that are not there has an empty answer."""
    nobody, now = uuid4(), store.clock()

    assert await store.plans.claim(now=now, lease=LEASE, limit=10) == []
    assert await store.plans.missing_endpoints("fal", since=now) == frozenset()
    assert await store.admit() == []
    assert await store.renders.conclude(nobody, partial(on_clip, clip=CLIP), now=now) is None
    assert await store.renders.withdrawn(nobody) == []
    assert await store.renders.unsettled(nobody) is None
    assert await store.takes.claim_fetch(nobody, now=now, lease=LEASE) is None
    assert await store.takes.claim_finish(nobody, now=now, lease=LEASE) is None
    assert not await store.takes.renditions("nothing")
    assert await store.sweep.adopt_missed() == 0
    assert await store.sweep.lose_answers(now=now, patience=timedelta(), usual=timedelta()) == 0
    assert await store.sweep.silent(now=now, limit=10) == []
    assert await store.sweep.claim_overdue(now=now, due_at=now, limit=10) == []
    assert await store.sweep.unsettled(before=now, limit=10) == []
    assert await store.sweep.settle_old(now=now, before=now) == 0
    assert not any((await store.sweep.hint_overdue(now=now)).values())
    await store.sweep.asked(nobody)
    await store.renders.settle(nobody, units=None, cost=None, now=now)


async def test_doing_a_step_twice_changes_nothing(store: JobStore) -> None:
    """Each step's second run, with the same in hand, is refused or finds nothing."""
    await store.ask("1")
    (revision,) = await store.plans.claim(now=store.clock(), lease=LEASE, limit=9)
    assert await store.plans.save(revision, [shot()], now=store.clock())
    assert not await store.plans.save(revision, [shot()], now=store.clock())
    (render,) = await store.admit()
    assert await store.admit() == []
    await store.submit(render, "r1")
    now = store.clock()
    assert not await store.renders.submitted(render, "r1", now=now, due_at=now)
    assert await store.deliver(render.id, CLIP, "r1") == "accepted"
    assert await store.deliver(render.id, CLIP, "r1") == "repeated"


async def test_equal_stories_are_paid_once(store: JobStore) -> None:
    """Before, while and after the clip is made: one render for all of them."""
    await store.ask("before")
    await store.plan(shot())
    (render,) = await store.admit()
    await store.ask("while")
    await store.plan(shot())
    await store.submit(render, "r1")
    await store.deliver(render.id, CLIP, "r1")
    await store.ask("after")
    await store.plan(shot())

    assert await store.admit() == []
    for story in ("before", "while", "after"):
        trace = await store.stories.trace((await store.video(story)).id)
        assert trace
        assert trace.render_id == render.id


async def test_a_killed_submitter_costs_one_further_render_at_most(store: JobStore) -> None:
    """Intent on record, no answer: waited for, then lost, then one more attempt; the first clip wins."""
    await store.ask("1")
    await store.plan(shot())
    (first,) = await store.admit()
    store.clock.advance(minutes=2)
    assert (
        await store.sweep.lose_answers(
            now=store.clock(), patience=timedelta(minutes=5), usual=timedelta(minutes=1)
        )
        == 1
    )
    assert await store.sweep.silent(now=store.clock(), limit=9) == []
    store.clock.advance(minutes=6)
    assert await store.sweep.silent(now=store.clock(), limit=9) == [first.id]
    silent = partial(on_silence, now=store.clock())
    await store.renders.conclude(first.id, silent, now=store.clock())
    (second,) = await store.admit()
    await store.submit(second, "second")

    assert await store.deliver(first.id, CLIP, "first") == "accepted"
    assert await store.deliver(second.id, CLIP, "second") == "late"
    assert await store.admit() == []


async def test_a_worker_that_is_told_to_stop_hands_its_clip_on(store: JobStore) -> None:
    """Another may fetch it at once, and counts as the first to try."""
    await store.ask("1")
    await store.plan(shot())
    (render,) = await store.admit()
    await store.submit(render, "r1")
    await store.deliver(render.id, CLIP, "r1")
    take = await store.take()
    first = await store.takes.claim_fetch(take, now=store.clock(), lease=LEASE)
    assert first
    assert await store.takes.claim_fetch(take, now=store.clock(), lease=LEASE) is None

    assert await store.takes.hand_back(first, now=store.clock())

    second = await store.takes.claim_fetch(take, now=store.clock(), lease=LEASE)
    assert second
    assert (second.tries, second.failures) == (1, 0)
    assert not await store.takes.hand_back(first, now=store.clock())


@pytest.mark.parametrize("failure", [PASSING, PERMANENT], ids=["passing", "permanent"])
async def test_a_failure_ends_in_a_video_that_plays_on(store: JobStore, failure: Failure) -> None:
    """However it fails, the video keeps what it shows and says why, as a word and a sentence."""
    await store.ask("1")
    await store.plan(shot())
    while batch := await store.admit():
        decide = partial(on_failure, failure=failure, now=store.clock(), jitter=0.0)
        await store.renders.conclude(batch[0].id, decide, now=store.clock())
        store.clock.advance(hours=1)

    video = await store.video("1")
    assert (video.shows, video.work, video.reason) == ("placeholder", "fallback", failure.code)
    assert video.message


async def test_a_busy_provider_costs_no_try(store: JobStore) -> None:
    """Put back twenty times, the render is still waiting and still the same."""
    await store.ask("1")
    await store.plan(shot())
    seen = set()
    for _ in range(20):
        (render,) = await store.admit()
        seen.add(render.id)
        due_at = store.clock() + timedelta(minutes=1)
        assert await store.renders.put_back(render, due_at=due_at, why=GeneratorBusy("busy"))
        assert await store.admit() == []
        store.clock.advance(minutes=1)

    assert len(seen) == 1
