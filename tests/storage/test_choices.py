"""Choosing videos of which something is asked: every criterion, what would be asked of each, and the way back."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from pipeline.errors import UnknownTable
from pipeline.lifecycle import Work
from pipeline.model import Failure
from pipeline.reasons import CLIP_GONE, ORIGINAL_GONE
from storage.choices import Choice, Chosen, NextOrder, PostgresChoices, Standing, Undone, Wish
from storage.database import Database
from tests.storage.builders import CLIP, LEASE, PASSING, PERMANENT, TABLE, shot
from tests.storage.world import World

ANN = UUID(int=1)


@pytest.fixture
def choices(database: Database) -> PostgresChoices:
    return PostgresChoices(database)


async def _told(world: World, text: str, **columns: object) -> str:
    """A story, and its video with some columns as given."""
    story = await world.story(text)
    for column, value in columns.items():
        await world.owner.execute(
            f"update storyreel.videos set {column} = %s where source_id = %s".encode(), (value, story)
        )
    return story


async def test_every_criterion_chooses_and_several_combine(world: World, choices: PostgresChoices) -> None:
    """By id, work, age, model, theme and owner; of several values any, of several criteria all."""
    long_ago = world.clock() - timedelta(days=9)
    await world.owner.execute("insert into storyreel.themes values ('ocean')")
    whale = await _told(world, "A whale", theme="ocean", owner_id=ANN, created_at=long_ago)
    fox = await _told(world, "A fox", owner_id=ANN, created_at=long_ago + timedelta(days=1))
    owl = await _told(world, "An owl")
    assert await world.stores.stories.request_of(TABLE, owl, kind="rerender", model="wan")
    await world.owner.execute(
        "update storyreel.videos set work = 'fallback', reason = 'x', message = 'x' where source_id = %s", (fox,)
    )
    everything = [whale, fox, owl]

    for choice, expected in {
        Choice(): everything,
        Choice(ids=(owl, whale, "nobody")): [whale, owl],
        Choice(works=(Work.FALLBACK,)): [fox],
        Choice(works=(Work.WORKING, Work.FALLBACK)): everything,
        Choice(works=(Work.IDLE,)): [],
        Choice(since=long_ago): everything,
        Choice(since=long_ago + timedelta(seconds=1)): [fox, owl],
        Choice(models=("wan",)): [owl],
        Choice(models=("lightning",)): [whale, fox],
        Choice(themes=("ocean",)): [whale],
        Choice(themes=("ocean", "dream")): everything,
        Choice(owners=(ANN,)): [whale, fox],
        Choice(owners=(uuid4(),)): [],
        Choice(owners=(ANN,), themes=("dream",)): [fox],
        Choice(owners=(ANN,), models=("wan",)): [],
    }.items():
        assert await choices.choose(TABLE, choice) == expected, choice
    assert await choices.choose("public.others", Choice()) == []


async def test_tables_are_those_attached_and_then_those_with_videos(
    world: World, choices: PostgresChoices
) -> None:
    """Stories that stand in no table are known by the door's name."""
    assert await choices.tables() == {TABLE: True}

    await world.stores.stories.request("generate-video", "1", "A whale")

    assert list((await choices.tables()).items()) == [(TABLE, True), ("generate-video", False)]


async def test_others_are_all_with_videos_but_the_one(world: World, choices: PostgresChoices) -> None:
    """A table without a video is none of them."""
    await world.stores.stories.request("generate-video", "1", "A whale")

    assert await choices.others(TABLE) == ["generate-video"]
    assert await choices.others("generate-video") == []


async def test_themes_and_models_that_a_video_may_have_are_known(world: World, choices: PostgresChoices) -> None:
    """A model counts as asked even where a later revision asked another."""
    await world.owner.execute("insert into storyreel.themes values ('ocean')")
    story = await world.story()
    for model in ("bygone", "wan"):
        assert await world.stores.stories.request_of(TABLE, story, kind="rerender", model=model)

    assert await choices.themes() == ["dream", "ocean"]
    assert [await choices.was_asked(model) for model in ("bygone", "wan", "never")] == [True, True, False]


async def test_existing_tells_stories_without_a_video_from_no_stories(
    world: World, choices: PostgresChoices
) -> None:
    """A row that was there before its table was attached is a story; an id that cannot be a key is none."""
    whale = await world.story()
    await world.owner.execute("alter table public.stories disable trigger storyreel_inserted")
    early = await world.story()

    assert await choices.existing(TABLE, [whale, early, str(uuid4()), "no uuid", ""]) == {
        whale: True,
        early: False,
    }


