"""Bills above what was expected stop admission, and say so, until a person resumes."""

from datetime import timedelta
from decimal import Decimal

import pytest

from pipeline.errors import GeneratorBusy
from tests.storage.limits.scene import ANNA, CENT, Bounded


async def billed(world: Bounded, *times: str) -> None:
    """So many times what was expected, one render after the other; asserts that each is admitted."""
    for factor in times:
        (batch,) = await world.one("select count(*) from storyreel.renders")
        await world.asks(ANNA, f"clip-{batch}")
        world.clock.advance(seconds=1)
        await world.makes(await world.admit(), cost=CENT * Decimal(factor), units=Decimal(1))


async def stopped(world: Bounded) -> bool:
    until, code = await world.one("select paused_until = 'infinity', pause_code from storyreel.providers")
    assert until is None or (until, code) == (True, "overrun")
    await world.asks(None, f"probe-{world.clock()}")
    batch = await world.admits()
    for render in batch:
        await world.stores.renders.put_back(
            render, due_at=world.clock() + timedelta(days=400), why=GeneratorBusy("-")
        )
    assert (until is None) == (len(batch) > 0)
    return until is True


async def test_a_bill_above_its_estimate_counts_at_once(world: Bounded) -> None:
    """It is recorded as it is, with its estimate beside it, and takes the room from the next."""
    await world.limit(day_usd=5 * CENT)
    await billed(world, "4.5")

    assert await world.one("select estimate_usd, cost_usd from storyreel.renders") == (CENT, CENT * Decimal("4.5"))
    await world.asks(ANNA, "next")
    assert await world.admits() == []


async def test_one_or_two_bills_say_nothing(world: Bounded) -> None:
    """Three at least."""
    await billed(world, "100", "100")
    assert not await stopped(world)

    await billed(world, "100")
    assert await stopped(world)


async def test_exactly_the_factor_is_allowed(world: Bounded) -> None:
    """Three times as much is; a little more is not."""
    await billed(world, "3", "3", "3", "3")
    assert not await stopped(world)

    await billed(world, "3.1")
    assert await stopped(world)


async def test_it_says_why(world: Bounded) -> None:
    """In a sentence with what was billed and what was expected."""
    await billed(world, "5", "5", "5")

    (message,) = await world.one("select pause_message from storyreel.providers where name = 'fal'")
    for word in ("3 bills", "$0.1500", "$0.0300"):
        assert word in message


async def test_only_the_last_bills_count(world: Bounded) -> None:
    """Of those, so many as the operator says; cheap ones before them do not outweigh them."""
    await world.limit(overrun_factor=2, overrun_bills=4)
    await billed(world, *["0.1"] * 6)
    await billed(world, "3", "3", "1.9")
    assert not await stopped(world)

    await billed(world, "3")
    assert await stopped(world)


@pytest.mark.parametrize("settled_without_units", [True, False])
async def test_an_estimate_in_place_of_a_bill_is_no_bill(world: Bounded, settled_without_units: bool) -> None:
    """What nobody could tell says nothing about the bills."""
    await billed(world, "100", "100")
    await world.asks(ANNA, "third")
    units = None if settled_without_units else Decimal(1)
    await world.makes(await world.admit(), cost=100 * CENT, units=units)

    assert await stopped(world) is not settled_without_units


async def test_no_factor_never_stops(world: Bounded) -> None:
    """An operator may do without."""
    await world.limit(overrun_factor=None)
    await billed(world, "100", "100", "100", "100")

    assert not await stopped(world)


async def test_neither_time_nor_success_ends_it(world: Bounded) -> None:
    """A render that was at the provider succeeds, another is turned away, a year passes."""
    await world.provider(slots=4)
    await world.asks(ANNA, "flying")
    flying = await world.admit()
    await world.asks(ANNA, "busy")
    busy = await world.admit()
    await billed(world, "9", "9", "9")
    world.clock.advance(minutes=5)

    await world.makes(flying, cost=CENT, units=Decimal(1))
    until = await world.stores.renders.pause(
        "fal", lambda _: timedelta(seconds=5), why=GeneratorBusy("b"), now=world.clock()
    )
    assert await world.stores.renders.put_back(busy, due_at=until, why=GeneratorBusy("busy"))
    world.clock.advance(days=365)

    assert await stopped(world)


async def test_a_person_resumes_and_bills_before_that_count_no_more(world: Bounded) -> None:
    """The next expensive ones do: three of them, again."""
    await billed(world, "9", "9", "9")
    await world.forget_jobs()
    (resumed,) = await world.one("select storyreel.resume('fal', %s)", world.clock())
    assert (resumed, await world.jobs("admit")) == (True, 1)

    await billed(world, "9", "9")
    assert not await stopped(world)
    await billed(world, "9")
    assert await stopped(world)


async def test_what_is_not_paused_is_not_resumed(world: Bounded) -> None:
    """And says so."""
    assert await world.one("select storyreel.resume('fal', %s)", world.clock()) == (False,)
    assert await world.one("select storyreel.resume('nobody', %s)", world.clock()) == (False,)


async def test_another_providers_bills_stop_nothing_here(world: Bounded) -> None:
    """Each has its own."""
    await world.second_provider(slots=1)
    for key in ("one", "two", "three"):
        await world.asks(ANNA, key, provider="other")
        (render,) = await world.admits("other")
        await world.makes(render, cost=CENT * 50, units=Decimal(1))

    rows = await world.rows("select name, pause_code from storyreel.providers order by name")
    assert rows == [("fal", None), ("other", "overrun")]
