"""Slots of a provider and of an owner hold over all admitters; whoever waits for one gets it when it is free."""

from collections import Counter

from functions.services import Stores
from pipeline.errors import GeneratorBusy
from pipeline.model import AdmittedRender
from tests.storage.builders import CLIP, LEASE, PASSING
from tests.storage.limits.scene import ANNA, BERT, CARL, Bounded


async def admit_with(world: Bounded, stores: Stores, provider: str = "fal") -> list[AdmittedRender]:
    return await stores.renders.admit(provider, now=world.clock(), lease=LEASE)


async def owners_in_flight(world: Bounded) -> Counter[object]:
    return Counter(
        owner
        for (owner,) in await world.rows(
            "select owner_id from storyreel.renders where status in ('admitted', 'submitted', 'unknown')"
        )
    )


async def test_fifty_admitters_at_once_keep_to_the_slots(world: Bounded, crowd: Stores) -> None:
    """Fifty transactions are under way together: seven go, each once."""
    await world.provider(slots=7)
    await world.many(60)

    shares = await world.at_once(crowd, lambda stores: admit_with(world, stores))

    admitted = [render.id for share in shares for render in share]
    assert (len(admitted), len(set(admitted))) == (7, 7)


async def test_fifty_admitters_at_once_keep_to_the_slots_of_each_owner(world: Bounded, crowd: Stores) -> None:
    """Two of Anna's, Bert's one, and the slots that are left stay free."""
    await world.provider(slots=10, owner_slots=2)
    await world.many(30, ANNA)
    await world.many(1, BERT)

    await world.at_once(crowd, lambda stores: admit_with(world, stores))

    assert await owners_in_flight(world) == {ANNA: 2, BERT: 1}


async def test_a_slot_that_an_owner_frees_goes_to_the_best_of_the_same_owner(world: Bounded) -> None:
    """However it came free: an end, a failure, a submit that was turned away."""
    await world.provider(slots=10, owner_slots=1)
    await world.many(6, ANNA)
    (first,) = await world.admits()
    assert await world.admits() == []

    await world.conclude(first.id, CLIP)
    (second,) = await world.admits()
    await world.submit(second, "r2")
    await world.conclude(second.id, PASSING)
    (third,) = await world.admits()
    assert await world.stores.renders.put_back(third, due_at=world.clock(), why=GeneratorBusy("busy"))
    assert len(await world.admits()) == 1

    turns = await world.rows("select turn from storyreel.renders where tries > 0 order by turn")
    assert turns == [(0,), (1,), (2,)], "the one that was put back goes before the next"


async def test_another_owner_is_not_kept_waiting_by_one_who_has_all_his_slots(world: Bounded) -> None:
    """More than an admission looks at wait before Bert's: the next ones find it."""
    await world.provider(slots=10, owner_slots=1)
    await world.many(1200, ANNA)
    await world.rows("update storyreel.renders set priority = 20")
    await world.many(1, BERT)

    for _ in range(4):
        await world.admits()
        if not await world.jobs("admit"):
            break
        await world.forget_jobs()

    assert await owners_in_flight(world) == {ANNA: 1, BERT: 1}


async def test_stories_of_nobody_are_bounded_by_the_provider_alone(world: Bounded) -> None:
    """There is no owner whose slots they could take."""
    await world.provider(slots=4, owner_slots=1)
    await world.many(9)

    assert len(await world.admits()) == 4


async def test_more_slots_for_an_owner_count_at_once(world: Bounded) -> None:
    """An operator raises them: nobody waits for the ten minutes after which each is looked at anyway."""
    await world.provider(slots=10, owner_slots=1)
    await world.many(5, ANNA)
    await world.admits()
    await world.forget_jobs()

    await world.provider(owner_slots=3)

    assert await world.jobs("admit") == 1
    await world.admits()
    assert await owners_in_flight(world) == {ANNA: 3}


async def test_a_slot_of_an_owner_whose_next_story_is_gone_goes_to_the_one_behind(world: Bounded) -> None:
    """The one that was woken for it is withdrawn: with slots free and work waiting, nothing idles."""
    await world.provider(slots=10, owner_slots=1)
    stories = [await world.asks(ANNA, key) for key in ("one", "two", "three")]
    (first,) = await world.admits()
    await world.delete(stories[1])

    await world.conclude(first.id, CLIP)
    await world.forget_jobs()
    await world.admits()
    assert await world.jobs("admit") == 1
    await world.admits()

    assert await owners_in_flight(world) == {ANNA: 1}


async def test_a_free_slot_that_nobody_was_told_of_is_found(world: Bounded) -> None:
    """The wake-up was missed: the next reconcile hints `admit`, though nothing else waits."""
    await world.provider(slots=10, owner_slots=1)
    await world.asks(ANNA, "one")
    await world.asks(ANNA, "two")
    (first,) = await world.admits()
    assert await world.admits() == []
    locked = "select 1 from storyreel.renders where waits_for = 'owner' for update"
    async with world.holding(locked):  # somebody has it in hand at that moment
        await world.conclude(first.id, CLIP)
    await world.forget_jobs()

    await world.sweep()

    assert await world.jobs("admit") == 1
    assert len(await world.admits()) == 1


async def test_slots_of_an_owner_are_counted_for_each_provider(world: Bounded) -> None:
    """What one provider is busy with for Carl says nothing about another."""
    await world.provider(slots=10, owner_slots=1)
    await world.second_provider(slots=2)
    await world.many(3, CARL)
    await world.many(3, CARL, provider="other", name="other-")

    assert len(await world.admits()) == 1
    assert len(await world.admits("other")) == 2