@pytest.mark.parametrize(
    "wish",
    [
        Wish("rerender"),
        Wish("rerender", preview=True),
        Wish("rerender", model="wan"),
        Wish("rerender", model="ltx", parameters={"duration": 6}),
        Wish("rerender", parameters={"num_frames": 90}),
        Wish("new_take"),
        Wish("new_take", model="lightning"),
    ],
    ids=lambda wish: f"{wish.kind} {wish.model} {wish.parameters}",
)
async def test_what_would_be_asked_is_what_is_asked(world: World, choices: PostgresChoices, wish: Wish) -> None:
    """Of a story asked plainly, of one with a model, parameters and seed, of one that has no video yet."""
    stories = world.stores.stories
    plain = await world.story("A whale")
    special = await world.story("A fox")
    assert await stories.request_of(
        TABLE, special, kind="rerender", model="wan", seed=7, parameters={"resolution": "720p"}
    )
    await world.owner.execute("update public.stories set text = text || ' that changed'")
    await world.owner.execute("alter table public.stories disable trigger storyreel_inserted")
    early = await world.story("An owl")
    chosen = [Chosen(story, number) for number, story in enumerate((plain, special, early), start=1)]
    if wish.kind == "rerender":
        chosen = [replace(one, seed=None) for one in chosen]

    orders = await choices.orders(TABLE, wish, chosen)

    made = []
    for one in chosen:
        assert await stories.request_of(
            TABLE,
            one.source_id,
            kind=wish.kind,
            model=wish.model,
            seed=one.seed,
            parameters=wish.parameters,
            preview=wish.preview,
        )
        row = await world.one(
            "select v.source_id, r.story, r.number = 1, r.model, r.parameters, r.seed, v.shows = 'final'"
            " from storyreel.revisions r join storyreel.videos v on v.id = r.video_id"
            " where v.source_id = %s order by r.number desc limit 1",
            one.source_id,
        )
        made.append(NextOrder(*row))
    assert orders == made


async def test_of_a_story_in_no_table_the_last_text_is_asked_again(world: World, choices: PostgresChoices) -> None:
    """There is no row to read it from; a story that is gone has none."""
    await world.stores.stories.request("generate-video", "a", "A whale")
    await world.stores.stories.request("generate-video", "a", "A whale that changed", kind="rerender")
    chosen = [Chosen("a", None), Chosen("b", None)]

    orders = await choices.orders("generate-video", Wish("rerender"), chosen)

    assert [order.story for order in orders] == ["A whale that changed", None]


async def test_a_table_that_is_gone_is_named(world: World, choices: PostgresChoices) -> None:
    """It was dropped without being detached."""
    await world.owner.execute("drop table public.stories")

    with pytest.raises(UnknownTable, match=r"public\.stories"):
        await choices.orders(TABLE, Wish("rerender"), [Chosen(str(uuid4()), None)])
    with pytest.raises(UnknownTable, match=r"public\.stories"):
        await choices.existing(TABLE, [str(uuid4())])


async def _no_take(world: World) -> None:
    await world.plan(shot("another"))


async def _waiting(world: World) -> None:
    await world.waiting()


async def _submitted(world: World) -> None:
    await world.submitted()


async def _fetching(world: World) -> None:
    await world.fetching()


async def _finishing(world: World) -> None:
    await world.fetch(await world.fetching())


async def _ready(world: World) -> None:
    await world.ready()


async def _failed(world: World) -> None:
    await world.failed(PASSING)


async def _refused(world: World) -> None:
    await world.failed(PERMANENT)


async def _not_fetched(world: World) -> None:
    await _given_up_fetching(world, Failure("clip_lost", "x", permanent=False))


async def _clip_gone(world: World) -> None:
    await _given_up_fetching(world, Failure(CLIP_GONE, "x", permanent=False))


async def _given_up_fetching(world: World, failure: Failure) -> None:
    take = await world.stores.takes.claim_fetch(await world.fetching(), now=world.clock(), lease=LEASE)
    assert take
    assert await world.stores.takes.give_up(take, failure, now=world.clock())


async def _not_finished(world: World) -> None:
    await _given_up_finishing(world, PASSING)


async def _original_gone(world: World) -> None:
    await _given_up_finishing(world, Failure(ORIGINAL_GONE, "x", permanent=False))


