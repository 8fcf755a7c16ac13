"""Limits as people set them: what is given changes, the rest stays, and what waited for it is looked at again."""

from decimal import Decimal

import pytest
from psycopg.errors import CheckViolation

from storage.database import Database
from storage.limits import PostgresLimits
from tests.storage.builders import LEASE
from tests.storage.world import World


@pytest.fixture
def limits(database: Database) -> PostgresLimits:
    return PostgresLimits(database)


async def test_only_what_is_given_is_changed(limits: PostgresLimits) -> None:
    """Of the deployment and of a provider, in one go; None lifts a limit."""
    before = await limits.read()
    await limits.change(
        {"day_usd": Decimal(20), "story_usd": Decimal("0.5")}, provider="fal", of_provider={"per_minute": 60}
    )

    after = await limits.change({"day_usd": None}, provider="fal", of_provider={"slots": 9})

    assert (after.limits.day_usd, after.limits.story_usd) == (None, Decimal("0.5"))
    assert after.limits.overrun_factor == before.limits.overrun_factor
    [fal] = after.providers
    assert (fal.slots, fal.owner_slots, fal.per_minute) == (9, None, 60)
    assert await limits.read() == after


async def test_all_is_set_or_nothing(limits: PostgresLimits) -> None:
    """Where the database refuses one of them."""
    before = await limits.read()

    with pytest.raises(CheckViolation):
        await limits.change({"day_usd": Decimal(20)}, provider="fal", of_provider={"slots": 0})

    assert await limits.read() == before


async def test_what_waited_for_a_limit_goes_on(world: World, limits: PostgresLimits) -> None:
    """A worker's login suffices for that, and nobody else must be told."""
    await limits.change({"day_usd": Decimal(0)}, provider=None, of_provider={})
    await world.waiting()
    assert not await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE)
    await world.forget_jobs()

    await limits.change({"day_usd": None}, provider=None, of_provider={})

    assert await world.jobs("admit") == 1
    await world.admit()


async def test_what_is_paused_goes_on_when_it_is_resumed(world: World, limits: PostgresLimits) -> None:
    """And whoever resumed it hears why it was paused; what was not paused is not named."""
    await world.owner.execute("select storyreel.pause('fal', now(), 'infinity', 'overrun', 'odd bills')")
    await world.waiting()
    assert not await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE)
    assert await limits.resume("another", now=world.clock()) == []

    [paused] = await limits.resume(None, now=world.clock())

    assert (paused.name, paused.code, paused.message) == ("fal", "overrun", "odd bills")
    await world.admit()
    assert await limits.resume("fal", now=world.clock()) == []
