"""What would pass the cap of a story, or of all, is not made: it falls back, says why, can be asked for anew."""

import pytest

from pipeline.lifecycle import Work
from tests.storage.builders import TABLE, shot
from tests.storage.limits.scene import ANNA, BERT, CENT, Bounded

CAPS = [("story_usd", "story_budget"), ("total_usd", "total_budget")]


@pytest.mark.parametrize(("cap", "reason"), CAPS)
async def test_it_falls_back_with_the_reason(world: Bounded, cap: str, reason: str) -> None:
    """Nothing is reserved, no slot is taken, and it does not come back by itself."""
    await world.provider(slots=1)
    await world.limit(**{cap: 0})
    story = await world.asks(ANNA, "whale")
    assert await world.admits() == []

    assert await world.gives_up() == 1

    assert (await world.video(story))[2:] == (Work.FALLBACK, reason)
    assert await world.account() == (0, 0)
    assert await world.one("select count(*) from storyreel.renders where due_at is not null") == (0,)
    world.clock.advance(days=3)
    assert await world.stores.sweep.begin_again(now=world.clock(), limit=9) == 0


@pytest.mark.parametrize(("cap", "reason"), CAPS)
async def test_when_the_cap_is_raised_and_it_is_asked_for_it_is_made(
    world: Bounded, cap: str, reason: str
) -> None:
    """Asking before that ends as it did."""
    await world.limit(**{cap: 0})
    story = await world.asks(ANNA, "whale")
    await world.admits()
    await world.gives_up()
    await world.ask_again(story)
    await world.plan(shot("whale"))
    await world.admits()
    await world.gives_up()
    assert (await world.video(story))[2:] == (Work.FALLBACK, reason)

    await world.limit(**{cap: CENT})
    await world.ask_again(story)
    await world.plan(shot("whale"))

    assert len(await world.admits()) == 1
    assert (await world.video(story))[2] == Work.WORKING


async def test_a_cap_that_is_raised_before_it_was_given_up_lets_it_go(world: Bounded) -> None:
    """Whoever was to give it up was killed: it goes as any other."""
    await world.limit(total_usd=0)
    await world.asks(ANNA, "whale")
    await world.admits()

    await world.limit(total_usd=CENT)

    assert await world.gives_up() == 0
    assert len(await world.admits()) == 1


@pytest.mark.parametrize(("cap", "reason"), CAPS)
async def test_what_a_killed_worker_did_not_give_up_is_found(world: Bounded, cap: str, reason: str) -> None:
    """It died between the two transactions; reconcile hints `admit`, though nothing else waits."""
    await world.limit(**{cap: 0})
    story = await world.asks(ANNA, "whale")
    await world.admits()
    await world.forget_jobs()

    for _ in range(2):
        world.clock.advance(minutes=1)
        await world.stores.sweep.hint_overdue(now=world.clock())
    assert await world.jobs("admit") == 1
    await world.admits()
    await world.gives_up()
    assert (await world.video(story))[2:] == (Work.FALLBACK, reason)


async def test_one_that_passes_both_kinds_of_cap_is_not_held(world: Bounded) -> None:
    """The gravest counts: tomorrow would not help it."""
    await world.limit(day_usd=0, owner_day_usd=0, story_usd=0)
    story = await world.asks(ANNA, "whale")
    await world.admits()
    await world.gives_up()

    assert (await world.video(story))[2:] == (Work.FALLBACK, "story_budget")


async def test_a_story_that_was_held_falls_back_when_it_may_never_be_paid(world: Bounded) -> None:
    """Overnight the last of the total went."""
    await world.limit(day_usd=0)
    story = await world.asks(ANNA, "whale")
    await world.admits()
    assert (await world.video(story))[2:] == (Work.HELD, "budget")
    await world.limit(day_usd=None, total_usd=0)
    await world.admits()
    await world.gives_up()

    assert (await world.video(story))[2:] == (Work.FALLBACK, "total_budget")


async def test_a_clip_that_one_story_may_not_pay_is_paid_by_another(world: Bounded) -> None:
    """Anna's story has spent all it may; Bert's wants the same clip, and pays for it. Both have it."""
    await world.limit(story_usd=CENT)
    anna = await world.asks(ANNA, "first")
    await world.makes(await world.admit())
    assert await world.stores.stories.request_of(TABLE, anna, kind="new_take", seed=1)
    await world.plan(shot("second"))
    bert = await world.asks(BERT, "second")

    await world.admits()
    await world.gives_up()
    await world.admits()

    assert (await world.video(anna))[2] == (await world.video(bert))[2] == Work.WORKING
    assert await world.one("select count(*) from storyreel.renders where status = 'admitted'") == (1,)
