"""How urgent a take is that comes back by itself, and for whom it does not: only for those who would show it."""

from dataclasses import replace

from pipeline.model import Failure
from pipeline.outcome import RenderSeen, Verdict, on_failure
from tests.storage.builders import LEASE, PASSING, PERMANENT, shot
from tests.storage.world import World


async def fail(world: World, **failures: Failure) -> None:
    """Hand over what waits, and give up the takes of those keys."""
    await world.owner.execute("update storyreel.providers set slots = 9")
    for render in await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE):
        await world.submit(render, str(render.id))
        if failure := failures.get(render.prompt.text.removeprefix("A scene of ")):

            def give_up(seen: RenderSeen, failure: Failure = failure) -> Verdict:
                return on_failure(replace(seen, made=99), failure, now=world.clock(), jitter=0.0)

            await world.stores.renders.conclude(render.id, give_up, now=world.clock())


async def come_back(world: World) -> dict[str, int]:
    """Begin again what is due; the priority of each take that is, by its key."""
    world.clock.advance(minutes=15)
    begun = await world.stores.sweep.begin_again(now=world.clock(), limit=50)
    waiting = await world.rows(
        "select t.take_key, r.priority from storyreel.renders r join storyreel.takes t on t.id = r.take_id"
        " where r.status = 'waiting'"
    )
    assert begun == len(waiting)
    return dict(waiting)


async def assert_given_up(world: World, key: str) -> None:
    """The take stays failed, and is not looked at again."""
    assert await world.one("select status, again_at from storyreel.takes where take_key = %s", key) == (
        "failed", None)  # fmt: skip


async def rerendered(world: World) -> None:
    """A video of one clip whose newest revision wants another, which waits."""
    story = await world.waiting("whale")
    await fail(world)
    await world.ask_again(story)
    await world.plan(shot("fox"))


async def test_a_new_storys_clip_comes_back_as_urgent_as_it_was(world: World) -> None:
    """Somebody looks at a placeholder."""
    await world.waiting("whale")
    await fail(world, whale=PASSING)

    assert await come_back(world) == {"whale": 10}


async def test_a_preview_comes_back_before_finals(world: World) -> None:
    """Its final is still on its way."""
    await world.waiting("whale", preview="sketch")
    await fail(world, sketch=PASSING)

    assert await come_back(world) == {"sketch": 15}


async def test_a_preview_and_its_final_come_back_in_that_order(world: World) -> None:
    """Both failed in a way that can pass."""
    await world.waiting("whale", preview="sketch")
    await fail(world, sketch=PASSING, whale=PASSING)

    assert await come_back(world) == {"sketch": 15, "whale": 10}


async def test_a_rerenders_clip_is_in_no_hurry(world: World) -> None:
    """The old one plays."""
    await rerendered(world)
    await fail(world, fox=PASSING)

    assert await come_back(world) == {"fox": 0}


async def test_the_most_urgent_who_waits_counts(world: World) -> None:
    """A new story wants the same clip as the re-render."""
    await rerendered(world)
    await world.waiting("fox")
    await fail(world, fox=PASSING)

    assert await come_back(world) == {"fox": 10}


async def test_who_left_counts_no_more(world: World) -> None:
    """The new story that was in a hurry was deleted: what is left is the re-render."""
    await rerendered(world)
    story = await world.waiting("fox")
    await fail(world, fox=PASSING)
    await world.owner.execute("delete from public.stories where id::text = %s", [story])

    assert await come_back(world) == {"fox": 0}


async def test_a_superseded_revisions_clip_stays_failed(world: World) -> None:
    """Its video was rendered again meanwhile: nobody would pay for what the next one replaces."""
    story = await world.waiting("whale")
    await fail(world, whale=PASSING)
    await world.ask_again(story)
    await world.plan(shot("fox"))
    await fail(world)

    assert await come_back(world) == {}
    await assert_given_up(world, "whale")


async def test_a_superseded_revision_keeps_no_other_from_its_clip(world: World) -> None:
    """An equal story still waits for it."""
    story, _ = await world.waiting("whale"), await world.waiting("whale")
    await fail(world, whale=PASSING)
    await world.ask_again(story)
    await world.plan(shot("fox"))
    await fail(world)

    assert await come_back(world) == {"whale": 10}


async def test_a_preview_of_what_never_comes_stays_failed(world: World) -> None:
    """Its final was declined for good."""
    await world.waiting("whale", preview="sketch")
    await fail(world, sketch=PASSING, whale=PERMANENT)

    assert await come_back(world) == {}
    await assert_given_up(world, "sketch")


async def test_a_preview_comes_back_for_another_whose_final_may_come(world: World) -> None:
    """Two stories share it; the final of one was declined."""
    await world.waiting("whale", preview="sketch")
    await world.waiting("fox", preview="sketch")
    await fail(world, sketch=PASSING, whale=PERMANENT)

    assert await come_back(world) == {"sketch": 15}
