"""A render that never comes to an end: given up after two hours, for it holds a slot that others wait for."""

from datetime import timedelta

import httpx
import pytest

from pipeline.lifecycle import Shows, Work
from tests.pipeline.steps.outside import TURBO
from tests.pipeline.steps.world import World

FOR_EVER = 10**6  # seconds


async def until_endless(world: World) -> None:
    """Nobody asks until a second before it is too long; then it is asked after, and still waited for."""
    world.clock.advance(seconds=(world.timing.endless - timedelta(seconds=1)).total_seconds())
    await world.reconcile()
    assert "submitted" in await world.statuses()
    assert await world.provider.called("PUT", "/cancel") == 0
    world.clock.advance(seconds=world.timing.poll_after.total_seconds())


@pytest.fixture
async def one_slot(world: World) -> None:
    await world.rows("update storyreel.providers set slots = 1")


@pytest.mark.usefixtures("one_slot")
async def test_it_is_cancelled_and_frees_its_slot(world: World) -> None:
    """The provider is told to stop, and the story that waited behind it is sent."""
    world.provider.script(1, latency=FOR_EVER)
    await world.submit()
    other = await world.tell("A fox in the forest")
    await world.plan()
    await until_endless(world)
    await world.reconcile()
    endless = await world.one("select * from storyreel.renders where request_id = 'request-1'")
    assert (endless["status"], endless["failure_code"]) == ("failed", "timeout")
    assert await world.provider.called("PUT", "/requests/request-1/cancel") == 1

    await world.run_jobs()
    assert (await world.live_on(other)).shows == Shows.FINAL


async def test_it_may_have_been_billed(world: World) -> None:
    """Settled at its estimate, nothing set free; and one more render is made."""
    world.provider.script(1, latency=FOR_EVER)
    story = await world.submit()
    await until_endless(world)
    await world.reconcile()
    (endless, _) = await world.renders_made()
    assert [row["amount_usd"] for row in await world.ledger("settled")] == [endless["estimate_usd"]]
    assert await world.ledger("released") == []

    assert (await world.live_on(story)).shows == Shows.FINAL
    assert await world.statuses() == ["failed", "delivered"]
    assert await world.provider.accepted() == 2


async def test_two_of_them_end_it(world: World) -> None:
    """Never a third render where two may have been paid for."""
    for nth in (1, 2, 3):
        world.provider.script(nth, latency=FOR_EVER)
    story = await world.submit()
    for _ in range(2):
        await world.admit()
        await until_endless_again(world)
    video = await world.video(story)

    assert (video.shows, video.work, video.reason) == (Shows.PLACEHOLDER, Work.FALLBACK, "timeout")
    assert await world.statuses() == ["failed", "failed"]
    assert await world.provider.called("POST", f"/{TURBO}") == 2


async def until_endless_again(world: World) -> None:
    """Given up, and the pause before the next render is over."""
    world.clock.advance(seconds=world.timing.endless.total_seconds())
    await world.reconcile()
    world.clock.advance(minutes=1)


async def test_a_provider_that_does_not_answer_is_asked_for_a_day(world: World) -> None:
    """An error that can pass fails nothing that is paid for; after a day it has surely forgotten the result."""
    world.provider.script(1, latency=FOR_EVER)
    await world.submit()
    world.wire.answers = [("GET", httpx.Response(503)) for _ in range(2)]
    world.clock.advance(seconds=2 * world.timing.endless.total_seconds())
    await world.reconcile()
    assert await world.statuses() == ["submitted"]

    world.clock.advance(days=1)
    await world.reconcile()
    assert world.wire.answers == []
    assert await world.statuses() == ["failed", "waiting"]


async def test_its_clip_is_used_where_it_comes_after_all(world: World) -> None:
    """It was paid for: no other is made, and it is written down once."""
    world.provider.script(1, latency=world.timing.endless.total_seconds() + 100)
    story = await world.submit()
    await until_endless(world)
    await world.reconcile()
    assert await world.statuses() == ["failed", "waiting"]
    world.clock.advance(seconds=100)

    assert await world.deliver() == "accepted"
    await world.run_jobs()
    assert (await world.video(story)).shows == Shows.FINAL
    assert await world.statuses() == ["delivered", "cancelled"]
    assert len(await world.ledger("settled")) == await world.provider.accepted() == 1
