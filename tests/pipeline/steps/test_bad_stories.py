"""Stories that cannot become a video: rejected with a reason and a sentence, while the placeholder stays."""

from contextlib import suppress

import pytest

from pipeline.lifecycle import Shows, Work
from pipeline.model import Prompt
from pipeline.prompts import MAX_STORY_CHARS, REJECTIONS, TemplateWriter
from pipeline.reasons import sentence
from pipeline.retry import MAX_STEP_TRIES
from tests.pipeline.steps.cuts import Killed, PulledPlug, cut, until_cut
from tests.pipeline.steps.world import STORY, World

BAD = [
    ("", "blank"),
    (" \n\t\u200b", "blank"),
    ("x" * (MAX_STORY_CHARS + 1), "too_long"),
    ("a whale " * 131_072, "too_long"),  # 1 MB
    ("https://example.com/story", "only_links"),
    ("...!?", "no_words"),
]


@pytest.mark.parametrize(("story", "reason"), BAD, ids=lambda value: str(value)[:20])
async def test_a_story_that_cannot_be_told_is_rejected(world: World, story: str, reason: str) -> None:
    """Row and placeholder are there, the work says why it ended, and nothing is asked of the provider."""
    told = await world.tell(story)
    await world.run_jobs()
    video = await world.video(told)

    assert (video.shows, video.path) == (Shows.PLACEHOLDER, "p/dream.mp4")
    assert (video.work, video.reason, video.message) == (Work.REJECTED, reason, REJECTIONS[reason])
    assert await world.rows("select from storyreel.takes") == []
    assert await world.provider.accepted() == 0


@pytest.mark.parametrize(
    "story",
    [
        "حوت يسبح بين النجوم",
        "לוויתן שוחה בין הכוכבים",
        "🐳🌌",
        "👩‍👩‍👧‍👦 fly",
        "鯨が星の海を泳ぐ",
        "x" * MAX_STORY_CHARS,
    ],
    ids=["arabic", "hebrew", "emoji", "family", "japanese", "longest"],
)
async def test_a_story_in_any_script_is_told(world: World, story: str) -> None:
    """Right-to-left, emoji, the longest allowed: each gets as far as the provider."""
    await world.submit(story)

    assert await world.statuses() == ["submitted"]


async def test_a_bad_story_holds_up_no_other(world: World) -> None:
    """Planned in one batch, each for itself."""
    bad, good = await world.tell(""), await world.tell(STORY)
    assert await world.plan() == 2

    assert (await world.video(bad)).work == Work.REJECTED
    assert (await world.video(good)).work == Work.WORKING


async def test_an_unknown_model_is_rejected_with_the_known_ones(world: World) -> None:
    """The message lists what could have been asked for; what is shown stays."""
    await world.stores.stories.request("elsewhere", "1", STORY, model="nosuch")
    await world.plan()
    video = await world.stores.stories.find("elsewhere", "1", now=world.clock())

    assert video is not None
    assert (video.shows, video.work, video.reason) == (Shows.PLACEHOLDER, Work.REJECTED, "unknown_model")
    assert "nosuch" in str(video.message)
    assert "lightning" in str(video.message)


async def test_a_rejected_story_can_be_asked_for_again(world: World) -> None:
    """A later revision that makes sense makes the video."""
    story = await world.tell()
    await world.plan()
    await world.rerender(story, model="nosuch")
    await world.plan()
    assert (await world.video(story)).work == Work.REJECTED

    await world.rerender(story)
    assert (await world.live_on(story)).shows == Shows.FINAL


async def test_a_rejected_rerender_leaves_the_final(world: World) -> None:
    """The old clip plays on, and the reason is told beside it."""
    story = await world.tell()
    before = await world.live_on(story)
    await world.rerender(story, model="nosuch")
    await world.run_jobs()
    after = await world.video(story)

    assert (after.shows, after.path, after.work) == (Shows.FINAL, before.path, Work.REJECTED)


async def test_a_story_that_kills_its_planner_falls_back_in_the_end(world: World) -> None:
    """Begun five times, never ended: it is not begun a sixth time."""
    story = await world.tell()
    world.writer = cut(world.writer, "write", "before")
    for _ in range(MAX_STEP_TRIES):
        await until_cut(world.plan())
        assert await world.plan() == 0, "the lease holds"
        world.clock.advance(minutes=2)

    await world.plan()
    video = await world.video(story)
    assert (video.work, video.reason, video.message) == (Work.FALLBACK, "not_planned", sentence("not_planned"))


class _Choking(TemplateWriter):
    """The real writer, but for one story that ends it with the error."""

    def __init__(self, error: BaseException) -> None:
        self._error, self.choked = error, 0

    async def write(self, story: str) -> tuple[Prompt, ...]:
        if "poison" in story:
            self.choked += 1
            raise self._error
        return await super().write(story)


async def standings(world: World, stories: list[str]) -> list[tuple[str, str | None]]:
    videos = [await world.video(story) for story in stories]
    return [(video.work, video.reason) for video in videos]


async def plan_with(world: World, writer: _Choking) -> None:
    """As often as an engine would: again after each end, once the leases are over."""
    world.writer = writer
    for _ in range(2 * MAX_STEP_TRIES):
        with suppress(Killed):
            try:
                await world.plan()
            except* PulledPlug:
                pass
        world.clock.advance(minutes=2)


async def test_a_story_that_upsets_its_planner_keeps_no_other_waiting(world: World) -> None:
    """Those that were claimed in the same batch are planned in the same run, before and after it."""
    first = await world.tell("a whale, number 0")
    poison = await world.tell("poison")
    others = [first, *[await world.tell(f"a whale, number {number}") for number in (1, 2)]]
    world.writer = _Choking(PulledPlug())
    await until_cut(world.plan())
    assert len(await world.rows("select from storyreel.takes")) == 3

    await plan_with(world, writer := _Choking(PulledPlug()))
    assert writer.choked == MAX_STEP_TRIES - 1
    assert await standings(world, [poison]) == [(Work.FALLBACK, "not_planned")]
    assert await standings(world, others) == [(Work.WORKING, None)] * 3


async def test_a_story_that_kills_its_planner_takes_no_other_with_it(world: World) -> None:
    """Claimed in one batch they die together once; then each is begun alone, the least tried first."""
    poison = await world.tell("poison")
    others = [await world.tell(f"a whale, number {number}") for number in range(3)]
    await plan_with(world, writer := _Choking(Killed()))

    assert writer.choked == MAX_STEP_TRIES
    assert await standings(world, [poison]) == [(Work.FALLBACK, "not_planned")]
    assert await standings(world, others) == [(Work.WORKING, None)] * 3
    attempts = await world.rows("select attempt from storyreel.revisions order by attempt")
    assert [row["attempt"] for row in attempts] == [2, 2, 2, MAX_STEP_TRIES + 1]
