"""Progress is computed when it is read: it only grows, and never says done before it is."""

from datetime import timedelta

from tests.storage.builders import CLIP, PASSING, PERMANENT, TABLE
from tests.storage.world import World


async def progress(world: World, story: str) -> float:
    view = await world.stores.stories.find(TABLE, story, now=world.clock())
    assert view
    return view.progress


async def test_progress_grows_from_stage_to_stage(world: World) -> None:
    """From nothing at the insert to one at the end, and never back."""
    story = await world.story()
    seen = [await progress(world, story)]
    render = await world.submitted()
    seen.append(await progress(world, story))
    for _ in range(4):
        world.clock.advance(seconds=3)
        seen.append(await progress(world, story))
    await world.conclude(render.id, CLIP)
    take = await world.take_of(render.id)
    seen.append(await progress(world, story))
    await world.fetch(take)
    seen.append(await progress(world, story))
    assert max(seen) < 1
    await world.finish(take)
    seen.append(await progress(world, story))

    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0, 1)


async def test_a_silent_provider_never_makes_it_done(world: World) -> None:
    """A day after the submit the bar stands below the next stage."""
    story = await world.story()
    await world.submitted()
    world.clock.advance(days=1)

    assert 0.1 < await progress(world, story) < 0.9


async def test_progress_follows_what_the_last_clips_took(world: World) -> None:
    """Where the model's last clip took a minute, five seconds are less of the way than where it took five."""
    shares = []
    for key, seconds in (("slow", 60), ("fast", 5)):
        render = await world.submitted(key, request_id=key)
        world.clock.advance(seconds=seconds)
        await world.conclude(render.id, CLIP)
        take = await world.take_of(render.id)
        await world.fetch(take)
        await world.finish(take)
        story = await world.story()
        await world.submitted(f"next-{key}", request_id=f"next-{key}")
        world.clock.advance(seconds=5)
        shares.append(await progress(world, story))
        await world.owner.execute(
            "update storyreel.renders set status = 'cancelled', due_at = null, ended_at = now()"
            " where ended_at is null"
        )

    assert shares[0] < shares[1]


async def test_a_video_that_fell_back_has_no_progress(world: World) -> None:
    """Nothing is under way; a clock that runs backwards does not go below nothing either."""
    story = await world.story()
    await world.failed(PERMANENT)
    assert await progress(world, story) == 0

    other = await world.story()
    await world.submitted("other", request_id="other")
    world.clock.now -= timedelta(hours=3)
    assert 0 <= await progress(world, other) < 1


async def test_a_second_try_counts_from_its_own_submit(world: World) -> None:
    """Between a failed render and the next one's submit the bar waits below the provider's part."""
    story = await world.story()
    render = await world.submitted()
    world.clock.advance(seconds=30)
    await world.conclude(render.id, PASSING)

    assert 0 < await progress(world, story) < 0.15
