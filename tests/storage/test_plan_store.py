"""Planning: who may plan a revision, and what a revision gets from a take as it stands."""

import asyncio
from datetime import timedelta

from storage.plans import PostgresPlans
from tests.storage.builders import LEASE, PASSING, PERMANENT, shot
from tests.storage.world import World


async def test_two_planners_never_get_the_same_revision(world: World) -> None:
    """While one has claimed and not committed, another passes those rows by without waiting and takes the rest."""
    for _ in range(6):
        await world.story()
    claim_three = (
        "update storyreel.revisions set attempt = attempt + 1 where id in"
        " (select id from storyreel.revisions order by created_at limit 3 for update skip locked)"
    )

    async with world.holding(claim_three):
        second = await asyncio.wait_for(world.claim(), timeout=20)

    assert len(second) == 3
    assert await world.rows("select distinct attempt from storyreel.revisions") == [(1,)]


async def test_eight_planners_share_the_work(world: World) -> None:
    """Forty revisions in batches of three: each is claimed exactly once."""
    await world.owner.execute("insert into public.stories (text) select 's' || n from generate_series(1, 40) n")

    async def claim_all() -> list[object]:
        mine: list[object] = []
        while batch := await world.claim(limit=3):
            assert len(batch) <= 3
            mine += [revision.id for revision in batch]
        return mine

    shares = await asyncio.gather(*(claim_all() for _ in range(8)))

    claimed = [revision for share in shares for revision in share]
    assert (len(claimed), len(set(claimed))) == (40, 40)


async def test_a_claim_takes_as_many_as_asked_for(world: World) -> None:
    """Never more than the limit, whatever plan Postgres chooses for the table's size."""
    await world.owner.execute("insert into public.stories (text) select 's' || n from generate_series(1, 300) n")
    assert len(await world.claim(limit=7)) == 7

    await world.owner.execute("analyze storyreel.revisions")
    assert len(await world.claim(limit=7)) == 7
    assert len(await world.claim(limit=1000)) == 286


async def test_people_who_wait_come_before_rerenders_and_older_before_newer(world: World) -> None:
    """A claim gives the most urgent first: by priority, then by age."""
    old = await world.story("old")
    await world.plan(shot("old"))
    await world.ask_again(old)
    for text in ("first", "second", "third"):
        await world.story(text)

    batches = [await world.claim(limit=2), await world.claim(limit=2)]

    assert [[revision.story for revision in batch] for batch in batches] == [["first", "second"], ["third", "old"]]


async def test_a_lease_keeps_others_off_until_it_ends(world: World) -> None:
    """A planner that was killed is followed by another, once, when its lease is over."""
    await world.story()
    (mine,) = await world.claim()
    assert await world.claim() == []

    world.clock.advance(seconds=LEASE.total_seconds() - 1)
    assert await world.claim() == []
    world.clock.advance(seconds=1)
    (again,) = await world.claim()

    assert (again.id, again.attempt) == (mine.id, mine.attempt + 1)


async def test_a_planner_that_was_cut_off_changes_nothing(world: World) -> None:
    """Its attempt is old news: neither save nor reject goes through, before and after the other's."""
    story = await world.story()
    (late,) = await world.claim()
    world.clock.advance(minutes=5)
    (current,) = await world.claim()
    plans, now = world.stores.plans, world.clock()

    assert not await plans.save(late, [shot("late")], now=now)
    assert not await plans.reject(late, reason="blank", message="m", now=now)
    assert await plans.save(current, [shot("current")], now=now)
    assert not await plans.save(late, [shot("late")], now=now)
    assert not await plans.save(current, [shot("twice")], now=now)
    assert not await plans.reject(current, reason="blank", message="m", now=now)

    assert await world.rows("select take_key from storyreel.takes") == [("current",)]
    assert await world.one("select count(*) from storyreel.shots") == (1,)
    assert (await world.video(story))[2] == "working"


async def test_planning_a_deleted_story_does_nothing(world: World) -> None:
    """The story went while its revision was in hand: nothing is bought for it."""
    await world.story()
    (revision,) = await world.claim()
    await world.owner.execute("delete from public.stories")

    assert not await world.stores.plans.save(revision, [shot()], now=world.clock())
    assert not await world.stores.plans.reject(revision, reason="r", message="m", now=world.clock())
    assert await world.one("select count(*) from storyreel.takes") == (0,)


async def test_a_new_take_gets_one_render_that_waits(world: World) -> None:
    """With the plan's provider, endpoint and estimate, in round and attempt one, due now, and one hint to admit."""
    await world.waiting(estimate="0.0125")

    render = await world.one(
        "select round, attempt, provider, endpoint, status, estimate_usd::text, due_at, tries from storyreel.renders"
    )
    assert render == (1, 1, "fal", "fal-ai/one", "waiting", "0.012500", world.clock(), 0)
    assert await world.jobs("admit") == 1
    assert await world.one("select count(*) from storyreel.ledger") == (0,), "nothing is reserved yet"


async def test_equal_stories_share_one_take(world: World) -> None:
    """Ten stories that want the same clip have ten shots, one take and one render."""
    for _ in range(10):
        await world.story()

    await world.plan()

    counts = await world.one(
        "select (select count(*) from storyreel.shots), (select count(*) from storyreel.takes),"
        " (select count(*) from storyreel.renders)"
    )
    assert counts == (10, 1, 1)


