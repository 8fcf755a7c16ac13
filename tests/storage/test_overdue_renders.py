"""Renders that were not heard of in time: who finds them, that one sweep alone has each, and what stays."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from pipeline.errors import GeneratorBusy
from pipeline.lifecycle import RenderStatus
from pipeline.model import AdmittedRender, SubmittedRender
from tests.storage.builders import CLIP, LEASE, PERMANENT
from tests.storage.world import World

POLL = timedelta(minutes=1)
PATIENCE, USUAL = timedelta(minutes=50), timedelta(minutes=10)
_S = RenderStatus


async def claim(world: World, limit: int = 100) -> list[SubmittedRender]:
    """What a sweep is given now to ask about, until a minute later."""
    now = world.clock()
    return await world.stores.sweep.claim_overdue(now=now, due_at=now + POLL, limit=limit)


async def overdue(world: World, count: int) -> set[UUID]:
    """That many renders at the provider, all of them overdue."""
    await world.owner.execute("update storyreel.providers set slots = 100")
    for number in range(count):
        await world.waiting(f"take {number}")
    renders = await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE)
    for render in renders:
        await world.submit(render, str(render.id))
    world.clock.advance(minutes=5)
    assert len(renders) == count
    return {render.id for render in renders}


async def test_a_sweep_gets_what_asking_takes_and_only_of_submitted_renders(world: World) -> None:
    """Where to ask, under which name, since when; one without an answer is for the webhook to name."""
    await world.owner.execute("update storyreel.providers set slots = 9")
    await world.admitted("a")
    unknown = await world.admitted("b")
    await world.answer_lost(unknown)
    render, submitted_at = await world.submitted("c", request_id="c"), world.clock()
    await world.waiting("d")
    assert await claim(world) == [], "it is not overdue yet"

    world.clock.advance(minutes=5)

    assert await claim(world) == [SubmittedRender(render.id, "fal", "fal-ai/one", "c", submitted_at)]


async def test_the_longest_silent_are_asked_about_first(world: World) -> None:
    """Where a sweep takes no more than so many, whatever plan Postgres chooses for the table's size."""
    everyone = await overdue(world, 12)
    ids = sorted(everyone)
    for seconds, render in enumerate(ids):
        due_at = world.clock() - timedelta(seconds=60 - seconds)
        await world.owner.execute("update storyreel.renders set due_at = %s where id = %s", [due_at, render])

    assert {render.id for render in await claim(world, limit=5)} == set(ids[:5])
    await world.owner.execute("analyze storyreel.renders")
    assert {render.id for render in await claim(world, limit=4)} == set(ids[5:9])
    assert {render.id for render in await claim(world)} == set(ids[9:])


async def test_a_claimed_render_is_nobody_elses_until_the_next_poll(world: World) -> None:
    """Then it is asked about again, as often as it takes; once it has ended, never."""
    render = await world.submitted()
    world.clock.advance(minutes=5)
    assert [seen.id for seen in await claim(world)] == [render.id]

    world.clock.advance(seconds=POLL.total_seconds() - 1)
    assert await claim(world) == []
    world.clock.advance(seconds=1)
    assert [seen.id for seen in await claim(world)] == [render.id]

    await world.deliver(render.id, CLIP)
    world.clock.advance(minutes=5)
    assert await claim(world) == []
    assert await world.one("select status, due_at from storyreel.renders") == ("delivered", None)


async def test_two_sweeps_never_get_the_same_render(world: World) -> None:
    """While one has claimed and not committed, another passes those rows by without waiting and takes the rest."""
    everyone = await overdue(world, 6)
    mine = sorted(everyone)[:3]
    claim_mine = "update storyreel.renders set due_at = now() + interval '2 hours' where id = any (%s)"

    async with world.holding(claim_mine, mine):
        second = asyncio.create_task(claim(world))
        await world.settled_or_blocked(second)
        waited = not second.done()

    assert {render.id for render in await second} == everyone - set(mine)
    assert not waited


async def test_eight_sweeps_at_once_share_the_work(world: World) -> None:
    """Twenty-four renders in batches of two: each is given out exactly once."""
    everyone = await overdue(world, 24)

    async def claim_all() -> list[UUID]:
        share: list[UUID] = []
        while batch := await claim(world, limit=2):
            share += [render.id for render in batch]
        return share

    shares = await asyncio.gather(*(claim_all() for _ in range(8)))

    given = [render for share in shares for render in share]
    assert (len(given), set(given)) == (24, everyone)


