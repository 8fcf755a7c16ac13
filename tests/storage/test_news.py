"""What the provider's news does to a render: for every status and event, what the lifecycle lists, or nothing."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from functools import partial
from uuid import UUID

import pytest

from pipeline.errors import GeneratorBusy
from pipeline.lifecycle import ENDED, RENDER, RenderEvent, RenderStatus, TakeStatus
from pipeline.model import AdmittedRender
from pipeline.outcome import on_silence
from pipeline.retry import MAX_RENDERS, MAX_RENDERS_AFTER_LOSS
from tests.storage.builders import CLIP, LEASE, PASSING, PERMANENT, TABLE
from tests.storage.world import World

_S, _E = RenderStatus, RenderEvent


async def silence(world: World, render: UUID) -> None:
    await world.stores.renders.conclude(render, partial(on_silence, now=world.clock()), now=world.clock())


async def answer_lost(world: World, render: AdmittedRender) -> None:
    assert await world.stores.renders.answer_lost(render, due_at=world.clock())


async def bring_to(world: World, status: RenderStatus, key: str) -> AdmittedRender:
    """A render of a take of its own in that status, by a way on which it gets there."""
    render = await world.admitted(key)
    match status:
        case _S.ADMITTED:
            pass
        case _S.WAITING:
            back = world.stores.renders.put_back
            assert await back(render, due_at=world.clock(), why=GeneratorBusy("busy"))
        case _S.SUBMITTED:
            await world.submit(render, key)
        case _S.UNKNOWN:
            await answer_lost(world, render)
        case _S.DELIVERED:
            await world.conclude(render.id, CLIP)
        case _S.FAILED:
            await world.conclude(render.id, PERMANENT)
        case _S.LOST:
            await answer_lost(world, render)
            await silence(world, render.id)
        case _S.CANCELLED:
            await world.owner.execute(
                "update storyreel.renders set status = 'cancelled', due_at = null, ended_at = %s where id = %s",
                [world.clock(), render.id],
            )
    assert await world.render(render.id) == status
    return render


async def happen(world: World, event: RenderEvent, render: AdmittedRender) -> None:
    renders, now = world.stores.renders, world.clock()
    match event:
        case _E.CLIP:
            await world.conclude(render.id, CLIP)
        case _E.ERROR:
            await world.conclude(render.id, PASSING)
        case _E.SILENCE:
            await silence(world, render.id)
        case _E.SUBMITTED:
            await renders.submitted(render, f"answer-{render.id}", now=now, due_at=now + LEASE)
        case _E.ANSWER_LOST:
            await renders.answer_lost(render, due_at=now)
        case _E.PUT_BACK:
            await renders.put_back(render, due_at=now, why=GeneratorBusy("busy"))
        case _:
            raise AssertionError(event)


HAPPENING = [_E.CLIP, _E.ERROR, _E.SILENCE, _E.SUBMITTED, _E.ANSWER_LOST, _E.PUT_BACK]


@pytest.mark.parametrize("event", HAPPENING)
async def test_every_status_goes_where_the_lifecycle_says(world: World, event: RenderEvent) -> None:
    """From each status the event leads to the listed one; unlisted or absorbed, the render stays as it was.

    An event that the lifecycle calls impossible is a race of two processes in practice: it too changes nothing.
    """
    await world.owner.execute("update storyreel.providers set slots = 100")
    for status in RenderStatus:
        render = await bring_to(world, status, f"{event}-{status}")
        before = await world.one("select * from storyreel.renders where id = %s", render.id)
        expected = RENDER[status].get(event)

        try:
            await happen(world, event, render)
        except KeyError:
            raise AssertionError(f"{event} for a render that is {status} raises") from None

        assert await world.render(render.id) == (expected or status), f"{event} for {status}"
        if expected is None:
            after = await world.one("select * from storyreel.renders where id = %s", render.id)
            named = status in ENDED and event is _E.SUBMITTED  # its name is noted, nothing else
            assert after == before or named, f"{event} for {status}"
        await world.owner.execute(
            "update storyreel.renders set status = 'cancelled', due_at = null, ended_at = %s where ended_at is null",
            [world.clock()],
        )


async def test_a_clip_moves_its_take_on_to_be_fetched(world: World) -> None:
    """Status, render, address and time on the take, a hint to fetch, and the render ended."""
    render = await world.submitted()

    await world.conclude(render.id, CLIP)

    assert await world.one("select status, render_id, clip_url, delivered_at, due_at, tries from storyreel.takes") == (
        "fetching", render.id, CLIP.url, world.clock(), world.clock(), 0)  # fmt: skip
    assert await world.one("select status, due_at, ended_at from storyreel.renders") == (
        "delivered", None, world.clock())  # fmt: skip
    assert await world.jobs("fetch") == 1
    assert await world.ledger(render.id) == {"reserved": Decimal("0.01")}, "the cost is not known yet"


async def test_news_of_a_render_that_is_not_there_says_so(world: World) -> None:
    """None, and nothing happens."""
    assert await world.conclude(UUID(int=1), CLIP) is None


async def test_a_passing_failure_is_tried_again_after_a_pause(world: World) -> None:
    """The next attempt waits with the same provider, endpoint, priority and estimate; the first's money is free."""
    render = await world.submitted()

    verdict = await world.conclude(render.id, PASSING)

    assert verdict
    assert verdict.retry_at
    assert verdict.retry_at > world.clock()
    rows = await world.rows(
        "select attempt, round, status, provider, endpoint, priority, estimate_usd::text, failure_code"
        " from storyreel.renders order by attempt"
    )
    assert rows == [
        (1, 1, "failed", "fal", "fal-ai/one", 10, "0.010000", "provider_error"),
        (2, 1, "waiting", "fal", "fal-ai/one", 10, "0.010000", None),
    ]
    assert await world.ledger(render.id) == {"reserved": Decimal("0.01"), "released": Decimal("0.01")}


