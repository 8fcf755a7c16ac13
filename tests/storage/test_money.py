"""Money is reserved before it can flow, set free where none can have, and written down once."""

import asyncio
from decimal import Decimal

from pipeline.errors import GeneratorBusy
from tests.storage.builders import CLIP, PASSING
from tests.storage.world import World

CENT = Decimal("0.01")


async def test_what_a_clip_cost_is_written_down_once(world: World) -> None:
    """The first figure stays, on the render and on the ledger, however often and with what the step runs."""
    render = await world.submitted()
    await world.deliver(render.id, CLIP)
    settle, now = world.stores.renders.settle, world.clock()

    await asyncio.gather(
        *(settle(render.id, units=Decimal("1.5"), cost=Decimal("0.003"), now=now) for _ in range(4))
    )
    await settle(render.id, units=Decimal(9), cost=Decimal(9), now=now)
    await settle(render.id, units=None, cost=None, now=now)

    assert await world.one("select billable_units, cost_usd, settled_at from storyreel.renders") == (
        Decimal("1.5"), Decimal("0.003"), now)  # fmt: skip
    assert await world.ledger(render.id) == {"reserved": CENT, "settled": Decimal("0.003")}


async def test_a_cost_that_cannot_be_had_is_the_estimate(world: World) -> None:
    """Better a guess on the ledger than nothing; the units stay unknown."""
    render = await world.submitted()
    await world.deliver(render.id, CLIP)

    await world.stores.renders.settle(render.id, units=None, cost=None, now=world.clock())

    assert await world.one("select billable_units, cost_usd from storyreel.renders") == (None, CENT)
    assert await world.ledger(render.id) == {"reserved": CENT, "settled": CENT}


async def test_a_clip_for_nothing_costs_nothing(world: World) -> None:
    """Zero is a cost, not an unknown one."""
    render = await world.submitted()
    await world.deliver(render.id, CLIP)

    await world.stores.renders.settle(render.id, units=Decimal(0), cost=Decimal(0), now=world.clock())

    assert (await world.ledger(render.id))["settled"] == 0


async def test_only_delivered_renders_are_asked_for_their_cost(world: World) -> None:
    """From the delivery until it is settled, and not before."""
    render = await world.submitted()
    assert await world.stores.renders.unsettled(render.id) is None
    await world.deliver(render.id, CLIP)

    unsettled = await world.stores.renders.unsettled(render.id)
    assert unsettled
    assert (unsettled.id, unsettled.request_id) == (render.id, "r1")

    await world.stores.renders.settle(render.id, units=None, cost=CENT, now=world.clock())
    assert await world.stores.renders.unsettled(render.id) is None


async def test_a_release_counts_once(world: World) -> None:
    """A render fails once, however often its failure is told; tried three times, each try has its own money."""
    render = await world.submitted()

    for body in ("1", "2", "1"):
        await world.deliver(render.id, PASSING, body=body)

    assert await world.ledger(render.id) == {"reserved": CENT, "released": CENT}


async def test_a_failed_render_that_delivers_after_all_is_settled(world: World) -> None:
    """Its reservation was set free, its cost counts all the same."""
    render = await world.submitted()
    await world.deliver(render.id, PASSING, body="1")
    assert await world.deliver(render.id, CLIP, body="2") == "accepted"

    await world.stores.renders.settle(render.id, units=None, cost=Decimal("0.02"), now=world.clock())

    assert await world.ledger(render.id) == {"reserved": CENT, "released": CENT, "settled": Decimal("0.02")}


async def test_a_waiting_rival_that_was_put_back_keeps_no_money(world: World) -> None:
    """The provider took nothing of it, and it is not needed any more: nothing can have flowed."""
    first = await world.submitted()
    await world.deliver(first.id, PASSING, body="1")
    world.clock.advance(minutes=1)
    second = await world.admit()
    assert await world.stores.renders.put_back(second, due_at=world.clock(), why=GeneratorBusy("busy"))

    assert await world.deliver(first.id, CLIP, body="2") == "accepted"

    assert await world.render(second.id) == "cancelled"
    assert await world.ledger(second.id) == {"reserved": CENT, "released": CENT}
