"""How often a take is tried: again after what can pass, never after what cannot, twice at most after a loss."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal

from pipeline.lifecycle import TakeStatus
from pipeline.model import AdmittedRender
from pipeline.retry import MAX_RENDERS, MAX_RENDERS_AFTER_LOSS
from tests.storage.builders import LEASE, PASSING, PERMANENT, TABLE
from tests.storage.world import World


async def test_a_passing_failure_is_tried_again_after_a_pause(world: World) -> None:
    """The next attempt waits with the same provider, endpoint, priority, estimate; the first's money is free."""
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

    tries = await fail_until_it_ends(world, world.lose)

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
                await world.lose(render)
            else:
                await world.conclude(render.id, PASSING)

        assert await fail_until_it_ends(world, end) == MAX_RENDERS_AFTER_LOSS


async def test_a_failure_that_may_have_been_billed_counts_like_a_lost_answer(world: World) -> None:
    """One further render at most, whether both may have been billed or one of them has failed for nothing."""
    for key, billed_first in (("a", True), ("b", False), ("c", None)):
        await world.waiting(key)
        billed = [True, True] if billed_first is None else [billed_first, not billed_first]

        async def end(render: AdmittedRender, billed: list[bool] = billed) -> None:
            await world.conclude(render.id, replace(PASSING, billed=billed.pop(0)))

        assert await fail_until_it_ends(world, end) == MAX_RENDERS_AFTER_LOSS


async def test_a_permanent_failure_is_not_tried_again(world: World) -> None:
    """The provider declined the content: the take fails with the first render, the video with it."""
    story = await world.story()
    render = await world.submitted()

    await world.conclude(render.id, PERMANENT)

    assert await world.take(await world.take_of(render.id)) == TakeStatus.FAILED
    assert (await world.video(story))[2:] == ("fallback", "no_clip")
    assert await world.one("select count(*) from storyreel.renders") == (1,)
    view = await world.stores.stories.find(TABLE, story, now=world.clock())
    assert view
    assert view.message


async def test_a_lost_render_that_fails_leaves_its_successor_alone(world: World) -> None:
    """News of the first try must not fail a take whose second try is under way, nor begin a third."""
    first = await world.admitted()
    await world.lose(first)
    second = await world.admit()
    await world.submit(second, "r2")

    await world.conclude(first.id, PERMANENT)

    assert (await world.render(first.id), await world.render(second.id)) == ("failed", "submitted")
    assert await world.take(await world.take_of(first.id)) == "rendering"
    assert await world.one("select count(*) from storyreel.renders") == (2,)


async def test_the_end_of_an_old_round_has_no_say_in_the_new_one(world: World) -> None:
    """A lost render of the first round fails while the second round waits: the second goes on."""
    first = await world.admitted()
    await world.lose(first)
    second = await world.admit()
    await world.submit(second, "r2")
    await world.conclude(second.id, PASSING)
    await world.story()
    await world.plan()
    assert await world.one("select status, round from storyreel.takes") == ("rendering", 2)

    await world.conclude(first.id, PERMANENT)

    assert await world.one("select status, round from storyreel.takes") == ("rendering", 2)
    assert await world.rows("select status from storyreel.renders where round = 2") == [("waiting",)]
