"""Videos that fell back for good, or until a person asks: what would fail alike, or may have been paid for."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest

from pipeline.lifecycle import Shows, Work
from pipeline.reasons import CONTENT_REJECTED
from tests.pipeline.steps.fallbacks import BY_ASKING, BY_ITSELF, nothing_comes_back, wait
from tests.pipeline.steps.world import World


async def declined(world: World) -> str:
    world.provider.script(1, fail="content_policy_violation")
    story = await world.submit()
    await world.deliver()
    return story


async def refused(world: World) -> str:
    world.wire.answers = [("POST", httpx.Response(422, json={"detail": "no"}))]
    return await world.submit()


async def forgotten(world: World) -> str:
    """The provider had two results, which nobody fetched in time: both may have been billed."""
    for nth in (1, 2, 3):
        world.provider.script(nth, lose_webhook=True)
    story = await world.submit()
    for _ in range(2):
        await world.provider.rests()
        await wait(world, timedelta(hours=1, minutes=30))
        await wait(world, timedelta(minutes=1))
    return story


async def unanswered(world: World) -> str:
    for nth in (1, 2):
        world.provider.script(nth, drop_submit_answer=True, lose_webhook=True)
    return await world.submit()


async def unanswered_once(world: World) -> str:
    """The first may have been billed; the second failed for certain."""
    world.provider.script(1, drop_submit_answer=True, lose_webhook=True)
    world.provider.script(2, fail=500)
    return await world.submit()


async def gone_at_the_provider(world: World) -> str:
    story = await world.delivered()
    await world.rows("update storyreel.takes set clip_url = replace(clip_url, '/files/', '/files/gone-')")
    return story


async def gone_from_the_bucket(world: World) -> str:
    story = await world.delivered()
    await world.fetch()
    await world.bucket.delete([found.path for found in await world.bucket.list("")])
    return story


@pytest.mark.parametrize(
    ("way", "reason", "hope"),
    [
        (declined, CONTENT_REJECTED, ""),
        (refused, "generator_refused", ""),
        (forgotten, "provider_forgot", BY_ASKING),
        (unanswered, "provider_silent", BY_ASKING),
        (unanswered_once, "provider_error", BY_ASKING),
        (gone_at_the_provider, "clip_gone", BY_ASKING),
        (gone_from_the_bucket, "original_gone", BY_ASKING),
    ],
)
async def test_what_would_fail_alike_or_was_paid_for_never_comes_back_by_itself(
    world: World, way: Callable[[World], Awaitable[str]], reason: str, hope: str
) -> None:
    """And the sentence says whether asking can help."""
    story = await way(world)
    video = await world.live_on(story)

    work = Work.REJECTED if reason == CONTENT_REJECTED else Work.FALLBACK
    assert (video.shows, video.work, video.reason) == (Shows.PLACEHOLDER, work, reason)
    assert str(video.message).endswith(hope or ".")
    assert BY_ITSELF not in str(video.message)
    assert (BY_ASKING in str(video.message)) == bool(hope)
    await nothing_comes_back(world, story)


async def test_a_clip_that_is_no_video_never_comes_back(world: World, films: list[bytes]) -> None:
    """The same order would bring the same bytes."""
    films.append(b"<html>an error page</html>" * 100)
    story = await world.delivered()
    await world.run_jobs()

    assert (await world.video(story)).reason == "unusable_clip"
    await nothing_comes_back(world, story)