async def test_a_take_that_is_ready_shows_at_once(world: World) -> None:
    """The later of two equal stories has its final clip when it is planned, and nothing is rendered for it."""
    await world.ready()
    later = await world.story()

    await world.plan()

    assert await world.video(later) == ("final", 1, "idle", None)
    assert await world.one("select count(*) from storyreel.renders") == (1,)


async def test_a_take_that_failed_for_good_falls_back_at_once(world: World) -> None:
    """The same request would fail again: nothing is rendered, and the reason is the take's."""
    await world.failed(PERMANENT)
    later = await world.story()

    await world.plan()

    assert await world.video(later) == ("placeholder", 0, "fallback", "content_policy")
    assert await world.one("select count(*) from storyreel.renders") == (1,)


async def test_a_take_that_failed_in_passing_begins_again(world: World) -> None:
    """In a new round with a full number of tries; its earlier renders stay on record."""
    take = await world.failed(PASSING)
    later = await world.story()

    await world.plan()

    assert (await world.video(later))[2] == "working"
    assert await world.one("select status, round, failure_code from storyreel.takes") == ("rendering", 2, None)
    assert await world.rows("select round, attempt, status from storyreel.renders order by attempt") == [
        (1, 1, "failed"),
        (2, 2, "waiting"),
    ]
    world.clock.advance(minutes=1)
    render = await world.admit()
    await world.submit(render, "second-round")
    verdict = await world.conclude(render.id, PASSING)
    assert verdict
    assert verdict.retry_at, "one failure does not use up the new round"
    assert await world.take(take) == "rendering"


async def test_a_take_whose_original_we_have_is_only_finished_again(world: World) -> None:
    """It failed in passing after the clip was stored: nothing is rendered again, `finish` gets its full tries."""
    take = await world.fetching()
    await world.fetch(take)
    in_hand = await world.stores.takes.claim_finish(take, now=world.clock(), lease=LEASE)
    assert in_hand
    assert await world.stores.takes.give_up(in_hand, PASSING, now=world.clock())
    await world.forget_jobs()
    later = await world.story()

    await world.plan()

    assert (await world.take(take), await world.jobs("finish"), await world.jobs("admit")) == ("finishing", 1, 0)
    assert await world.one("select count(*) from storyreel.renders") == (1,)
    await world.finish(take)
    assert await world.video(later) == ("final", 1, "idle", None)


async def test_whoever_is_in_a_hurry_hurries_the_take_along(world: World) -> None:
    """A render asked for by a re-render rises when a person waits for the same clip; it never sinks."""
    story = await world.story()
    await world.plan(shot("other"))
    await world.ask_again(story)
    await world.plan()
    (low,) = await world.one(
        "select r.priority from storyreel.renders r join storyreel.takes t on t.id = r.take_id where take_key = 'whale'"
    )

    await world.story()
    await world.plan()
    (high,) = await world.one("select max(priority) from storyreel.renders where take_id in"
                              " (select id from storyreel.takes where take_key = 'whale')")  # fmt: skip
    assert low < high

    await world.ask_again(story)
    await world.plan()
    assert await world.rows("select distinct priority from storyreel.renders") == [(high,)]


async def test_a_rejected_story_keeps_its_placeholder(world: World) -> None:
    """With the reason as a word and a sentence; it is planned and bought nothing."""
    story = await world.story("")
    (revision,) = await world.claim()

    assert await world.stores.plans.reject(revision, reason="blank", message="Nothing.", now=world.clock())

    assert await world.video(story) == ("placeholder", 0, "rejected", "blank")
    assert await world.claim() == []
    assert await world.one("select count(*) from storyreel.takes") == (0,)


async def test_rejecting_an_older_revision_says_nothing_about_the_newest(world: World) -> None:
    """The video's work is that of its newest revision."""
    story = await world.story("")
    (old,) = await world.claim()
    await world.ask_again(story)

    assert await world.stores.plans.reject(old, reason="blank", message="Nothing.", now=world.clock())

    assert (await world.video(story))[2:] == ("working", None)


async def test_missing_endpoints_are_forgotten_after_a_while(world: World) -> None:
    """Only those noted after the given time count, and a later note renews an older one."""
    renders, plans = world.stores.renders, world.stores.plans
    noted = world.clock()
    await renders.note_missing("fal", "fal-ai/gone", now=noted)

    assert await plans.missing_endpoints("fal", since=noted - timedelta(hours=1)) == {"fal-ai/gone"}
    assert await plans.missing_endpoints("fal", since=noted) == frozenset()
    assert await plans.missing_endpoints("other", since=noted - timedelta(hours=1)) == frozenset()
    await renders.note_missing("fal", "fal-ai/gone", now=noted + timedelta(hours=2))
    assert await plans.missing_endpoints("fal", since=noted + timedelta(hours=1)) == {"fal-ai/gone"}


async def test_a_fault_while_saving_leaves_the_revision_to_be_planned(world: World) -> None:
    """All or nothing: a second shot that cannot be stored takes the first one back with it."""
    await world.story()
    (revision,) = await world.claim()
    await world.owner.execute("alter table storyreel.takes add constraint broken check (take_key <> 'bad')")
    plans: PostgresPlans = world.stores.plans

    failed = (await asyncio.gather(
        plans.save(revision, [shot("good"), shot("bad")], now=world.clock()), return_exceptions=True
    ))[0]  # fmt: skip

    assert isinstance(failed, Exception)
    assert await world.one("select count(*) from storyreel.takes") == (0,)
    assert await world.rows("select planned_at from storyreel.revisions") == [(None,)]
