"""The ledger as people read it, and what they settle: it adds up to what the caps count, and is told once."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from pipeline.errors import GeneratorMissing
from storage.database import Database
from storage.money import CannotSettle, Costs, PostgresMoney, Spending
from tests.storage.builders import CLIP, PASSING
from tests.storage.world import World

CENT = Decimal("0.01")


@pytest.fixture
def money(database: Database) -> PostgresMoney:
    return PostgresMoney(database)


async def since(world: World, money: PostgresMoney, **ago: float) -> Costs:
    return await money.costs(since=world.clock() - timedelta(**ago))


def told(rows: list[Spending]) -> dict[str | None, tuple[object, ...]]:
    """By key: renders, estimated, billed, above the estimate, reserved."""
    return {
        row.key: (row.renders, *(f"{usd:.3f}" for usd in (row.estimated, row.billed, row.overrun, row.reserved)))
        for row in rows
    }


async def billed(
    world: World, key: str, cost: str | None, *, units: int | None = 1, owner: UUID | None = None
) -> UUID:
    """A clip that was delivered and settled at that cost; its render."""
    story = await world.waiting(key)
    await world.owner.execute("update storyreel.videos set owner_id = %s where source_id = %s", (owner, story))
    render = await world.admit()
    await world.submit(render, f"request-{key}")
    await world.conclude(render.id, CLIP)
    usd = None if cost is None else Decimal(cost)
    told_units = None if units is None else Decimal(units)
    await world.stores.renders.settle(render.id, units=told_units, cost=usd, now=world.clock())
    return render.id


async def test_what_was_billed_is_told_by_day_model_owner_and_endpoint(world: World, money: PostgresMoney) -> None:
    """Estimates of what was billed beside the bills; what is reserved apart; what was released nowhere."""
    world.clock.now = world.clock.now.replace(hour=12)
    ann = uuid4()
    await billed(world, "cheap", "0.004")
    await billed(world, "dear", "0.05", owner=ann)
    world.clock.advance(days=1)
    await world.submitted("open")
    refused = await world.submitted("refused", request_id="r9")
    await world.conclude(refused.id, replace(PASSING, permanent=True))

    found = await since(world, money, days=9)

    day = f"{world.clock():%Y-%m-%d}"
    before = f"{world.clock() - timedelta(days=1):%Y-%m-%d}"
    everything = (3, "0.020", "0.054", "0.040", "0.010")
    assert told(list(found.by["day"])) == {
        day: (1, "0.000", "0.000", "0.000", "0.010"),
        before: (2, "0.020", "0.054", "0.040", "0.000"),
    }
    assert told(list(found.by["owner"])) == {
        None: (2, "0.010", "0.004", "0.000", "0.010"),
        str(ann): (1, "0.010", "0.050", "0.040", "0.000"),
    }
    assert told(list(found.by["model"])) == {"lightning": everything}
    assert told(list(found.by["endpoint"])) == {"fal-ai/one": everything}
    assert told(list(found.by["total"])) == {None: everything}
    assert (found.all_spent, found.all_reserved) == (Decimal("0.054"), CENT)
    assert [row.key for row in found.by["day"]] == [day, before], "the latest first"


async def test_what_is_older_than_was_asked_for_is_left_out(world: World, money: PostgresMoney) -> None:
    """By the day of the bill, however old the reservation; of all time only the two sums are told."""
    render = await world.submitted()
    world.clock.advance(days=3)
    await world.conclude(render.id, CLIP)
    await world.stores.renders.settle(render.id, units=None, cost=CENT, now=world.clock())
    world.clock.advance(hours=3)

    assert told(list((await since(world, money, hours=4)).by["total"])) == {
        None: (1, "0.010", "0.010", "0.000", "0.000")
    }
    recent = await since(world, money, hours=2)
    assert recent.by["total"] == []
    assert recent.all_spent == CENT


async def test_a_clip_that_another_endpoint_made_costs_what_that_one_does(
    world: World, money: PostgresMoney
) -> None:
    """What was reserved at the endpoint that was missing is released, and counts nowhere."""
    render = await world.admitted()
    moved = world.stores.renders.climb_down
    assert await moved(render, "fal-ai/two", Decimal("0.03"), why=GeneratorMissing("404"), now=world.clock())
    again = await world.admit()
    await world.submit(again, "r1")

    assert told(list((await since(world, money, days=1)).by["endpoint"])) == {
        "fal-ai/two": (1, "0.000", "0.000", "0.000", "0.030")
    }


async def test_emulated_money_stands_apart_and_what_nobody_told_is_named(
    world: World, money: PostgresMoney
) -> None:
    """A real render's bill is not mixed with an emulated one's; an estimate is not taken for a bill."""
    real = await billed(world, "real", "0.02")
    await billed(world, "drawn", None, units=None)
    await world.owner.execute(
        "update storyreel.takes set emulated = false where id = %s", (await world.take_of(real),)
    )

    totals = (await since(world, money, days=1)).by["total"]

    assert {row.emulated: (row.billed, row.untold) for row in totals} == {
        False: (Decimal("0.02"), 0), True: (CENT, CENT)}  # fmt: skip


async def test_only_what_nobody_will_hear_of_waits_for_a_person(world: World, money: PostgresMoney) -> None:
    """Lost or cancelled before the provider named it. Others are heard of, polled, or were never sent."""
    assert (await money.waiting_for_a_person(limit=9)).count == 0
    lost = await world.admitted("lost")
    await world.lose(lost)
    await world.owner.execute("delete from storyreel.renders where status = 'waiting'")  # the next try
    await world.submitted("named", request_id="r7")
    await world.owner.execute("delete from public.stories where text like '%named'")
    assert await world.stores.sweep.withdraw(now=world.clock())
    waits = await world.admitted("unknown")
    await world.answer_lost(waits)

    found = await money.waiting_for_a_person(limit=9)

    assert [(render.id, render.reserved) for render in found.oldest] == [(lost.id, CENT)]


async def test_the_oldest_are_listed_and_all_counted(world: World, money: PostgresMoney) -> None:
    """As many as were asked for."""
    await world.owner.execute("update storyreel.providers set slots = 9")
    renders = []
    for key in ("one", "two", "three"):
        render = await world.admitted(key)
        renders.append(render.id)
        await world.lose(render)
        world.clock.advance(seconds=1)
        await world.owner.execute("delete from storyreel.renders where status = 'waiting'")

    found = await money.waiting_for_a_person(limit=2)

    assert found.count == 3
    assert [render.id for render in found.oldest] == renders[:2]


@pytest.mark.parametrize("usd", ["0", "0.05"])
async def test_what_a_person_says_is_what_it_cost(world: World, money: PostgresMoney, usd: str) -> None:
    """The reservation is over, the account has the figure, and nobody is asked any more."""
    render = await world.admitted()
    await world.lose(render)

    assert await money.settle_by_hand(render.id, Decimal(usd), now=world.clock()) == CENT

    assert await world.ledger(render.id) == {"reserved": CENT, "settled": Decimal(usd)}
    found = await since(world, money, days=1)
    assert (found.all_reserved, found.all_spent) == (Decimal(0), Decimal(usd))
    assert (await money.waiting_for_a_person(limit=1)).count == 0


async def test_a_clip_that_comes_after_a_person_settled_it_is_used(world: World, money: PostgresMoney) -> None:
    """However late; the person's figure stays."""
    render = await world.admitted()
    await world.lose(render)
    await money.settle_by_hand(render.id, Decimal("0.02"), now=world.clock())

    assert await world.deliver(render.id, CLIP) == "accepted"
    await world.stores.renders.settle(render.id, units=Decimal(9), cost=Decimal(9), now=world.clock())

    assert await world.render(render.id) == "delivered"
    assert (await world.ledger(render.id))["settled"] == Decimal("0.02")


