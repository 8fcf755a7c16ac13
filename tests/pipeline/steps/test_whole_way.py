"""From an inserted row to a video that plays, through real parts, and what a second run of anything changes."""

import asyncio
from urllib.parse import parse_qs

import pytest

from pipeline.lifecycle import Shows, Work
from pipeline.ports import Bucket
from tests.pipeline.steps.world import STORY, TURBO, World


async def made(world: World, text: str = STORY) -> str:
    """A story that is through; its id."""
    story = await world.submit(text)
    await world.deliver()
    await world.run_jobs()
    return story


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


async def test_one_submit_and_one_result_per_clip(world: World) -> None:
    """A final clip takes one POST and one GET of its result; nobody polls its status."""
    await made(world)
    world.clock.advance(hours=1)
    await world.reconcile()
    await world.run_jobs()

    assert await world.called("POST", TURBO) == 1
    assert await world.results_asked() == 1
    assert await world.called("GET", "/status") == 0


async def test_the_order_as_it_arrives(world: World) -> None:
    """The provider is told the prompt, the seed, a webhook that names the render, and when to stop bothering."""
    await world.submit()

    (render,) = await world.renders_made()
    take = await world.take()
    entry = next(entry for entry in (await world.journal())["received"] if entry["method"] == "POST")
    assert entry["body"]["prompt"] == take["prompt"]
    assert STORY in take["prompt"]
    assert (entry["body"]["seed"], entry["body"]["num_frames"]) == (take["seed"], 12)
    assert parse_qs(entry["query"])["fal_webhook"] == [f"{world.post.url}/{render['id']}"]
    assert float(entry["headers"]["x-fal-request-timeout"]) == world.timing.start_timeout.total_seconds()
    assert entry["headers"]["x-fal-queue-priority"] == "normal"


async def test_the_cost_is_what_the_provider_bills(world: World) -> None:
    """`x-fal-billable-units` of the one result GET decides the settled amount; the estimate stays on record."""
    world.script(1, latency=8)
    await world.submit()
    world.clock.advance(seconds=8)
    await world.deliver()
    await world.run_jobs()

    (render,) = await world.renders_made()
    assert render["billable_units"] == 8
    assert render["cost_usd"] == world.generator.price(TURBO, render["billable_units"])
    assert [row["amount_usd"] for row in await world.ledger("settled")] == [render["cost_usd"]]
    assert [row["amount_usd"] for row in await world.ledger("reserved")] == [render["estimate_usd"]]


@pytest.mark.parametrize("other", [STORY, f"  {STORY}\n", "A  whale swims\tthrough the stars"])
async def test_equal_stories_pay_once(world: World, other: str) -> None:
    """Stories of the same text, however spaced, share one clip, and both show it."""
    first, second = await world.tell(), await world.tell(other)
    await world.plan()
    await world.admit()
    await world.deliver()
    await world.run_jobs()

    assert await world.accepted() == 1
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
    await world.rows("update storyreel.revisions set due_at = %s where due_at is not null", world.clock())
    await world.plan()

    assert ((await world.video(second)).shows == Shows.FINAL) == (stage == "ready")
    assert (await world.live_on(first)).shows == Shows.FINAL
    assert (await world.live_on(second)).shows == Shows.FINAL
    assert await world.accepted() == 1


async def test_a_second_run_of_anything_changes_nothing(world: World) -> None:
    """After each step, every step run again leaves every row as it was, and asks the provider for nothing."""
    await world.tell()
    for step in (world.plan, world.admit, world.deliver, world.fetch, world.finish):
        await step()
        before, calls = await world.everything(), len((await world.journal())["received"])
        await world.plan()
        if step != world.plan:
            await world.admit()
            await world.reconcile()
        for work in (world.fetch, world.finish):
            if step not in {world.deliver, world.fetch}:
                assert not await work()

        assert await world.everything() == before
        assert len((await world.journal())["received"]) == calls


async def test_two_workers_at_once_do_the_work_once(world: World) -> None:
    """Every step run twice at the same moment submits, fetches and finishes once."""
    await asyncio.gather(*(world.tell(f"{STORY}, number {number}") for number in range(1)))
    await asyncio.gather(world.plan(), world.plan())
    await asyncio.gather(world.admit(), world.admit())
    await world.deliver()
    fetched = await asyncio.gather(world.fetch(), world.fetch())
    finished = await asyncio.gather(world.finish(), world.finish())

    assert sorted(fetched) == sorted(finished) == [False, True]
    assert await world.accepted() == 1
    assert len(await world.ledger("settled")) == 1


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
    assert await world.accepted() == 12


async def test_rendering_again_pays_only_for_another_seed(world: World) -> None:
    """A rerender of the same text and seed shows the same clip as a new revision; another seed is another clip."""
    story = await made(world)
    await world.rerender(story)
    await world.run_jobs()
    again = await world.video(story)
    assert (again.shown_revision, again.work, await world.accepted()) == (2, Work.IDLE, 1)

    await world.rerender(story, kind="new_take", seed=7)
    await world.run_jobs()
    await world.deliver()
    await world.run_jobs()
    assert (await world.video(story)).shown_revision == 3
    assert await world.accepted() == 2


async def test_rerenders_stand_behind_new_stories(world: World) -> None:
    """Somebody looks at a placeholder: with one slot, the new story goes first, and the rerender asks for low priority."""
    await world.rows("update storyreel.providers set slots = 1")
    story = await made(world)
    await world.rerender(story, kind="new_take", seed=7)
    await world.plan()
    world.clock.advance(seconds=5)
    await world.submit("A fox in the forest")

    sent = [e for e in (await world.journal())["received"] if e["method"] == "POST"]
    assert "fox" in sent[-1]["body"]["prompt"]
    await world.deliver()
    await world.admit()
    sent = [e for e in (await world.journal())["received"] if e["method"] == "POST"]
    assert sent[-1]["headers"]["x-fal-queue-priority"] == "low"


async def test_a_failed_rerender_leaves_the_final(world: World) -> None:
    """What is shown only moves up: the old final stays, while the work says that it fell back."""
    world.script(2, fail="content_policy_violation")
    story = await made(world)
    before = await world.video(story)
    await world.rerender(story, kind="new_take", seed=7)
    after = await world.live_on(story)

    assert (after.shows, after.path, after.shown_revision) == (Shows.FINAL, before.path, 1)
    assert (after.work, after.reason) == (Work.FALLBACK, "content_policy")


async def test_an_older_revision_that_comes_late_never_replaces_a_newer(world: World) -> None:
    """The first clip ends after the second: the second stays."""
    world.script(1, latency=30)
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
    await world.rows("update storyreel.revisions set due_at = %s where due_at is not null", world.clock())
    await world.run_jobs()
    assert (await world.video(again)).shows == Shows.FINAL
    assert await world.accepted() == 1
