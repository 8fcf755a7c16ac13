"""One clip for all who tell the same story: made once, however many ask, and from wherever they do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import psycopg
import pytest

from pipeline.lifecycle import Shows, Work
from storage.database import Database
from storage.plans import PostgresPlans
from storage.renders import PostgresRenders
from tests.conftest import DatabaseUrls
from tests.pipeline.steps.progressive import SKETCHED, frames_ordered
from tests.pipeline.steps.world import STORY, World

_CONNECTIONS, _EACH = 50, 2
_MACHINES = 4


@pytest.fixture
async def machines(world: World, database_urls: DatabaseUrls) -> AsyncIterator[list[World]]:
    """The same world as several workers see it, each with connections of its own."""
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(Database(database_urls.worker)) for _ in range(_MACHINES)]
        yield [
            replace(world, previews=True, plans=PostgresPlans(database), renders=PostgresRenders(database))
            for database in opened
        ]


async def _tell_at_once(url: str, start: asyncio.Barrier) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as app:
        await start.wait()
        for _ in range(_EACH):
            await app.execute("insert into public.stories (text) values (%s)", [STORY])


async def _unplanned(world: World) -> bool:
    (found,) = await world.rows("select exists (select from storyreel.revisions where planned_at is null) as yes")
    return bool(found["yes"])


async def test_a_hundred_inserts_at_once_lead_to_one_provider_call_per_take(
    world: World, machines: list[World], database_urls: DatabaseUrls
) -> None:
    """Through fifty connections, planned and admitted by four workers meanwhile: all show the one clip."""
    start = asyncio.Barrier(_CONNECTIONS)
    app = asyncio.gather(*(_tell_at_once(database_urls.owner, start) for _ in range(_CONNECTIONS)))
    while not app.done() or await _unplanned(world):
        await asyncio.gather(*(machine.plan() for machine in machines))
        await asyncio.gather(*(machine.admit() for machine in machines))
    await app
    await world.open_post()
    await world.run_jobs()

    told = _CONNECTIONS * _EACH
    assert sorted(await frames_ordered(world)) == [SKETCHED, 12]
    (videos,) = await world.rows(
        "select shows, work, count(*), count(distinct path) as files from storyreel.videos group by 1, 2"
    )
    assert videos == {"shows": "final", "work": "idle", "count": told, "files": 1}
    assert len(await world.renders_made()) == len(await world.ledger("reserved")) == 2
    finals = await world.one("select count(*) as them from storyreel.shots where shows = 'final'")
    assert finals["them"] == told


async def test_a_clip_that_exists_is_shown_within_plan(world: World) -> None:
    """No provider is asked, no slot waited for, nothing left to be done by another step."""
    first = await world.made()
    await world.lose_hints()
    received = len((await world.provider.journal())["received"])
    world.previews = True
    second = await world.tell()
    await world.lose_hints()
    await world.plan()

    one, two = await world.video(first), await world.video(second)
    assert (two.shows, two.work, two.path, two.progress) == (Shows.FINAL, Work.IDLE, one.path, 1)
    assert len((await world.provider.journal())["received"]) == received
    assert await world.rows("select from procrastinate.procrastinate_jobs where status = 'todo'") == []


async def test_whoever_waits_gets_the_failure(world: World) -> None:
    """A clip that fails for good fails for every story that waits for it, with the same sentence."""
    world.provider.script(1, fail="content_policy_violation", latency=30)
    stories = [await world.tell() for _ in range(3)]
    await world.plan()
    await world.admit()
    stories.append(await world.submit())
    world.clock.advance(seconds=30)
    await world.deliver()

    videos = [await world.video(story) for story in stories]
    assert {(video.work, video.reason) for video in videos} == {(Work.REJECTED, "content_rejected")}
    assert len({video.message for video in videos}) == 1
    assert await world.provider.accepted() == 1


async def test_whoever_waits_gets_the_result_of_a_later_try(world: World) -> None:
    """One that joined between two tries as well."""
    world.provider.script(1, fail=500)
    first = await world.submit()
    await world.deliver()
    second = await world.tell()
    await world.plan()

    for story in (first, second):
        assert (await world.live_on(story)).shows == Shows.FINAL
    assert await world.provider.accepted() == 2
