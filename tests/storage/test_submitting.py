"""What becomes of an admitted render: submitted, put back or unanswered, by the one submitter whose turn it is."""

from datetime import timedelta
from decimal import Decimal

from pipeline.errors import GeneratorBusy, GeneratorMissing
from tests.storage.builders import CLIP
from tests.storage.world import World

MANY_WAITING = """
    with made as (
      insert into storyreel.takes
        (take_key, model, parameters, prompt, negative_prompt, seed, emulated, created_at)
      select 'k' || n, 'lightning', %s, 'p', 'n', 1, true, now() from generate_series(1, %s) n
      returning id, take_key
    )
    insert into storyreel.renders
      (take_id, round, attempt, provider, endpoint, priority, estimate_usd, due_at, created_at)
    select id, 1, 1, 'fal', 'e', case when random() < 0.5 then 10 else 0 end, 0.01, now() - interval '1 hour',
           now() - interval '2 hours' + substr(take_key, 2)::int * interval '1 ms'
    from made
"""


async def slots(world: World, count: int) -> None:
    await world.owner.execute("update storyreel.providers set slots = %s", [count])


async def test_put_back_frees_the_slot_and_keeps_one_reservation(world: World) -> None:
    """The provider was busy: the render waits until it is due, and admitted again reserves nothing more."""
    await slots(world, 1)
    render = await world.admitted()
    await world.waiting("fox")
    later = world.clock() + timedelta(seconds=30)

    assert await world.stores.renders.put_back(render, due_at=later, why=GeneratorBusy("busy"))

    assert await world.one(
        "select status, admitted_at, due_at, endpoint, failure_code from storyreel.renders where id = %s",
        render.id,
    ) == ("waiting", None, later, "fal-ai/one", "generator_busy")
    other = await world.admit()
    assert other.id != render.id, "the slot is free for another"
    await world.conclude(other.id, CLIP)
    world.clock.advance(seconds=30)
    again = await world.admit()
    assert (again.id, again.tries) == (render.id, 2)
    assert await world.ledger(render.id) == {"reserved": Decimal("0.01")}


async def test_a_render_climbs_down_to_another_endpoint(world: World) -> None:
    """A 404: the same render, the next rung, what that costs; by the one submitter whose turn it is."""
    render = await world.admitted()
    climb_down, missing = world.stores.renders.climb_down, GeneratorMissing("404")

    assert await climb_down(render, "fal-ai/two", Decimal("0.03"), why=missing, now=world.clock())
    assert not await climb_down(render, "fal-ai/three", Decimal(9), why=missing, now=world.clock())

    again = await world.admit()
    assert (again.id, again.endpoint) == (render.id, "fal-ai/two")
    assert await world.one("select estimate_usd from storyreel.renders") == (Decimal("0.03"),)
    assert await world.rows("select endpoint, kind, amount_usd from storyreel.ledger order by id") == [
        ("fal-ai/one", "reserved", Decimal("0.01")),
        ("fal-ai/one", "released", Decimal("0.01")),
        ("fal-ai/two", "reserved", Decimal("0.03")),
    ]


async def test_a_submitter_that_was_cut_off_changes_nothing(world: World) -> None:
    """Its admission was put back and made anew: the old one's answers are old news."""
    old = await world.admitted()
    renders, now = world.stores.renders, world.clock()
    assert await renders.put_back(old, due_at=now, why=GeneratorBusy("busy"))
    assert not await renders.put_back(old, due_at=now, why=GeneratorBusy("busy"))
    new = await world.admit()

    assert not await renders.submitted(old, "old", now=now, due_at=now)
    assert not await renders.answer_lost(old, due_at=now)
    assert not await renders.put_back(old, due_at=now, why=GeneratorBusy("busy"))

    assert await world.one("select status, request_id, tries from storyreel.renders") == (
        "admitted",
        None,
        new.tries,
    )


async def test_an_answer_that_comes_late_still_counts(world: World) -> None:
    """A render whose answer was thought lost is submitted after all; where its end was first, its name is kept."""
    render = await world.admitted()
    renders, now = world.stores.renders, world.clock()
    assert await renders.answer_lost(render, due_at=now)
    assert await renders.submitted(render, "late", now=now, due_at=now)
    assert await world.one("select status, request_id from storyreel.renders") == ("submitted", "late")

    other = await world.admitted("fox")
    await world.conclude(other.id, CLIP)
    assert not await renders.submitted(other, "outrun", now=now, due_at=now)
    assert await world.one("select status, request_id from storyreel.renders where id = %s", other.id) == (
        "delivered",
        "outrun",
    )