async def fail_until_it_ends(world: World, fail: Callable[[AdmittedRender], Awaitable[None]]) -> int:
    tries = 0
    while batch := await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE):
        tries += 1
        assert tries < 10, "it never gives up"
        await fail(batch[0])
        world.clock.advance(hours=1)
    return tries


async def test_a_take_is_given_up_after_the_allowed_number_of_renders(world: World) -> None:
    """Three that fail in passing; then every video that waits falls back with the reason."""
    story = await world.waiting()

    async def fail(render: AdmittedRender) -> None:
        await world.submit(render, str(render.id))
        await world.conclude(render.id, PASSING)

    tries = await fail_until_it_ends(world, fail)

    assert tries == MAX_RENDERS
    assert await world.one("select status, failure_code, failure_permanent from storyreel.takes") == (
        "failed", "provider_error", False)  # fmt: skip
    assert await world.video(story) == ("placeholder", 0, "fallback", "provider_error")
    assert await world.one("select count(*) from storyreel.ledger where kind = 'released'") == (MAX_RENDERS,)


async def test_a_take_is_paid_twice_at_most_when_answers_are_lost(world: World) -> None:
    """Two submits whose answers were lost, never a third; their reservations stay, for they may be billed."""
    story = await world.waiting()

    async def lose(render: AdmittedRender) -> None:
        await answer_lost(world, render)
        await silence(world, render.id)

    tries = await fail_until_it_ends(world, lose)

    assert tries == MAX_RENDERS_AFTER_LOSS
    assert await world.video(story) == ("placeholder", 0, "fallback", "provider_silent")
    assert await world.rows("select distinct kind from storyreel.ledger") == [("reserved",)]


async def test_after_a_loss_a_failure_leaves_no_third_render(world: World) -> None:
    """One lost and one failed: no more, in either order."""
    for key, lost_first in (("a", True), ("b", False)):
        await world.waiting(key)
        order = [lost_first, not lost_first]

        async def end(render: AdmittedRender, order: list[bool] = order) -> None:
            if order.pop(0):
                await answer_lost(world, render)
                await silence(world, render.id)
            else:
                await world.conclude(render.id, PASSING)

        assert await fail_until_it_ends(world, end) == MAX_RENDERS_AFTER_LOSS


async def test_a_permanent_failure_is_not_tried_again(world: World) -> None:
    """The provider declined the content: the take fails with the first render, the video with it."""
    story = await world.story()
    render = await world.submitted()

    await world.conclude(render.id, PERMANENT)

    assert await world.take(await world.take_of(render.id)) == TakeStatus.FAILED
    assert (await world.video(story))[2:] == ("fallback", "content_policy")
    assert await world.one("select count(*) from storyreel.renders") == (1,)
    view = await world.stores.stories.find(TABLE, story, now=world.clock())
    assert view
    assert view.message


async def test_a_freed_slot_is_hinted_where_somebody_waits(world: World) -> None:
    """The end of a render has the next one admitted at once; where nobody waits there is nothing to hint."""
    await world.owner.execute("update storyreel.providers set slots = 1")
    render = await world.submitted()
    await world.forget_jobs()
    await world.conclude(render.id, CLIP)
    assert await world.jobs("admit") == 0

    render = await world.submitted("fox", request_id="r2")
    await world.waiting("owl")
    await world.forget_jobs()
    await world.conclude(render.id, CLIP)
    assert await world.jobs("admit") == 1


async def test_a_lost_render_that_fails_leaves_its_successor_alone(world: World) -> None:
    """News of the first try must not fail a take whose second try is under way, nor begin a third."""
    first = await world.admitted()
    await answer_lost(world, first)
    await silence(world, first.id)
    second = await world.admit()
    await world.submit(second, "r2")

    await world.conclude(first.id, PERMANENT)

    assert (await world.render(first.id), await world.render(second.id)) == ("failed", "submitted")
    assert await world.take(await world.take_of(first.id)) == "rendering"
    assert await world.one("select count(*) from storyreel.renders") == (2,)


async def test_the_end_of_an_old_round_has_no_say_in_the_new_one(world: World) -> None:
    """A lost render of the first round fails while the second round waits: the second goes on."""
    first = await world.admitted()
    await answer_lost(world, first)
    await silence(world, first.id)
    second = await world.admit()
    await world.submit(second, "r2")
    await world.conclude(second.id, PASSING)
    await world.story()
    await world.plan()
    assert await world.one("select status, round from storyreel.takes") == ("rendering", 2)

    await world.conclude(first.id, PERMANENT)

    assert await world.one("select status, round from storyreel.takes") == ("rendering", 2)
    assert await world.rows("select status from storyreel.renders where round = 2") == [("waiting",)]
