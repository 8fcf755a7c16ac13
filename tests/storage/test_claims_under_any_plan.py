"""However Postgres joins, a claim takes no more than it may: a subquery that is run anew locks further rows."""

from collections.abc import AsyncIterator

import pytest
from psycopg.conninfo import make_conninfo

from pipeline.errors import ModerationUnavailable
from storage.database import Database
from storage.plans import PostgresPlans
from tests.conftest import DatabaseUrls
from tests.storage.builders import LEASE
from tests.storage.world import World

_NESTED_LOOPS = " ".join(
    f"-c enable_{way}=off" for way in ("hashjoin", "mergejoin", "indexscan", "bitmapscan", "material", "memoize")
)


@pytest.fixture
async def plans(database_urls: DatabaseUrls) -> AsyncIterator[PostgresPlans]:
    """The store on connections for which the planner has only nested loops left."""
    async with Database(make_conninfo(database_urls.worker, options=_NESTED_LOOPS), connections=1) as database:
        yield PostgresPlans(database)


async def five_that_look_like_one(world: World) -> None:
    """Revisions of which the planner believes that there is one: it reads them first and joins the claim to it."""
    await world.story("A whale")
    await world.owner.execute("analyze storyreel.revisions")
    for number in range(4):
        await world.story(f"A whale, number {number}")


async def test_a_first_claim_keeps_to_its_limit(world: World, plans: PostgresPlans) -> None:
    await five_that_look_like_one(world)

    assert len(await plans.claim(now=world.clock(), lease=LEASE, limit=2)) == 2


async def test_what_is_claimed_again_comes_alone(world: World, plans: PostgresPlans) -> None:
    """Stories whose planner died: whichever killed it must not take its neighbours with it."""
    await five_that_look_like_one(world)
    await world.claim()
    world.clock.advance(seconds=LEASE.total_seconds())

    assert len(await plans.claim(now=world.clock(), lease=LEASE, limit=50)) == 1


async def test_what_was_postponed_keeps_to_its_limit(world: World, plans: PostgresPlans) -> None:
    await five_that_look_like_one(world)
    now = world.clock()
    for revision in await world.claim():
        assert await plans.postpone(revision, why=ModerationUnavailable("away"), due_at=now, now=now)

    assert len(await plans.claim(now=now, lease=LEASE, limit=2)) == 2
