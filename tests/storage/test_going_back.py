"""Going back while something else happens to the same video. Orders are forced by locks, never by time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from tests.storage.builders import CLIP, renditions, shot
from tests.storage.world import World

LOCK_VIDEO = "select 1 from storyreel.videos for update"


async def finishing(world: World, story: str, key: str) -> tuple[UUID, Callable[[], Awaitable[bool]]]:
    """A re-render of the story whose clip is about to be shown; its take, and how to show it."""
    await world.ask_again(story)
    await world.plan(shot(key))
    render = await world.admit()
    await world.submit(render, f"request-{key}")
    await world.conclude(render.id, CLIP)
    take = await world.take_of(render.id)
    await world.fetch(take)
    in_hand = await world.stores.takes.claim_finish(take, now=world.clock(), lease=timedelta(minutes=1))
    assert in_hand
    files = f"rendition-{take}"

    async def finish() -> bool:
        return await world.stores.takes.finished(
            in_hand, rendition_key=files, bucket="videos", renditions=renditions(files), now=world.clock()
        )

    return take, finish


async def of_takes(world: World, *keys: str) -> tuple[str, list[str]]:
    """A story whose video showed those takes, one after the other; its id, and what it showed."""
    story = await world.story()
    await world.ready(keys[0])
    shown = [await path(world, story)]
    for key in keys[1:]:
        _, finish = await finishing(world, story, key)
        assert await finish()
        shown.append(await path(world, story))
    assert len(set(shown)) == len(keys)
    return story, shown


async def path(world: World, story: str) -> str:
    (found,) = await world.one("select path from storyreel.videos where source_id = %s", story)
    return str(found)


async def restore(world: World, story: str) -> bool:
    """Through a connection of its own; whether there was anything to go back to."""
    async with await psycopg.AsyncConnection.connect(world.owner.info.dsn, autocommit=True) as other:
        cursor = await other.execute(
            "select r.revision_id is not null from storyreel.videos v,"
            " lateral storyreel.restore_video(v.id, now()) r where v.source_id = %s",
            [story],
        )
        row = await cursor.fetchone()
    assert row is not None
    return bool(row[0])


@pytest.mark.parametrize("first", ["restore", "finish"])
async def test_going_back_and_a_new_clip_meet(world: World, first: str) -> None:
    """Whichever is first, the video goes back from what it showed at that moment, and is idle."""
    story, shown = await of_takes(world, "a", "b")
    _, finish = await finishing(world, story, "c")
    acts = {"restore": lambda: restore(world, story), "finish": finish}
    async with world.holding(LOCK_VIDEO):
        leader = asyncio.ensure_future(acts.pop(first)())
        await world.blocked(1)
        follower = asyncio.ensure_future(acts.popitem()[1]())
        await world.blocked(2)

    assert [await leader, await follower] == [True, True]
    assert await path(world, story) == shown[0 if first == "restore" else 1]
    assert await world.video(story) == ("final", 4, "idle", None)


async def test_two_who_go_back_at_once_go_back_twice(world: World) -> None:
    """Each from what the other left; none of them fails."""
    story, shown = await of_takes(world, "a", "b", "c")
    async with world.holding(LOCK_VIDEO):
        both = [asyncio.ensure_future(restore(world, story)) for _ in range(2)]
        await world.blocked(2)

    assert [await one for one in both] == [True, True]
    assert await path(world, story) == shown[0]
    assert await world.video(story) == ("final", 5, "idle", None)


async def test_two_who_go_back_at_once_from_the_second_go_back_once(world: World) -> None:
    """For the other there is nothing left to go back to."""
    story, shown = await of_takes(world, "a", "b")
    async with world.holding(LOCK_VIDEO):
        both = [asyncio.ensure_future(restore(world, story)) for _ in range(2)]
        await world.blocked(2)

    assert sorted([await one for one in both]) == [False, True]
    assert await path(world, story) == shown[0]


async def test_going_back_while_a_further_one_is_asked_for(world: World) -> None:
    """Both get a number of their own; what was asked for last is worked on."""
    story, shown = await of_takes(world, "a", "b")
    async with world.holding(LOCK_VIDEO):
        back = asyncio.ensure_future(restore(world, story))
        await world.blocked(1)
        again = asyncio.ensure_future(world.ask_again(story))
        await world.blocked(2)
    assert await back
    await again

    numbers = await world.rows(
        "select r.number, r.kind from storyreel.revisions r join storyreel.videos v on v.id = r.video_id"
        " where v.source_id = %s order by r.number",
        story,
    )
    assert numbers[2:] == [(3, "restore"), (4, "rerender")]
    assert await path(world, story) == shown[0]
    assert (await world.video(story))[:3] == ("final", 3, "working")


async def test_a_worker_may_go_back_and_an_app_may_not(world: World) -> None:
    """As the role that workers log in with; users of the app go through a door."""
    may = await world.one(
        "select array_agg(role order by role)"
        " from unnest(array['storyreel', 'service_role', 'authenticated', 'anon']) as role"
        " where has_function_privilege(role, 'storyreel.restore_video(uuid, timestamptz)', 'execute')"
    )
    assert may == (["service_role", "storyreel"],)
