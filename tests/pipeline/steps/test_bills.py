"""What a clip cost: asked for once, when it can delay nobody, and written down once."""

import httpx

from pipeline.lifecycle import Shows
from tests.pipeline.steps.outside import TURBO
from tests.pipeline.steps.world import World


async def test_one_submit_and_one_result_per_clip(world: World) -> None:
    """A final clip takes one POST and one GET of its result; nobody polls its status."""
    await world.made()
    world.clock.advance(hours=1)
    await world.reconcile()
    await world.run_jobs()

    assert await world.provider.called("POST", TURBO) == 1
    assert await world.provider.results_asked() == 1
    assert await world.provider.called("GET", "/status") == 0


async def test_the_cost_is_what_the_provider_bills(world: World) -> None:
    """`x-fal-billable-units` of the one result GET decides the settled amount; the estimate stays on record."""
    world.provider.script(1, latency=8)
    await world.submit()
    world.clock.advance(seconds=8)
    await world.deliver()
    await world.run_jobs()

    (render,) = await world.renders_made()
    assert render["billable_units"] == 8
    assert render["cost_usd"] == world.generator.price(TURBO, render["billable_units"])
    assert [row["amount_usd"] for row in await world.ledger("settled")] == [render["cost_usd"]]
    assert [row["amount_usd"] for row in await world.ledger("reserved")] == [render["estimate_usd"]]


async def test_a_bill_that_cannot_be_had_delays_nobody(world: World) -> None:
    """The clip is shown; reconcile asks for the cost again."""
    world.wire.answers = []
    story = await world.submit()
    await world.deliver()
    world.wire.answers = [("GET", httpx.Response(503))]
    await world.run_jobs()
    assert (await world.video(story)).shows == Shows.FINAL
    assert await world.ledger("settled") == []

    world.clock.advance(minutes=2)
    await world.reconcile()
    assert len(await world.ledger("settled")) == 1


async def test_a_bill_that_is_gone_is_settled_at_the_estimate(world: World) -> None:
    """Better a guess on the ledger than nothing."""
    await world.submit()
    await world.deliver()
    world.wire.answers = [("GET", httpx.Response(404))]
    await world.run_jobs()

    (render,) = await world.renders_made()
    assert [row["amount_usd"] for row in await world.ledger("settled")] == [render["estimate_usd"]]
    assert render["billable_units"] is None
