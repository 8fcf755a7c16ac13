"""Removers of files that die, are overtaken, or are refused: nothing stays half removed, and nobody is held up."""

import pytest

from pipeline.errors import FileBeingRemoved
from tests.storage.leftovers import BUCKET, files_of, note, noted, overdue, removed, sweep
from tests.storage.world import World


async def test_what_a_killed_remover_leaves_another_removes(world: World) -> None:
    """It was killed after marking: for ten minutes the files are its own, then they are the next sweep's."""
    (take,) = await overdue(world, "whale")
    files = await files_of(world, take)
    assert await sweep(world) == files
    world.clock.advance(minutes=9)
    assert await sweep(world) == set()
    world.clock.advance(minutes=1)

    assert await sweep(world) == files
    await removed(world, files)
    assert await noted(world) == set()


async def test_a_remover_that_was_overtaken_forgets_nothing(world: World) -> None:
    """It returns when another is at it: a file that the other is about to delete must not be put yet."""
    (take,) = await overdue(world, "whale")
    files, began = await files_of(world, take), world.clock()
    await sweep(world)
    world.clock.advance(minutes=10)
    await sweep(world)

    await world.stores.sweep.removed(BUCKET, list(files), marked_at=began)
    await world.stores.sweep.not_removed(BUCKET, list(files), marked_at=began, due_at=began)

    with pytest.raises(FileBeingRemoved):
        await note(world, *files)
    await removed(world, files)
    await note(world, *files)


async def test_a_file_is_not_blocked_by_a_remover_that_died(world: World) -> None:
    """No sweep came by: after its ten minutes the file may be put, and then the remover has no say any more."""
    (take,) = await overdue(world, "whale")
    files, began = await files_of(world, take), world.clock()
    await sweep(world)
    world.clock.advance(minutes=9)
    with pytest.raises(FileBeingRemoved):
        await note(world, *files)
    world.clock.advance(minutes=1)

    await note(world, *files)

    await world.stores.sweep.removed(BUCKET, list(files), marked_at=began)
    assert (await noted(world), await sweep(world)) == (files, set())


async def test_files_that_cannot_be_removed_may_be_put(world: World) -> None:
    """The bucket refused: nobody is held up by it, and it is asked again when it is said."""
    (take,) = await overdue(world, "whale")
    files, now = await files_of(world, take), world.clock()
    await sweep(world)
    world.clock.advance(days=1)
    await world.stores.sweep.not_removed(BUCKET, list(files), marked_at=now, due_at=world.clock())
    one = min(files)
    await note(world, one)

    assert await sweep(world) == files - {one}
