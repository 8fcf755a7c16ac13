"""Previews that fail, in every way that a clip can: nobody who watches the video learns of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import pytest

from local.fal.models.film import ClipRequest, Drawing
from pipeline.lifecycle import Shows, Work
from tests.pipeline.steps.progressive import SKETCHED, pass_time, row_of, send, take_as
from tests.pipeline.steps.world import World

_FINAL_SECONDS = 7000  # longer than any failure takes to be final, less than what counts as endless


@dataclass(frozen=True)
class Trouble:
    """How previews fail: a script for all requests, an answer to the submit, a clip of those bytes or none."""

    code: str
    script: dict[str, object] = field(default_factory=dict)
    refused: int | None = None
    clip: bytes | None = None
    gone: bool = False


TROUBLES = {
    "declined": Trouble("content_rejected", {"fail": "content_policy_violation"}),
    "crashes each time": Trouble("provider_error", {"fail": 500}),
    "is not begun in time": Trouble("not_started", {"fail": "startup_timeout"}),
    "is refused at the submit": Trouble("generator_refused", refused=422),
    "never answers": Trouble("provider_silent", {"drop_submit_answer": True, "lose_webhook": True}),
    "is no video": Trouble("unusable_clip", clip=b"<html>an error page</html>" * 100),
    "is empty": Trouble("unusable_clip", clip=b""),
    "is gone": Trouble("clip_gone", gone=True),
}


@pytest.fixture(params=list(TROUBLES.values()), ids=list(TROUBLES))
def trouble(request: pytest.FixtureRequest) -> Trouble:
    assert isinstance(request.param, Trouble)
    return request.param


@pytest.fixture
def film_for(trouble: Trouble, clip_bytes: bytes) -> Callable[[Drawing], bytes]:
    def render(drawing: Drawing) -> bytes:
        sketch = isinstance(drawing, ClipRequest) and drawing.frames == SKETCHED
        return trouble.clip if sketch and trouble.clip is not None else clip_bytes

    return render


async def _into_trouble(world: World, trouble: Trouble) -> str:
    """A story whose preview has failed for good or for now, and whose final is still being rendered; its id."""
    world.provider.script(2, latency=_FINAL_SECONDS)
    if trouble.script:
        for nth in (1, 3, 4, 5, 6, 7, 8, 9):
            world.provider.script(nth, **trouble.script)
    if trouble.refused:
        world.provider.script(1, latency=_FINAL_SECONDS)
        world.wire.answers = [("POST", httpx.Response(trouble.refused, json={"detail": "no"}))]
    story = await send(world)
    before = await row_of(world, story)
    if trouble.gone:
        await world.deliver()
        await world.rows("update storyreel.takes set clip_url = replace(clip_url, '/files/', '/files/gone-')")
    while (await take_as(world, "preview"))["status"] != "failed":
        assert await row_of(world, story) == before
        await pass_time(world, 1)
    assert await row_of(world, story) == before
    assert (before["shows"], before["work"], before["reason"]) == (Shows.PLACEHOLDER, Work.WORKING, None)
    return story


async def test_a_failed_preview_changes_nothing_for_the_user(world: World, trouble: Trouble) -> None:
    """Not a column of the video, at no moment; the final then comes as if nothing had been."""
    story = await _into_trouble(world, trouble)
    assert (await take_as(world, "preview"))["failure_code"] == trouble.code

    world.clock.advance(seconds=_FINAL_SECONDS)
    video = await world.live_on(story)
    assert (video.shows, video.shown_revision, video.work) == (Shows.FINAL, 1, Work.IDLE)
    assert (video.reason, video.message) == (None, None)


async def test_a_preview_whose_final_came_is_not_tried_again(world: World, trouble: Trouble) -> None:
    """It might come back by itself, were anybody still waiting for it."""
    story = await _into_trouble(world, trouble)
    world.clock.advance(seconds=_FINAL_SECONDS)
    await world.live_on(story)
    accepted = len((await world.provider.journal())["requests"])
    for _ in range(3):
        world.clock.advance(days=1)
        await pass_time(world, 2)

    assert len((await world.provider.journal())["requests"]) == accepted
    assert (await world.video(story)).work == Work.IDLE
