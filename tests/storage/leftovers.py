"""Takes whose files nobody needs any more, and a sweep that looks at them every day. Asserts no promise."""

from datetime import timedelta
from uuid import UUID

from pipeline.model import AdmittedRender, TakeInHand
from tests.storage.builders import CLIP, LEASE, renditions
from tests.storage.world import World

BUCKET = "videos"
KEEP = timedelta(days=7)


async def note(world: World, *paths: str, bucket: str = BUCKET) -> None:
    """Those files are about to be put."""
    await world.stores.takes.note_files(bucket, paths, now=world.clock())


async def files_of(world: World, take: UUID) -> set[str]:
    """The take's original, and what was made of it."""
    return {path for (path,) in await world.rows("select path from storyreel.files_of(%s)", take)}


async def noted(world: World) -> set[str]:
    """Every file that is known to be in a bucket."""
    return {path for (path,) in await world.rows("select path from storyreel.objects")}


async def made(world: World, key: str = "whale") -> UUID:
    """A story `A story of <key>` that is told and shown; its take."""
    return await complete(world, await world.admitted(key))


async def complete(world: World, render: AdmittedRender) -> UUID:
    """The render brings its take's clip, which is shown; the take."""
    await world.submit(render, f"request-{render.id}")
    await world.conclude(render.id, CLIP)
    take = await world.take_of(render.id)
    await world.fetch(take)
    await world.finish(take)
    await note(world, *await files_of(world, take))
    return take


async def delete(world: World, key: str = "whale") -> None:
    """The story of that key goes."""
    await world.owner.execute("delete from public.stories where text = %s", [f"A story of {key}"])


async def sweep(world: World, *, limit: int = 500) -> set[str]:
    """What is to be removed now."""
    now = world.clock()
    return set(await world.stores.sweep.remove_unused(BUCKET, now=now, before=now - KEEP, limit=limit))


async def removed(world: World, paths: set[str]) -> None:
    """They are gone, by whoever marked them now."""
    await world.stores.sweep.removed(BUCKET, list(paths), marked_at=world.clock())


async def pass_days(world: World, days: int) -> set[str]:
    """Look every day and remove what is to be removed; what that was."""
    gone: set[str] = set()
    for _ in range(days):
        world.clock.advance(days=1)
        gone |= (found := await sweep(world))
        await removed(world, found)
    return gone


async def overdue(world: World, *keys: str) -> list[UUID]:
    """Takes of deleted stories the grace of which is just over: the next look finds all of their files."""
    takes = [await made(world, key) for key in keys]
    for key in keys:
        await delete(world, key)
    assert await pass_days(world, 7) == set()
    world.clock.advance(days=1)
    return takes


async def finishing(world: World, key: str, original: str) -> TakeInHand:
    """A take in the hands of `finish`, with the bytes of another's original."""
    takes, take = world.stores.takes, await world.fetching(key)
    in_hand = await takes.claim_fetch(take, now=world.clock(), lease=LEASE)
    assert in_hand
    await note(world, original)
    digest = original.removeprefix("originals/").removesuffix(".mp4")
    assert await takes.fetched(in_hand, bucket=BUCKET, path=original, sha256=digest, now=world.clock())
    finishing = await takes.claim_finish(take, now=world.clock(), lease=LEASE)
    assert finishing
    return finishing


async def finish_with(world: World, take: TakeInHand, key: str, *, make: bool) -> bool:
    """End `finish` with the renditions of that key: with those that are there, or after making them."""
    files = renditions(key) if make else ()
    await note(world, *(rendition.path for rendition in files))
    return await world.stores.takes.finished(
        take, rendition_key=key, bucket=BUCKET, renditions=files, now=world.clock()
    )
