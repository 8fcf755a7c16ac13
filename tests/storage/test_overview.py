"""One look at a deployment: what is overdue and what only waits, who is there, what was found lately."""

from datetime import timedelta
from typing import LiteralString

import pytest

from storage.database import Database
from storage.overview import Overview, PostgresOverview
from tests.storage.builders import LEASE
from tests.storage.world import World

_PATIENCE = timedelta(minutes=2)


async def look(world: World, database: Database) -> Overview:
    """As the command does."""
    return await PostgresOverview(database).look(now=world.clock(), before=world.clock() - _PATIENCE)


async def late(world: World, database: Database) -> str | None:
    """What is overdue the longest."""
    found = (await look(world, database)).late
    return found.what if found else None


async def _story(world: World) -> None:
    await world.story()
    await world.owner.execute(
        "update storyreel.revisions set due_at = %s where planned_at is null", (world.clock(),)
    )


async def _finishing(world: World) -> None:
    await world.fetch(await world.fetching())


async def _unknown(world: World) -> None:
    await world.answer_lost(await world.admitted())


@pytest.mark.parametrize(
    ("scene", "what"),
    [
        (_story, "plan"),
        (World.waiting, "admit"),
        (World.admitted, "admitted"),
        (World.submitted, "submitted"),
        (_unknown, "unknown"),
        (World.fetching, "fetch"),
        (_finishing, "finish"),
    ],
)
async def test_whatever_nobody_moves_is_overdue(
    world: World, database: Database, scene: object, what: str
) -> None:
    """At every step; not at once, but after the time that is asked for beyond its own."""
    assert callable(scene)
    await scene(world)
    world.clock.advance(minutes=1)
    assert await late(world, database) is None

    world.clock.advance(minutes=5)

    assert await late(world, database) == what
    found = (await look(world, database)).late
    assert found
    assert timedelta(minutes=4) < world.clock() - found.since <= timedelta(minutes=6)


async def test_the_longest_overdue_is_named(world: World, database: Database) -> None:
    """One is enough to know where to look."""
    await world.submitted("whale")
    world.clock.advance(minutes=3)
    await _story(world)
    world.clock.advance(minutes=10)

    assert await late(world, database) == "submitted"


@pytest.mark.parametrize(
    "why",
    [
        "select storyreel.pause('fal', now(), 'infinity', 'overrun', 'odd')",
        "update storyreel.providers set per_minute = 1, rate_at = now() + interval '9 hours'",
        "update storyreel.renders set waits_for = 'day'",
        "update storyreel.renders set waits_for = 'owner'",
        "update storyreel.renders set waits_for = 'time', due_at = due_at + interval '9 hours'",
    ],
)
async def test_what_may_not_go_is_not_overdue(world: World, database: Database, why: LiteralString) -> None:
    """A pause, a rate, a budget, other renders of its owner, a time: it waits, and nobody is late."""
    await world.waiting()
    world.clock.advance(minutes=10)
    assert await late(world, database) == "admit"

    await world.owner.execute(why)

    assert await late(world, database) is None


async def test_what_waits_for_a_slot_is_not_overdue(world: World, database: Database) -> None:
    """However long, while the slots are taken."""
    await world.owner.execute("update storyreel.providers set slots = 1")
    await world.admitted("whale")
    await world.owner.execute("update storyreel.renders set due_at = due_at + interval '1 hour'")
    await world.waiting("fox")
    world.clock.advance(minutes=10)

    assert await late(world, database) is None
    await world.owner.execute("update storyreel.providers set slots = 2")
    assert await late(world, database) == "admit"


async def test_a_story_that_is_held_is_not_overdue(world: World, database: Database) -> None:
    """Its owner has asked for many in the hour; it is once its time has come and nobody plans it."""
    await _story(world)
    held = world.clock() + timedelta(hours=1)
    await world.owner.execute("update storyreel.revisions set held_until = %s", (held,))
    world.clock.advance(minutes=30)
    assert await late(world, database) is None

    world.clock.advance(minutes=33)

    assert await late(world, database) == "plan"


async def test_only_workers_that_gave_a_sign_of_life_count(world: World, database: Database) -> None:
    """The engine's own workers sign in every ten seconds."""
    for age in (0, 20, 40, 4000):
        await world.owner.execute(
            "insert into procrastinate.procrastinate_workers (last_heartbeat) values (now() - %s::interval)",
            (timedelta(seconds=age),),
        )

    assert (await look(world, database)).workers == 2


async def test_the_findings_are_those_of_today_and_yesterday(world: World, database: Database) -> None:
    """By day of UTC, the latest day first and of a day what was found most."""
    world.clock.now = world.clock.now.replace(hour=12)
    sweep = world.stores.sweep
    for days, found in ((0, {"missed": 1, "submitted": 5}), (1, {"missed": 2}), (2, {"missed": 4})):
        await sweep.note(found, now=world.clock() - timedelta(days=days))

    seen = (await look(world, database)).findings

    assert [((world.clock().date() - found.day).days, found.kind, found.found) for found in seen] == [
        (0, "submitted", 5), (0, "missed", 1), (1, "missed", 2)]  # fmt: skip


async def test_a_pause_without_end_is_told_apart(world: World, database: Database) -> None:
    """No time stands for it."""
    until = world.clock() + LEASE
    await world.owner.execute("select storyreel.pause('fal', now(), %s, 'busy', 'later')", (until,))
    [fal] = (await look(world, database)).providers
    assert (fal.until_resumed, fal.paused_until, fal.pause_code) == (False, until, "busy")

    await world.owner.execute("select storyreel.pause('fal', now(), 'infinity', 'overrun', 'odd')")

    [fal] = (await look(world, database)).providers
    assert (fal.until_resumed, fal.paused_until, fal.pause_message) == (True, None, "odd")


async def test_the_cap_that_leaves_no_room_is_named(world: World, database: Database) -> None:
    """Room for less than the cheapest of the last clips is none: what comes next is held, or not made."""
    await world.admitted()
    await world.owner.execute("update storyreel.limits set day_usd = 0.02, total_usd = 0.02")
    assert (await look(world, database)).budget.passed is None

    await world.owner.execute("update storyreel.limits set day_usd = 0.019")
    assert (await look(world, database)).budget.passed == "day"
    await world.owner.execute("update storyreel.limits set total_usd = 0.019")

    assert (await look(world, database)).budget.passed == "total"
