"""Reserved plus spent never passes a cap when a render is admitted, by fifty admitters at once, nor one by one."""

from decimal import Decimal
from uuid import UUID

import pytest

from functions.services import Stores
from pipeline.errors import GeneratorBusy, GeneratorMissing
from tests.storage.builders import CLIP, LEASE, PASSING, shot
from tests.storage.limits.scene import ANNA, BERT, CARL, CENT, Bounded


@pytest.mark.parametrize("cap", ["day_usd", "total_usd"])
async def test_fifty_admitters_of_two_providers_never_pass_a_cap_of_all(
    world: Bounded, crowd: Stores, cap: str
) -> None:
    """The money is one, whoever renders: of a hundred that would go, twelve do."""
    await world.provider(slots=50)
    await world.second_provider(slots=50)
    await world.limit(**{cap: Decimal("0.12")})
    await world.many(50)
    await world.many(50, provider="other", name="other-")
    providers = iter(["fal", "other"] * 25)

    async def one(stores: Stores) -> int:
        return len(await stores.renders.admit(next(providers), now=world.clock(), lease=LEASE))

    assert sum(await world.at_once(crowd, one)) == 12
    assert await world.committed() == Decimal("0.12")
    assert await world.unequal_accounts() == []


async def test_fifty_admitters_never_pass_the_cap_of_an_owner(world: Bounded, crowd: Stores) -> None:
    """Each owner has his own; a story of nobody counts against none of them."""
    await world.provider(slots=50)
    await world.second_provider(slots=50)
    await world.limit(owner_day_usd=Decimal("0.03"))
    for owner in (ANNA, BERT, None):
        await world.many(10, owner)
        await world.many(10, owner, provider="other", name=f"other-{owner}-")
    providers = iter(["fal", "other"] * 25)

    async def one(stores: Stores) -> int:
        return len(await stores.renders.admit(next(providers), now=world.clock(), lease=LEASE))

    assert sum(await world.at_once(crowd, one)) == 3 + 3 + 20
    assert [await world.committed(ANNA), await world.committed(BERT)] == [3 * CENT, 3 * CENT]


async def test_fifty_admitters_never_pass_the_cap_of_a_story(world: Bounded, crowd: Stores) -> None:
    """Of a story of many shots as many are made as may be paid for."""
    await world.provider(slots=50)
    await world.limit(story_usd=Decimal("0.05"))
    await world.asks(ANNA, "long", *(shot(f"shot-{number}") for number in range(12)))

    async def one(stores: Stores) -> int:
        return len(await stores.renders.admit("fal", now=world.clock(), lease=LEASE))

    assert sum(await world.at_once(crowd, one)) == 5
    assert await world.committed() == 5 * CENT


@pytest.mark.parametrize("cap", ["day_usd", "owner_day_usd", "story_usd", "total_usd"])
async def test_exactly_at_the_cap_passes(world: Bounded, cap: str) -> None:
    """The last cent may be spent, and not a hundredth of one more."""
    await world.limit(**{cap: CENT})
    await world.asks(ANNA, "whale", estimate="0.0101")
    assert await world.admits() == []

    await world.limit(**{cap: Decimal("0.0101")})
    assert len(await world.admits()) == 1


@pytest.mark.parametrize("cap", ["day_usd", "owner_day_usd", "story_usd", "total_usd"])
async def test_a_cap_of_nothing_admits_nothing(world: Bounded, cap: str) -> None:
    """Zero is a cap, and no cap is none."""
    await world.limit(**{cap: 0})
    await world.asks(ANNA, "whale")
    assert await world.admits() == []

    await world.limit(**{cap: None})
    assert len(await world.admits()) == 1


async def test_a_cap_below_what_is_spent_admits_nothing_more(world: Bounded) -> None:
    """An operator lowers it: nothing fails, what is under way goes on."""
    await world.asks(ANNA, "one")
    render = await world.admit()
    await world.limit(day_usd=Decimal("0.005"))
    await world.asks(ANNA, "two")

    assert await world.admits() == []
    await world.makes(render)
    assert await world.render(render.id) == "delivered"
    assert await world.admits() == []


async def test_what_is_reserved_counts_today_whenever_it_was(world: Bounded) -> None:
    """A submission of yesterday may be billed today; what was spent yesterday is yesterday's."""
    await world.limit(day_usd=2 * CENT)
    await world.asks(ANNA, "spent")
    await world.makes(await world.admit())
    await world.asks(ANNA, "reserved")
    await world.submit(await world.admit(), "r")
    await world.next_day()
    await world.many(3, BERT)

    assert len(await world.admits()) == 1


