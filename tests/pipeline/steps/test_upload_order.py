"""Which file goes up when: a bucket that fails in between has no video without its stills, and no row has one."""

from pathlib import Path

import pytest

from pipeline.keys import rendition_key, rendition_path
from pipeline.lifecycle import Shows
from tests.pipeline.steps.world import World


@pytest.mark.parametrize(("kind", "suffix"), [("poster", ".jpg"), ("video", ".mp4")])
async def test_the_video_goes_up_last(world: World, tmp_path: Path, kind: str, suffix: str) -> None:
    """The bucket refuses one file, for on its path stands a folder; once that is away, the rest follows."""
    story = await world.delivered()
    await world.fetch()
    original = (await world.take())["original_sha256"]
    key = rendition_key(original_sha256=original, recipe=world.transcoder.recipe)
    in_the_way = tmp_path / "buckets" / "videos" / rendition_path(key, kind, suffix)
    in_the_way.mkdir(parents=True)

    assert not await world.finish()
    there = {each.path.rpartition("/")[2] for each in await world.bucket.list("renditions/")}
    assert "video.mp4" not in there
    assert kind != "video" or there == {"poster.jpg", "preview.webp"}
    assert await world.rows("select from storyreel.renditions") == []
    assert (await world.video(story)).shows == Shows.PLACEHOLDER

    in_the_way.rmdir()
    assert (await world.live_on(story)).shows == Shows.FINAL
    assert len(await world.bucket.list("renditions/")) == 3
