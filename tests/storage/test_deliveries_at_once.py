"""Deliveries that arrive at the same moment: whatever their order, a take gets one clip and each counts once."""

import asyncio
from uuid import UUID

from pipeline.model import Clip, Failure
from tests.storage.builders import CLIP, PERMANENT
from tests.storage.world import World

OTHER_CLIP = Clip("https://provider.example/other.mp4")


async def both(world: World, one: UUID, two: UUID, *, same: bool) -> list[str]:
    """Two deliveries that both wait for the take's lock, let go together."""
    take = await world.take_of(one)
    async with world.holding("select 1 from storyreel.takes where id = %s for update", take):
        first = asyncio.ensure_future(world.deliver(one, CLIP, request_id="one", body="1"))
        await world.blocked(1)
        clip, request, body = (CLIP, "one", "1") if same else (OTHER_CLIP, "two", "2")
        second = asyncio.ensure_future(world.deliver(two, clip, request_id=request, body=body))
        await world.blocked(2)
    return sorted(await asyncio.gather(first, second))


async def test_two_deliveries_of_one_render_at_once_are_one(world: World) -> None:
    """The provider posts twice, two processes answer: one is accepted, the other is a repetition."""
    render = await world.submitted(request_id="one")

    assert await both(world, render.id, render.id, same=True) == ["accepted", "repeated"]

    assert await world.jobs("fetch") == 1
    assert await world.one("select count(*) from storyreel.deliveries") == (1,)


async def test_two_renders_of_one_take_at_once_give_it_one_clip(world: World) -> None:
    """Whichever is first is used; the other is late, and both are paid for."""
    first = await world.admitted()
    await world.lose(first)
    second = await world.admit()

    assert await both(world, first.id, second.id, same=False) == ["accepted", "late"]

    (used, url) = await world.one("select render_id, clip_url from storyreel.takes")
    assert (used, url) in {(first.id, CLIP.url), (second.id, OTHER_CLIP.url)}
    assert await world.rows("select status from storyreel.renders") == [("delivered",)] * 2
    assert await world.jobs("fetch") == 1


async def test_a_clip_and_a_failure_at_once_leave_the_clip(world: World) -> None:
    """The second try fails while the first, thought lost, delivers: in either order the take has its clip."""
    for number, clip_first in enumerate((True, False)):
        first = await world.admitted(f"take {number}")
        await world.lose(first)
        second = await world.admit()
        take = await world.take_of(first.id)
        news: list[tuple[UUID, Clip | Failure]] = [(first.id, CLIP), (second.id, PERMANENT)]
        async with world.holding("select 1 from storyreel.takes where id = %s for update", take):
            tasks = []
            for render, outcome in news if clip_first else reversed(news):
                request = str(render)
                tasks.append(
                    asyncio.ensure_future(world.deliver(render, outcome, request_id=request, body=request))
                )
                await world.blocked(len(tasks))
        await asyncio.gather(*tasks)

        assert await world.take(take) == "fetching"