async def _given_up_finishing(world: World, failure: Failure) -> None:
    fetched = await world.fetching()
    await world.fetch(fetched)
    take = await world.stores.takes.claim_finish(fetched, now=world.clock(), lease=LEASE)
    assert take
    assert await world.stores.takes.give_up(take, failure, now=world.clock())


async def _withdrawn(world: World) -> None:
    """Nobody wanted it any more before its turn came."""
    await world.waiting()
    await world.owner.execute("delete from public.stories")
    assert await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE) == []


async def _removed(world: World) -> None:
    """Nobody needed its files for long."""
    take = await world.ready()
    await world.owner.execute("delete from public.stories")
    await world.owner.execute(
        "update storyreel.takes set status = 'removed', original_path = null, original_sha256 = null,"
        " rendition_key = null, clip_url = null, ready_at = null where id = %s",
        (take,),
    )


SCENES: dict[Callable[[World], Awaitable[None]], Standing | None] = {
    _no_take: None,
    _waiting: Standing.IN_FLIGHT,
    _submitted: Standing.IN_FLIGHT,
    _fetching: Standing.IN_FLIGHT,
    _finishing: Standing.IN_FLIGHT,
    _ready: Standing.THERE,
    _failed: Standing.TO_RENDER,
    _refused: Standing.REFUSED,
    _not_fetched: Standing.THERE,
    _clip_gone: Standing.TO_RENDER,
    _not_finished: Standing.THERE,
    _original_gone: Standing.TO_RENDER,
    _withdrawn: Standing.TO_RENDER,
    _removed: Standing.TO_RENDER,
}


@pytest.mark.parametrize(
    ("scene", "standing"), SCENES.items(), ids=lambda value: getattr(value, "__name__", value)
)
async def test_how_a_take_stands_is_what_the_planner_makes_of_it(
    world: World,
    choices: PostgresChoices,
    scene: Callable[[World], Awaitable[None]],
    standing: Standing | None,
) -> None:
    """Where a render is said to be paid, planning begins one; elsewhere it begins none. Likewise its preview."""
    await scene(world)
    renders = "select take_key from storyreel.renders r join storyreel.takes t on t.id = r.take_id"
    before = await world.rows(renders)
    await world.story()

    seen = (await choices.takes(["whale"])).get("whale")
    await world.plan(shot(preview="small"))

    begun = [key for (key,) in await world.rows(renders)]
    for (key,) in before:
        begun.remove(key)
    assert (seen.standing if seen else None) is standing
    assert ("whale" in begun) == (standing in {None, Standing.TO_RENDER})
    assert ("small" in begun) == (seen is None or seen.previewed)


async def _twice_ready(world: World) -> str:
    """A story whose video has shown two clips."""
    story = await world.waiting("whale")
    await _render(world, "whale")
    await world.ask_again(story)
    await world.plan(shot("another whale"))
    await _render(world, "another whale")
    return story


async def _render(world: World, key: str) -> None:
    render = await world.admit()
    await world.submit(render, f"request-{key}")
    take = await world.take_of(render.id)
    await world.conclude(render.id, CLIP)
    await world.fetch(take)
    await world.finish(take)


async def test_undo_takes_back_those_that_showed_something_before(world: World, choices: PostgresChoices) -> None:
    """As further revisions. Tried out first, it counts the same and leaves nothing."""
    story = await _twice_ready(world)
    placeholder_alone = await world.story("A fox")
    both = [story, placeholder_alone]
    before = await world.rows("select v::text from storyreel.videos v order by 1")

    assert await choices.undo(TABLE, both, now=world.clock(), keep=False) == Undone(1, 0)
    assert await world.rows("select v::text from storyreel.videos v order by 1") == before
    assert await choices.undo(TABLE, both, now=world.clock(), keep=True) == Undone(1, 0)

    assert await world.video(story) == ("final", 3, "idle", None)
    assert await world.rows("select restores from storyreel.revisions where kind = 'restore'") == [(1,)]
    assert await world.video(placeholder_alone) == ("placeholder", 0, "working", None)


async def test_undo_counts_those_whose_re_render_was_under_way(world: World, choices: PostgresChoices) -> None:
    """Those that go back: what plays now is replaced there, and what was under way is not waited for."""
    story = await _twice_ready(world)
    first_under_way = await world.story("A fox")
    await world.ask_again(story)

    undone = await choices.undo(TABLE, [story, first_under_way], now=world.clock(), keep=True)

    assert undone == Undone(restored=1, under_way=1)
    assert await world.video(story) == ("final", 4, "idle", None)
