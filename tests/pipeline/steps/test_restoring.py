"""Going back to what a video showed before: at once, for nothing, and as a revision of its own."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from local.fal.models.film import Drawing
from pipeline.lifecycle import Shows, Work
from tests.pipeline.ffmpeg.films import film
from tests.pipeline.steps.outside import Row
from tests.pipeline.steps.world import STORY, World


@pytest.fixture(scope="session")
def colours(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Clips that differ, so that no two takes have the same original."""
    folder = tmp_path_factory.mktemp("colours")
    return [
        film(folder / f"{red}.mp4", size=(64, 64), frames=4, colour=(red, 90, 120)).read_bytes()
        for red in (20, 80, 140, 200, 250)
    ]


@pytest.fixture
def film_for(colours: list[bytes]) -> Callable[[Drawing], bytes]:
    """Each render brings another clip."""
    left = list(colours)
    return lambda _: left.pop(0)


async def restore(world: World, story: str) -> Row | None:
    video = await world.video(story)
    answer = await world.one("select * from storyreel.restore_video(%s, %s)", video.id, world.clock())
    return answer if isinstance(answer["revision_id"], UUID) else None


async def new_take(world: World, story: str, seed: int) -> None:
    """A further revision that pays, and is through."""
    await world.rerender(story, kind="new_take", seed=seed)
    video = await world.live_on(story)
    assert (video.shows, video.work) == (Shows.FINAL, Work.IDLE)


async def of_two_takes(world: World) -> tuple[str, str | None, str | None]:
    """A story that shows its second take; its id, and where the first and the second one lie."""
    story = await world.made()
    first = (await world.video(story)).path
    await new_take(world, story, seed=7)
    second = (await world.video(story)).path
    assert first != second
    return story, first, second


async def test_the_old_video_is_shown_at_once_and_for_nothing(world: World) -> None:
    """As the newest revision: nothing is planned, rendered, finished or paid, and all is as it was."""
    story = await world.made()
    before = await world.video(story)
    await new_take(world, story, seed=7)
    calls, paid = len((await world.provider.journal())["received"]), await world.ledger("reserved")
    restored = await restore(world, story)

    assert restored
    assert restored["source_id"] == story
    after = await world.video(story)
    assert (after.path, after.poster_url, after.blurhash) == (before.path, before.poster_url, before.blurhash)
    assert (after.shows, after.shown_revision, after.work, after.progress) == (Shows.FINAL, 3, Work.IDLE, 1)
    await world.run_jobs()
    assert await world.video(story) == after
    assert len((await world.provider.journal())["received"]) == calls
    assert await world.ledger("reserved") == paid


async def test_history_is_kept(world: World) -> None:
    """Three revisions, the last of which says which one it goes back to."""
    story, *_ = await of_two_takes(world)
    await restore(world, story)

    revisions = await world.rows("select number, kind, restores from storyreel.revisions order by number")
    assert [tuple(row.values()) for row in revisions] == [
        (1, "first", None),
        (2, "new_take", None),
        (3, "restore", 1),
    ]


async def test_a_video_that_never_looked_different_has_nothing_to_go_back_to(world: World) -> None:
    """A placeholder, a first clip, one that was rendered again to the same: nothing changes."""
    told = await world.tell()
    assert await restore(world, told) is None
    await world.plan()
    assert await restore(world, told) is None
    assert (await world.live_on(told)).shows == Shows.FINAL
    assert await restore(world, told) is None
    await world.ask_again(told)
    before = await world.video(told)
    assert await restore(world, told) is None

    assert await world.video(told) == before
    assert before.shown_revision == 2


async def test_a_video_that_is_not_there_cannot_go_back(world: World) -> None:
    """Its story was deleted meanwhile, say."""
    story, *_ = await of_two_takes(world)
    video = await world.video(story)
    await world.rows("delete from public.stories where id = %s", story)

    answer = await world.one("select * from storyreel.restore_video(%s, now())", video.id)
    assert answer["revision_id"] is None
    assert await world.rows("select from storyreel.revisions") == []


async def test_going_back_twice_goes_further_back(world: World) -> None:
    """Of three takes the first is shown in the end; beyond it there is nothing."""
    story, first, second = await of_two_takes(world)
    await new_take(world, story, seed=8)
    shown = []
    for _ in range(2):
        assert await restore(world, story)
        shown.append((await world.video(story)).path)
    assert shown == [second, first]
    before = await world.video(story)
    assert await restore(world, story) is None
    assert await world.video(story) == before


async def test_equal_revisions_between_are_passed_over(world: World) -> None:
    """A re-render that looked the same is not what anybody wants to go back to."""
    story, first, second = await of_two_takes(world)
    await world.rerender(story)
    assert ((await world.live_on(story)).path, (await world.video(story)).shown_revision) == (second, 3)

    assert await restore(world, story)
    assert (await world.video(story)).path == first


async def test_a_rerender_that_failed_is_not_gone_back_to(world: World) -> None:
    """It never showed anything; and with it the reason is gone."""
    story, first, _ = await of_two_takes(world)
    world.provider.script(3, fail="no_media_generated")
    await world.rerender(story, kind="new_take", seed=8)
    assert (await world.live_on(story)).work == Work.FALLBACK

    assert await restore(world, story)
    video = await world.video(story)
    assert (video.path, video.work, video.reason, video.message) == (first, Work.IDLE, None, None)


