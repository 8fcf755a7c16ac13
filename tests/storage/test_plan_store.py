"""Planning: who may plan a revision, and what a revision gets from a take as it stands."""

import asyncio
from datetime import timedelta

from storage.plans import PostgresPlans
from tests.storage.builders import LEASE, shot
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


async def test_what_is_planned_again_goes_alone_the_least_tried_first(world: World) -> None:
    """A story that kills its planner takes no neighbour with it, and new ones do not wait for it."""
    for text in ("deadly", "second", "third"):
        await world.story(text)
    assert len(await world.claim()) == 3
    world.clock.advance(minutes=5)
    await world.owner.execute("update storyreel.revisions set attempt = 3 where story = 'deadly'")
    await world.story("new")

    batches = [await world.claim() for _ in range(5)]

    assert [[(revision.story, revision.attempt) for revision in batch] for batch in batches] == [
        [("new", 1)], [("second", 2)], [("third", 2)], [("deadly", 4)], []
    ]  # fmt: skip


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
