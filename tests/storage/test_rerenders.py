"""Re-renders of many videos: asked once each, so many at a time, whoever is cut off, and counted as they end."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from pipeline.retry import MAX_RENDERS
from storage.choices import Chosen, PostgresChoices, Undone, Wish
from storage.database import Database
from storage.rerenders import Failed, PostgresRerenders, Progress
from tests.storage.builders import CLIP, LEASE, PASSING, PERMANENT, TABLE, shot
from tests.storage.world import World

AGAIN = Wish("rerender")


@pytest.fixture
def rerenders(database: Database) -> PostgresRerenders:
    return PostgresRerenders(database)


async def _frozen(
    world: World, rerenders: PostgresRerenders, *stories: str, wish: Wish = AGAIN, table: str = TABLE
) -> int:
    chosen = [Chosen(story, 7 if wish.kind == "new_take" else None) for story in stories]
    return await rerenders.freeze(table, wish, chosen, estimate=Decimal("0.02"), now=world.clock())


async def _look(world: World, rerenders: PostgresRerenders, rerender: int) -> Progress:
    return await rerenders.look(rerender, now=world.clock())


async def _stories(world: World, count: int) -> list[str]:
    """Stories whose first revisions are planned and share a clip that is ready."""
    stories = [await world.story() for _ in range(count)]
    await world.ready()
    world.clock.advance(minutes=1)
    return stories


async def _render(world: World) -> None:
    """Everything that waits is rendered and shown."""
    world.clock.advance(minutes=1)
    for render in await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE):
        await world.submit(render, str(render.id))
        await world.conclude(render.id, CLIP)
        take = await world.take_of(render.id)
        await world.fetch(take)
        await world.finish(take)


async def test_each_story_is_asked_once_in_its_order(world: World, rerenders: PostgresRerenders) -> None:
    """With what was wished for, at low priority; then there is nothing left to ask."""
    first, second = await world.story("A whale"), await world.story("A fox")
    wish = Wish("new_take", model="wan", parameters={"num_frames": 90}, preview=True)
    rerender = await _frozen(world, rerenders, second, first, wish=wish)

    asked = [await rerenders.ask_next(rerender, at_once=10) for _ in range(3)]

    assert asked == [True, True, False]
    assert await world.rows(
        "select v.source_id, r.kind, r.model, r.parameters, r.seed, r.preview, r.priority"
        " from storyreel.revisions r join storyreel.videos v on v.id = r.video_id"
        " where r.number = 2 order by r.created_at"
    ) == [(story, "new_take", "wan", {"num_frames": 90}, 7, True, 0) for story in (second, first)]


async def test_no_more_are_in_flight_than_may_be(world: World, rerenders: PostgresRerenders) -> None:
    """The next is asked when one has ended."""
    stories = await _stories(world, 3)
    rerender = await _frozen(world, rerenders, *stories, wish=Wish("new_take"))

    assert [await rerenders.ask_next(rerender, at_once=2) for _ in range(3)] == [True, True, False]
    assert await _look(world, rerenders, rerender) == Progress(stories=3, waiting=1, in_flight=2)
    await world.plan(shot("another"))
    assert not await rerenders.ask_next(rerender, at_once=2)
    await _render(world)

    seen = await _look(world, rerenders, rerender)
    assert (seen.waiting, seen.in_flight) == (1, 0)
    assert await rerenders.ask_next(rerender, at_once=2)


async def test_two_who_go_on_with_one_ask_each_story_once_and_keep_the_bound(
    world: World, rerenders: PostgresRerenders
) -> None:
    """As where somebody resumes what somebody else still runs."""
    stories = await _stories(world, 12)
    rerender = await _frozen(world, rerenders, *stories)

    asked = await asyncio.gather(*(rerenders.ask_next(rerender, at_once=9) for _ in range(20)))

    assert sum(asked) == 9
    assert await world.rows(
        "select count(*), count(distinct video_id) from storyreel.revisions where number > 1"
    ) == [(9, 9)]


async def test_whoever_is_cut_off_while_asking_has_not_asked(world: World, rerenders: PostgresRerenders) -> None:
    """Mark and revision are one transaction: neither is there without the other."""
    [story] = await _stories(world, 1)
    rerender = await _frozen(world, rerenders, story)
    async with world.holding("select from storyreel.videos for update"):
        asking = asyncio.create_task(rerenders.ask_next(rerender, at_once=1))
        await world.blocked()
        asking.cancel()
        await asyncio.wait({asking})

    assert await _look(world, rerenders, rerender) == Progress(stories=1, waiting=1)
    assert await world.rows("select from storyreel.revisions where number > 1") == []
    assert await rerenders.ask_next(rerender, at_once=1)


async def test_a_clip_that_is_there_is_free_and_a_new_one_is_paid(
    world: World, rerenders: PostgresRerenders
) -> None:
    """Each counts as what it was, and the cost is that of the renders begun for it."""
    free, paid = await _stories(world, 2)
    rerender = await _frozen(world, rerenders, free, paid, wish=Wish("new_take"))
    assert await rerenders.ask_next(rerender, at_once=10)
    await world.plan(shot())
    assert await _look(world, rerenders, rerender) == Progress(stories=2, waiting=1, free=1)
    assert await rerenders.ask_next(rerender, at_once=10)
    await world.plan(shot("another", estimate="0.05"))
    waits = await _look(world, rerenders, rerender)
    await _render(world)

    seen = await _look(world, rerenders, rerender)

    assert waits == Progress(stories=2, in_flight=1, planned=1, free=1)
    assert seen == Progress(stories=2, free=1, paid=1, cost_usd=Decimal("0.05"), unsettled=True)
    [another] = await world.rows("select id from storyreel.renders where estimate_usd = 0.05")
    await world.stores.renders.settle(another[0], units=None, cost=Decimal("0.04"), now=world.clock())
    settled = await _look(world, rerenders, rerender)
    assert settled == replace(seen, cost_usd=Decimal("0.04"), unsettled=False)


async def test_one_that_waits_with_others_for_a_clip_pays_nothing(
    world: World, rerenders: PostgresRerenders
) -> None:
    """Somebody else began it; two that share a new one pay it once."""
    one, two, other = [await world.story(text) for text in ("One", "Two", "Other")]
    await world.plan(shot("shared"))
    rerender = await _frozen(world, rerenders, other)
    assert await rerenders.ask_next(rerender, at_once=10)
    world.clock.advance(seconds=1)
    await world.plan(shot("shared"))
    takes = await _frozen(world, rerenders, one, two, wish=Wish("new_take"))
    assert [await rerenders.ask_next(takes, at_once=10) for _ in (one, two)] == [True, True]
    for revision in await world.claim():
        world.clock.advance(seconds=1)
        assert await world.stores.plans.save(revision, [shot("new", estimate="0.03")], now=world.clock())
    await _render(world)

    assert await _look(world, rerenders, rerender) == Progress(stories=1, free=1)
    assert await _look(world, rerenders, takes) == Progress(
        stories=2, free=1, paid=1, cost_usd=Decimal("0.03"), unsettled=True
    )


async def test_what_is_tried_again_adds_to_the_cost(world: World, rerenders: PostgresRerenders) -> None:
    """A failed try gives back what was reserved, unless it was billed; the one that follows is paid as well."""
    [story] = await _stories(world, 1)
    rerender = await _frozen(world, rerenders, story, wish=Wish("new_take"))
    assert await rerenders.ask_next(rerender, at_once=1)
    await world.plan(shot("another", estimate="0.05"))
    world.clock.advance(minutes=1)
    render = await world.admit()
    await world.submit(render, "first")
    await world.conclude(render.id, replace(PASSING, billed=True))
    await _render(world)

    assert (await _look(world, rerenders, rerender)).cost_usd == Decimal("0.10")


async def test_the_files_of_a_ready_clip_are_made_anew_for_nothing(
    world: World, rerenders: PostgresRerenders
) -> None:
    """The story has ended once they are; nothing is rendered."""
    [story] = await _stories(world, 1)
    rerender = await _frozen(world, rerenders, story)
    assert await rerenders.ask_next(rerender, at_once=1)
    await world.plan()
    assert (await _look(world, rerenders, rerender)).in_flight == 1

    (take,) = await world.one("select id from storyreel.takes")
    await world.finish(take)

    assert await _look(world, rerenders, rerender) == Progress(stories=1, free=1)
    assert await world.video(story) == ("final", 2, "idle", None)
    assert (await rerenders.find(rerender))[0].ended_at == world.clock()


async def test_what_fails_is_listed_with_its_reason(world: World, rerenders: PostgresRerenders) -> None:
    """A story that cannot become a video, and a clip for which every try has failed; the rest goes on."""
    blank, refused, fine = await _stories(world, 3)
    rerender = await _frozen(world, rerenders, blank, refused, fine, wish=Wish("new_take"))
    assert await rerenders.ask_next(rerender, at_once=1)
    [revision] = await world.claim()
    assert await world.stores.plans.reject(revision, reason="blank", message="It is empty.", now=world.clock())
    await _look(world, rerenders, rerender)
    assert await rerenders.ask_next(rerender, at_once=1)
    await world.plan(shot("another"))
    world.clock.advance(minutes=1)
    render = await world.admit()
    await world.submit(render, "refused")
    await world.conclude(render.id, PERMANENT)

    seen = await _look(world, rerenders, rerender)

    assert (seen.failed, seen.waiting) == (2, 1)
    assert await rerenders.failures(rerender) == [
        Failed(blank, "blank", "It is empty."),
        Failed(refused, "no_clip", "The video service made no video of this story."),
    ]
    assert await rerenders.ask_next(rerender, at_once=1)


async def test_a_story_deleted_meanwhile_is_gone(world: World, rerenders: PostgresRerenders) -> None:
    """Before it was asked or after; it is no failure, and deleting waits for nobody."""
    early, late = await _stories(world, 2)
    rerender = await _frozen(world, rerenders, early, late)
    await world.owner.execute("delete from public.stories where id = %s", (early,))
    assert [await rerenders.ask_next(rerender, at_once=1) for _ in range(2)] == [True, True]
    await world.owner.execute("delete from public.stories")

    assert await _look(world, rerenders, rerender) == Progress(stories=2, gone=2)
    assert await rerenders.last_open() is None


@pytest.mark.parametrize("planned", [False, True], ids=["unplanned", "planned"])
async def test_a_video_taken_back_meanwhile_is_overtaken(
    world: World, rerenders: PostgresRerenders, planned: bool
) -> None:
    """What is being made would not be shown any more: nobody waits for it."""
    [story] = await _stories(world, 1)
    await world.stores.stories.request_of(TABLE, story, kind="new_take", seed=1)
    await world.plan(shot("second"))
    await _render(world)
    rerender = await _frozen(world, rerenders, story, wish=Wish("new_take"))
    assert await rerenders.ask_next(rerender, at_once=1)
    if planned:
        await world.plan(shot("third"))

    choices = PostgresChoices(world.stores.plans._database)
    assert await choices.undo(TABLE, [story], now=world.clock(), keep=True) == Undone(1, under_way=1)

    assert await _look(world, rerenders, rerender) == Progress(stories=1, overtaken=1)


async def test_a_failure_of_a_revision_that_is_not_the_newest_is_nobodys(
    world: World, rerenders: PostgresRerenders
) -> None:
    """Somebody has asked again since: how that ends is theirs to hear."""
    [story] = await _stories(world, 1)
    rerender = await _frozen(world, rerenders, story, wish=Wish("new_take"))
    assert await rerenders.ask_next(rerender, at_once=1)
    await world.plan(shot("another"))
    await world.stores.stories.request_of(TABLE, story, kind="new_take", seed=1)
    assert (await _look(world, rerenders, rerender)).in_flight == 1
    for _ in range(MAX_RENDERS):
        world.clock.advance(hours=1)
        render = await world.admit()
        await world.submit(render, str(render.id))
        await world.conclude(render.id, PASSING)

    assert (await _look(world, rerenders, rerender)).overtaken == 1


async def test_a_story_without_a_video_gets_its_first(world: World, rerenders: PostgresRerenders) -> None:
    """A row that was there before its table was attached."""
    await world.owner.execute("alter table public.stories disable trigger storyreel_inserted")
    early = await world.story()
    rerender = await _frozen(world, rerenders, early)

    assert await rerenders.ask_next(rerender, at_once=1)
    await world.plan(shot(estimate="0.05"))
    await _render(world)

    assert (await _look(world, rerenders, rerender)).paid == 1
    assert await world.video(early) == ("final", 1, "idle", None)


async def test_a_story_in_no_table_is_asked_with_its_last_text(world: World, rerenders: PostgresRerenders) -> None:
    """Its owner stays; one whose video was deleted does not come back."""
    await world.stores.stories.request("generate-video", "a", "A whale")
    await world.stores.stories.request("generate-video", "b", "A fox")
    await world.owner.execute("delete from storyreel.videos where source_id = 'b'")
    rerender = await _frozen(world, rerenders, "a", "b", table="generate-video")

    assert [await rerenders.ask_next(rerender, at_once=5) for _ in range(3)] == [True, True, False]

    assert await world.rows(
        "select v.source_id, r.number, r.story from storyreel.revisions r join storyreel.videos v"
        " on v.id = r.video_id order by r.number"
    ) == [("a", 1, "A whale"), ("a", 2, "A whale")]
    assert (await _look(world, rerenders, rerender)).gone == 1


async def test_the_last_unfinished_one_is_found(world: World, rerenders: PostgresRerenders) -> None:
    """And each by its number; the list begins with the newest."""
    [story] = await _stories(world, 1)
    first, second, ended = [await _frozen(world, rerenders, *some) for some in ([story], [story], [])]
    await _look(world, rerenders, ended)

    assert await rerenders.last_open() == second
    assert [found.id for found in await rerenders.find(None)] == [ended, second, first]
    [found] = await rerenders.find(first)
    assert (found.stories, found.ended, found.estimate_usd) == (1, 0, Decimal("0.02"))
    assert await rerenders.find(999) == []


async def test_whether_a_worker_runs_is_told_by_its_sign_of_life(
    world: World, rerenders: PostgresRerenders
) -> None:
    """One that is long silent is dead."""
    assert not await rerenders.worker_runs()
    await world.owner.execute("insert into procrastinate.procrastinate_workers default values")
    assert await rerenders.worker_runs()
    await world.owner.execute(
        "update procrastinate.procrastinate_workers set last_heartbeat = now() - interval '1 minute'"
    )
    assert not await rerenders.worker_runs()
