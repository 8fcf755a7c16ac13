"""What a day's budget has no room for is held, says so, and goes on by itself as soon as there is room."""

from decimal import Decimal

import pytest

from pipeline.lifecycle import Work
from tests.storage.builders import PASSING, shot
from tests.storage.limits.scene import ANNA, BERT, CARL, CENT, Bounded


async def work_of(world: Bounded, story: str) -> tuple[str, str | None]:
    _, _, work, reason = await world.video(story)
    return work, reason


HELD = (Work.HELD, "budget")
CAPS = ("day_usd", "owner_day_usd")


async def one_held(world: Bounded, cap: str, **how: object) -> str:
    """Anna has a clip at the provider, which takes all there is room for; her second story, which is held."""
    await world.limit(**{cap: CENT})
    await world.asks(ANNA, "first")
    await world.submit(await world.admit(), "r1")
    story = await world.asks(ANNA, "held", **how)
    assert await world.admits() == []
    assert await work_of(world, story) == HELD
    return story


async def goes_on(world: Bounded, story: str) -> bool:
    """After a look of reconcile's, by the hint that it leaves."""
    await world.forget_jobs()
    await world.sweep()
    hinted = await world.jobs("admit") == 1
    begun = len(await world.admits()) == 1
    return hinted and begun and await work_of(world, story) == (Work.WORKING, None)


@pytest.mark.parametrize("cap", CAPS)
async def test_a_story_that_is_held_says_why(world: Bounded, cap: str) -> None:
    """A word for programs, a sentence for its user; nothing is reserved, and the placeholder plays."""
    story = await one_held(world, cap)

    shows, message = await world.one("select shows, message from storyreel.videos where source_id = %s", story)
    assert (shows, "budget" in message) == ("placeholder", True)
    assert await world.account() == (CENT, 0)


@pytest.mark.parametrize("cap", CAPS)
async def test_it_stays_held_while_there_is_no_room(world: Bounded, cap: str) -> None:
    """However often reconcile looks."""
    story = await one_held(world, cap)
    for _ in range(3):
        world.clock.advance(minutes=1)
        assert not await goes_on(world, story)
        assert await work_of(world, story) == HELD


@pytest.mark.parametrize("cap", CAPS)
async def test_it_goes_on_the_next_day(world: Bounded, cap: str) -> None:
    """UTC's, once what was reserved yesterday is settled: that is yesterday's money."""
    story = await one_held(world, cap)
    (render,) = await world.rows("select id from storyreel.renders where status = 'submitted'")
    await world.stores.renders.settle(render[0], units=None, cost=CENT, now=world.clock())
    assert not await goes_on(world, story)

    await world.next_day()

    assert await goes_on(world, story)


@pytest.mark.parametrize("cap", CAPS)
async def test_it_goes_on_when_a_reservation_is_set_free(world: Bounded, cap: str) -> None:
    """Another render failed for nothing."""
    story = await one_held(world, cap)
    (render,) = await world.rows("select id from storyreel.renders where status = 'submitted'")
    await world.conclude(render[0], PASSING)

    assert await goes_on(world, story)


@pytest.mark.parametrize("cap", CAPS)
async def test_it_goes_on_when_a_bill_is_below_its_estimate(world: Bounded, cap: str) -> None:
    """A tenth was billed, and the held one is as cheap as what is left."""
    story = await one_held(world, cap, estimate="0.009")
    (render,) = await world.rows("select id from storyreel.renders where status = 'submitted'")
    await world.stores.renders.settle(render[0], units=None, cost=Decimal("0.001"), now=world.clock())

    assert await goes_on(world, story)


@pytest.mark.parametrize("cap", CAPS)
async def test_it_goes_on_when_the_cap_is_raised(world: Bounded, cap: str) -> None:
    """At once: the change itself leaves the hint."""
    story = await one_held(world, cap)
    await world.forget_jobs()

    await world.limit(**{cap: 2 * CENT})

    assert await world.jobs("admit") == 1
    assert len(await world.admits()) == 1
    assert await work_of(world, story) == (Work.WORKING, None)


async def test_a_story_that_was_held_is_not_held_while_it_waits_for_a_slot(world: Bounded) -> None:
    """There is room in the budget and none at the provider: after a look, it says that it is worked on."""
    await world.provider(slots=1)
    await world.limit(owner_day_usd=0)
    story = await world.asks(ANNA, "held")
    await world.admits()
    assert await work_of(world, story) == HELD
    await world.many(1, BERT, name="elsewhere-", priority=20)
    await world.limit(owner_day_usd=CENT)
    assert len(await world.admits()) == 1

    await world.sweep()

    assert await work_of(world, story) == (Work.WORKING, None)


