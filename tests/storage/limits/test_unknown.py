"""A submission of which nobody knows keeps its reservation until a delivery, or a person, settles it."""

from datetime import timedelta
from decimal import Decimal

from tests.storage.builders import CLIP, PERMANENT
from tests.storage.limits.scene import ANNA, BERT, CENT, Bounded


async def days_pass(world: Bounded) -> None:
    """Reconcile's whole care for money, for a week."""
    for _ in range(7):
        world.clock.advance(days=1)
        await world.sweep()
        await world.stores.sweep.settle_old(now=world.clock(), before=world.clock() - timedelta(hours=24))


async def lost(world: Bounded) -> object:
    """A render whose answer was lost, and which was never heard of; the take's next try failed for good."""
    await world.asks(ANNA, "whale")
    render = await world.admit()
    await world.lose(render)
    await world.conclude((await world.admit()).id, PERMANENT)
    return render.id


async def test_a_lost_one_keeps_its_reservation(world: Bounded) -> None:
    """However long nobody hears of it, and it takes the room from others."""
    render = await lost(world)
    await days_pass(world)

    assert await world.account() == (CENT, 0)
    await world.limit(day_usd=CENT)
    await world.asks(BERT, "fox")
    assert await world.admits() == []
    assert await world.render(render) == "lost"  # type: ignore[arg-type]  # as the database gives it


async def test_one_that_was_cancelled_before_its_answer_came_keeps_it(world: Bounded) -> None:
    """Its rival delivered; what became of it nobody knows."""
    await world.asks(ANNA, "whale")
    first = await world.admit()
    await world.lose(first)
    second = await world.admit()
    await world.answer_lost(second)
    await world.conclude(first.id, CLIP)
    await world.stores.renders.settle(first.id, units=None, cost=CENT, now=world.clock())
    assert await world.render(second.id) == "cancelled"

    await days_pass(world)

    assert await world.account() == (CENT, CENT)


async def test_its_delivery_settles_it(world: Bounded) -> None:
    """Weeks later: what it cost replaces what was reserved."""
    await world.asks(ANNA, "whale")
    render = await world.admit()
    await world.lose(render)
    await days_pass(world)
    await world.deliver(render.id, CLIP)
    await world.stores.renders.settle(render.id, units=Decimal(1), cost=Decimal("0.002"), now=world.clock())

    assert (await world.ledger(render.id))["settled"] == Decimal("0.002")
    assert await world.account() == (0, Decimal("0.002"))


async def test_its_failure_sets_it_free(world: Bounded) -> None:
    """The provider says that it failed, and bills nothing."""
    await world.asks(ANNA, "whale")
    render = await world.admit()
    await world.lose(render)
    await world.deliver(render.id, PERMANENT)

    assert await world.account() == (0, 0)


async def test_a_person_settles_it(world: Bounded) -> None:
    """With what the provider's dashboard says, zero too; a second figure changes nothing."""
    await world.asks(ANNA, "whale")
    render = await world.admit()
    await world.lose(render)
    for cost in (Decimal(0), CENT):
        await world.stores.renders.settle(render.id, units=None, cost=cost, now=world.clock())

    assert await world.account() == (0, 0)


async def test_a_cancelled_one_that_was_not_billed_is_set_free(world: Bounded) -> None:
    """The provider says so when it is asked what became of it; then there is room again."""
    await world.limit(day_usd=CENT)
    story = await world.asks(ANNA, "whale")
    render = await world.admit()
    await world.submit(render, "r1")
    await world.delete(story)
    await world.stores.sweep.withdraw(now=world.clock())
    await world.asks(BERT, "fox")
    assert await world.admits() == []

    await world.stores.renders.unbilled(render.id, now=world.clock())
    await world.sweep()

    assert await world.account() == (0, 0)
    assert len(await world.admits()) == 1


async def test_an_unanswered_one_that_may_still_run_is_not_set_free(world: Bounded) -> None:
    """Only what was given up can be said to have cost nothing."""
    await world.asks(ANNA, "whale")
    render = await world.admit()
    await world.answer_lost(render)
    await world.stores.renders.unbilled(render.id, now=world.clock())

    assert await world.account() == (CENT, 0)
