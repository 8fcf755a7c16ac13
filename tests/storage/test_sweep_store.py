"""What reconcile finds by comparing rows with the clock: everything that is overdue, and nothing else."""

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
    await world.owner.execute("update storyreel.renders set due_at = %s", [world.clock() + timedelta(minutes=1)])
    assert await hinted(world) == NOTHING

    world.clock.advance(minutes=1)
    assert await hinted(world) == NOTHING | {"admit": 1}


async def test_silent_renders_are_found_the_longest_silent_first(world: World) -> None:
    """Admitted, submitted and unknown ones that should have been heard of, with what asking about them takes."""
    await world.owner.execute("update storyreel.providers set slots = 9")
    admitted = await world.admitted("a")
    world.clock.advance(seconds=1)
    submitted = await world.submitted("b", request_id="b")
    world.clock.advance(seconds=1)
    unknown = await world.admitted("c")
    await world.stores.renders.answer_lost(unknown, due_at=world.clock() + LEASE)
    await world.waiting("d")
    sweep = world.stores.sweep
    assert await sweep.overdue_renders(now=world.clock(), limit=10) == []

    world.clock.advance(minutes=5)
    found = await sweep.overdue_renders(now=world.clock(), limit=10)

    assert [(status, render.id, render.request_id) for status, render in found] == [
        ("admitted", admitted.id, ""), ("submitted", submitted.id, "b"), ("unknown", unknown.id, "")
    ]  # fmt: skip
    assert {render.endpoint for _, render in found} == {"fal-ai/one"}
    assert [render.id for _, render in await sweep.overdue_renders(now=world.clock(), limit=1)] == [admitted.id]


async def test_a_provider_that_is_still_at_it_is_asked_later(world: World) -> None:
    """Only a submitted render is put off; one that has ended meanwhile stays ended."""
    render = await world.submitted()
    world.clock.advance(minutes=5)
    later = world.clock() + timedelta(minutes=1)

    await world.stores.sweep.look_later(render.id, due_at=later)
    assert await world.stores.sweep.overdue_renders(now=world.clock(), limit=9) == []

    await world.deliver(render.id, CLIP)
    await world.stores.sweep.look_later(render.id, due_at=later)
    assert await world.one("select status, due_at from storyreel.renders") == ("delivered", None)


async def test_a_submitter_that_died_leaves_a_render_whose_answer_is_lost(world: World) -> None:
    """Once its lease is over and only once; its slot and its money stay taken, for it may be running."""
    render = await world.admitted()
    lose = world.stores.sweep.lose_answer
    until = world.clock() + timedelta(hours=1)
    assert not await lose(render.id, now=world.clock(), due_at=until)

    world.clock.advance(seconds=LEASE.total_seconds())
    assert await lose(render.id, now=world.clock(), due_at=until)
    assert not await lose(render.id, now=world.clock(), due_at=until)

    assert await world.one("select status, due_at from storyreel.renders") == ("unknown", until)
    assert set(await world.ledger(render.id)) == {"reserved"}
    await world.owner.execute("update storyreel.providers set slots = 1")
    await world.waiting("fox")
    assert await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE) == []


async def test_a_render_that_was_submitted_in_time_is_not_lost(world: World) -> None:
    """The sweep saw it admitted and overdue; its answer came before the sweep acted."""
    render = await world.admitted()
    world.clock.advance(minutes=5)
    assert len(await world.stores.sweep.overdue_renders(now=world.clock(), limit=9)) == 1
    await world.submit(render, "r1")

    assert not await world.stores.sweep.lose_answer(render.id, now=world.clock(), due_at=world.clock())
    assert await world.render(render.id) == "submitted"


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