async def test_a_render_that_was_put_back_is_counted_once(world: Bounded) -> None:
    """It keeps what it had reserved, needs no room anew, and takes none twice."""
    await world.limit(day_usd=CENT)
    await world.asks(ANNA, "whale")
    for _ in range(3):
        render = await world.admit()
        assert await world.stores.renders.put_back(render, due_at=world.clock(), why=GeneratorBusy("busy"))
        assert await world.account() == (CENT, 0)

    await world.makes(await world.admit(), cost=CENT)
    assert await world.account() == (0, CENT)


async def test_the_next_rung_needs_room_of_its_own(world: Bounded) -> None:
    """It costs more than what was set free for it: it is held, and nothing is reserved twice."""
    await world.limit(day_usd=CENT)
    await world.asks(ANNA, "whale")
    render = await world.admit()
    why = GeneratorMissing("404")
    assert await world.stores.renders.climb_down(render, "two", Decimal("0.03"), why=why, now=world.clock())

    assert await world.admits() == []
    assert await world.account() == (0, 0)
    await world.limit(day_usd=Decimal("0.03"))
    assert len(await world.admits()) == 1
    assert await world.account() == (Decimal("0.03"), 0)


async def test_another_try_needs_room_of_its_own(world: Bounded) -> None:
    """The first failed for nothing, and its money went to somebody else meanwhile."""
    await world.limit(day_usd=CENT)
    await world.asks(ANNA, "whale")
    await world.conclude((await world.admit()).id, PASSING)
    await world.asks(BERT, "fox")
    assert len(await world.admits()) == 1
    world.clock.advance(minutes=1)

    assert await world.admits() == []


async def test_a_story_of_nobody_has_no_cap_of_an_owner(world: Bounded) -> None:
    """But all the others."""
    await world.limit(owner_day_usd=0)
    await world.asks(None, "whale")
    assert len(await world.admits()) == 1

    await world.limit(day_usd=CENT)
    await world.asks(None, "fox")
    assert await world.admits() == []


async def test_a_story_cap_counts_all_its_revisions_and_no_other_story(world: Bounded) -> None:
    """What its first video cost is spent; Bert's story has a cap of its own."""
    await world.limit(story_usd=CENT)
    story = await world.asks(ANNA, "whale")
    await world.makes(await world.admit())
    await world.ask_again(story)
    await world.plan(shot("another"))
    assert await world.admits() == []

    await world.asks(BERT, "fox")
    assert len(await world.admits()) == 1


async def test_whose_turn_it_is_does_not_stand_before_a_budget(world: Bounded) -> None:
    """The first has no room, the next has: it goes in the same admission."""
    await world.limit(owner_day_usd=CENT)
    await world.asks(ANNA, "dear", estimate="0.02")
    await world.asks(CARL, "cheap")

    (render,) = await world.admits()

    assert await world.owner_of(render) == CARL


async def test_what_is_held_frees_no_slot_and_takes_none(world: Bounded) -> None:
    """Thousands that are held stand in nobody's way, and no money is reserved for them."""
    await world.provider(slots=3)
    await world.limit(owner_day_usd=0)
    await world.many(700, ANNA)
    await world.rows("update storyreel.renders set priority = 20")
    await world.many(5)

    assert sum([len(await world.admits()) for _ in range(3)]) == 3
    assert await world.one("select count(*) from storyreel.ledger") == (3,)


async def test_a_clip_that_is_delivered_though_it_was_given_up_counts_at_once(world: Bounded) -> None:
    """Its reservation was set free; its bill takes the room from the next."""
    await world.limit(day_usd=2 * CENT)
    await world.asks(ANNA, "whale")
    render = await world.admit()
    await world.submit(render, "r1")
    await world.conclude(render.id, PASSING)
    assert await world.account() == (0, 0)
    await world.deliver(render.id, CLIP)
    await world.stores.renders.settle(render.id, units=None, cost=2 * CENT, now=world.clock())

    await world.asks(BERT, "fox")
    assert await world.admits() == []
    assert await world.account("owner_day", f"{world.clock():%Y-%m-%d} {ANNA}") == (0, 2 * CENT)


async def test_every_cap_is_held_for_whoever_pays(world: Bounded) -> None:
    """Anna's story is gone and Bert waits for the clip: it is his money, his cap and his slot."""
    await world.limit(owner_day_usd=CENT)
    story = await world.asks(ANNA, "whale")
    await world.asks(BERT, "whale")
    await world.delete(story)
    await world.admit()

    await world.asks(BERT, "fox")
    await world.asks(ANNA, "bear")
    (render,) = await world.admits()
    assert await world.owner_of(render) == ANNA
    assert await world.account("owner", UUID(int=2)) == (CENT, 0)
