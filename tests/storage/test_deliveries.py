"""Webhook deliveries: each counts once, whatever their order and number, and none that was paid for is lost."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

from pipeline.model import Clip
from tests.storage.builders import CLIP, LEASE, PASSING, PERMANENT
from tests.storage.world import World

OTHER_CLIP = Clip("https://provider.example/other.mp4")


async def state(world: World) -> list[object]:
    """Everything that a delivery could have an effect on."""
    return [
        await world.rows("select * from storyreel.renders order by id"),
        await world.rows("select * from storyreel.takes order by id"),
        await world.rows("select * from storyreel.videos order by id"),
        await world.rows("select * from storyreel.ledger order by id"),
        await world.rows("select * from storyreel.deliveries order by id"),
    ]


async def test_a_delivery_is_recorded_as_received(world: World) -> None:
    """Body, digest, request and time are kept beside what it was taken for, so that a dispute can be settled."""
    render = await world.submitted()

    assert await world.deliver(render.id, CLIP, body='{"é": 1}') == "accepted"

    assert await world.rows(
        "select provider, request_id, body, length(body_sha256), render_id, outcome, cost_usd, received_at"
        " from storyreel.deliveries"
    ) == [("fal", "r1", '{"é": 1}', 64, render.id, "accepted", None, world.clock())]
    assert await world.render(render.id) == "delivered"
    assert await world.jobs("fetch") == 1


async def test_a_delivery_that_outruns_the_saving_of_its_request_id_counts(world: World) -> None:
    """The render was only admitted: its clip is used, and the id that the delivery carries is kept."""
    render = await world.admitted()

    assert await world.deliver(render.id, CLIP, request_id="fast") == "accepted"
    assert not await world.stores.renders.submitted(render, "fast", now=world.clock(), due_at=world.clock())

    assert await world.one("select status, request_id from storyreel.renders") == ("delivered", "fast")


async def test_a_repeated_delivery_has_no_second_effect(world: World) -> None:
    """Clips, failures and news without content alike: the second time nothing at all changes."""
    for number, outcome in enumerate((CLIP, PASSING, PERMANENT, None)):
        render = await world.submitted(f"take {number}", request_id=f"r{number}")
        first = await world.deliver(render.id, outcome, request_id=f"r{number}")
        before = await state(world)

        assert first == "accepted"
        assert await world.deliver(render.id, outcome, request_id=f"r{number}") == "repeated"
        assert await state(world) == before


async def test_a_repeated_delivery_does_not_revive_a_take_that_failed_since(world: World) -> None:
    """The clip was no video and the take was given up; the same POST again is still old news."""
    render = await world.submitted()
    assert await world.deliver(render.id, CLIP) == "accepted"
    take = await world.take_of(render.id)
    in_hand = await world.stores.takes.claim_fetch(take, now=world.clock(), lease=LEASE)
    assert in_hand
    assert await world.stores.takes.give_up(in_hand, PERMANENT, now=world.clock())
    before = await state(world)

    assert await world.deliver(render.id, CLIP) == "repeated"

    assert await state(world) == before


async def test_news_of_a_render_that_delivered_does_not_revive_its_take(world: World) -> None:
    """The lifecycle absorbs a clip for a delivered render: asking again, or another POST, moves no take."""
    take = await world.fetching()
    (render,) = await world.one("select id from storyreel.renders")
    in_hand = await world.stores.takes.claim_fetch(take, now=world.clock(), lease=LEASE)
    assert in_hand
    assert await world.stores.takes.give_up(in_hand, PERMANENT, now=world.clock())

    verdict = await world.conclude(render, CLIP)
    outcome = await world.deliver(render, CLIP, request_id="request-whale", body="another")

    assert await world.take(take) == "failed"
    assert (verdict and verdict.clip, outcome) == (None, "stale")


async def test_one_request_is_never_taken_for_two_renders(world: World) -> None:
    """A genuine delivery, posted again to another render's address, leaves that render as it was."""
    mine = await world.submitted("mine", request_id="mine")
    other = await world.submitted("other", request_id="other")
    assert await world.deliver(mine.id, CLIP, request_id="mine") == "accepted"

    assert await world.deliver(other.id, CLIP, request_id="mine") == "stale"

    assert await world.render(other.id) == "submitted"
    assert await world.take(await world.take_of(other.id)) == "rendering"


async def test_a_stray_delivery_for_a_render_without_a_name_is_no_error(world: World) -> None:
    """The other render waits for its answer: the request that is another's is not noted as its own."""
    mine = await world.submitted("mine", request_id="mine")
    other = await world.admitted("other")
    assert await world.deliver(mine.id, CLIP, request_id="mine") == "accepted"

    assert await world.deliver(other.id, CLIP, request_id="mine") == "stale"

    assert await world.one("select status, request_id from storyreel.renders where id = %s", other.id) == (
        "admitted",
        None,
    )


async def test_a_delivery_at_a_wrong_address_first_does_not_silence_the_true_one(world: World) -> None:
    """Whoever has a signed body and another address of ours cannot use it up."""
    mine = await world.submitted("mine", request_id="mine")
    other = await world.submitted("other", request_id="other")
    assert await world.deliver(other.id, CLIP, request_id="mine") == "stale"

    assert await world.deliver(mine.id, CLIP, request_id="mine") == "accepted"


async def test_a_render_that_was_refused_has_no_news(world: World) -> None:
    """No request was ever made of it: a clip that comes to its address is somebody else's."""
    render = await world.admitted()
    take = await world.take_of(render.id)
    await world.conclude(render.id, PERMANENT)

    assert await world.deliver(render.id, CLIP, request_id="a stranger's") == "stale"

    assert (await world.render(render.id), await world.take(take)) == ("failed", "failed")


