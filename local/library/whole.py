"""Publishes a library whole: what is missing is built on the way, and refused where that costs money."""

from collections.abc import Sequence

from local.library.building import Tell, build, is_paid, missing
from local.library.description import BadLibrary, Library
from local.library.loops import Loop, loops
from local.library.publishing import Published, check, publish
from local.library.shelf import Built, Shelf
from pipeline.ports import Bucket, Transcoder
from storage.database import Database


async def publish_whole(
    library: Library,
    database: Database,
    bucket: Bucket,
    transcoder: Transcoder,
    *,
    processes: int,
    real: bool,
    tell: Tell,
) -> Published:
    """Publish all loops of the library. `real`: an emulator's clips will not do there.

    Raises `BadLibrary`, which names the command for what costs money, and as `build` and `publish` do.
    """
    await check(database, library)  # before minutes of building and uploading
    every, shelf = loops(library, recipe=transcoder.recipe), Shelf(library.folder)
    if missing(every, shelf, real=real):  # else without the lock: several may publish what is whole
        with Shelf.locked(library.folder) as shelf:
            unbuilt = missing(every, shelf, real=real)
            _refuse_to_spend(library, unbuilt)
            await build(library.folder, unbuilt, shelf, transcoder, processes=processes, paid=None, tell=tell)
    return await publish(database, bucket, library, [_built(shelf, loop) for loop in every], shelf)


def _refuse_to_spend(library: Library, unbuilt: Sequence[Loop]) -> None:
    for loop in filter(is_paid, unbuilt):
        raise BadLibrary(
            f"{loop.place} is not built, and costs money: "
            f"run `storyreel placeholders build {library.folder}` first"
        )


def _built(shelf: Shelf, loop: Loop) -> Built:
    built = shelf.find(loop.theme, loop.digest)
    assert built is not None, "what was missing has been built"
    return built
