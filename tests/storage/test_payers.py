"""Whose a clip's cost is: the first's of all that wait for it when it is admitted."""

from decimal import Decimal
from uuid import UUID

from pipeline.errors import GeneratorMissing
from pipeline.model import AdmittedRender
from tests.storage.builders import CLIP, LEASE, PASSING, TABLE, shot
from tests.storage.world import World

ANNA, BERT = UUID(int=1), UUID(int=2)
LOCK_TAKE = "select 1 from storyreel.takes for update"


async def story_of(world: World, owner: UUID | None) -> str:
    """A story of that owner; its id."""
    (made,) = await world.one(
        "insert into public.stories (owner_id, text) values (%s, 'A whale') returning id::text", owner
    )
    return str(made)


async def payer(
    world: World, render: AdmittedRender, endpoint: str = "fal-ai/one"
) -> tuple[str | None, UUID | None]:
    """The story and the owner that a render was reserved for."""
    video, owner = await world.one(
        "select video_id, owner_id from storyreel.ledger"
        " where render_id = %s and kind = 'reserved' and endpoint = %s",
        render.id, endpoint,
    )  # fmt: skip
    found = await world.rows("select source_id from storyreel.videos where id = %s", video)
    return (found[0][0] if found else None), owner


async def test_the_first_who_waits_pays(world: World) -> None:
    """The other shares the clip for nothing."""
    first, _ = await story_of(world, ANNA), await story_of(world, BERT)
    await world.plan()

    assert await payer(world, await world.admit()) == (first, ANNA)
    assert await world.one("select count(*) from storyreel.ledger") == (1,)


async def test_who_was_first_does_not_depend_on_who_was_planned_first(world: World) -> None:
    """It goes by when the videos were asked for."""
    first, _ = await story_of(world, ANNA), await story_of(world, BERT)
    for revision in reversed(await world.claim()):
        assert await world.stores.plans.save(revision, [shot()], now=world.clock())

    assert await payer(world, await world.admit()) == (first, ANNA)


async def test_whoever_left_pays_nothing(world: World) -> None:
    """The first story was deleted while the clip waited: the next one pays."""
    first, second = await story_of(world, ANNA), await story_of(world, BERT)
    await world.plan()
    await world.owner.execute("delete from public.stories where id::text = %s", [first])

    assert await payer(world, await world.admit()) == (second, BERT)


async def test_a_story_of_nobody_pays_as_a_story(world: World) -> None:
    """It has no owner; the cost is that video's all the same."""
    story = await story_of(world, None)
    await world.plan()

    assert await payer(world, await world.admit()) == (story, None)


async def test_whose_video_shows_something_better_pays_nothing(world: World) -> None:
    """A later revision overtook the one that asked for the clip: it is not waited for there any more."""
    first = await story_of(world, ANNA)
    await world.plan()
    assert await world.stores.stories.request_of(TABLE, first, kind="rerender")
    await world.plan(shot("fox"))
    await world.owner.execute(
        "update storyreel.renders r set due_at = r.due_at + interval '1 hour', waits_for = 'time'"
        " from storyreel.takes t where t.id = r.take_id and t.take_key = 'whale'"
    )
    render = await world.admit()
    await world.submit(render, "fox")
    await world.conclude(render.id, CLIP)
    take = await world.take_of(render.id)
    await world.fetch(take)
    await world.finish(take)
    second = await story_of(world, BERT)
    await world.plan()
    world.clock.advance(hours=1)

    assert await payer(world, await world.admit()) == (second, BERT)


async def test_preview_and_final_are_paid_by_the_same(world: World) -> None:
    """Each has a reservation of its own."""
    story = await story_of(world, ANNA)
    await story_of(world, BERT)
    await world.plan(shot(preview="sketch"))

    renders = await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE)
    assert [await payer(world, render) for render in renders] == [(story, ANNA)] * 2


async def test_each_try_is_paid_by_the_first_who_waits_then(world: World) -> None:
    """The first story went after a failed try, which was set free: the second pays the next."""
    first, second = await story_of(world, ANNA), await story_of(world, BERT)
    await world.plan()
    render = await world.admit()
    await world.submit(render, "r1")
    await world.conclude(render.id, PASSING)
    await world.owner.execute("delete from public.stories where id::text = %s", [first])
    world.clock.advance(minutes=1)

    assert await payer(world, await world.admit()) == (second, BERT)
    assert await payer(world, render) == (None, ANNA), "what is written stays written"


async def test_the_next_rung_is_paid_by_whoever_waits(world: World) -> None:
    """Its price is another, and its reservation a new one."""
    story = await story_of(world, ANNA)
    await world.plan()
    render = await world.admit()
    assert await world.stores.renders.climb_down(
        render, "fal-ai/two", Decimal("0.03"), why=GeneratorMissing("404"), now=world.clock()
    )
    render = await world.admit()

    assert await payer(world, render, "fal-ai/two") == (story, ANNA)


async def test_what_an_owner_spent_outlives_the_story(world: World) -> None:
    """A cost names the owner, as its reservation did; deleting the story deletes no money."""
    story = await story_of(world, ANNA)
    await world.plan()
    render = await world.admit()
    await world.submit(render, "r1")
    await world.deliver(render.id, CLIP)
    await world.stores.renders.settle(render.id, units=None, cost=Decimal("0.02"), now=world.clock())
    await world.owner.execute("delete from public.stories where id::text = %s", [story])

    assert await world.one(
        "select owner_id, sum(amount_usd) from storyreel.ledger where kind = 'settled' group by 1"
    ) == (ANNA, Decimal("0.02"))
