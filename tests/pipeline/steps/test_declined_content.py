"""Content that the provider declines: final by the same word as our own, and asked of nobody else."""

import httpx
import pytest

from pipeline.lifecycle import Shows, Work
from tests.pipeline.steps.fallbacks import nothing_comes_back
from tests.pipeline.steps.world import STORY, World

DECLINED = (Work.REJECTED, "content_rejected", "The video service declined the content of this story.")
DETAIL = [{"loc": ["body", "prompt"], "msg": "flagged by a checker", "type": "content_policy_violation"}]


async def declined(world: World) -> str:
    """A story that the provider declined."""
    world.provider.script(1, fail="content_policy_violation")
    story = await world.submit()
    await world.deliver()
    return story


async def standing(world: World, story: str) -> tuple[str, str | None, str | None]:
    video = await world.video(story)
    return video.work, video.reason, video.message


async def test_declined_content_is_rejected_for_good(world: World) -> None:
    """One submit, no comeback; the provider's own words are kept."""
    story = await declined(world)

    assert await standing(world, story) == DECLINED
    assert "flagged" in (await world.take())["failure_message"]
    await nothing_comes_back(world, story)
    assert await world.provider.accepted() == 1


async def test_a_submit_that_is_declined_at_once_is_final(world: World) -> None:
    """Where the provider's door already says so; the ladder is not climbed."""
    world.wire.answers = [("POST", httpx.Response(422, json={"detail": DETAIL}))]
    story = await world.submit()

    assert await standing(world, story) == DECLINED
    assert await world.statuses() == ["failed"]
    await nothing_comes_back(world, story)
    assert await world.provider.accepted() == 0


async def test_a_flag_that_it_may_be_retried_is_not_heeded(world: World) -> None:
    """What is declined for its content is not asked for until it is not."""
    await world.submit()
    await world.next_letter()
    world.wire.answers = [
        ("GET", httpx.Response(200, json={"status": "COMPLETED"})),
        ("GET", httpx.Response(422, json={"detail": DETAIL}, headers={"x-fal-retryable": "true"})),
    ]
    world.clock.advance(minutes=5)
    await world.reconcile()

    assert await world.statuses() == ["failed"]
    assert (await world.take())["failure_permanent"]


@pytest.mark.parametrize("more", [{"kind": "new_take", "seed": 8}, {"model": "turbo"}, {"model": "kling"}])
async def test_no_other_model_and_no_other_seed_is_tried(world: World, more: dict[str, object]) -> None:
    """Of the same words: whoever asks learns at once that they are declined, and nothing is sent."""
    story = await declined(world)
    await world.rerender(story, **more)
    await world.run_jobs()

    assert await standing(world, story) == DECLINED
    failures = await world.rows("select distinct failure_code, failure_message from storyreel.takes")
    assert len(failures) == 1
    assert len(await world.rows("select from storyreel.takes")) == 2
    assert len((await world.provider.journal())["requests"]) == 1


async def test_other_words_are_asked_for(world: World) -> None:
    """A story whose text was changed has a new chance, and so have other stories."""
    story = await declined(world)
    await world.rows("update public.stories set text = 'A friendly whale' where id::text = %s", story)
    await world.rerender(story)

    assert (await world.live_on(story)).shows == Shows.FINAL
    assert (await world.live_on(await world.tell("A fox"))).shows == Shows.FINAL


async def test_an_equal_story_learns_it_at_once(world: World) -> None:
    """Of whatever owner, and with another model."""
    await declined(world)
    other = await world.tell()
    await world.stores.stories.request("elsewhere", "1", STORY, model="turbo")
    await world.run_jobs()
    elsewhere = await world.stores.stories.find("elsewhere", "1", now=world.clock())

    assert await standing(world, other) == DECLINED
    assert elsewhere is not None
    assert (elsewhere.work, elsewhere.reason) == DECLINED[:2]
    assert await world.provider.accepted() == 1


async def test_a_preview_that_is_declined_alone_leaves_the_final(world: World) -> None:
    """It is another model's opinion of a sketch; the final was asked for at the same time."""
    world.previews = True
    world.provider.script(1, fail="content_policy_violation")
    story = await world.submit()
    first = await world.live_on(story)
    assert (first.shows, first.work) == (Shows.FINAL, Work.IDLE)

    await world.rerender(story, kind="new_take", seed=8)
    assert (await world.live_on(story)).shown_revision == 2


async def test_what_was_made_once_plays_on(world: World) -> None:
    """A new take that is declined takes nothing away."""
    story = await world.made()
    before = await world.video(story)
    world.provider.script(2, fail="content_policy_violation")
    await world.rerender(story, kind="new_take", seed=8)
    after = await world.live_on(story)

    assert (after.shows, after.path) == (Shows.FINAL, before.path)
    assert (after.work, after.reason, after.message) == DECLINED


async def test_a_late_no_keeps_the_next_try_from_being_sent(world: World) -> None:
    """Its answer was lost and another render waits when the provider declines the first: the second never goes."""
    world.provider.script(1, drop_submit_answer=True, latency=500, fail="content_policy_violation")
    story = await world.submit()
    await world.rows("select storyreel.pause('fal', %s, 'infinity', 'code', 'message')", world.clock())
    world.clock.advance(minutes=7)
    await world.reconcile()
    assert await world.statuses() == ["lost", "waiting"]

    world.clock.advance(minutes=2)
    await world.deliver()
    assert await world.statuses() == ["failed", "cancelled"]
    assert await standing(world, story) == DECLINED
    await world.rows("select storyreel.resume('fal')")
    await world.run_jobs()
    assert len((await world.provider.journal())["requests"]) == 1
