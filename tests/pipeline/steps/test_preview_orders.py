"""Which stories get a preview at all, and what the provider is asked for: a sketch in the final clip's shape."""

import pytest

from pipeline.lifecycle import Shows, Work
from tests.pipeline.steps.progressive import SKETCHED, frames_ordered, orders, takes_as
from tests.pipeline.steps.world import STORY, World


@pytest.mark.parametrize("asked", [False, True])
async def test_a_rerender_makes_a_preview_only_where_it_is_asked_for(world: World, asked: bool) -> None:
    """Of a story that shows nothing but its placeholder."""
    world.provider.script(1, fail="no_media_generated")
    story = await world.submit()
    await world.deliver()
    world.previews = True
    await world.rerender(story, kind="new_take", seed=7, **({"preview": True} if asked else {}))
    await world.run_jobs()

    assert sorted(await frames_ordered(world)) == ([SKETCHED] if asked else []) + [12, 12]


async def test_one_setting_turns_previews_off(world: World) -> None:
    """For first videos and for whoever asks for one."""
    world.previews = False
    story = await world.made()
    await world.rerender(story, kind="new_take", seed=7, preview=True)
    assert (await world.live_on(story)).shown_revision == 2

    assert await takes_as(world, "preview") == []
    assert await frames_ordered(world) == [12, 12]


@pytest.mark.parametrize("stage", ["fetching", "finishing", "ready", "failed"])
async def test_no_preview_is_made_where_the_final_needs_no_render(world: World, stage: str) -> None:
    """It is there sooner than its preview would be, or never."""
    if stage == "failed":
        world.provider.script(1, fail="no_media_generated")
    await world.delivered()
    for name in ("finishing", "ready"):
        if stage in {name, "ready"}:
            await {"finishing": world.fetch, "ready": world.finish}[name]()
    assert (await world.take())["status"] == stage

    world.previews = True
    other = await world.tell()
    await world.plan()
    assert await takes_as(world, "preview") == []
    await world.live_on(other)
    assert await frames_ordered(world) == [12]


async def test_a_story_that_joins_a_final_at_the_provider_gets_its_preview(world: World) -> None:
    """The final may take its time yet."""
    world.provider.script(1, latency=60)
    await world.submit()
    world.previews = True
    other = await world.tell()
    await world.run_jobs()
    await world.deliver()
    await world.run_jobs()

    assert (await world.video(other)).shows == Shows.PREVIEW
    assert await frames_ordered(world) == [12, SKETCHED]


async def test_a_final_that_is_gone_and_made_again_gets_a_preview(world: World) -> None:
    """It was paid for and expired: it must be rendered like a new one, and that takes as long."""
    story = await world.delivered()
    await world.rows("update storyreel.takes set clip_url = replace(clip_url, '/files/', '/files/gone-')")
    assert (await world.live_on(story)).reason == "clip_gone"

    world.previews = True
    other = await world.tell()
    await world.run_jobs()
    assert sorted(await frames_ordered(world)) == [SKETCHED, 12, 12]
    assert (await world.live_on(other)).shows == Shows.FINAL


async def test_equal_stories_share_one_preview(world: World) -> None:
    """And another model's final of the same story and shape shares it too: it is the same sketch."""
    world.previews = True
    stories = [await world.tell() for _ in range(3)]
    await world.plan()
    await world.admit()
    await world.open_post()
    await world.run_jobs()

    assert {(await world.video(story)).shows for story in stories} == {Shows.FINAL}
    assert sorted(await frames_ordered(world)) == [SKETCHED, 12]


@pytest.mark.parametrize(
    ("model", "parameters", "ratio"),
    [
        ("lightning", None, 1.0),
        ("svd", None, 16 / 9),
        ("lightning", {"width": 288, "height": 512}, 9 / 16),
        ("kling", {"aspect_ratio": "9:16"}, 9 / 16),
    ],
)
async def test_a_preview_fits_the_box_of_its_final(
    world: World, model: str, parameters: dict[str, object] | None, ratio: float
) -> None:
    """As many pixels as 256 by 256 have, more or less, in the final's shape: the swap makes no jump."""
    world.previews = True
    assert await world.stores.stories.request("elsewhere", "1", STORY, model=model, parameters=parameters)
    await world.rows("update storyreel.providers set slots = 1")
    await world.run_jobs()

    (preview,) = await orders(world)
    width, height = preview["video_size"]["width"], preview["video_size"]["height"]
    assert (preview["num_frames"], preview["num_inference_steps"]) == (SKETCHED, 2)
    assert width / height == pytest.approx(ratio, rel=0.03)
    assert width * height == pytest.approx(256 * 256, rel=0.05)
    assert width % 8 == height % 8 == 0


async def test_the_model_preview_has_no_preview(world: World) -> None:
    """Asked for by its name, the sketch is the final."""
    world.previews = True
    assert await world.stores.stories.request("elsewhere", "1", STORY, model="preview")
    await world.run_jobs()
    await world.deliver()
    await world.run_jobs()

    video = await world.stores.stories.find("elsewhere", "1", now=world.clock())
    assert video
    assert (video.shows, video.work) == (Shows.FINAL, Work.IDLE)
    assert await frames_ordered(world) == [SKETCHED]
