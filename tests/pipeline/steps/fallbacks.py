"""Videos that fell back, and time that passes over them. Holds no promises; those are in tests."""

from datetime import timedelta

from pipeline.retry import COMEBACKS, MAX_RENDERS
from tests.pipeline.steps.world import World

BY_ITSELF, BY_ASKING = "It will be tried again by itself.", "You can try again later."
SOON = COMEBACKS[0]


async def fallen_back(world: World, *, fails: int = MAX_RENDERS) -> str:
    """A story whose provider crashed at every try, and goes on to for so many requests in all; its id."""
    for nth in range(1, fails + 1):
        world.provider.script(nth, fail=500)
    story = await world.submit()
    assert (await world.live_on(story)).reason == "provider_error"
    return story


async def wait(world: World, time: timedelta) -> None:
    """Let so much time pass, and do what is due then."""
    world.clock.advance(seconds=time.total_seconds())
    await world.reconcile()
    await world.run_jobs()


async def live_through(world: World) -> None:
    """Let a minute pass, in which every try of a round comes to its end."""
    for _ in range(6):
        await world.run_jobs()
        await world.open_post()
        await world.run_jobs()
        await wait(world, timedelta(seconds=10))


async def nothing_comes_back(world: World, story: str) -> None:
    """Not within a week, whatever is looked at meanwhile."""
    before, paid = await world.video(story), len((await world.provider.journal())["requests"])
    for hours in (1, 6, 24, 24, 24 * 7):
        await wait(world, timedelta(hours=hours))
    assert await world.video(story) == before
    assert len((await world.provider.journal())["requests"]) == paid
