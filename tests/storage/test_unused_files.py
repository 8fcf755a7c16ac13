"""Files that nobody needs: which ones they are, and when they are removed."""

from uuid import UUID

from tests.storage.builders import LEASE, PERMANENT, shot
from tests.storage.leftovers import (
    KEEP,
    complete,
    delete,
    files_of,
    finish_with,
    finishing,
    made,
    note,
    noted,
    overdue,
    pass_days,
    sweep,
)
from tests.storage.world import World


async def original_of(world: World, take: UUID) -> str:
    (path,) = await world.one("select original_path from storyreel.takes where id = %s", take)
    return str(path)


async def test_a_file_is_removed_once_it_was_unused_for_the_whole_grace(world: World) -> None:
    """Not before, counted from the first look that found it unused. The take says that its files are gone."""
    take = await made(world)
    files = await files_of(world, take)
    assert len(files) == 4
    assert await pass_days(world, 30) == set()
    await delete(world)
    deleted = world.clock()

    assert await pass_days(world, 7) == set()
    assert await pass_days(world, 1) == files

    assert world.clock() - deleted >= KEEP
    assert await world.take(take) == "removed"
    assert (await noted(world), await world.rows("select from storyreel.renditions")) == (set(), [])


async def test_a_file_that_was_noted_and_never_needed_is_removed(world: World) -> None:
    """Its worker was killed before a row referred to it, whether or not it had been put."""
    await note(world, "originals/lost.mp4")

    assert await pass_days(world, 7) == set()
    assert await pass_days(world, 1) == {"originals/lost.mp4"}


async def test_a_file_that_is_put_again_begins_anew(world: World) -> None:
    """Its take will soon refer to it."""
    await note(world, "old", "put again")
    await pass_days(world, 7)
    await note(world, "put again")

    assert await pass_days(world, 7) == {"old"}
    assert await pass_days(world, 1) == {"put again"}


async def test_use_that_no_look_has_seen_ends_the_grace(world: World) -> None:
    """Reconcile stood still while the story was told again and deleted: the whole grace begins anew."""
    take = await made(world)
    await delete(world)
    await pass_days(world, 3)
    world.clock.advance(days=30)
    await world.story("A story of whale")
    await world.plan()
    world.clock.advance(days=30)
    await delete(world)

    assert await pass_days(world, 7) == set()
    assert await world.take(take) == "ready"
    assert len(await pass_days(world, 1)) == 4


async def test_renditions_that_are_used_without_being_made_begin_anew(world: World) -> None:
    """Another take has the same original, finds them made, and is left as well before anybody looks."""
    take = await made(world)
    await delete(world)
    await pass_days(world, 3)
    second = await finishing(world, "fox", await original_of(world, take))
    assert await finish_with(world, second, f"rendition-{take}", make=False)
    await delete(world, "fox")
    world.clock.advance(days=8)

    assert await sweep(world) == set()


async def test_a_story_told_again_within_the_grace_pays_nothing(world: World) -> None:
    """It is shown at once; after the grace, it is rendered anew."""
    take = await made(world)
    await delete(world)
    await pass_days(world, 7)
    story = await world.story("A story of whale")
    await world.plan()
    assert await world.video(story) == ("final", 1, "idle", None)
    assert await world.one("select count(*) from storyreel.renders") == (1,)

    await delete(world)
    await pass_days(world, 9)
    story = await world.story("A story of whale")
    await world.plan()
    assert (await world.video(story), await world.take(take)) == (("placeholder", 0, "working", None), "rendering")
    assert await world.rows("select round, status from storyreel.renders order by attempt") == [
        (1, "delivered"),
        (2, "waiting"),
    ]


async def test_files_are_kept_while_any_story_uses_them(world: World) -> None:
    """Two equal stories share a take; one is deleted, the other's video plays on."""
    take = await made(world)
    other = await world.story("The same")
    await world.plan()
    await delete(world)

    assert await pass_days(world, 30) == set()
    assert (await world.video(other), await world.take(take)) == (("final", 1, "idle", None), "ready")


async def test_files_are_kept_while_any_revision_uses_them(world: World) -> None:
    """However old: one may go back to it, and a new recipe is applied to the original that is kept."""
    await made(world)
    (story,) = await world.one("select source_id from storyreel.videos")
    await world.ask_again(story)
    await world.plan(shot("fox"))
    await complete(world, await world.admit())
    files = await noted(world)

    assert await pass_days(world, 30) == set()
    assert (len(files), await world.video(story)) == (8, ("final", 2, "idle", None))
    await delete(world)
    assert await pass_days(world, 8) == files


