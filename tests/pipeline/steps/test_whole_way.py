"""From an inserted row to a video that plays, through real parts."""

from urllib.parse import parse_qs

from pipeline.lifecycle import Shows, Work
from pipeline.ports import Bucket
from tests.pipeline.steps.world import STORY, World


async def test_a_story_becomes_a_video(world: World, bucket: Bucket) -> None:
    """Insert, plan, admit, webhook, fetch, finish: then the video shows the final clip, whose files exist."""
    story = await world.tell()
    assert await world.plan() == 1
    assert await world.admit() == 1
    assert await world.deliver() == "accepted"
    assert await world.fetch()
    assert await world.finish()

    video = await world.video(story)
    assert (video.shows, video.work, video.shown_revision) == (Shows.FINAL, Work.IDLE, 1)
    assert (video.reason, video.message, video.progress) == (None, None, 1)
    assert video.url == f"http://files.test/videos/{video.path}"
    stored = {found.path: found.content_type for found in await bucket.list("")}
    assert sorted(stored.values()) == ["image/jpeg", "image/webp", "video/mp4", "video/mp4"]
    assert stored[str(video.path)] == "video/mp4"
    assert str(video.poster_url).removeprefix("http://files.test/videos/") in stored


async def test_the_placeholder_plays_all_the_while(world: World) -> None:
    """From the insert on there is something that plays, and progress only grows."""
    progress = []
    story = await world.tell()
    for step in (world.plan, world.admit, world.deliver, world.fetch):
        video = await world.video(story)
        assert (video.shows, video.path, video.work) == (Shows.PLACEHOLDER, "p/dream.mp4", Work.WORKING)
        progress.append(video.progress)
        await step()
    await world.finish()
    progress.append((await world.video(story)).progress)

    assert progress == sorted(progress)
    assert all(0 <= value < 1 for value in progress[:-1])


async def test_each_step_hints_the_next(world: World) -> None:
    """With no reconcile at all, the jobs that rows bring with them carry a story through."""
    story = await world.tell()
    await world.run_jobs()
    await world.deliver()
    await world.run_jobs()

    assert (await world.video(story)).shows == Shows.FINAL


async def test_the_order_as_it_arrives(world: World) -> None:
    """The provider is told the prompt, the seed, a webhook that names the render, and when to stop bothering."""
    await world.submit()

    (render,) = await world.renders_made()
    take = await world.take()
    entry = next(entry for entry in (await world.provider.journal())["received"] if entry["method"] == "POST")
    assert entry["body"]["prompt"] == take["prompt"]
    assert STORY in take["prompt"]
    assert (entry["body"]["seed"], entry["body"]["num_frames"]) == (take["seed"], 12)
    assert parse_qs(entry["query"])["fal_webhook"] == [f"{world.post.url}/{render['id']}"]
    assert float(entry["headers"]["x-fal-request-timeout"]) == world.timing.start_timeout.total_seconds()
    assert entry["headers"]["x-fal-queue-priority"] == "normal"


async def test_no_more_at_the_provider_than_there_are_slots(world: World) -> None:
    """What has no slot waits as a row, and goes when one is free."""
    for number in range(5):
        await world.tell(f"{STORY}, number {number}")
    await world.plan()
    await world.admit()
    assert (await world.statuses()).count("submitted") == 2

    await world.deliver()
    await world.admit()
    assert (await world.statuses()).count("submitted") == 2
    assert (await world.statuses()).count("waiting") == 2


async def test_stories_inserted_together_all_end(world: World) -> None:
    """Twelve rows of one statement, through two slots, each end with a video of their own clip."""
    await world.rows(
        "insert into public.stories (text) select 'a whale, number ' || n from generate_series(1, 12) n"
    )
    for _ in range(12):
        await world.run_jobs()
        await world.open_post()
    await world.run_jobs()

    shown = await world.rows("select shows, work, path from storyreel.videos")
    assert {(row["shows"], row["work"]) for row in shown} == {("final", "idle")}
    assert await world.provider.accepted() == 12