async def test_another_body_for_an_ended_render_is_stale(world: World) -> None:
    """Recorded, and no effect: neither a failure after the clip nor a second clip of the same render."""
    render = await world.submitted()
    await world.deliver(render.id, CLIP)

    assert await world.deliver(render.id, PASSING, body="2") == "stale"
    assert await world.deliver(render.id, OTHER_CLIP, body="3") == "stale"

    assert await world.one("select clip_url from storyreel.takes") == (CLIP.url,)
    assert await world.rows("select outcome from storyreel.deliveries order by id") == [
        ("accepted",),
        ("stale",),
        ("stale",),
    ]


async def test_a_clip_of_a_lost_render_is_used_and_its_rival_cancelled(world: World) -> None:
    """Paid work is never thrown away: the first try delivers after all, and the second is withdrawn."""
    first = await world.admitted()
    await world.lose(first)
    second = await world.admit()
    await world.submit(second, "second")

    assert await world.deliver(first.id, CLIP, request_id="first") == "accepted"

    assert (await world.render(first.id), await world.render(second.id)) == ("delivered", "cancelled")
    assert await world.one("select render_id from storyreel.takes") == (first.id,)
    withdrawn = await world.stores.renders.withdrawn(await world.take_of(first.id))
    assert [(render.id, render.request_id) for render in withdrawn] == [(second.id, "second")]


async def test_the_second_clip_of_a_take_is_late(world: World) -> None:
    """It was paid for, so it is recorded as delivered and settled; the first clip stays."""
    first = await world.admitted()
    await world.lose(first)
    second = await world.admit()
    await world.submit(second, "second")
    await world.deliver(first.id, CLIP, request_id="first")

    assert await world.deliver(second.id, OTHER_CLIP, request_id="second", body="2") == "late"

    assert await world.render(second.id) == "delivered"
    assert await world.one("select render_id, clip_url from storyreel.takes") == (first.id, CLIP.url)
    unsettled = await world.stores.renders.unsettled(second.id)
    assert unsettled
    assert unsettled.request_id == "second"


async def test_a_clip_after_the_take_was_given_up_is_still_used(world: World) -> None:
    """Every try was over; a lost render delivers: the video that fell back shows its clip in the end."""
    story = await world.story()
    first = await world.admitted()
    await world.lose(first)
    second = await world.admit()
    await world.lose(second)
    assert (await world.video(story))[2:] == ("fallback", "provider_silent")

    assert await world.deliver(first.id, CLIP, request_id="first") == "accepted"
    take = await world.take_of(first.id)
    await world.fetch(take)
    await world.finish(take)

    assert await world.video(story) == ("final", 1, "idle", None)


async def test_a_delivery_for_a_render_that_is_gone_is_an_orphan_with_its_cost(world: World) -> None:
    """What was reserved for it is written beside it; one that never was ours has no cost."""
    render = await world.submitted()
    await world.owner.execute("delete from storyreel.renders where id = %s", [render.id])
    unknown = uuid4()

    assert await world.deliver(render.id, CLIP, body="1") == "orphan"
    assert await world.deliver(unknown, CLIP, body="2") == "orphan"
    assert await world.deliver(unknown, CLIP, body="2") == "repeated"

    assert await world.rows("select render_id, outcome, cost_usd from storyreel.deliveries order by id") == [
        (render.id, "orphan", Decimal("0.01")),
        (unknown, "orphan", None),
    ]


async def test_news_without_content_makes_the_render_due_for_a_poll(world: World) -> None:
    """Submitted, admitted or unknown: its result is asked for at once, under the id that the delivery carries."""
    await world.owner.execute("update storyreel.providers set slots = 9")
    submitted = await world.submitted("a", request_id="a")
    admitted = await world.admitted("b")
    unknown = await world.admitted("c")
    await world.stores.renders.answer_lost(unknown, due_at=world.clock() + LEASE)
    await world.forget_jobs()

    for render, request in ((submitted, "a"), (admitted, "b"), (unknown, "c")):
        assert await world.deliver(render.id, None, request_id=request) == "accepted"

    assert await world.rows("select distinct status from storyreel.renders") == [("submitted",)]
    world.clock.now -= timedelta(seconds=30)  # whoever asks may be behind the machine that took the delivery
    due = await world.stores.sweep.claim_overdue(now=world.clock(), due_at=world.clock() + LEASE, limit=10)
    assert {(render.id, render.request_id) for render in due} == {
        (submitted.id, "a"), (admitted.id, "b"), (unknown.id, "c")
    }  # fmt: skip
    assert await world.jobs("reconcile") == 1


async def test_news_without_content_of_a_delivered_render_is_stale(world: World) -> None:
    """There is nothing to ask for: the clip is here already."""
    render = await world.submitted()
    await world.deliver(render.id, CLIP)

    assert await world.deliver(render.id, None, body="2") == "stale"


async def test_a_fault_while_delivering_records_nothing(world: World) -> None:
    """The provider gets no answer and delivers again; that delivery then counts in full."""
    render = await world.submitted()
    await world.owner.execute("alter schema procrastinate rename to hidden")
    (fault,) = await asyncio.gather(world.deliver(render.id, CLIP), return_exceptions=True)
    await world.owner.execute("alter schema hidden rename to procrastinate")

    assert isinstance(fault, Exception)
    assert await world.deliver(render.id, CLIP) == "accepted"
    assert await world.jobs("fetch") == 1
