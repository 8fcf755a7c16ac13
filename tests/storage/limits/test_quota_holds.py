"""An owner who tells more stories in an hour than he may: the rest is held, each hour goes on, none is lost."""

import asyncio
from datetime import timedelta
from typing import LiteralString
from uuid import UUID

from functions.services import Stores
from pipeline.model import RevisionToPlan
from pipeline.retry import MAX_STEP_TRIES
from tests.storage.builders import LEASE, TABLE, shot
from tests.storage.limits.scene import ANNA, BERT, Bounded

_TELL: LiteralString = (
    "insert into public.stories (owner_id, text) select %s::uuid, 'A whale ' || n from generate_series(1, %s) n"
)


async def tell(world: Bounded, count: int, owner: UUID | None = ANNA) -> None:
    await world.rows(_TELL, owner, count)


async def plan_all(world: Bounded, seconds: float = 0) -> list[UUID]:
    """As the step does: batch after batch, each story some seconds after its claim; revisions in their order."""
    gone: list[UUID] = []
    while batch := await world.claim(limit=50):
        for revision in batch:
            world.clock.advance(seconds=seconds)
            assert await world.stores.plans.save(revision, [shot(f"key {revision.id}")], now=world.clock())
        gone += [revision.id for revision in batch]
    return gone


async def each_minute(world: Bounded, hours: float, seconds: float = 0) -> int:
    """Reconcile looks each minute, and what is due is planned; how many were."""
    planned, until = 0, world.clock() + timedelta(hours=hours)
    while world.clock() < until:
        world.clock.advance(minutes=1)
        await world.stores.sweep.wake_held(now=world.clock())
        found = await world.stores.sweep.hint_overdue(now=world.clock())
        if found["plan"]:
            planned += len(await plan_all(world, seconds))
    return planned


async def work(world: Bounded, owner: UUID | None = ANNA) -> dict[tuple[str, str | None], int]:
    rows = await world.rows(
        "select work, reason, count(*) from storyreel.videos where owner_id is not distinct from %s group by 1, 2",
        owner,
    )
    return {(work, reason): count for work, reason, count in rows}


async def test_what_is_too_much_is_held_and_says_so(world: Bounded) -> None:
    """The first few are planned, the others wait with a sentence for their user."""
    await world.limit(owner_stories_per_hour=3)
    await tell(world, 8)

    assert len(await plan_all(world)) == 3

    assert await work(world) == {("working", None): 3, ("held", "quota"): 5}
    (message,) = await world.one("select distinct message from storyreel.videos where work = 'held'")
    assert "hour" in message


async def test_it_goes_on_each_hour(world: Bounded) -> None:
    """In the order in which they were told, three an hour, and in the end none is left."""
    await world.limit(owner_stories_per_hour=3)
    await tell(world, 10)
    gone = []
    for _ in range(4):
        gone.append(await plan_all(world))
        assert await plan_all(world) == []
        world.clock.advance(minutes=59)
        assert await plan_all(world) == []
        world.clock.advance(minutes=1)

    assert [len(hour) for hour in gone] == [3, 3, 3, 1]
    in_order = await world.rows("select id from storyreel.revisions order by created_at, id")
    assert [(revision,) for hour in gone for revision in hour] == in_order
    assert await work(world) == {("working", None): 10}


async def test_a_planner_that_takes_its_time_puts_nobody_off(world: Bounded) -> None:
    """Each story is planned a second after the one before: who looks too soon an hour later, looks again."""
    await world.limit(owner_stories_per_hour=3)
    await tell(world, 9)
    assert len(await plan_all(world, seconds=1)) == 3

    for _ in range(2):
        (world.clock.now,) = await world.one("select min(held_until) from storyreel.revisions")
        planned = len(await plan_all(world, seconds=1))
        assert planned + await each_minute(world, hours=0.1, seconds=1) == 3
    assert await work(world) == {("working", None): 9}


async def test_stories_that_come_one_by_one_go_on_one_by_one(world: Bounded) -> None:
    """The first three were told in the course of an hour: each makes room for one, and the oldest gets it."""
    await world.limit(owner_stories_per_hour=3)
    for _ in range(3):
        await tell(world, 1)
        assert len(await plan_all(world)) == 1
        world.clock.advance(minutes=10)
    await tell(world, 9)
    assert await plan_all(world) == []
    began = world.clock() - timedelta(minutes=30)

    planned = []
    for hours in (1, 2, 3):
        until = began + timedelta(hours=hours, minutes=25)
        planned.append(await each_minute(world, hours=(until - world.clock()) / timedelta(hours=1)))

    assert planned == [3, 3, 3]


async def test_a_story_told_later_does_not_overtake_one_that_is_held(world: Bounded) -> None:
    """An hour later both are there, and there is room for one."""
    await world.limit(owner_stories_per_hour=1)
    await tell(world, 2)
    await plan_all(world)
    (held,) = await world.one("select id from storyreel.revisions where held_until is not null")
    world.clock.advance(minutes=30)
    await tell(world, 1)
    assert await plan_all(world) == []
    world.clock.advance(minutes=30)

    assert await plan_all(world) == [held]


