"""A revision that subscribes to a take while that take ends: whoever is first, no video is left waiting.

Orders are forced by locks that a third session holds, never by time.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from pipeline.model import Failure
from tests.storage.builders import PASSING, PERMANENT, renditions, shot
from tests.storage.world import World

NOTHING = timedelta(0)
LOCK_TAKE = "select 1 from storyreel.takes where id = %s for update"


async def _finishing(world: World) -> tuple[UUID, Callable[[], Awaitable[bool]]]:
    take = await world.fetching()
    await world.fetch(take)
    in_hand = await world.stores.takes.claim_finish(take, now=world.clock(), lease=NOTHING)
    assert in_hand

    async def finish() -> bool:
        return await world.stores.takes.finished(
            in_hand, rendition_key="k", bucket="videos", renditions=renditions("k"), now=world.clock()
        )

    return take, finish


@pytest.mark.parametrize("first", ["planner", "finisher"])
async def test_a_subscriber_never_misses_the_end_of_a_take(world: World, first: str) -> None:
    """Planner and finisher queue for the same take in either order: the video shows the clip."""
    take, finish = await _finishing(world)
    story = await world.story()
    (revision,) = await world.claim()

    async def save() -> bool:
        return await world.stores.plans.save(revision, [shot()], now=world.clock())

    order = (save, finish) if first == "planner" else (finish, save)
    async with world.holding(LOCK_TAKE, take):
        leader = asyncio.ensure_future(order[0]())
        await world.blocked(1)
        follower = asyncio.ensure_future(order[1]())
        await world.blocked(2)

    assert list(await asyncio.gather(leader, follower)) == [True, True]
    assert await world.video(story) == ("final", 1, "idle", None)


@pytest.mark.parametrize("failure", [PASSING, PERMANENT], ids=["passing", "permanent"])
@pytest.mark.parametrize("first", ["planner", "failure"])
async def test_a_subscriber_never_misses_a_takes_failure(world: World, first: str, failure: Failure) -> None:
    """Either order: the video fell back with the take, or the take was begun again for it."""
    take, _ = await _finishing(world)
    story = await world.story()
    (revision,) = await world.claim()
    in_hand = await world.stores.takes.claim_finish(take, now=world.clock(), lease=NOTHING)
    assert in_hand

    async def save() -> bool:
        return await world.stores.plans.save(revision, [shot()], now=world.clock())

    async def fail() -> bool:
        return await world.stores.takes.give_up(in_hand, failure, now=world.clock())

    order = (save, fail) if first == "planner" else (fail, save)
    async with world.holding(LOCK_TAKE, take):
        leader = asyncio.ensure_future(order[0]())
        await world.blocked(1)
        follower = asyncio.ensure_future(order[1]())
        await world.blocked(2)

    assert list(await asyncio.gather(leader, follower)) == [True, True]
    begun_again = first == "failure" and not failure.permanent
    assert (await world.video(story))[2] == ("working" if begun_again else "fallback")
    assert await world.take(take) == ("finishing" if begun_again else "failed")


async def test_two_planners_of_one_new_take_make_it_once(world: World) -> None:
    """The second waits for the first's take to exist, then subscribes to it; one render is made."""
    for _ in range(2):
        await world.story()
    one, two = await world.claim()

    async with world.holding("lock table storyreel.renders in share row exclusive mode"):
        first = asyncio.ensure_future(world.stores.plans.save(one, [shot()], now=world.clock()))
        await world.blocked(1)
        second = asyncio.ensure_future(world.stores.plans.save(two, [shot()], now=world.clock()))
        await world.blocked(2)

    assert list(await asyncio.gather(first, second)) == [True, True]
    assert await world.one("select count(*) from storyreel.renders") == (1,)
    assert await world.one("select count(*) from storyreel.shots") == (2,)


async def test_two_revisions_of_the_same_takes_in_another_order_do_not_block_each_other(world: World) -> None:
    """One revision's shots want A then B, the other's B then A: both are planned, no deadlock."""
    await world.waiting("a")
    await world.waiting("b")
    await world.owner.execute("update storyreel.renders set priority = 0")
    for _ in range(2):
        await world.story()
    one, two = await world.claim()
    plans, now = world.stores.plans, world.clock()

    # Each gets as far as raising its first take's render; there both wait, then both go on to their second.
    async with world.holding("select 1 from storyreel.renders for update"):
        first = asyncio.ensure_future(plans.save(one, [shot("a"), shot("b")], now=now))
        await world.blocked(1)
        second = asyncio.ensure_future(plans.save(two, [shot("b"), shot("a")], now=now))
        await world.blocked(2)

    outcomes = await asyncio.gather(first, second, return_exceptions=True)
    assert list(outcomes) == [True, True]


async def test_the_last_two_takes_of_a_revision_end_at_once_and_it_is_shown(world: World) -> None:
    """Each finisher sees only its own take ready; between them they must still notice that all are."""
    story = await world.story()
    await world.plan(shot("a"), shot("b"))
    takes = []
    for key in ("a", "b"):
        render = await world.one(
            "update storyreel.takes set status = 'finishing', due_at = now(), render_id = gen_random_uuid(),"
            " clip_url = 'u', delivered_at = now(), bucket = 'videos', original_path = 'o', original_sha256 = 's',"
            " fetched_at = now() where take_key = %s returning id", key)  # fmt: skip
        takes.append(render[0])
        for made in renditions(key):
            await world.owner.execute(
                "insert into storyreel.renditions values (%s, %s, 'videos', %s, %s, 1, 512, 512, %s, now())",
                [key, made.kind, made.path, made.content_type, made.blurhash],
            )
    show = "select storyreel.show_take(%s, now())"
    ready = (
        "update storyreel.takes set status = 'ready', due_at = null, ready_at = now(), rendition_key = %s"
        " where id = %s"
    )

    async with world.holding(ready, "a", takes[0]) as one, world.holding(ready, "b", takes[1]) as two:
        await one.execute(show, [takes[0]])
        follower = asyncio.ensure_future(two.execute(show, [takes[1]]))
        await world.settled_or_blocked(follower)
        await one.commit()
        await follower

    assert await world.video(story) == ("final", 1, "idle", None)


async def test_a_story_deleted_while_it_is_planned_takes_its_video_along(world: World) -> None:
    """Planner and delete meet on the video: neither fails, and the video goes with its story."""
    take = await world.ready()
    story = await world.story()
    (revision,) = await world.claim()

    async def delete() -> list[str]:
        warnings: list[str] = []
        async with await psycopg.AsyncConnection.connect(world.owner.info.dsn) as app:
            app.add_notice_handler(lambda notice: warnings.append(notice.message_primary or ""))
            await app.execute("set deadlock_timeout = '10ms'")  # the one that is looked at first is the victim
            await app.execute("delete from public.stories where id = %s", [story])
        return warnings

    async with world.holding(LOCK_TAKE, take):
        planner = asyncio.ensure_future(world.stores.plans.save(revision, [shot()], now=world.clock()))
        await world.blocked(1)
        deleter = asyncio.ensure_future(delete())
        await world.settled_or_blocked(planner, deleter)

    warnings = await deleter
    await planner
    assert warnings == []
    assert await world.rows("select work from storyreel.videos where source_id = %s", story) == []