async def test_two_takes_of_the_same_bytes_keep_them_for_each_other(world: World) -> None:
    """One original and one set of renditions: only when both takes are left, they go."""
    first = await made(world)
    files = await files_of(world, first)
    second = await finishing(world, "fox", await original_of(world, first))
    assert await finish_with(world, second, f"rendition-{first}", make=False)
    await delete(world)
    assert await pass_days(world, 30) == set()

    await delete(world, "fox")
    assert await pass_days(world, 8) == files
    assert (await world.take(first), await world.take(second.id)) == ("removed", "removed")


async def test_renditions_of_two_recipes_go_each_in_its_time(world: World) -> None:
    """Two takes of the same bytes, finished by two releases: those of the one that is left go."""
    first = await made(world)
    older = await files_of(world, first) - {await original_of(world, first)}
    second = await finishing(world, "fox", await original_of(world, first))
    assert await finish_with(world, second, "later", make=True)
    await delete(world)

    assert await pass_days(world, 8) == older
    assert await pass_days(world, 30) == set()
    assert (await world.take(first), await world.take(second.id)) == ("removed", "ready")


async def test_a_file_that_a_video_shows_is_kept(world: World) -> None:
    """Two stories show one preview; for the first it was remade by a later recipe, the second plays the older."""
    first, second = await world.story("A story of one"), await world.story("A story of two")
    await world.plan(shot("final", preview="whale"))
    admitted = await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE)
    take = await complete(world, next(render for render in admitted if "whale" in render.prompt.text))
    older = await files_of(world, take) - {await original_of(world, take)}
    await world.ask_again(first)
    await world.plan(shot("final", preview="whale"))
    in_hand = await world.stores.takes.claim_finish(take, now=world.clock(), lease=LEASE)
    assert in_hand
    assert await finish_with(world, in_hand, "later", make=True)
    assert (await world.video(first))[:2] == ("preview", 2)
    assert (await world.video(second))[:2] == ("preview", 1)

    assert await pass_days(world, 30) == set()
    await delete(world, "two")
    assert await pass_days(world, 8) == older


async def test_a_take_that_is_in_hand_keeps_its_original(world: World) -> None:
    """Its story was deleted meanwhile: what was paid for is kept for the whole grace all the same."""
    take = await world.fetching()
    await world.fetch(take)
    await note(world, *await files_of(world, take))
    await delete(world)
    assert await pass_days(world, 30) == set()

    await world.finish(take)
    assert await pass_days(world, 7) == set()
    assert len(await pass_days(world, 1)) == 1


async def test_what_failed_for_good_is_not_paid_for_again(world: World) -> None:
    """The clip was of no use and is removed; whoever tells the story again hears why, and nothing is rendered."""
    take = await world.fetching()
    await world.fetch(take)
    await note(world, *await files_of(world, take))
    in_hand = await world.stores.takes.claim_finish(take, now=world.clock(), lease=LEASE)
    assert in_hand
    assert await world.stores.takes.give_up(in_hand, PERMANENT, now=world.clock())
    await delete(world)
    assert len(await pass_days(world, 8)) == 1

    story = await world.story()
    await world.plan()
    assert await world.take(take) == "failed"
    assert await world.video(story) == ("placeholder", 0, "fallback", "no_clip")
    assert await world.one("select count(*) from storyreel.renders") == (1,)


async def test_nothing_is_removed_in_another_bucket(world: World) -> None:
    """A deployment that moved, or two that share a database: each looks at its own bucket only."""
    (take,) = await overdue(world, "whale")
    files = await files_of(world, take)
    await note(world, *files, bucket="another")
    query = "select * from storyreel.objects where bucket = 'another' order by path"
    another = await world.rows(query)

    assert await sweep(world) == files
    assert len(another) == 4
    await pass_days(world, 30)
    assert await world.rows(query) == another


async def test_no_more_files_are_looked_at_than_asked_for(world: World) -> None:
    """Those first that are due the longest; the others have their turn."""
    await note(world, "a", "b")
    world.clock.advance(seconds=1)
    await note(world, "c")
    world.clock.advance(days=1)
    seen = "select path from storyreel.objects where unused_since is not null order by path"

    await sweep(world, limit=2)
    assert await world.rows(seen) == [("a",), ("b",)]
    await sweep(world, limit=2)
    assert await world.rows(seen) == [("a",), ("b",), ("c",)]
