"""What reconcile hints by comparing rows with the clock: every step that is overdue, and nothing else."""

from datetime import timedelta

from tests.storage.builders import CLIP, LEASE
from tests.storage.world import World

NOTHING = {"plan": 0, "admit": 0, "fetch": 0, "finish": 0}


async def hinted(world: World) -> dict[str, int]:
    """What the sweep found, given that it hinted exactly those steps."""
    await world.forget_jobs()
    found = dict(await world.stores.sweep.hint_overdue(now=world.clock()))
    for step in NOTHING:
        assert bool(await world.jobs(step)) == bool(found[step]), step
    return found


async def test_nothing_due_is_nothing_hinted(world: World) -> None:
    """An idle database gets no jobs."""
    assert await hinted(world) == NOTHING


async def test_every_lost_hint_is_given_again(world: World) -> None:
    """At each stage of a story's life all jobs are lost; the sweep brings the right step back."""
    await world.story()
    assert await hinted(world) == NOTHING | {"plan": 1}
    await world.plan()
    assert await hinted(world) == NOTHING | {"admit": 1}
    render = await world.admit()
    await world.submit(render, "r1")
    assert await hinted(world) == NOTHING
    await world.deliver(render.id, CLIP)
    assert await hinted(world) == NOTHING | {"fetch": 1}
    take = await world.take_of(render.id)
    await world.fetch(take)
    assert await hinted(world) == NOTHING | {"finish": 1}
    await world.finish(take)
    assert await hinted(world) == NOTHING


async def test_a_step_in_hand_is_left_alone_until_its_lease_ends(world: World) -> None:
    """Planned, fetched or finished by someone right now: not overdue; a second after the lease it is."""
    await world.story()
    await world.claim()
    take = await world.fetching("other")
    await world.stores.takes.claim_fetch(take, now=world.clock(), lease=LEASE)
    assert await hinted(world) == NOTHING

    world.clock.advance(seconds=LEASE.total_seconds() + 1)
    assert await hinted(world) == NOTHING | {"plan": 1, "fetch": 1}


async def test_takes_are_hinted_each_by_name_and_once(world: World) -> None:
    """Three overdue clips get three jobs; a second sweep before any has run adds none."""
    for key in ("a", "b", "c"):
        await world.fetching(key)
    await world.forget_jobs()

    await world.stores.sweep.hint_overdue(now=world.clock())
    await world.stores.sweep.hint_overdue(now=world.clock())

    jobs = await world.rows(
        "select args ->> 'take_id' from procrastinate.procrastinate_jobs where task_name = 'fetch'"
    )
    takes = await world.rows("select id::text from storyreel.takes")
    assert sorted(jobs) == sorted(takes)


async def test_a_retry_that_is_not_due_yet_is_not_hinted(world: World) -> None:
    """What waits is a row with a due time, never a job."""
    await world.waiting()
    later = world.clock() + timedelta(minutes=1)
    await world.owner.execute("update storyreel.renders set due_at = %s, waits_for = 'time'", [later])
    assert await hinted(world) == NOTHING

    world.clock.advance(minutes=1)
    assert await hinted(world) == NOTHING | {"admit": 1}


async def test_unsettled_renders_are_found_after_a_while(world: World) -> None:
    """Fetch asks for the cost first; the sweep asks for what is left over, until it is written down."""
    render = await world.submitted()
    await world.deliver(render.id, CLIP)
    delivered = world.clock()
    unsettled = world.stores.sweep.unsettled

    assert await unsettled(before=delivered - timedelta(seconds=1), limit=9) == []
    assert [seen.id for seen in await unsettled(before=delivered, limit=9)] == [render.id]

    await world.stores.renders.settle(render.id, units=None, cost=None, now=delivered)
    assert await unsettled(before=delivered, limit=9) == []


async def test_a_large_backlog_is_hinted_within_bounds(world: World) -> None:
    """Five thousand overdue stories are one hint, and the sweep does not count them all."""
    await world.owner.execute("insert into public.stories (text) select 's' || n from generate_series(1, 5000) n")

    found = await hinted(world)

    assert found["plan"] == 1000
    assert await world.jobs("plan") == 1