async def test_a_preview_that_is_held_holds_no_video_whose_final_goes(world: Bounded) -> None:
    """It is only a preview: the final is made, and the video says that it is worked on."""
    await world.limit(day_usd=Decimal("0.02"))
    story = await world.asks(ANNA, "final", shot("final", preview="sketch"))
    await world.rows(
        "update storyreel.renders r set estimate_usd = 1 from storyreel.takes t"
        " where t.id = r.take_id and t.take_key = 'sketch'"
    )
    assert len(await world.admits()) == 1

    await world.sweep()

    assert await work_of(world, story) == (Work.WORKING, None)


async def test_a_final_that_is_held_holds_the_video_whose_preview_goes(world: Bounded) -> None:
    """The preview is made, and the video says that the rest waits."""
    await world.limit(day_usd=Decimal("0.02"))
    story = await world.asks(ANNA, "final", shot("final", preview="sketch", estimate="1"))
    (preview,) = await world.admits()
    await world.conclude(preview.id, PASSING)

    await world.sweep()

    assert await work_of(world, story) == HELD


async def test_a_revision_with_one_shot_of_two_held_is_held(world: Bounded) -> None:
    """Whichever of them is looked at last."""
    await world.limit(day_usd=Decimal("0.02"))
    story = await world.asks(ANNA, "two", shot("cheap"), shot("dear", estimate="1"))
    await world.conclude((await world.admit()).id, PASSING)
    world.clock.advance(minutes=1)
    assert len(await world.admits()) == 1, "the cheap one again"

    await world.sweep()

    assert await work_of(world, story) == HELD


async def test_a_story_that_joins_a_clip_that_is_held_says_so(world: Bounded) -> None:
    """Carl tells what Anna has told: nobody looks at the render, and reconcile sees what it waits for."""
    await one_held(world, "day_usd")
    story = await world.asks(CARL, "held")

    await world.admits()
    await world.sweep()

    assert await work_of(world, story) == HELD


async def test_a_video_that_somebody_had_in_hand_is_held_by_the_next_look(world: Bounded) -> None:
    """Admission waits for nobody's lock; reconcile looks again."""
    await world.limit(day_usd=0)
    story = await world.asks(ANNA, "whale")
    async with world.holding("select 1 from storyreel.videos for update"):
        assert await world.admits() == []

    await world.sweep()

    assert await work_of(world, story) == HELD


async def test_another_owners_story_is_not_held_for_a_clip_that_anna_cannot_pay(world: Bounded) -> None:
    """Bert wants the same clip and has spent nothing: he pays."""
    await one_held(world, "owner_day_usd")
    story = await world.asks(BERT, "held")

    await world.sweep()
    batch = await world.admits()

    assert [await world.owner_of(render) for render in batch] == [BERT]
    assert await work_of(world, story) == (Work.WORKING, None)


async def test_whoever_has_room_goes_on_behind_a_hundred_who_have_none(world: Bounded) -> None:
    """Anna's were held for the day's budget and have none of their own left either; Bert's one fits."""
    await world.provider(slots=5)
    await world.limit(owner_day_usd=2 * CENT, day_usd=3 * CENT)
    await world.asks(ANNA, "spent", estimate="0.02")
    await world.makes(await world.admit())
    await world.limit(owner_day_usd=None)
    await world.asks(CARL, "carl")
    carl = await world.admit()
    await world.submit(carl, "carl")
    await world.many(150, ANNA, priority=20)
    await world.asks(BERT, "bert")
    assert await world.admits() == []
    await world.rows("alter table storyreel.limits disable trigger limits_changed")
    await world.limit(owner_day_usd=2 * CENT)
    await world.rows("alter table storyreel.limits enable trigger limits_changed")
    await world.conclude(carl.id, PASSING)

    await world.sweep()

    assert [await world.owner_of(render) for render in await world.admits()] == [BERT]


async def test_one_that_fits_goes_on_behind_a_hundred_that_do_not(world: Bounded) -> None:
    """The first hundred are dearer than the room that came; the one behind them is not."""
    await world.provider(slots=5)
    await world.limit(day_usd=2 * CENT)
    await world.asks(CARL, "first", estimate="0.02")
    render = await world.admit()
    await world.submit(render, "r1")
    await world.many(150, ANNA, priority=20, estimate=Decimal(1))
    await world.asks(BERT, "cheap")
    assert await world.admits() == []
    await world.stores.renders.settle(render.id, units=None, cost=CENT, now=world.clock())

    await world.sweep()

    assert [await world.owner_of(render) for render in await world.admits()] == [BERT]
