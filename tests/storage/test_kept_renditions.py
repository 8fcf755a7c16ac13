"""Renditions that could not be made anew are as good as before: who has not seen them yet is shown them."""

from pipeline.model import Failure
from tests.storage.builders import LEASE, TABLE
from tests.storage.world import World


async def test_whoever_asked_anew_for_a_rejected_story_is_shown_what_was_kept(world: World) -> None:
    """Its text is that of a clip that is ready by now; making its files anew fails, and the old ones are there."""
    take = await world.ready()
    story = await world.story()
    (revision,) = await world.claim()
    assert await world.stores.plans.reject(revision, reason="blank", message="No words.", now=world.clock())
    assert await world.stores.stories.request_of(TABLE, story, kind="rerender")
    await world.plan()

    mine = await world.stores.takes.claim_finish(take, now=world.clock(), lease=LEASE)
    assert mine
    why = Failure("not_finished", "ffmpeg died", permanent=False)
    assert await world.stores.takes.give_up(mine, why, now=world.clock())

    (shows,) = await world.one("select shows from storyreel.videos where source_id = %s", story)
    assert shows == "final"