async def test_a_thousand_at_once_are_each_touched_few_times(world: Bounded) -> None:
    """None is claimed again and again, none is given up: no attempt is used up, and no clip is planned."""
    await world.limit(owner_stories_per_hour=10)
    await tell(world, 1000)
    assert len(await plan_all(world)) == 10
    before = await world.one(
        "select count(*) from storyreel.revisions where held_until is not null and attempt = 0"
    )
    rows = await world.rows("select id, held_until from storyreel.revisions where held_until is not null")
    for _ in range(30):
        world.clock.advance(minutes=1)
        await world.stores.sweep.hint_overdue(now=world.clock())
        assert await plan_all(world) == []

    assert before == (990,)
    assert rows == await world.rows("select id, held_until from storyreel.revisions where held_until is not null")
    assert await world.one("select count(*) from storyreel.videos where work = 'rejected'") == (0,)


async def test_a_story_that_kills_its_planner_is_given_up_though_its_owner_is_over_quota(world: Bounded) -> None:
    """Being held meanwhile does not make its tries uncounted."""
    await world.limit(owner_stories_per_hour=1)
    await tell(world, 1)
    await world.claim()
    tries = 1
    for _ in range(4 * MAX_STEP_TRIES):
        await tell(world, 1)  # of which one takes the hour's room each time
        world.clock.advance(hours=1)
        for revision in sorted(await world.claim(), key=lambda revision: revision.id):
            tries = max(tries, await _ends(world, revision))

    assert tries > MAX_STEP_TRIES


async def _ends(world: Bounded, revision: RevisionToPlan) -> int:
    """The oldest kills whoever plans it; any other is planned. The attempt."""
    (oldest,) = await world.one("select id from storyreel.revisions order by created_at, id limit 1")
    if revision.id != oldest:
        assert await world.stores.plans.save(revision, [shot(f"key {revision.id}")], now=world.clock())
        return 0
    return revision.attempt


async def test_a_higher_limit_frees_them_at_once(world: Bounded) -> None:
    """As many as there is room for now; no limit, all of them."""
    await world.limit(owner_stories_per_hour=2)
    await tell(world, 9)
    await plan_all(world)
    await world.forget_jobs()

    await world.limit(owner_stories_per_hour=5)

    assert await world.jobs("plan") == 1
    assert len(await plan_all(world)) == 3
    await world.limit(owner_stories_per_hour=None)
    assert len(await plan_all(world)) == 4
    assert await work(world) == {("working", None): 9}


async def test_only_new_stories_count(world: Bounded) -> None:
    """Re-renders of old ones neither wait nor take the room of new ones."""
    await world.limit(owner_stories_per_hour=2)
    story = await world.inserted(ANNA)
    await plan_all(world)
    for _ in range(3):
        await world.ask_again(story)
        assert len(await plan_all(world)) == 1

    await tell(world, 1)
    assert len(await plan_all(world)) == 1
    await tell(world, 1)
    assert await plan_all(world) == []
    assert await world.stores.stories.request_of(TABLE, story, kind="rerender")
    assert len(await plan_all(world)) == 1


async def test_each_owner_has_his_own_and_nobody_has_none(world: Bounded) -> None:
    """Bert is not held for Anna's, and stories of nobody are not held at all."""
    await world.limit(owner_stories_per_hour=2)
    await tell(world, 5, ANNA)
    await tell(world, 1, BERT)
    await tell(world, 5, None)

    await plan_all(world)

    assert await work(world, ANNA) == {("working", None): 2, ("held", "quota"): 3}
    assert await work(world, BERT) == {("working", None): 1}
    assert await work(world, None) == {("working", None): 5}


async def test_a_story_that_is_deleted_while_it_is_held_leaves_no_gap(world: Bounded) -> None:
    """An hour later those behind it take its place."""
    await world.limit(owner_stories_per_hour=2)
    await tell(world, 8)
    await plan_all(world)
    await world.rows(
        "delete from storyreel.videos where id in (select video_id from storyreel.revisions"
        " where held_until is not null order by created_at, id limit 4)"
    )
    world.clock.advance(minutes=2)

    assert await each_minute(world, hours=1) == 2


async def test_many_planners_at_once_let_no_more_through(world: Bounded, crowd: Stores) -> None:
    """Each claims a few of Anna's at the same moment; together they get what one would."""
    await world.limit(owner_stories_per_hour=4)
    await tell(world, 60)

    async def one() -> int:
        return len(await crowd.plans.claim(now=world.clock(), lease=LEASE, limit=3))

    assert sum(await asyncio.gather(*(one() for _ in range(20)))) == 4


async def test_a_planner_with_the_younger_half_counts_the_older(world: Bounded) -> None:
    """It goes on while the other, which has the older ones in hand, has not committed yet."""
    await world.limit(owner_stories_per_hour=4)
    await tell(world, 8)
    claims: LiteralString = (
        "update storyreel.revisions set attempt = 1, due_at = %s where id in ("
        " select id from storyreel.revisions order by created_at, id limit 4)"
    )
    holds: LiteralString = (
        "select storyreel.hold_over_quota(array_agg(o.id), 'm', %s)"
        " from (select id from storyreel.revisions order by created_at, id limit 4) o"
    )
    async with world.holding(claims, world.clock() + LEASE) as older:
        younger = await world.claim(limit=4)
        held = await (await older.execute(holds, [world.clock()])).fetchall()

    begun = await world.one("select count(*) from storyreel.revisions where attempt = 1")
    assert begun == (4,), (len(younger), len(held))