async def bring_to(world: World, status: RenderStatus) -> AdmittedRender:
    """A render that nobody waits for an answer of, by a way on which it gets there."""
    render = await world.admitted()
    match status:
        case _S.WAITING:
            back = world.stores.renders.put_back
            assert await back(render, due_at=world.clock() + LEASE, why=GeneratorBusy("busy"))
        case _S.FAILED:
            await world.conclude(render.id, PERMANENT)
        case _S.LOST:
            await world.lose(render)
        case _S.CANCELLED:
            await world.lose(render)
            first, render = render, await world.admit()
            await world.conclude(first.id, CLIP)
    assert await world.render(render.id) == status
    return render


@pytest.mark.parametrize("status", [_S.WAITING, _S.LOST, _S.CANCELLED])
async def test_an_end_announced_without_content_is_asked_for_though_nobody_waits(
    world: World, status: RenderStatus
) -> None:
    """One sweep at a time, again until it was asked, then no more; the render stays what it was meanwhile."""
    render = await bring_to(world, status)
    await world.forget_jobs()

    assert await world.deliver(render.id, None, request_id="named") == "accepted"

    assert (await world.jobs("reconcile"), await world.render(render.id)) == (1, status)
    assert [(seen.id, seen.request_id) for seen in await claim(world)] == [(render.id, "named")]
    assert await claim(world) == []
    world.clock.advance(seconds=POLL.total_seconds())
    assert [seen.id for seen in await claim(world)] == [render.id]
    await world.stores.sweep.asked(render.id)
    world.clock.advance(minutes=5)
    assert await claim(world) == []
    assert await world.render(render.id) == status


async def test_a_submitter_that_died_leaves_a_render_whose_answer_is_lost(world: World) -> None:
    """Once its lease is over and only once; its slot and its money stay taken, for it may be running."""
    render = await world.admitted()
    lose = world.stores.sweep.lose_answers
    assert await lose(now=world.clock(), patience=PATIENCE, usual=USUAL) == 0

    world.clock.advance(seconds=LEASE.total_seconds())
    assert await lose(now=world.clock(), patience=PATIENCE, usual=USUAL) == 1
    assert await lose(now=world.clock(), patience=PATIENCE, usual=USUAL) == 0

    due_at = world.clock() + PATIENCE + USUAL
    assert await world.one("select status, due_at from storyreel.renders") == ("unknown", due_at)
    assert set(await world.ledger(render.id)) == {"reserved"}
    await world.owner.execute("update storyreel.providers set slots = 1")
    await world.waiting("fox")
    assert await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE) == []


async def test_every_dead_submitters_answer_is_lost_at_once_and_no_other_render_moves(world: World) -> None:
    """However many they are: a render left out would be waited for a minute longer, and hold its slot."""
    await world.owner.execute("update storyreel.providers set slots = 200")
    for number in range(60):
        await world.waiting(f"take {number}")
    assert len(await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE)) == 60
    world.clock.advance(minutes=5)
    submitted, fresh = await world.submitted("at the provider"), await world.admitted("just admitted")

    until = world.clock() + PATIENCE + USUAL
    assert await world.stores.sweep.lose_answers(now=world.clock(), patience=PATIENCE, usual=USUAL) == 60

    assert (await world.render(submitted.id), await world.render(fresh.id)) == ("submitted", "admitted")
    assert await world.rows("select distinct due_at from storyreel.renders where status = 'unknown'") == [(until,)]


async def test_a_render_that_was_submitted_in_time_is_not_lost(world: World) -> None:
    """The sweep finds it admitted and overdue; its answer is committed before the sweep may act."""
    await world.admitted()
    world.clock.advance(minutes=5)
    answered = "update storyreel.renders set status = 'submitted', request_id = 'r1', submitted_at = now()"

    async with world.holding(answered):
        sweep = asyncio.create_task(
            world.stores.sweep.lose_answers(now=world.clock(), patience=PATIENCE, usual=USUAL)
        )
        await world.settled_or_blocked(sweep)

    assert await sweep == 0
    assert await world.rows("select status, request_id from storyreel.renders") == [("submitted", "r1")]


async def test_silent_renders_are_found_the_longest_silent_first(world: World) -> None:
    """Only those whose answer was lost, and only when their webhook did not come in time."""
    await world.owner.execute("update storyreel.providers set slots = 9")
    lost = []
    for key in ("a", "b", "c"):
        render = await world.admitted(key)
        assert await world.stores.renders.answer_lost(render, due_at=world.clock() + LEASE)
        lost.append(render.id)
        world.clock.advance(seconds=1)
    await world.admitted("d")
    await world.submitted("e")
    await world.waiting("f")
    silent = world.stores.sweep.silent
    assert await silent(now=world.clock(), limit=10) == []

    world.clock.advance(minutes=5)

    assert await silent(now=world.clock(), limit=10) == lost
    assert await silent(now=world.clock(), limit=2) == lost[:2]
