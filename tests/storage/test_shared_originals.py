"""Two takes with the same original share its files: one is finished while the other is subscribed to.

Orders are forced by locks that a third session holds, never by time.
"""

import asyncio
from uuid import UUID

from tests.storage.builders import LEASE, renditions, shot
from tests.storage.world import World

KEY = "rendition-of-both"
HOLD_REVISION = "select from storyreel.revisions where id = %s for update"


async def fetched(world: World, key: str) -> UUID:
    """A take whose original is the same as every other's here."""
    take = await world.fetching(key)
    in_hand = await world.stores.takes.claim_fetch(take, now=world.clock(), lease=LEASE)
    assert in_hand
    assert await world.stores.takes.fetched(
        in_hand, bucket="videos", path="originals/both.mp4", sha256="both", now=world.clock()
    )
    return take


async def finish(world: World, take: UUID) -> bool:
    in_hand = await world.stores.takes.claim_finish(take, now=world.clock(), lease=LEASE)
    assert in_hand
    return await world.stores.takes.finished(
        in_hand, rendition_key=KEY, bucket="videos", renditions=renditions(KEY), now=world.clock()
    )


async def test_a_take_is_finished_while_its_video_subscribes_to_its_twin(world: World) -> None:
    """The planner has the video and comes to the files: whoever finishes must not hold these and wait for that."""
    paths = ["originals/both.mp4", *(made.path for made in renditions(KEY))]
    await world.stores.takes.note_files("videos", paths, now=world.clock())
    assert await finish(world, await fetched(world, "fox"))
    take = await fetched(world, "whale")
    story, video = await world.one(
        "select v.source_id, v.id from storyreel.videos v join storyreel.revisions r on r.video_id = v.id"
        " join storyreel.shots s on s.revision_id = r.id where s.take_id = %s",
        take,
    )
    await world.ask_again(story)
    (revision,) = await world.claim()

    async with world.holding(HOLD_REVISION, revision.id):
        planner = asyncio.create_task(world.stores.plans.save(revision, [shot("fox")], now=world.clock()))
        await world.blocked(1)
        finisher = asyncio.create_task(finish(world, take))
        await world.blocked(2)

    assert await planner
    assert await finisher
    assert await world.one("select path from storyreel.videos where id = %s", video) == (f"{KEY}/video.mp4",)
    assert await world.take(take) == "ready"
