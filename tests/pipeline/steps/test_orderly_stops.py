"""Workers that are told to stop in the middle of a step: deploying costs neither clips nor time."""

import asyncio

import pytest

from pipeline.lifecycle import Shows
from pipeline.retry import MAX_STEP_TRIES
from tests.pipeline.steps.cuts import stuck
from tests.pipeline.steps.world import World

STEPS = [("fetch", "source", "download"), ("fetch", "bucket", "put"), ("finish", "transcoder", "transcode")]


async def interrupt(world: World, step: str, port: str, method: str) -> None:
    """Begin the step, and tell its worker to stop when it is in the middle of it."""
    whole = getattr(world, port)
    hanging, reached = stuck(whole, method)
    setattr(world, port, hanging)
    running = asyncio.create_task(getattr(world, step)())
    await asyncio.wait_for(reached.wait(), 20)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    setattr(world, port, whole)


async def at(world: World, step: str) -> str:
    """A story whose clip has come to that step; its id."""
    story = await world.delivered()
    if step == "finish":
        await world.fetch()
    return story


@pytest.mark.parametrize(("step", "port", "method"), STEPS)
async def test_a_worker_told_to_stop_hands_the_take_back(world: World, step: str, port: str, method: str) -> None:
    """No lease has to run out: another worker takes it at the same moment."""
    story = await at(world, step)
    await interrupt(world, step, port, method)

    assert await getattr(world, step)()
    await world.run_jobs()
    assert (await world.video(story)).shows == Shows.FINAL


@pytest.mark.parametrize(("step", "port", "method"), STEPS)
async def test_a_take_handed_back_is_hinted_at_once(world: World, step: str, port: str, method: str) -> None:
    """No sweep has to find it: the hint itself brings another worker."""
    story = await at(world, step)
    await world.lose_hints()
    await interrupt(world, step, port, method)

    await world.run_jobs()
    assert (await world.video(story)).shows == Shows.FINAL


@pytest.mark.parametrize(("step", "port", "method"), STEPS)
async def test_orderly_stops_use_up_no_try(world: World, step: str, port: str, method: str) -> None:
    """Deploying six times during a step throws no paid clip away: it neither failed nor died."""
    story = await at(world, step)
    for _ in range(MAX_STEP_TRIES + 1):
        await interrupt(world, step, port, method)
        take = await world.take()
        assert (take["tries"], take["failures"]) == (0, 0)

    await world.run_jobs()
    assert (await world.video(story)).shows == Shows.FINAL
    assert await world.provider.accepted() == 1


async def test_a_stop_while_a_rival_is_cancelled_hands_the_take_back_too(world: World) -> None:
    """What a fetch does before its download is part of it: there, too, no lease has to run out."""
    world.provider.script(1, drop_submit_answer=True, webhook_delay=460)
    world.provider.script(2, latency=600)
    story = await world.submit()
    await world.provider.rests()
    world.clock.advance(seconds=world.timing.until_lost(None).total_seconds())
    await world.reconcile()
    await world.run_jobs()
    world.clock.advance(seconds=70)
    await world.deliver()
    await interrupt(world, "fetch", "generator", "cancel")

    await world.run_jobs()
    assert (await world.video(story)).shows == Shows.FINAL
