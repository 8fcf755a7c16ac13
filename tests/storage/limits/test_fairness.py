"""Owners take turns: one user's thousand stories delay another's single one by no more than one render per slot.

What is counted is how many of Anna's are begun after Bert has asked and before his one is.
"""

from datetime import timedelta
from uuid import UUID

import pytest

from pipeline.errors import GeneratorBusy
from tests.storage.builders import CLIP, PASSING, TABLE, shot
from tests.storage.limits.scene import ANNA, BERT, CARL, Bounded


async def overtaken_by(world: Bounded, owner: UUID | None = BERT) -> int:
    """How many go before the owner's, from now on."""
    gone = await world.served(40)
    assert owner in gone, f"not among the next forty: {gone}"
    return gone.index(owner)


@pytest.mark.parametrize("slots", [1, 4])
@pytest.mark.parametrize("served", [0, 30])
async def test_a_thousand_stories_delay_a_single_one_by_one_for_each_slot(
    world: Bounded, slots: int, served: int
) -> None:
    """Whether they were asked for just now, or some are through by then."""
    await world.provider(slots=slots)
    await world.many(1000, ANNA)
    await world.served(served)

    await world.asks(BERT, "bert")

    assert await overtaken_by(world) <= slots


async def test_an_owner_who_comes_again_and_again_alternates(world: Bounded) -> None:
    """Each time he asks when his last one was begun: one of his, one of hers."""
    await world.provider(slots=1)
    await world.many(100, ANNA)
    await world.served(7)

    gone: list[UUID | None] = []
    for number in range(10):
        await world.asks(BERT, f"bert-{number}")
        gone += await world.served(2)

    assert gone.count(BERT) == gone.count(ANNA) == 10
    for first in range(len(gone) - 2):
        assert len(set(gone[first : first + 3])) == 2, gone


async def test_every_owner_has_a_turn_before_any_has_two(world: Bounded) -> None:
    """However much each has asked for, and whoever came first."""
    await world.provider(slots=3)
    owners = [UUID(int=number) for number in range(10, 30)]
    await world.many(500, ANNA)
    for owner in owners:
        await world.many(3, owner, name=f"few-{owner}-")

    gone = await world.served(21)

    assert sorted(map(str, gone)) == sorted(map(str, [ANNA, *owners]))


async def test_stories_of_nobody_count_as_one_owners(world: Bounded) -> None:
    """A thousand of them delay a user's by one, and a user's thousand delay one of theirs by one."""
    await world.provider(slots=1)
    await world.many(1000)
    await world.asks(BERT, "bert")
    assert await overtaken_by(world) <= 1

    await world.many(1000, ANNA)
    assert None in await world.served(2)


async def test_what_is_tried_again_takes_no_turn_from_others(world: Bounded) -> None:
    """Every one of Anna's fails: Bert's is next all the same."""
    await world.provider(slots=1)
    await world.many(300, ANNA)
    for _ in range(20):
        (render,) = await world.admits()
        await world.conclude(render.id, PASSING)
    world.clock.advance(hours=1)

    await world.asks(BERT, "bert")

    assert await overtaken_by(world) <= 1


async def test_one_that_failed_is_tried_again_in_its_owners_next_turn(world: Bounded) -> None:
    """Bert's single story is not put behind a thousand of Anna's for having failed once."""
    await world.provider(slots=1)
    await world.asks(BERT, "bert")
    (render,) = await world.admits()
    await world.many(1000, ANNA)
    await world.served(5)
    await world.conclude(render.id, PASSING)
    world.clock.advance(minutes=1)

    assert await overtaken_by(world) <= 2, "one turn of hers for each of his two tries"


async def test_what_was_put_back_is_no_reason_to_wait_for_more(world: Bounded) -> None:
    """The provider was busy, and both of Anna's go first again: one for each slot."""
    await world.provider(slots=2)
    await world.many(500, ANNA)
    for render in await world.admits():
        due_at = world.clock() + timedelta(seconds=5)
        assert await world.stores.renders.put_back(render, due_at=due_at, why=GeneratorBusy("busy"))
    await world.asks(BERT, "bert")
    world.clock.advance(seconds=5)

    assert await overtaken_by(world) <= 2


async def test_stories_that_are_gone_delay_nobody(world: Bounded) -> None:
    """Anna deletes her first three hundred; what is left of hers alternates with Bert's."""
    await world.provider(slots=1)
    await world.many(500, ANNA)
    await world.rows(
        "delete from storyreel.videos where owner_id = %s and substr(source_id, %s)::int <= 300",
        ANNA, len(f"many-{ANNA}-") + 1,
    )  # fmt: skip
    await world.asks(BERT, "bert-1")
    await world.asks(BERT, "bert-2")

    assert (await world.served(4)).count(BERT) == 2


async def test_a_render_that_became_more_urgent_keeps_the_turns_as_they_were(world: Bounded) -> None:
    """Anna's re-render is at the provider when she tells the same anew: that puts nobody behind her others."""
    await world.provider(slots=1)
    story = await world.asks(ANNA, "old")
    (render,) = await world.admits()
    await world.conclude(render.id, CLIP)
    assert await world.stores.stories.request_of(TABLE, story, kind="new_take", seed=3)
    await world.plan(shot("again"))
    (rerender,) = await world.admits()
    await world.many(1000, ANNA)
    await world.asks(ANNA, "again")

    await world.asks(BERT, "bert")

    await world.conclude(rerender.id, CLIP)
    assert await overtaken_by(world) <= 1


async def test_a_story_that_shares_a_clip_waits_no_longer_than_with_one_of_its_own(world: Bounded) -> None:
    """Bert tells what is the last of Anna's thousand stories: it is made in his turn, for both."""
    await world.provider(slots=1)
    await world.many(1000, ANNA)
    await world.asks(ANNA, "the same")

    await world.asks(BERT, "the same")
    shared: list[object] = []
    for _ in range(5):
        (render,) = await world.admits()
        shared += await world.one(
            "select t.take_key from storyreel.takes t where t.id = %s", await world.take_of(render.id)
        )
        await world.conclude(render.id, CLIP)

    assert "the same" in shared[:2]


async def test_what_a_budget_held_back_does_not_come_all_at_once(world: Bounded) -> None:
    """Anna's hundred were held since yesterday; today they alternate with Bert's, as if they had come today."""
    await world.provider(slots=1)
    await world.limit(owner_day_usd=1)
    await world.asks(ANNA, "dear", estimate="1")
    await world.makes(await world.admit())
    await world.many(100, ANNA)
    assert await world.admits() == []
    await world.many(50, CARL)
    assert await world.served(50) == [CARL] * 50
    await world.next_day()
    await world.sweep()

    await world.asks(BERT, "bert")

    assert await overtaken_by(world) <= 1


async def test_nobody_starves_behind_those_who_keep_coming(world: Bounded) -> None:
    """Thirty owners each ask for more as soon as one of theirs is begun; Bert's one goes in the first round."""
    await world.provider(slots=1)
    owners = [UUID(int=number) for number in range(10, 40)]
    for owner in owners:
        await world.many(3, owner, name=f"few-{owner}-")
    await world.served(20)
    await world.asks(BERT, "bert")

    gone: list[UUID | None] = []
    for number in range(len(owners) + 1):
        (served,) = await world.served(1)
        gone.append(served)
        await world.many(1, served, name=f"more-{number}-")

    assert BERT in gone
