"""A rough sketch first, then the final clip: what the app sees when both, either or none of them comes."""

from collections.abc import Callable

import pytest

from local.fal.models.film import ClipRequest, Drawing
from pipeline.lifecycle import Shows, Work
from tests.pipeline.ffmpeg.films import film
from tests.pipeline.steps.progressive import SKETCHED, frames_ordered, orders, row_of, send, sketched, take_as
from tests.pipeline.steps.world import World


@pytest.fixture(scope="session")
def sketch_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A clip that is told from the final one by its colour."""
    return film(
        tmp_path_factory.mktemp("sketch") / "clip.mp4", size=(64, 64), frames=4, colour=(190, 60, 30)
    ).read_bytes()


@pytest.fixture
def film_for(clip_bytes: bytes, sketch_bytes: bytes) -> Callable[[Drawing], bytes]:
    def render(drawing: Drawing) -> bytes:
        return sketch_bytes if isinstance(drawing, ClipRequest) and drawing.frames == SKETCHED else clip_bytes

    return render


async def test_preview_and_final_are_admitted_together(world: World) -> None:
    """With a slot for each, both are at the provider after one step; neither waits for the other."""
    world.previews = True
    await world.tell()
    await world.plan()

    assert await world.admit() == 2
    assert sorted(await frames_ordered(world)) == [SKETCHED, 12]
    assert len({row["admitted_at"] for row in await world.renders_made()}) == 1


async def test_the_preview_goes_first(world: World) -> None:
    """Where there is one slot, it is the preview's: four frames in two steps, of the same scene."""
    await send(world)

    preview, final = await orders(world)
    assert (preview["num_frames"], preview["num_inference_steps"], final["num_frames"]) == (SKETCHED, 2, 12)
    assert (preview["prompt"], preview["seed"]) == (final["prompt"], final["seed"])


async def test_a_rerenders_preview_waits_behind_live_users(world: World) -> None:
    """A preview goes before its own kind only: whoever looks at a placeholder is in more of a hurry."""
    world.provider.script(1, fail="no_media_generated")
    story = await world.submit()
    await world.deliver()
    world.previews = True
    await world.rerender(story, kind="new_take", seed=7, preview=True)
    await world.plan()
    world.previews = False
    await world.tell("A fox in the forest")
    await world.plan()
    for slots in (1, 2):
        await world.rows("update storyreel.providers set slots = %s", slots)
        await world.admit()

    _, second, third = await orders(world)
    assert "fox" in second["prompt"]
    assert third["num_frames"] == SKETCHED


async def test_a_preview_shows_and_the_final_replaces_it(world: World) -> None:
    """While the preview plays the work goes on; the final ends it."""
    world.provider.script(2, latency=60)
    story = await sketched(world)
    preview = await world.video(story)
    assert (preview.shows, preview.shown_revision, preview.work) == (Shows.PREVIEW, 1, Work.WORKING)
    assert (preview.reason, preview.message) == (None, None)
    assert preview.path != "p/dream.mp4"

    world.clock.advance(seconds=60)
    await world.deliver()
    await world.run_jobs()
    final = await world.video(story)
    assert (final.shows, final.shown_revision, final.work) == (Shows.FINAL, 1, Work.IDLE)
    assert final.path not in {preview.path, "p/dream.mp4"}
    assert final.blurhash != preview.blurhash
    assert (final.width, final.height) == (preview.width, preview.height), "the app keeps its box"


async def test_a_preview_after_the_final_changes_nothing(world: World) -> None:
    """It was paid for, and is finished as any other; but not a byte of what the app sees changes."""
    world.provider.script(1, latency=60)
    story = await send(world)
    await world.deliver()
    await world.run_jobs()
    before = await row_of(world, story)
    assert (before["shows"], before["work"]) == (Shows.FINAL, Work.IDLE)

    world.clock.advance(seconds=60)
    assert await world.deliver() == "accepted"
    await world.run_jobs()
    assert (await take_as(world, "preview"))["status"] == "ready"
    assert await row_of(world, story) == before


async def test_a_preview_that_the_final_overtook_is_cancelled(world: World) -> None:
    """At the provider, with the next reconcile; the take of the final is left alone."""
    world.provider.script(1, latency=600, heed_cancel=True)
    story = await send(world)
    await world.deliver()
    await world.run_jobs()
    await world.reconcile()

    assert await world.provider.called("PUT", "/requests/request-1/cancel") == 1
    assert await world.provider.called("PUT", "/cancel") == 1
    assert sorted(await world.statuses()) == ["cancelled", "delivered"]
    assert (await world.video(story)).work == Work.IDLE


