"""Money is reserved before it can flow, set free where none can have, and written down once."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from pipeline.errors import GeneratorBusy, GeneratorMissing
from tests.storage.builders import CLIP, LEASE, PASSING, PERMANENT, TABLE, shot
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


async def _told_cost(world: World, story: str) -> Decimal | None:
    """What a story is said to have cost."""
    video = await world.stores.stories.find(TABLE, story, now=world.clock())
    assert video
    trace = await world.stores.stories.trace(video.id)
    assert trace
    return trace.cost_usd


async def test_a_story_costs_what_its_preview_and_its_final_do(world: World) -> None:
    """Unknown as long as one of them is not settled; another story's clips do not count."""
    story = await world.story("A whale")
    await world.plan(shot("whale", preview="sketch"))
    assert await _told_cost(world, story) is None
    renders = await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE)
    for render, cost in zip(renders, ("0.001", "0.02"), strict=True):
        assert await _told_cost(world, story) == (None if render is renders[0] else Decimal("0.001"))
        await world.submit(render, str(render.id))
        await world.conclude(render.id, CLIP)
        assert await _told_cost(world, story) is None
        settle = world.stores.renders.settle
        await settle(render.id, units=None, cost=Decimal(cost), now=world.clock())
    await world.ready("fox")

    assert await _told_cost(world, story) == Decimal("0.021")


async def test_a_story_whose_clips_were_there_costs_nothing(world: World) -> None:
    """It was all rendered before it was asked for."""
    take = await world.ready()
    await world.stores.renders.settle(
        (await world.one("select render_id from storyreel.takes where id = %s", take))[0],
        units=None,
        cost=CENT,
        now=world.clock(),
    )
    story = await world.story("Another whale")
    await world.owner.execute(
        "update storyreel.revisions set created_at = now() + interval '2 hours' where planned_at is null"
    )
    world.clock.advance(hours=2)
    await world.plan(shot())

    assert (await world.video(story))[0] == "final"
    assert await _told_cost(world, story) == 0


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


async def test_what_nobody_could_tell_is_settled_at_its_estimate(world: World) -> None:
    """Delivered, cancelled under way: what the provider is known to have had. What it may not have had waits."""
    first, second, third = await _one_of_each_that_ended(world)
    sweep, ended = world.stores.sweep, world.clock()
    assert await sweep.settle_old(now=ended, before=ended - timedelta(seconds=1)) == 0

    world.clock.advance(days=1)
    assert await sweep.settle_old(now=world.clock(), before=ended) == 2
    assert await sweep.settle_old(now=world.clock(), before=ended) == 0

    for render in (first, second):
        assert await world.ledger(render) == {"reserved": CENT, "settled": CENT}
    assert await world.ledger(third) == {"reserved": CENT}
    assert await world.rows("select distinct settled_at from storyreel.renders where settled_at is not null") == [
        (world.clock(),)
    ]
    assert await world.stores.sweep.unsettled(before=ended, limit=9) == []
    assert await world.one("select reserved_usd, spent_usd from storyreel.accounts where scope = 'all'") == (
        CENT,
        2 * CENT,
    )


async def _one_of_each_that_ended(world: World) -> tuple[UUID, UUID, UUID]:
    """Delivered, cancelled at the provider, lost; a fourth failed and was set free."""
    await world.owner.execute("update storyreel.providers set slots = 9")
    delivered = await world.admitted()
    await world.lose(delivered)
    cancelled = await world.admit()
    await world.submit(cancelled, "rival")
    await world.deliver(delivered.id, CLIP)
    failed = await world.submitted("fox", request_id="fox")
    await world.deliver(failed.id, PERMANENT, request_id="fox")
    lost = await world.admitted("owl")
    await world.lose(lost)
    await world.owner.execute("delete from storyreel.renders where status = 'waiting'")
    statuses = await world.rows("select status from storyreel.renders order by status")
    assert statuses == [("cancelled",), ("delivered",), ("failed",), ("lost",)]
    return delivered.id, cancelled.id, lost.id


async def test_money_that_is_accounted_for_is_not_settled_again(world: World) -> None:
    """A known cost stays, what was set free stays free, and what is still awaited or never went is left alone."""
    await world.owner.execute("update storyreel.providers set slots = 9")
    known, failed = await world.submitted("a", request_id="a"), await world.submitted("b", request_id="b")
    await world.deliver(known.id, CLIP, request_id="a")
    await world.stores.renders.settle(known.id, units=None, cost=Decimal("0.003"), now=world.clock())
    await world.deliver(failed.id, PERMANENT, request_id="b")
    away, waits = await world.submitted("c", request_id="c"), await world.admitted("d")
    assert await world.stores.renders.put_back(waits, due_at=world.clock(), why=GeneratorBusy("busy"))
    world.clock.advance(days=2)

    assert await world.stores.sweep.settle_old(now=world.clock(), before=world.clock()) == 0

    assert await world.ledger(known.id) == {"reserved": CENT, "settled": Decimal("0.003")}
    assert await world.ledger(failed.id) == {"reserved": CENT, "released": CENT}
    assert await world.ledger(away.id) == await world.ledger(waits.id) == {"reserved": CENT}


async def test_one_that_climbed_down_is_accounted_for_where_it_ended(world: World) -> None:
    """Nobody could tell its cost, or its rows are gone: what counts is the reservation of its last endpoint."""
    await world.owner.execute("update storyreel.providers set slots = 9")
    for key in ("told", "orphan"):
        render = await world.admitted(key)
        assert await world.stores.renders.climb_down(
            render, "fal-ai/two", Decimal("0.03"), why=GeneratorMissing("404"), now=world.clock()
        )
        render = await world.admit()
        if key == "told":
            await world.submit(render, key)
            await world.deliver(render.id, CLIP, request_id=key)
    world.clock.advance(days=2)

    assert await world.stores.sweep.settle_old(now=world.clock(), before=world.clock()) == 1
    assert await world.one(
        "select amount_usd, endpoint from storyreel.ledger where kind = 'settled'"
    ) == (Decimal("0.03"), "fal-ai/two")  # fmt: skip

    await world.owner.execute("delete from storyreel.renders where id = %s", [render.id])
    assert await world.deliver(render.id, CLIP, request_id="orphan") == "orphan"
    assert await world.one("select cost_usd from storyreel.deliveries where outcome = 'orphan'") == (
        Decimal("0.03"),
    )


async def test_a_failure_that_may_have_been_billed_is_settled_at_its_estimate(world: World) -> None:
    """Nothing is set free: the provider may have made a clip that it no longer knows of."""
    render = await world.submitted()

    await world.conclude(render.id, replace(PASSING, billed=True))

    assert await world.one("select status, billed from storyreel.renders where id = %s", render.id) == (
        "failed", True)  # fmt: skip
    assert await world.ledger(render.id) == {"reserved": CENT, "settled": CENT}


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
    await world.stores.sweep.settle_old(now=world.clock(), before=world.clock())
    assert await world.ledger(second.id) == {"reserved": CENT, "released": CENT}, "what is free stays free"
