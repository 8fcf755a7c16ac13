"""Every row of the ledger names the video and the owner that its reservation did, however the render ended."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from pipeline.errors import GeneratorBusy, GeneratorMissing
from pipeline.model import AdmittedRender
from tests.storage.builders import CLIP, LEASE, PASSING
from tests.storage.world import World

ANNA = UUID(int=1)


async def told_its_cost(world: World, render: AdmittedRender) -> None:
    await world.submit(render, "r1")
    await world.deliver(render.id, CLIP)
    await world.stores.renders.settle(render.id, units=None, cost=Decimal("0.02"), now=world.clock())


async def never_told_its_cost(world: World, render: AdmittedRender) -> None:
    await world.submit(render, "r1")
    await world.deliver(render.id, CLIP)
    world.clock.advance(days=2)
    assert await world.stores.sweep.settle_old(now=world.clock(), before=world.clock()) == 1


async def failed(world: World, render: AdmittedRender) -> None:
    await world.submit(render, "r1")
    await world.conclude(render.id, PASSING)


async def failed_and_billed(world: World, render: AdmittedRender) -> None:
    await world.submit(render, "r1")
    await world.conclude(render.id, replace(PASSING, billed=True))


async def put_back_and_withdrawn(world: World, render: AdmittedRender) -> None:
    assert await world.stores.renders.put_back(render, due_at=world.clock(), why=GeneratorBusy("busy"))
    await world.owner.execute("delete from public.stories")
    assert await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE) == []


async def put_back_and_outrun(world: World, render: AdmittedRender) -> None:
    """An earlier try, given up, delivered after all."""
    await world.submit(render, "r1")
    await world.conclude(render.id, PASSING)
    world.clock.advance(minutes=1)
    rival = await world.admit()
    assert await world.stores.renders.put_back(rival, due_at=world.clock(), why=GeneratorBusy("busy"))
    assert await world.deliver(render.id, CLIP) == "accepted"


async def climbed_down(world: World, render: AdmittedRender) -> None:
    assert await world.stores.renders.climb_down(
        render, "fal-ai/two", Decimal("0.03"), why=GeneratorMissing("404"), now=world.clock()
    )


@pytest.mark.parametrize(
    ("end", "kinds"),
    [
        (told_its_cost, {"settled"}),
        (never_told_its_cost, {"settled"}),
        (failed, {"released"}),
        (failed_and_billed, {"settled"}),
        (put_back_and_withdrawn, {"released"}),
        (put_back_and_outrun, {"released"}),
        (climbed_down, {"released"}),
    ],
)
async def test_money_ends_as_it_began(
    world: World, end: Callable[[World, AdmittedRender], Awaitable[None]], kinds: set[str]
) -> None:
    """Settled or set free, it is the same owner's and the same video's."""
    await world.owner.execute("insert into public.stories (owner_id, text) values (%s, 'A whale')", [ANNA])
    await world.plan()
    (video,) = await world.one("select id from storyreel.videos")
    await end(world, await world.admit())

    written = await world.rows("select kind, video_id, owner_id from storyreel.ledger where kind <> 'reserved'")
    assert {kind for kind, *_ in written} == kinds
    assert [(of, owner) for _, of, owner in written] == [(video, ANNA)] * len(written)
