"""Stories that get a preview before their final clip: the way to each moment, and what then stands there.

The preview is always the provider's first request and the final its second, so that a test can say how each goes.
Holds no promises; those are in tests.
"""

from typing import Any

from tests.pipeline.steps.outside import Row
from tests.pipeline.steps.world import STORY, World

SKETCHED = 4  # frames: what tells a preview's order from a final's


async def send(world: World, text: str = STORY) -> str:
    """A story whose preview and final are with the provider; its id."""
    world.previews = True
    story = await world.tell(text)
    await world.plan()
    await send_in_turn(world)
    return story


async def send_in_turn(world: World) -> None:
    """Hand over what waits, the more urgent alone first."""
    for slots in (1, 2):
        await world.rows("update storyreel.providers set slots = %s", slots)
        await world.admit()


async def sketched(world: World, text: str = STORY) -> str:
    """A story that shows its preview, and whose final is on its way; its id."""
    story = await send(world, text)
    await world.deliver()
    await world.run_jobs()
    return story


async def orders(world: World) -> list[Any]:
    """The inputs that reached the provider, in the order they came."""
    received = (await world.provider.journal())["received"]
    return [entry["body"] for entry in received if entry["method"] == "POST"]


async def frames_ordered(world: World) -> list[int]:
    return [order["num_frames"] for order in await orders(world)]


async def takes_as(world: World, shows: str) -> list[Row]:
    """Every take that some story has as its preview, or as its final."""
    return await world.rows(
        "select * from storyreel.takes t where exists"
        " (select from storyreel.shots s where s.take_id = t.id and s.shows = %s)",
        shows,
    )


async def take_as(world: World, shows: str) -> Row:
    (take,) = await takes_as(world, shows)
    return take


async def row_of(world: World, story: str) -> Row:
    """All that the app may see of the video, times included."""
    return await world.one("select * from storyreel.videos where source_id = %s", story)


async def pass_time(world: World, minutes: int) -> None:
    """Live on, a minute at a time."""
    for _ in range(minutes):
        await world.run_jobs()
        await world.open_post()
        await world.run_jobs()
        world.clock.advance(minutes=1)
        await world.reconcile()
    await world.run_jobs()
