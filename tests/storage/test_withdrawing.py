"""Renders that nobody waits for any more are withdrawn, unless somebody begins to want them at that very moment.

Orders are forced by locks that a third session holds, never by time.
"""

import asyncio

from pipeline.errors import GeneratorBusy
from pipeline.lifecycle import RENDER, RenderEvent
from tests.storage.builders import CLIP, LEASE, PASSING, shot
from tests.storage.world import World

LOCK_TAKE = "select 1 from storyreel.takes for update"


async def delete(world: World) -> None:
    """Every story goes."""
    await world.owner.execute("delete from public.stories")


async def statuses(world: World) -> list[str]:
    return [status for (status,) in await world.rows("select status from storyreel.renders order by attempt")]


async def test_only_what_may_be_withdrawn_is(world: World) -> None:
    """Waiting ones by admit, those at the provider by the sweep; what is being handed over is waited for."""
    render = await world.admitted()
    await delete(world)
    assert await world.stores.sweep.withdraw(now=world.clock()) == []
    assert await statuses(world) == ["admitted"]

    await world.submit(render, "r1")
    (withdrawn,) = await world.stores.sweep.withdraw(now=world.clock())
    assert (withdrawn.id, withdrawn.request_id) == (render.id, "r1")
    assert await statuses(world) == [RENDER["submitted"][RenderEvent.WITHDRAWN]]  # type: ignore[index]
    assert await world.stores.sweep.withdraw(now=world.clock()) == []


async def test_one_whose_answer_was_lost_is_waited_for_as_any_other(world: World) -> None:
    """It cannot be cancelled and may be paid: whoever tells the story again must not pay for it a third time."""
    render = await world.admitted()
    await world.answer_lost(render)
    await delete(world)

    assert await world.stores.sweep.withdraw(now=world.clock()) == []
    assert await statuses(world) == ["unknown"]
    assert (await world.ledger(render.id)).keys() == {"reserved"}


async def test_a_withdrawn_render_frees_its_slot_and_says_so(world: World) -> None:
    """The next one that waits is admitted, and admit is hinted."""
    await world.owner.execute("update storyreel.providers set slots = 1")
    await world.submitted()
    await delete(world)
    await world.waiting("fox")
    await world.forget_jobs()
    assert await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE) == []

    await world.stores.sweep.withdraw(now=world.clock())
    assert await world.jobs("admit") == 1
    await world.admit()


async def test_money_of_one_that_was_put_back_is_set_free_once(world: World) -> None:
    """Nothing was handed over, so nothing can have flowed."""
    render = await world.admitted()
    assert await world.stores.renders.put_back(render, due_at=world.clock(), why=GeneratorBusy("busy"))
    await delete(world)
    for _ in range(2):
        assert await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE) == []

    money = await world.ledger(render.id)
    assert money["reserved"] == money["released"]
    assert await statuses(world) == ["cancelled"]


async def test_a_hundred_that_nobody_wants_hold_nobody_up(world: World) -> None:
    """One run of admit passes them all by and takes the one behind them."""
    for number in range(100):
        await world.story()
        await world.plan(shot(f"left-{number}"))
    await delete(world)
    world.clock.advance(seconds=1)
    await world.waiting("wanted")

    await world.admit()
    assert (await statuses(world)).count("cancelled") == 100


async def test_a_take_in_somebodys_hands_is_left_alone(world: World) -> None:
    """That may be a planner who is about to want it: neither admit nor the sweep waits for it or withdraws it."""
    await world.waiting()
    render = await world.admit()
    await delete(world)
    await world.submit(render, "r1")
    async with world.holding(LOCK_TAKE):
        assert await world.stores.sweep.withdraw(now=world.clock()) == []

    assert await statuses(world) == ["submitted"]
    assert len(await world.stores.sweep.withdraw(now=world.clock())) == 1


async def test_whoever_wants_a_take_while_it_is_withdrawn_takes_it_back(world: World) -> None:
    """The planner waits for the sweep, finds the render cancelled, and has the provider asked how it ended."""
    await world.submitted()
    await delete(world)
    await world.story()
    (revision,) = await world.claim()

    async with world.holding("select 1 from storyreel.renders for update"):
        sweep = asyncio.ensure_future(world.stores.sweep.withdraw(now=world.clock()))
        await world.blocked(1)
        planner = asyncio.ensure_future(world.stores.plans.save(revision, [shot()], now=world.clock()))
        await world.blocked(2)

    assert len(await sweep) == 1
    assert await planner
    assert await statuses(world) == ["submitted"]


async def test_two_sweeps_at_once_withdraw_once(world: World) -> None:
    """The provider is told by one of them."""
    await world.submitted()
    await delete(world)
    sweep = world.stores.sweep
    one, two = await asyncio.gather(sweep.withdraw(now=world.clock()), sweep.withdraw(now=world.clock()))

    assert len(one) + len(two) == 1


async def test_a_withdrawn_render_that_delivers_is_used_by_whoever_wants_it_by_then(world: World) -> None:
    """The clip of the first comes while the second waits for it: it is used, and no other goes."""
    render = await world.submitted()
    await delete(world)
    await world.stores.sweep.withdraw(now=world.clock())
    story = await world.waiting()
    assert await world.deliver(render.id, CLIP) == "accepted"
    take = await world.take_of(render.id)
    await world.fetch(take)
    await world.finish(take)

    assert await world.video(story) == ("final", 1, "idle", None)
    assert await statuses(world) == ["delivered"]


async def test_the_next_try_is_as_urgent_as_the_most_urgent_who_waits(world: World) -> None:
    """A re-render's clip was at the provider when a live user began to wait for it; then that try failed."""
    story = await world.story()
    await world.plan(shot("other"))
    await world.owner.execute(
        "update storyreel.renders set due_at = due_at + interval '1 day', waits_for = 'time'"
    )
    await world.ask_again(story)
    await world.plan()
    render = await world.admit()
    await world.submit(render, "r1")
    assert render.low_priority
    await world.story()
    await world.plan()
    await world.conclude(render.id, PASSING)
    world.clock.advance(minutes=1)

    assert not (await world.admit()).low_priority
