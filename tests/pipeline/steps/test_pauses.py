"""A provider that takes nothing at present is left alone until the pause ends; then exactly one render tries."""

import asyncio
from datetime import datetime, timedelta

import httpx
import psycopg
import pytest

from pipeline.lifecycle import Shows, Work
from pipeline.retry import pause
from storage.database import Database
from storage.renders import PostgresRenders
from tests.conftest import DatabaseUrls
from tests.pipeline.steps.outside import TURBO, Row
from tests.pipeline.steps.world import World

MINUTE = timedelta(minutes=1)


def turned_away(status: int, times: int = 1, *, after: str | None = None) -> list[tuple[str, httpx.Response]]:
    headers = {"retry-after": after} if after else {}
    answers = [httpx.Response(status, headers=headers, json={"detail": "no such key"}) for _ in range(times)]
    return [("POST", answer) for answer in answers]


async def told(world: World, count: int) -> list[str]:
    stories = [await world.tell(f"a whale, number {number}") for number in range(count)]
    await world.plan()
    return stories


async def provider(world: World) -> Row:
    return await world.one(
        "select paused_until, pause_code, pause_message, pauses from storyreel.providers where name = 'fal'"
    )


async def paused_for(world: World) -> timedelta:
    until: datetime = (await provider(world))["paused_until"]
    return until - world.clock()


async def to_the_end(world: World) -> None:
    """The moment in which the pause is over."""
    world.clock.advance(seconds=(await paused_for(world)).total_seconds())


@pytest.mark.parametrize("status", [429, 401, 403])
async def test_nothing_is_begun_until_the_pause_ends(world: World, status: int) -> None:
    """However often somebody admits, and on whatever machine; nobody is asked, and no try is used up."""
    world.wire.answers = turned_away(status, 2)
    await told(world, 12)
    await world.admit()
    renders = await world.renders_made()
    world.clock.advance(seconds=(await paused_for(world)).total_seconds() - 0.001)

    assert [await world.admit() for _ in range(3)] == [0, 0, 0]

    assert await world.provider.called("POST", TURBO) == 0
    assert await world.renders_made() == renders
    assert sorted(row["tries"] for row in renders) == [0] * 10 + [1] * 2


async def test_the_provider_says_for_how_long(world: World) -> None:
    """Retry-After is kept to where it is longer than what we would wait."""
    world.wire.answers = turned_away(429, after="77")
    await told(world, 3)
    await world.admit()

    assert await paused_for(world) == timedelta(seconds=77)


async def test_without_its_word_each_pause_is_longer(world: World) -> None:
    """Doubling, while the one that tries is turned away each time."""
    world.wire.answers = turned_away(429, 2)
    await told(world, 12)
    await world.admit()
    waits = [await paused_for(world)]
    for _ in range(4):
        await to_the_end(world)
        world.wire.answers = turned_away(429)
        assert await world.admit() == 1
        waits.append(await paused_for(world))

    assert waits == [pause(number, jitter=0) for number in range(5)]
    assert (await provider(world))["pauses"] == 5


async def test_several_that_are_turned_away_at_once_make_one_pause(world: World) -> None:
    """Both were under way: it counts once, and the longer wait stands."""
    world.wire.answers = turned_away(429, after="30") + turned_away(429, after="50")
    await told(world, 5)

    assert await world.admit() == 2

    assert (await provider(world))["pauses"] == 1
    assert await paused_for(world) == timedelta(seconds=50)


async def test_after_the_pause_exactly_one_tries(world: World, database_urls: DatabaseUrls) -> None:
    """Though fifty admit at once, and every slot is free."""
    world.wire.answers = turned_away(429, 2)
    await told(world, 12)
    await world.rows("update storyreel.providers set slots = 5")
    await world.admit()
    await to_the_end(world)

    async with Database(database_urls.worker, connections=10) as database:
        renders = PostgresRenders(database)
        shares = await asyncio.gather(
            *(renders.admit("fal", now=world.clock(), lease=world.timing.submit_lease) for _ in range(50))
        )

    assert sum(len(share) for share in shares) == 1


async def test_one_success_ends_the_pause(world: World) -> None:
    """In the same run everything goes again, and the next pause is as short as the first."""
    world.wire.answers = turned_away(429, 2)
    await told(world, 6)
    await world.admit()
    await to_the_end(world)

    assert await world.admit() == 2, "the one that tried, and then the other slot"
    assert await world.provider.called("POST", TURBO) == 2

    row = await provider(world)
    assert (row["paused_until"], row["pause_code"], row["pauses"]) == (None, None, 0)
    world.wire.answers = turned_away(429)
    await world.rows("update storyreel.providers set slots = 3")
    await world.admit()
    assert await paused_for(world) == pause(0, jitter=0)


