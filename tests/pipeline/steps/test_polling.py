"""A render of which nothing is heard, or nothing usable: it is asked after, and never given up lightly."""

from typing import cast

import httpx

from pipeline.lifecycle import Shows, Work
from pipeline.model import RenderState
from pipeline.ports import Generator
from tests.pipeline.steps.cuts import PulledPlug, stumbling, until_cut
from tests.pipeline.steps.world import World


async def test_a_lost_webhook_is_made_up_for_by_one_poll(world: World) -> None:
    """A minute of silence: one status, one result, and the video is final and settled."""
    world.provider.script(1, lose_webhook=True)
    story = await world.submit()
    await world.provider.rests()
    world.clock.advance(seconds=59)
    await world.reconcile()
    assert await world.provider.called("GET", "/status") == 0

    world.clock.advance(seconds=1)
    await world.reconcile()
    await world.run_jobs()
    assert (await world.video(story)).shows == Shows.FINAL
    assert (await world.provider.called("GET", "/status"), await world.provider.results_asked()) == (1, 1)
    assert len(await world.ledger("settled")) == 1


async def test_a_render_that_still_runs_is_asked_after_each_minute(world: World) -> None:
    """It is paid for, so it is waited for, however long it takes."""
    world.provider.script(1, latency=1000, lose_webhook=True)
    story = await world.submit()
    for polls in range(1, 11):
        world.clock.advance(minutes=1)
        await world.reconcile()
        assert await world.provider.called("GET", "/status") == polls
    assert await world.statuses() == ["submitted"]

    world.clock.advance(minutes=10)
    assert (await world.live_on(story)).shows == Shows.FINAL
    assert await world.provider.accepted() == 1


async def test_trouble_while_asking_never_fails_a_render(world: World) -> None:
    """A dead key, a 503, a broken answer: the render is asked after again, and used."""
    world.provider.script(1, lose_webhook=True)
    story = await world.submit()
    await world.provider.rests()
    answers = [httpx.Response(401), httpx.Response(503), httpx.Response(200, text="no json"), httpx.Response(429)]
    for answer in answers:
        world.wire.answers = [("GET", answer)]
        world.clock.advance(minutes=1)
        await world.reconcile()
        assert await world.statuses() == ["submitted"]

    assert (await world.live_on(story)).shows == Shows.FINAL
    assert await world.provider.accepted() == 1


async def test_a_webhook_without_content_has_the_result_asked_for_at_once(world: World) -> None:
    """`payload_error`: no waiting for the poll that would have come."""
    world.provider.script(1, payload_error=True)
    story = await world.submit()

    assert await world.deliver() == "accepted"
    await world.run_jobs()
    assert (await world.video(story)).shows == Shows.FINAL
    assert await world.provider.results_asked() == 1


async def test_a_forgotten_result_brings_another_try(world: World) -> None:
    """Nobody looked for more than an hour: the provider answers 404, and the clip is made again."""
    world.provider.script(1, lose_webhook=True)
    story = await world.submit()
    await world.provider.rests()
    world.clock.advance(hours=2)
    await world.reconcile()
    assert await world.statuses() == ["failed", "waiting"]
    assert (await world.renders_made())[0]["failure_code"] == "provider_forgot"

    assert (await world.live_on(story)).shows == Shows.FINAL
    assert await world.provider.accepted() == 2


async def test_a_forgotten_result_may_have_been_billed(world: World) -> None:
    """Its reservation is settled, not set free: that is only done where no money can have flowed."""
    world.provider.script(1, lose_webhook=True)
    await world.submit()
    await world.provider.rests()
    world.clock.advance(hours=2)
    await world.reconcile()

    assert await world.ledger("released") == []
    first = (await world.renders_made())[0]
    assert [row["amount_usd"] for row in await world.ledger("settled")] == [first["estimate_usd"]]


async def test_two_forgotten_results_end_it(world: World) -> None:
    """Both may have been paid for: as after two lost answers, there is no third."""
    for nth in (1, 2, 3):
        world.provider.script(nth, lose_webhook=True)
    story = await world.submit()
    for _ in range(2):
        await world.provider.rests()
        world.clock.advance(hours=2)
        await world.reconcile()
        await world.run_jobs()
        world.clock.advance(seconds=5)
        await world.admit()

    assert ((await world.video(story)).work, (await world.video(story)).reason) == (
        Work.FALLBACK,
        "provider_forgot",
    )
    assert await world.statuses() == ["failed", "failed"]
    assert await world.provider.accepted() == 2


class _Counted:
    """A generator that counts how many of its statuses are being asked for at the same time."""

    def __init__(self, port: Generator) -> None:
        self._port, self._asked, self.most = port, 0, 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._port, name)

    async def status(self, endpoint: str, request_id: str) -> RenderState:
        self._asked += 1
        self.most = max(self.most, self._asked)
        try:
            return await self._port.status(endpoint, request_id)
        finally:
            self._asked -= 1


async def submitted_together(world: World, stories: int) -> None:
    """So many renders at the provider, of which nothing is heard for a minute."""
    await world.rows("update storyreel.providers set slots = %s", stories)
    for number in range(stories):
        world.provider.script(number + 1, latency=1000)
        await world.tell(f"a whale, number {number}")
    await world.plan()
    await world.admit()
    world.clock.advance(minutes=1)


async def test_a_silent_crowd_is_asked_after_a_few_at_a_time(world: World) -> None:
    """Eight questions at most are under way; all are asked in one run."""
    await submitted_together(world, 12)
    counted = _Counted(world.generator)
    world.generator = cast("Generator", counted)
    await world.reconcile()

    assert counted.most <= 8
    assert await world.provider.called("GET", "/status") == 12


async def test_a_poll_that_breaks_keeps_no_other_from_being_asked(world: World) -> None:
    """Unexpected trouble with one render rises at the end, when the rest was asked after."""
    await submitted_together(world, 12)
    world.generator = stumbling(world.generator, "status", [PulledPlug()])
    await until_cut(world.reconcile())

    assert await world.provider.called("GET", "/status") == 11
