"""The moderation door in `plan`: every story passes it, by whatever door it came; what is rejected is final."""

from typing import Any

import pytest

from pipeline.lifecycle import Shows, Work
from pipeline.model import Judgement, Opinion
from pipeline.moderation.categories import sentence_for
from pipeline.moderation.moderators import Nobody, OfflineRules
from tests.pipeline.steps.cuts import cut, until_cut
from tests.pipeline.steps.fallbacks import nothing_comes_back
from tests.pipeline.steps.world import STORY, World

NOT_ALLOWED = "A whale writes to jane.miller@gmail.com"
CATEGORY = "personal-data"
VERDICTS = (
    "select number, moderation, moderated_by, moderation_category, story from storyreel.revisions order by number"
)


async def verdicts(world: World) -> list[tuple[Any, ...]]:
    """Number, verdict, by whom, for what, and the text that is kept, of every revision."""
    return [tuple(row.values()) for row in await world.rows(VERDICTS)]


class Hearing:
    """A moderator that passes everything, and remembers what it was asked about."""

    def __init__(self, *, opinion: Opinion = Opinion.PASSED, by: str | None = "endpoint") -> None:
        self.heard: list[str] = []
        self._judgement = Judgement(opinion, by=by)

    async def judge(self, text: str) -> Judgement:
        self.heard.append(text)
        return self._judgement


async def test_a_story_that_is_not_allowed_is_rejected(world: World) -> None:
    """Its placeholder plays, the sentence names the category, the provider is not asked, no text is kept."""
    story = await world.tell(NOT_ALLOWED)
    await world.run_jobs()
    video = await world.video(story)

    assert (video.shows, video.work, video.reason) == (Shows.PLACEHOLDER, Work.REJECTED, "content_rejected")
    assert video.message == sentence_for(CATEGORY)
    assert await verdicts(world) == [(1, "rejected", "rules", CATEGORY, "")]
    assert await world.provider.accepted() == 0
    assert "jane" not in await world.everything()


async def test_a_story_that_passed_says_so(world: World) -> None:
    """With its text, which is needed to make the video."""
    await world.made()

    assert await verdicts(world) == [(1, "passed", "rules", None, STORY)]


async def test_without_moderators_a_story_goes_on_unchecked(world: World) -> None:
    """Told apart from passed."""
    world.moderator = Nobody()
    story = await world.tell(NOT_ALLOWED)

    assert (await world.live_on(story)).shows == Shows.FINAL
    assert await verdicts(world) == [(1, "unchecked", None, None, NOT_ALLOWED)]


async def test_what_was_rejected_is_never_planned_again_by_itself(world: World) -> None:
    """Whatever is looked at meanwhile, for a week."""
    story = await world.tell(NOT_ALLOWED)
    await world.run_jobs()

    await nothing_comes_back(world, story)
    assert await world.plan() == 0


async def test_whoever_asks_again_is_judged_again_by_the_text_as_it_is(world: World) -> None:
    """The app's row is read anew: rejected with the same text, made with another."""
    story = await world.tell(NOT_ALLOWED)
    await world.run_jobs()
    await world.ask_again(story)
    assert (await world.video(story)).work == Work.REJECTED

    await world.rows("update public.stories set text = %s where id::text = %s", STORY, story)
    await world.rerender(story)
    assert (await world.live_on(story)).shows == Shows.FINAL
    assert [verdict[1] for verdict in await verdicts(world)] == ["rejected", "rejected", "passed"]
    assert [verdict[4] for verdict in await verdicts(world)] == ["", "", STORY]


@pytest.mark.parametrize("kind", ["rerender", "new_take"])
async def test_a_rerender_with_a_text_that_is_not_allowed_leaves_what_plays(world: World, kind: str) -> None:
    """The old video stays; the work says why there is no other."""
    story = await world.made()
    before = await world.video(story)
    await world.rows("update public.stories set text = %s where id::text = %s", NOT_ALLOWED, story)
    await world.rerender(story, kind=kind, **({"seed": 7} if kind == "new_take" else {}))
    await world.run_jobs()
    after = await world.video(story)

    assert (after.shows, after.path, after.work) == (Shows.FINAL, before.path, Work.REJECTED)
    assert after.reason == "content_rejected"
    assert [verdict[4] for verdict in await verdicts(world)] == [STORY, ""]


async def test_a_clip_that_exists_is_judged_all_the_same(world: World) -> None:
    """An equal story was made before the moderators were there: that is no permission."""
    world.moderator = Nobody()
    await world.made(NOT_ALLOWED)
    other = await world.tell(NOT_ALLOWED)
    world.moderator = OfflineRules()
    await world.run_jobs()

    assert (await world.video(other)).work == Work.REJECTED


@pytest.mark.parametrize("source", ["public.stories", "generate-video"])
async def test_every_door_leads_through_it(world: World, source: str) -> None:
    """An inserted row, and a text that stands in no table."""
    world.moderator = hearing = Hearing()
    if source == "public.stories":
        await world.tell(STORY)
    else:
        await world.stores.stories.request(source, "1", STORY)
    await world.run_jobs()

    assert hearing.heard == [STORY]
    assert [verdict[:3] for verdict in await verdicts(world)] == [(1, "passed", "endpoint")]


async def test_moderators_see_what_the_model_will(world: World) -> None:
    """The text as it is normalised: an invisible mark must not show them another one."""
    world.moderator = hearing = Hearing()
    await world.tell("  A \u202ewhale\u202c \n swims\u200b ")
    await world.run_jobs()

    assert hearing.heard == ["A whale swims"]


@pytest.mark.parametrize("story", ["", "https://example.com", "x" * 20_001])
async def test_what_is_no_story_is_shown_to_no_moderator(world: World, story: str) -> None:
    """It is rejected for what it is."""
    world.moderator = hearing = Hearing()
    told = await world.tell(story)
    await world.run_jobs()

    assert hearing.heard == []
    assert (await world.video(told)).reason in {"blank", "only_links", "too_long"}


async def test_a_story_in_no_table_that_was_rejected_is_gone(world: World) -> None:
    """Nobody has its text: there is nothing to make a video of again."""
    await world.stores.stories.request("generate-video", "1", NOT_ALLOWED)
    await world.run_jobs()

    assert await world.rows("select * from storyreel.texts_of('generate-video', array['1'])") == []
    ask = "select * from storyreel.ask_again('generate-video', '1', 'rerender', null, null, null, null)"
    assert await world.rows(ask) == []


@pytest.mark.parametrize("when", ["before", "after"])
async def test_killed_while_refusing(world: World, when: str) -> None:
    """Verdict, erasure and rejection are one: all of it, or none until another planner comes."""
    story = await world.tell(NOT_ALLOWED)
    whole = world.plans
    world.plans = cut(whole, "refuse", "after" if when == "after" else "before")
    await until_cut(world.plan())
    erased = (await verdicts(world))[0][1:] == ("rejected", "rules", CATEGORY, "")
    assert erased == ((await world.video(story)).work == Work.REJECTED) == (when == "after")

    world.plans = whole
    world.clock.advance(minutes=2)
    await world.reconcile()
    await world.run_jobs()
    assert (await world.video(story)).reason == "content_rejected"
    assert await verdicts(world) == [(1, "rejected", "rules", CATEGORY, "")]