async def test_a_preview_that_still_waited_when_the_final_showed_is_never_sent(world: World) -> None:
    """Nobody would see it: it is withdrawn instead of admitted, and nothing is reserved for it."""
    world.previews = True
    story = await world.tell()
    await world.plan()
    await world.rows(
        "update storyreel.renders set due_at = due_at + interval '1 hour', waits_for = 'time' where priority > 10"
    )
    await world.admit()
    await world.deliver()
    await world.run_jobs()
    assert (await world.video(story)).shows == Shows.FINAL

    world.clock.advance(hours=1)
    await world.reconcile()
    await world.run_jobs()
    assert await frames_ordered(world) == [12]
    assert sorted(await world.statuses()) == ["cancelled", "delivered"]
    assert len(await world.ledger("reserved")) == 1


async def test_a_final_that_fails_leaves_the_preview_playing(world: World) -> None:
    """The work says that it fell back, and why; the preview plays on, unchanged."""
    world.provider.script(2, latency=60, fail="no_media_generated")
    story = await sketched(world)
    preview = await world.video(story)
    world.clock.advance(seconds=60)
    await world.deliver()
    await world.run_jobs()

    after = await world.video(story)
    assert (after.shows, after.path, after.blurhash) == (Shows.PREVIEW, preview.path, preview.blurhash)
    assert (after.work, after.reason) == (Work.FALLBACK, "no_clip")
    assert after.message == "The video service made no video of this story."


async def test_a_preview_that_comes_after_its_final_failed_is_shown(world: World) -> None:
    """Better than the placeholder; that there will be no final clip is said as before."""
    world.provider.script(1, latency=60)
    world.provider.script(2, fail="no_media_generated")
    story = await send(world)
    await world.deliver()
    before = await world.video(story)
    assert (before.shows, before.work) == (Shows.PLACEHOLDER, Work.FALLBACK)
    await world.reconcile()

    world.clock.advance(seconds=60)
    await world.deliver()
    await world.run_jobs()
    after = await world.video(story)
    assert (after.shows, after.work) == (Shows.PREVIEW, Work.FALLBACK)
    assert (after.reason, after.message) == (before.reason, before.message)


async def test_a_failed_rerender_leaves_the_preview_of_the_first(world: World) -> None:
    """Whatever fails after it, a preview that plays is never taken away."""
    world.provider.script(2, fail="no_media_generated")
    world.provider.script(3, fail="no_media_generated")
    story = await send(world)
    await world.live_on(story)
    preview = await world.video(story)
    assert preview.shows == Shows.PREVIEW
    await world.rerender(story, kind="new_take", seed=7)
    after = await world.live_on(story)

    assert (after.shows, after.path, after.shown_revision) == (Shows.PREVIEW, preview.path, 1)
    assert after.work == Work.FALLBACK


async def test_a_rerenders_preview_never_replaces_a_final(world: World) -> None:
    """What is shown only moves up across revisions: asked for all the same, it is not even paid for."""
    story = await world.made()
    world.previews = True
    await world.rerender(story, kind="new_take", seed=7, preview=True)
    await world.run_jobs()
    assert (await world.video(story)).shows == Shows.FINAL

    assert (await world.live_on(story)).shown_revision == 2
    assert await frames_ordered(world) == [12, 12]


async def test_a_later_preview_replaces_an_earlier_one(world: World) -> None:
    """Among previews the higher revision is shown; then the final that comes of either."""
    world.provider.script(2, fail="no_media_generated")
    world.provider.script(4, latency=60)
    story = await send(world)
    await world.live_on(story)
    await world.rerender(story, kind="new_take", seed=7, preview=True)
    await world.rows("update storyreel.providers set slots = 1")
    await world.run_jobs()
    await world.deliver()
    await world.run_jobs()
    later = await world.video(story)
    assert (later.shows, later.shown_revision, later.work) == (Shows.PREVIEW, 2, Work.WORKING)

    final = await world.live_on(story)
    assert (final.shows, final.shown_revision, final.work) == (Shows.FINAL, 2, Work.IDLE)