async def test_of_two_people_the_first_is_believed(world: World, money: PostgresMoney) -> None:
    """And the other one hears so."""
    render = await world.admitted()
    await world.lose(render)

    outcomes = await asyncio.gather(
        *(money.settle_by_hand(render.id, Decimal(usd), now=world.clock()) for usd in ("0.01", "0.02")),
        return_exceptions=True,
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["CannotSettle", "Decimal"]
    assert len(await world.ledger(render.id)) == 2


async def test_a_bill_that_comes_at_the_same_moment_is_believed(world: World, money: PostgresMoney) -> None:
    """The person hears of it, instead of being told that another figure was written down."""
    render = await world.admitted()
    await world.lose(render)
    bill = "update storyreel.renders set cost_usd = 0.09, settled_at = now() where id = %s"

    async with world.holding(bill, render.id):
        said = asyncio.create_task(money.settle_by_hand(render.id, CENT, now=world.clock()))
        await world.blocked()

    with pytest.raises(CannotSettle, match=r"at \$0\.0900"):
        await said


async def _waits(world: World) -> UUID:
    await world.waiting()
    (found,) = await world.one("select id from storyreel.renders")
    return UUID(str(found))


async def _is_sent(world: World) -> UUID:
    return (await world.admitted()).id


async def _is_there(world: World) -> UUID:
    return (await world.submitted()).id


async def _came(world: World) -> UUID:
    render = await world.submitted()
    await world.conclude(render.id, CLIP)
    return render.id


async def _failed(world: World) -> UUID:
    render = await world.submitted()
    await world.conclude(render.id, PASSING)
    return render.id


async def _was_withdrawn(world: World) -> UUID:
    render = await _waits(world)
    await world.owner.execute("delete from public.stories")
    assert not await world.stores.renders.admit("fal", now=world.clock(), lease=timedelta(seconds=9))
    return render


async def _nobody(world: World) -> UUID:
    return uuid4()


@pytest.mark.parametrize(
    ("scene", "words"),
    [
        (_waits, "waits for its turn"),
        (_is_sent, "is just being sent"),
        (_is_there, "the provider has it"),
        (_came, "it was delivered"),
        (_failed, "it failed"),
        (_was_withdrawn, "before it was sent"),
        (_nobody, "there is no render"),
    ],
)
async def test_no_other_render_is_settled_by_hand(
    world: World, money: PostgresMoney, scene: object, words: str
) -> None:
    """Refused with how it stands; its money stays as it was."""
    assert callable(scene)
    render = await scene(world)
    before = await world.ledger(render)

    with pytest.raises(CannotSettle, match=words):
        await money.settle_by_hand(render, CENT, now=world.clock())

    assert await world.ledger(render) == before