async def test_a_rerender_that_was_not_allowed_is_gone_back_from(world: World) -> None:
    """Nothing is kept of its text, and nothing of it is needed."""
    story, first, _ = await of_two_takes(world)
    await world.rows("update public.stories set text = 'Mail jane.miller@gmail.com' where id::text = %s", story)
    await world.ask_again(story)
    assert (await world.video(story)).reason == "content_rejected"

    assert await restore(world, story)
    video = await world.video(story)
    assert (video.path, video.work, video.reason) == (first, Work.IDLE, None)
    texts = await world.rows("select story from storyreel.revisions order by number")
    assert [row["story"] for row in texts] == [STORY, STORY, "", STORY]


@pytest.mark.parametrize("stage", ["waiting", "submitted", "fetching", "finishing"])
async def test_a_rerender_in_flight_is_not_waited_for_any_more(world: World, stage: str) -> None:
    """Its clip, should it come, is kept and not shown; what is not paid for yet is withdrawn."""
    story, first, _ = await of_two_takes(world)
    world.provider.script(3, heed_cancel=True, latency=0 if stage in {"fetching", "finishing"} else 600)
    await world.rerender(story, kind="new_take", seed=8)
    await world.plan()
    take = (await world.one("select id from storyreel.takes where status = 'rendering'"))["id"]
    steps: dict[str, Callable[[], Awaitable[object]]] = {
        "submitted": world.admit,
        "fetching": world.deliver,
        "finishing": lambda: world.fetch(take),
    }
    for step in list(steps.values())[: ["waiting", *steps].index(stage)]:
        await step()
    assert await restore(world, story)
    before = await world.video(story)
    assert (before.path, before.work) == (first, Work.IDLE)

    for _ in range(3):
        await world.admit()
        await world.reconcile()
        await world.open_post()
        await world.run_jobs()
        world.clock.advance(minutes=10)
    assert await world.video(story) == before
    (render,) = await world.rows("select status from storyreel.renders where take_id = %s", take)
    paid = stage in {"fetching", "finishing"}
    assert render["status"] == ("delivered" if paid else "cancelled")
    assert await world.provider.called("PUT", "/cancel") == (stage == "submitted")
    assert await world.provider.accepted() == (2 if stage == "waiting" else 3)


async def test_a_rerender_in_flight_is_left_alone_where_there_is_nothing_to_go_back_to(world: World) -> None:
    """Nothing was restored, so nothing is withdrawn."""
    story = await world.made()
    world.provider.script(2, latency=30)
    await world.rerender(story, kind="new_take", seed=7)
    await world.run_jobs()
    assert await restore(world, story) is None
    await world.reconcile()

    assert (await world.live_on(story)).shown_revision == 2


async def test_a_rerender_that_fails_after_all_says_nothing(world: World) -> None:
    """The video was gone back to meanwhile: it is idle, not fallen back."""
    story, first, _ = await of_two_takes(world)
    world.provider.script(3, latency=30, fail="no_media_generated")
    await world.rerender(story, kind="new_take", seed=8)
    await world.run_jobs()
    assert await restore(world, story)
    world.clock.advance(seconds=30)
    await world.deliver()

    video = await world.video(story)
    assert (video.path, video.work, video.reason) == (first, Work.IDLE, None)


async def test_a_rerender_after_going_back_asks_for_what_is_shown(world: World) -> None:
    """The same take as the first revision, so nothing is paid; it may be gone back from again."""
    story, first, _ = await of_two_takes(world)
    await restore(world, story)
    await world.rerender(story)
    video = await world.live_on(story)

    assert (video.path, video.shown_revision, video.work) == (first, 4, Work.IDLE)
    assert await world.provider.accepted() == 2


async def test_a_model_and_its_parameters_are_gone_back_to_as_well(world: World) -> None:
    """A re-render after going back asks the model that made what is shown, with its parameters and seed."""
    story = await world.made()
    await world.rerender(story, model="turbo", parameters={"steps": 6}, seed=7)
    assert (await world.live_on(story)).shown_revision == 2
    for expected in (("turbo", {"steps": 6}, 7), (None, None, None)):
        await world.rerender(story)
        await world.live_on(story)
        newest = await world.one(
            "select model, parameters, seed from storyreel.revisions order by number desc limit 1"
        )
        assert tuple(newest.values()) == expected
        await restore(world, story)


async def test_a_new_take_after_going_back_is_shown_and_can_be_gone_back_from(world: World) -> None:
    """To what was shown right before it."""
    story, first, _ = await of_two_takes(world)
    await restore(world, story)
    await new_take(world, story, seed=8)
    assert (await world.video(story)).shown_revision == 4

    assert await restore(world, story)
    assert (await world.video(story)).path == first


async def test_going_back_harms_no_equal_story(world: World) -> None:
    """Each video goes back by itself."""
    story, first, second = await of_two_takes(world)
    other = await world.tell()
    await world.plan()
    await world.rerender(other, kind="new_take", seed=7)
    assert (await world.live_on(other)).path == second
    await restore(world, story)

    assert (await world.video(other)).path == second
    assert (await world.video(story)).path == first
