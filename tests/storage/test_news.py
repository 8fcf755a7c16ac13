"""What the provider's news does to a render: for every status and event, what the lifecycle lists, or nothing."""

from decimal import Decimal
from uuid import UUID

import pytest

from pipeline.errors import GeneratorBusy
from pipeline.lifecycle import ENDED, RENDER, RenderEvent, RenderStatus
from pipeline.model import AdmittedRender
from tests.storage.builders import CLIP, LEASE, PASSING, PERMANENT
from tests.storage.world import World

_S, _E = RenderStatus, RenderEvent


async def bring_to(world: World, status: RenderStatus, key: str) -> AdmittedRender:
    """A render of a take of its own in that status, by a way on which it gets there."""
    render = await world.admitted(key)
    match status:
        case _S.ADMITTED:
            pass
        case _S.WAITING:
            back = world.stores.renders.put_back
            assert await back(render, due_at=world.clock(), why=GeneratorBusy("busy"))
        case _S.SUBMITTED:
            await world.submit(render, key)
        case _S.UNKNOWN:
            await world.answer_lost(render)
        case _S.DELIVERED:
            await world.conclude(render.id, CLIP)
        case _S.FAILED:
            await world.conclude(render.id, PERMANENT)
        case _S.LOST:
            await world.lose(render)
        case _S.CANCELLED:
            await world.owner.execute(
                "update storyreel.renders set status = 'cancelled', due_at = null, waits_for = null, ended_at = %s"
                " where id = %s",
                [world.clock(), render.id],
            )
    assert await world.render(render.id) == status
    return render


async def happen(world: World, event: RenderEvent, render: AdmittedRender) -> None:
    renders, now = world.stores.renders, world.clock()
    match event:
        case _E.CLIP:
            await world.conclude(render.id, CLIP)
        case _E.ERROR:
            await world.conclude(render.id, PASSING)
        case _E.SILENCE:
            await world.silence(render.id)
        case _E.SUBMITTED:
            await renders.submitted(render, f"answer-{render.id}", now=now, due_at=now + LEASE)
        case _E.ANSWER_LOST:
            await renders.answer_lost(render, due_at=now)
        case _E.PUT_BACK:
            await renders.put_back(render, due_at=now, why=GeneratorBusy("busy"))
        case _:
            raise AssertionError(event)


BY_ITS_SUBMITTER = {_E.SUBMITTED, _E.ANSWER_LOST, _E.PUT_BACK}  # plain compare-and-sets, which know no impossible
HAPPENING = [_E.CLIP, _E.ERROR, _E.SILENCE, _E.SUBMITTED, _E.ANSWER_LOST, _E.PUT_BACK]


@pytest.mark.parametrize("event", HAPPENING)
async def test_every_status_goes_where_the_lifecycle_says(world: World, event: RenderEvent) -> None:
    """From each status the event leads to the listed one; absorbed or impossible, the render stays as it was."""
    await world.owner.execute("update storyreel.providers set slots = 100")
    for status in RenderStatus:
        render = await bring_to(world, status, f"{event}-{status}")
        before = await world.one("select * from storyreel.renders where id = %s", render.id)
        expected = RENDER[status].get(event)

        if event in RENDER[status] or event in BY_ITS_SUBMITTER:
            await happen(world, event, render)
        else:
            with pytest.raises(KeyError):
                await happen(world, event, render)

        assert await world.render(render.id) == (expected or status), f"{event} for {status}"
        if expected is None:
            after = await world.one("select * from storyreel.renders where id = %s", render.id)
            named = status in ENDED and event is _E.SUBMITTED  # its name is noted, nothing else
            assert after == before or named, f"{event} for {status}"
        await world.owner.execute(
            "update storyreel.renders set status = 'cancelled', due_at = null, waits_for = null, ended_at = %s"
            " where ended_at is null",
            [world.clock()],
        )


async def test_an_answer_may_come_between_the_sweeps_look_and_its_verdict(world: World) -> None:
    """Reconcile saw the render unknown and overdue; its answer came after all; the verdict changes nothing."""
    render = await world.admitted()
    await world.answer_lost(render)
    (seen,) = await world.stores.sweep.silent(now=world.clock(), limit=10)
    assert seen == render.id
    await world.submit(render, "late")

    await world.silence(seen)

    assert await world.render(render.id) == "submitted"


async def test_a_clip_moves_its_take_on_to_be_fetched(world: World) -> None:
    """Status, render, address and time on the take, a hint to fetch, and the render ended."""
    render = await world.submitted()

    await world.conclude(render.id, CLIP)

    assert await world.one(
        "select status, render_id, clip_url, delivered_at, due_at, tries from storyreel.takes"
    ) == (
        "fetching", render.id, CLIP.url, world.clock(), world.clock(), 0)  # fmt: skip
    assert await world.one("select status, due_at, ended_at from storyreel.renders") == (
        "delivered", None, world.clock())  # fmt: skip
    assert await world.jobs("fetch") == 1
    assert await world.ledger(render.id) == {"reserved": Decimal("0.01")}, "the cost is not known yet"


async def test_news_of_a_render_that_is_not_there_says_so(world: World) -> None:
    """None, and nothing happens."""
    assert await world.conclude(UUID(int=1), CLIP) is None


async def test_a_freed_slot_is_hinted_where_somebody_waits(world: World) -> None:
    """The end of a render has the next one admitted at once; where nobody waits there is nothing to hint."""
    await world.owner.execute("update storyreel.providers set slots = 1")
    render = await world.submitted()
    await world.forget_jobs()
    await world.conclude(render.id, CLIP)
    assert await world.jobs("admit") == 0

    render = await world.submitted("fox", request_id="r2")
    await world.waiting("owl")
    await world.forget_jobs()
    await world.conclude(render.id, CLIP)
    assert await world.jobs("admit") == 1
