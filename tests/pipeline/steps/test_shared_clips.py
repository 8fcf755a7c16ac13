"""Stories, revisions and clips: what is shared is paid once, and what is shown only moves up."""

import pytest

from pipeline.lifecycle import Shows, Work
from tests.pipeline.steps.world import STORY, World


@pytest.mark.parametrize("other", [STORY, f"  {STORY}\n", "A  whale swims\tthrough the stars"])
async def test_equal_stories_pay_once(world: World, other: str) -> None:
    """Stories of the same text, however spaced, share one clip, and both show it."""
    first, second = await world.tell(), await world.tell(other)
    await world.plan()
    await world.admit()
    await world.deliver()
    await world.run_jobs()

    assert await world.provider.accepted() == 1
    one, two = await world.video(first), await world.video(second)
    assert (one.shows, two.shows, one.path) == (Shows.FINAL, Shows.FINAL, two.path)


@pytest.mark.parametrize("stage", ["waiting", "submitted", "fetching", "finishing", "ready"])
async def test_a_story_that_comes_later_joins_the_clip(world: World, stage: str) -> None:
    """At whatever stage a clip is, an equal story joins it, pays nothing and shows it in the end."""
    first = await world.tell()
    await world.plan()
    steps = {"submitted": world.admit, "fetching": world.deliver, "finishing": world.fetch, "ready": world.finish}
    for name, step in steps.items():
        if stage != "waiting" and list(steps).index(name) <= list(steps).index(stage):
            await step()
    second = await world.tell()
    await world.plan()

    assert ((await world.video(second)).shows == Shows.FINAL) == (stage == "ready")
    assert (await world.live_on(first)).shows == Shows.FINAL
    assert (await world.live_on(second)).shows == Shows.FINAL
    assert await world.provider.accepted() == 1


async def test_rendering_again_pays_only_for_another_seed(world: World) -> None:
    """A rerender of the same text and seed shows the same clip as a new revision; another seed is another clip."""
    story = await world.made()
    await world.rerender(story)
    await world.run_jobs()
    again = await world.video(story)
    assert (again.shown_revision, again.work, await world.provider.accepted()) == (2, Work.IDLE, 1)

    await world.rerender(story, kind="new_take", seed=7)
    await world.run_jobs()
    await world.deliver()
    await world.run_jobs()
    assert (await world.video(story)).shown_revision == 3
    assert await world.provider.accepted() == 2


async def test_rerenders_stand_behind_new_stories(world: World) -> None:
    """Somebody looks at a placeholder: the new story goes first, and the rerender asks for low priority."""
    await world.rows("update storyreel.providers set slots = 1")
    story = await world.made()
    await world.rerender(story, kind="new_take", seed=7)
    await world.plan()
    world.clock.advance(seconds=5)
    await world.submit("A fox in the forest")

    sent = [e for e in (await world.provider.journal())["received"] if e["method"] == "POST"]
    assert "fox" in sent[-1]["body"]["prompt"]
    await world.deliver()
    await world.admit()
    sent = [e for e in (await world.provider.journal())["received"] if e["method"] == "POST"]
    assert sent[-1]["headers"]["x-fal-queue-priority"] == "low"


async def test_a_failed_rerender_leaves_the_final(world: World) -> None:
    """What is shown only moves up: the old final stays, while the work says that it fell back."""
    world.provider.script(2, fail="content_policy_violation")
    story = await world.made()
    before = await world.video(story)
    await world.rerender(story, kind="new_take", seed=7)
    after = await world.live_on(story)

    assert (after.shows, after.path, after.shown_revision) == (Shows.FINAL, before.path, 1)
    assert (after.work, after.reason) == (Work.REJECTED, "content_rejected")


async def test_an_older_revision_that_comes_late_never_replaces_a_newer(world: World) -> None:
    """The first clip ends after the second: the second stays."""
    world.provider.script(1, latency=30)
    story = await world.submit()
    await world.rerender(story, kind="new_take", seed=7)
    await world.run_jobs()
    await world.deliver()
    await world.run_jobs()
    newest = await world.video(story)
    world.clock.advance(seconds=30)
    await world.deliver()
    await world.run_jobs()

    assert (newest.shows, newest.shown_revision) == (Shows.FINAL, 2)
    assert await world.video(story) == newest
    assert {row["status"] for row in await world.rows("select status from storyreel.takes")} == {"ready"}


async def test_a_deleted_story_takes_no_clip_with_it(world: World) -> None:
    """The video goes, what was paid for stays and is finished, and an equal story then pays nothing."""
    story = await world.submit()
    await world.rows("delete from public.stories where id = %s", story)
    await world.deliver()
    await world.run_jobs()
    assert (await world.take())["status"] == "ready"
    assert await world.rows("select from storyreel.videos") == []

    again = await world.tell()
    await world.run_jobs()
    assert (await world.video(again)).shows == Shows.FINAL
    assert await world.provider.accepted() == 1
