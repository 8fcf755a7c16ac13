"""Webhooks as they really come: twice, too early, too late, for nobody, forged."""

from dataclasses import replace
from typing import cast

import pytest

from pipeline.errors import BadSignature
from pipeline.lifecycle import Shows
from pipeline.model import Order
from pipeline.ports import Generator
from pipeline.receive import receive
from tests.pipeline.steps.outside import Letter
from tests.pipeline.steps.world import World


async def test_a_repeated_delivery_changes_nothing(world: World) -> None:
    """However often, at whatever stage: recognised, and no second effect."""
    await world.submit()
    letter = await world.next_letter()
    assert await world.receive(letter) == "accepted"
    for step in (world.fetch, world.finish, world.reconcile):
        before = await world.everything()
        assert await world.receive(letter) == "repeated"
        assert await world.everything() == before
        await step()


async def test_a_doubled_webhook_is_one_delivery(world: World) -> None:
    """The provider itself sends it twice."""
    world.provider.script(1, duplicate_webhook=2)
    await world.submit()

    assert [await world.deliver(), await world.deliver()] == ["accepted", "repeated"]


async def test_a_delivery_that_outruns_the_answer_to_the_submit_counts(world: World) -> None:
    """It comes before the request id is saved; the answer then adds the name it already has."""
    story = await world.tell()
    await world.plan()
    whole = world.generator
    slow = _SlowAnswer(world)
    world.generator = cast("Generator", slow)
    await world.admit()
    world.generator = whole

    assert slow.outcome == "accepted"
    (render,) = await world.renders_made()
    assert (render["status"], render["request_id"]) == ("delivered", "request-1")
    await world.run_jobs()
    assert (await world.video(story)).shows == Shows.FINAL


class _SlowAnswer:
    """A generator whose answer to a submit comes only after the webhook was received."""

    def __init__(self, world: World) -> None:
        self._world, self._port, self.outcome = world, world.generator, ""

    def __getattr__(self, name: str) -> object:
        return getattr(self._port, name)

    async def submit(self, order: Order) -> str:
        request_id = await self._port.submit(order)
        letter = await self._world.next_letter()
        now = self._world.clock()
        self.outcome = await receive(
            self._world.renders, self._port, letter.render_id, letter.headers, letter.body, now=now, jitter=0.0
        )
        return request_id


async def test_old_news_is_recorded_as_stale(world: World) -> None:
    """A cancelled render's failure concerns nobody."""
    world.provider.script(1, drop_submit_answer=True, webhook_delay=460)
    world.provider.script(2, latency=100, fail=500)
    await world.submit()
    await world.provider.rests()
    world.clock.advance(seconds=world.timing.until_lost(None).total_seconds())
    await world.reconcile()
    await world.run_jobs()
    world.clock.advance(seconds=70)
    await world.deliver()
    await world.run_jobs()
    world.clock.advance(seconds=30)

    assert await world.deliver() == "stale"
    assert await world.statuses() == ["delivered", "cancelled"]


async def test_a_delivery_for_a_render_that_is_gone_is_an_orphan_with_its_cost(world: World) -> None:
    """The money flowed whatever became of the row."""
    await world.submit()
    (render,) = await world.renders_made()
    await world.rows("delete from storyreel.renders")

    assert await world.deliver() == "orphan"
    (delivery,) = await world.rows("select * from storyreel.deliveries")
    assert (delivery["outcome"], delivery["cost_usd"]) == ("orphan", render["estimate_usd"])


async def test_a_forged_delivery_leaves_no_trace(world: World) -> None:
    """One byte changed: refused before anything is recorded; the genuine one still counts."""
    story = await world.submit()
    letter = await world.next_letter()
    before = await world.everything()
    with pytest.raises(BadSignature):
        await world.receive(Letter(letter.render_id, letter.headers, letter.body + b" "))

    assert await world.everything() == before
    assert await world.receive(letter) == "accepted"
    await world.run_jobs()
    assert (await world.video(story)).shows == Shows.FINAL


async def test_news_at_the_address_of_another_render_moves_nothing(world: World) -> None:
    """The address is not signed. Neither render is touched, and each still ends with a clip of its own."""
    stories = [await world.submit(), await world.submit("A fox in the forest")]
    letters = [await world.next_letter() for _ in stories]
    crossed = [
        replace(letter, render_id=other.render_id) for letter, other in zip(letters, letters[::-1], strict=True)
    ]
    for letter in crossed:
        assert await world.receive(letter) == "stale"
    assert await world.statuses() == ["submitted", "submitted"]

    for story in stories:
        assert (await world.live_on(story)).shows == Shows.FINAL
    assert await world.provider.accepted() == 2
    others = "select from storyreel.takes t join storyreel.renders r on r.id = t.render_id where r.take_id <> t.id"
    assert await world.rows(others) == []
