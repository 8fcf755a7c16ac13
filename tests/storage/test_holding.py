"""A video whose clip waits for room in a budget says so, whenever its story began to wait for it."""

from tests.storage.builders import LEASE, shot
from tests.storage.world import World


async def works(world: World) -> list[tuple[str, str | None]]:
    return await world.rows("select work, reason from storyreel.videos order by created_at")


async def test_a_story_that_joins_a_clip_that_is_held_is_held_too(world: World) -> None:
    """Equal stories share a clip: whoever comes later waits for the same room, and goes on with the first."""
    await world.owner.execute("update storyreel.limits set day_usd = 0")
    await world.waiting()
    assert await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE) == []
    assert await works(world) == [("held", "budget")]

    await world.story()
    await world.plan(shot("whale"))
    assert await works(world) == [("held", "budget")] * 2

    await world.owner.execute("update storyreel.limits set day_usd = null")
    await world.admit()
    assert await works(world) == [("working", None)] * 2