async def test_a_success_from_before_the_pause_does_not_end_it(world: World) -> None:
    """Its POST was under way when the other was turned away: that says nothing of what comes next."""
    world.wire.answers = turned_away(429)
    await told(world, 6)

    assert await world.admit() == 2

    assert sorted(await world.statuses()) == ["submitted"] + ["waiting"] * 5
    assert await paused_for(world) == pause(0, jitter=0)


async def test_a_lost_answer_of_the_one_that_tries_lets_another_try(world: World) -> None:
    """Nobody knows whether the provider takes anything: again one, and not all."""
    world.wire.answers = turned_away(429)
    await world.rows("update storyreel.providers set slots = 6")
    await told(world, 1)
    await world.admit()
    for number in range(4):
        await world.tell(f"a fox, number {number}")
    await world.plan()
    await to_the_end(world)
    lease = world.timing.submit_lease

    (first,) = await world.renders.admit("fal", now=world.clock(), lease=lease)
    assert await world.renders.admit("fal", now=world.clock(), lease=lease) == []
    assert await world.renders.answer_lost(first, due_at=world.clock() + MINUTE)

    assert len(await world.renders.admit("fal", now=world.clock(), lease=lease)) == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_a_dead_key_says_why(world: World, status: int) -> None:
    """The provider's own words, for whoever looks; once the key is mended everything goes by itself."""
    world.wire.answers = turned_away(status, 2)
    stories = await told(world, 4)
    await world.admit()

    row = await provider(world)
    assert row["pause_code"] == "generator_key_refused"
    assert "no such key" in row["pause_message"]
    assert {(await world.video(story)).work for story in stories} == {Work.WORKING}
    for story in stories:
        assert (await world.live_on(story)).shows == Shows.FINAL
    assert (await provider(world))["paused_until"] is None


async def test_a_key_that_is_dead_for_days_fails_no_story(world: World) -> None:
    """One POST per pause, each ten minutes by then; none of what waits is touched."""
    world.wire.answers = turned_away(401, 1000)
    stories = await told(world, 8)
    await world.admit()
    for _ in range(20):
        world.clock.advance(minutes=10)
        await world.admit()

    assert len(world.wire.answers) == 1000 - 2 - 20
    assert {(await world.video(story)).work for story in stories} == {Work.WORKING}
    assert sorted(row["tries"] for row in await world.renders_made())[:6] == [0] * 6


async def test_thousands_that_wait_are_not_touched(world: World, owner: psycopg.AsyncConnection) -> None:
    """A pause is one row of the provider's: theirs stay as they are, to the last bit."""
    world.wire.answers = turned_away(429, 2)
    await told(world, 1)
    assert await world.admit() == 1
    await owner.execute(
        "insert into storyreel.takes"
        " (take_key, model, parameters, prompt, negative_prompt, seed, emulated, created_at)"
        " select 'k' || n, model, parameters, prompt, negative_prompt, n, true, created_at"
        " from storyreel.takes, generate_series(1, 3000) n"
    )
    await owner.execute(
        "insert into storyreel.renders (take_id, round, attempt, provider, endpoint, priority, turn, estimate_usd,"
        " due_at, created_at) select id, 1, 1, 'fal', 'e', 0, 1, 0.01, created_at, created_at from storyreel.takes"
        " where take_key like 'k%'"
    )
    waiting = "select count(*), max(tries) from storyreel.renders where endpoint = 'e'"
    for _ in range(3):
        assert await world.admit() == 0
        await world.reconcile()

    row = await world.one(waiting)
    assert (row["count"], row["max"]) == (3000, 0)
    written = await world.one(
        "select count(distinct xmin::text) as by from storyreel.renders where endpoint = 'e'"
    )
    assert written["by"] == 1, "all as they were inserted"


async def test_another_refusal_after_a_resume_begins_anew(world: World) -> None:
    """A person resumed: the next pause is the first."""
    world.wire.answers = turned_away(401, 2)
    await told(world, 5)
    await world.admit()
    await world.rows("select storyreel.resume('fal', %s)", world.clock())
    world.wire.answers = turned_away(401, 2)
    world.clock.advance(minutes=1)
    assert await world.admit() == 2

    assert (await provider(world))["pauses"] == 1
    assert await paused_for(world) == pause(0, jitter=0)
