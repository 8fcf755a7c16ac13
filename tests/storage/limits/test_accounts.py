"""The accounts always are the sums of the ledger, however a render's money ends, and whoever ends it at once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from functions.services import Stores
from pipeline.errors import GeneratorBusy, GeneratorMissing
from pipeline.model import AdmittedRender
from tests.storage.builders import CLIP, LEASE, PASSING, PERMANENT
from tests.storage.limits.scene import ANNA, BERT, CENT, Bounded

Way = Callable[[Bounded, AdmittedRender], Awaitable[None]]


async def settle(world: Bounded, render: UUID, cost: str | None, units: str | None = None) -> None:
    await world.stores.renders.settle(
        render, units=Decimal(units) if units else None, cost=Decimal(cost) if cost else None, now=world.clock()
    )


async def billed_below(world: Bounded, render: AdmittedRender) -> None:
    await world.makes(render, cost=Decimal("0.004"))


async def billed_above(world: Bounded, render: AdmittedRender) -> None:
    await world.makes(render, cost=Decimal("0.5"), units=Decimal(9))


async def settled_twice(world: Bounded, render: AdmittedRender) -> None:
    await world.makes(render)
    await settle(world, render.id, "0.7")


async def failed_for_nothing(world: Bounded, render: AdmittedRender) -> None:
    await world.conclude(render.id, PERMANENT)


async def failed_and_billed(world: Bounded, render: AdmittedRender) -> None:
    await world.conclude(render.id, replace(PERMANENT, billed=True))


async def late_bill(world: Bounded, render: AdmittedRender) -> None:
    """Of a render whose reservation was released."""
    await world.submit(render, f"request-{render.id}")
    await world.conclude(render.id, PASSING)
    await world.conclude(render.id, CLIP)
    await settle(world, render.id, "0.03")


async def climbed_down(world: Bounded, render: AdmittedRender) -> None:
    why = GeneratorMissing("404")
    await world.stores.renders.climb_down(render, "two", Decimal("0.02"), why=why, now=world.clock())
    await world.makes(await world.admit(), cost=Decimal("0.015"))


async def put_back(world: Bounded, render: AdmittedRender) -> None:
    await world.stores.renders.put_back(render, due_at=world.clock(), why=GeneratorBusy("busy"))
    await world.makes(await world.admit())


async def put_back_and_withdrawn(world: Bounded, render: AdmittedRender) -> None:
    await world.stores.renders.put_back(render, due_at=world.clock(), why=GeneratorBusy("busy"))
    await world.rows("delete from public.stories")
    assert await world.admits() == []


async def put_back_and_taken_all_the_same(world: Bounded, render: AdmittedRender) -> None:
    await world.stores.renders.put_back(render, due_at=world.clock(), why=GeneratorBusy("busy"))
    await world.conclude(render.id, CLIP)
    await settle(world, render.id, "0.02")


async def lost_and_never_billed(world: Bounded, render: AdmittedRender) -> None:
    await world.lose(render)
    await world.stores.renders.unbilled(render.id, now=world.clock())
    await settle(world, render.id, "0.02")


async def lost_and_settled_by_a_person(world: Bounded, render: AdmittedRender) -> None:
    await world.lose(render)
    await settle(world, render.id, "0.013")


async def lost_and_settled_when_it_was_old(world: Bounded, render: AdmittedRender) -> None:
    await world.submit(render, f"request-{render.id}")
    await world.rows("delete from public.stories")
    await world.stores.sweep.withdraw(now=world.clock())
    await world.stores.sweep.settle_old(now=world.clock(), before=world.clock() + timedelta(seconds=1))
    await world.conclude(render.id, CLIP)
    await settle(world, render.id, "0.02")


# What stays reserved, and what is spent.
WAYS: Mapping[Way, tuple[str, str]] = {
    billed_below: ("0", "0.004"),
    billed_above: ("0", "0.5"),
    settled_twice: ("0", "0.01"),
    failed_for_nothing: ("0", "0"),
    failed_and_billed: ("0", "0.01"),
    late_bill: ("0", "0.03"),
    climbed_down: ("0", "0.015"),
    put_back: ("0", "0.01"),
    put_back_and_withdrawn: ("0", "0"),
    put_back_and_taken_all_the_same: ("0", "0.02"),
    lost_and_never_billed: ("0", "0"),
    lost_and_settled_by_a_person: ("0", "0.013"),
    lost_and_settled_when_it_was_old: ("0", "0.01"),
}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("whose", [ANNA, None], ids=["owned", "unowned"])
async def test_however_it_ends_the_accounts_are_right(world: Bounded, way: Way, whose: UUID | None) -> None:
    """Of all, of the day, of the owner, his day, and the story: after a reservation and after its end."""
    story = await world.asks(whose, "whale")
    render = await world.admit()
    (video,) = await world.one("select id from storyreel.videos where source_id = %s", story)
    assert await world.account("story", video) == (CENT, 0)

    await way(world, render)

    assert await world.unequal_accounts() == []
    expected = tuple(Decimal(amount) for amount in WAYS[way])
    day = f"{world.clock():%Y-%m-%d}"
    assert await world.account() == expected
    assert await world.account("story", video) == expected
    assert await world.account("day", day) == (0, expected[1])
    assert await world.account("owner", ANNA) == (expected if whose else (0, 0))
    assert await world.account("owner_day", f"{day} {ANNA}") == (0, expected[1] if whose else 0)


async def test_a_bill_is_spent_on_the_day_it_comes(world: Bounded) -> None:
    """Whenever its render was begun; the day before keeps its own."""
    await world.asks(ANNA, "whale")
    render = await world.admit()
    yesterday = f"{world.clock():%Y-%m-%d}"
    await world.next_day()
    await world.makes(render)

    assert await world.account("day", yesterday) == (0, 0)
    assert await world.account("day", f"{world.clock():%Y-%m-%d}") == (0, CENT)
    assert await world.unequal_accounts() == []


async def test_a_day_that_is_over_is_forgotten_and_no_sum_changes(world: Bounded) -> None:
    """Of owners alone: years of them would be many; what was spent is still spent."""
    await world.asks(ANNA, "whale")
    await world.makes(await world.admit())
    day = f"{world.clock():%Y-%m-%d}"
    world.clock.advance(days=1)
    await world.sweep()
    assert await world.account("owner_day", f"{day} {ANNA}") == (0, CENT)
    world.clock.advance(days=3)
    await world.sweep()

    assert await world.account("owner_day", f"{day} {ANNA}") == (0, 0)
    assert await world.account("day", day) == await world.account("owner", ANNA) == (0, CENT)
    assert await world.unequal_accounts() == []


async def test_fifty_who_end_renders_at_once_wait_for_each_other_in_one_order(
    world: Bounded, crowd: Stores
) -> None:
    """Bills, failures and admissions of both owners' renders meet on the same accounts: none is lost."""
    await world.provider(slots=40)
    await world.many(20, ANNA)
    await world.many(20, BERT)
    await world.many(20, name="more-", priority=0)
    first = await world.admits()
    for number, render in enumerate(first[:20]):
        await world.submit(render, f"r{number}")
        await world.conclude(render.id, CLIP)

    async def end(number: int, render: AdmittedRender) -> None:
        if number < 20:
            await crowd.renders.settle(render.id, units=None, cost=number * CENT, now=world.clock())
        else:
            failing = replace(PERMANENT, billed=number % 2 == 0)
            await world.conclude(render.id, failing)

    admissions = [crowd.renders.admit("fal", now=world.clock(), lease=LEASE) for _ in range(10)]
    await asyncio.gather(*(end(number, render) for number, render in enumerate(first)), *admissions)

    assert await world.unequal_accounts() == []
    (spent,) = await world.one("select sum(amount_usd) from storyreel.ledger where kind = 'settled'")
    assert (await world.account())[1] == spent
