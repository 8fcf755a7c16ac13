"""The doors beside the trigger: ask again, ask for a row, and what happens when two ask at once."""

import asyncio
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from pipeline.errors import UnknownTable
from pipeline.parameters import MAX_DEPTH, read_given
from tests.storage.builders import PERMANENT, TABLE, shot
from tests.storage.world import World


def nested(depth: int) -> object:
    """That many lists within each other."""
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


async def test_asking_for_a_first_video_twice_makes_one(world: World) -> None:
    """Trigger and webhook may both ask; the second is told that the story has one already."""
    story = await world.story()

    assert not await world.stores.stories.request_of(TABLE, story)
    assert not await world.stores.stories.request(TABLE, story, "another text")
    assert await world.rows("select number, story from storyreel.revisions") == [
        (1, "A whale swims through the stars")
    ]


async def test_a_rerender_is_a_further_revision_of_the_text_as_it_is_now(world: World) -> None:
    """History is kept; the new revision has the changed text, model and seed, and waits behind first ones."""
    story = await world.story("Old")
    await world.owner.execute("update public.stories set text = 'New'")

    assert await world.stores.stories.request_of(TABLE, story, kind="new_take", model="lightning", seed=5)

    revisions = await world.rows(
        "select number, kind, story, model, seed, priority < lag(priority) over (order by number)"
        " from storyreel.revisions order by number"
    )
    assert revisions == [(1, "first", "Old", None, None, None), (2, "new_take", "New", "lightning", 5, True)]


async def test_asking_again_puts_the_video_back_to_work(world: World) -> None:
    """A video that fell back works again, its reason is cleared, and what it shows stays."""
    story = await world.story()
    await world.failed(PERMANENT)
    await world.plan()
    assert await world.video(story) == ("placeholder", 0, "fallback", "no_clip")

    await world.ask_again(story)

    assert await world.video(story) == ("placeholder", 0, "working", None)
    assert await world.one("select message from storyreel.videos where source_id = %s", story) == (None,)


async def test_a_rerender_of_a_story_without_a_video_makes_its_first(world: World) -> None:
    """As for a row that was there before its table was attached."""
    await world.owner.execute("alter table public.stories disable trigger storyreel_inserted")
    story = await world.story()

    assert await world.stores.stories.request_of(TABLE, story, kind="rerender")

    assert await world.rows("select number, kind from storyreel.revisions") == [(1, "first")]


async def test_a_row_that_does_not_exist_gets_no_video(world: World) -> None:
    """Whatever its name looks like, nothing is made and nothing fails."""
    for key in (str(uuid4()), "no uuid", "", "' or true --"):
        assert not await world.stores.stories.request_of(TABLE, key)

    assert await world.one("select count(*) from storyreel.videos") == (0,)


async def test_a_table_that_was_never_attached_is_named_in_the_error(world: World) -> None:
    """With the statement that attaches it."""
    with pytest.raises(UnknownTable, match=r"storyreel\.attach\('public\.notes'"):
        await world.stores.stories.attachment("public", "notes")


async def test_an_unknown_kind_is_refused(world: World, app: psycopg.AsyncConnection) -> None:
    """In a sentence that names the kinds there are, with the video as it was."""
    story = await world.story()

    with pytest.raises(psycopg.errors.InvalidParameterValue, match="first, rerender or new_take, not as again"):
        await app.execute("select * from storyreel.request_video_of(%s, %s, 'again')", [TABLE, story])

    assert (await world.video(story))[2] == "working"


async def test_a_new_take_needs_a_seed(world: World, app: psycopg.AsyncConnection) -> None:
    """With the old one it would be the old take: it is refused, and nothing is made."""
    story = await world.story()

    with pytest.raises(psycopg.errors.NullValueNotAllowed, match="a new take needs a seed"):
        await app.execute("select * from storyreel.request_video_of(%s, %s, 'new_take')", [TABLE, story])

    assert await world.one("select count(*) from storyreel.revisions") == (1,)


async def test_two_who_ask_again_at_once_both_get_a_revision(world: World) -> None:
    """Neither fails: the revisions are numbered one after the other."""
    story = await world.story()
    again = "select * from storyreel.request_video_of('public.stories', %s, 'rerender')"

    async with world.holding(again, story):
        second = asyncio.create_task(world.stores.stories.request_of(TABLE, story, kind="rerender"))
        await world.settled_or_blocked(second)

    assert await second
    numbers = await world.rows("select number from storyreel.revisions order by number")
    assert numbers == [(1,), (2,), (3,)]


async def test_two_doors_at_once_make_one_video(world: World) -> None:
    """The insert trigger and the webhook's request for the same row, before either has committed."""
    await world.owner.execute("alter table public.stories disable trigger storyreel_inserted")
    story = await world.story()
    door = "select * from storyreel.request_video_of('public.stories', %s)"

    async with world.holding(door, story):
        second = asyncio.create_task(world.stores.stories.request_of(TABLE, story))
        await world.settled_or_blocked(second)

    assert not await second
    assert await world.one("select count(*) from storyreel.revisions") == (1,)


async def test_a_rerender_asked_while_the_video_is_being_made_is_not_lost(world: World) -> None:
    """The first request has not committed; the re-render waits for it and then has its own revision."""
    await world.owner.execute("alter table public.stories disable trigger storyreel_inserted")
    story = await world.story()
    door = "select * from storyreel.request_video_of('public.stories', %s)"

    async with world.holding(door, story):
        second = asyncio.create_task(world.stores.stories.request_of(TABLE, story, kind="rerender"))
        await world.settled_or_blocked(second)

    assert await second
    assert await world.rows("select number, kind from storyreel.revisions order by number") == [
        (1, "first"),
        (2, "rerender"),
    ]


async def test_what_is_asked_reaches_whoever_plans_it(world: World) -> None:
    """Model, parameters and seed, through both doors."""
    story = await world.story()
    stories = world.stores.stories

    assert await stories.request_of(TABLE, story, kind="rerender", model="wan", parameters={"num_frames": 90})
    assert await stories.request("elsewhere", "1", "A whale", seed=5, parameters={"own": {"x": [1.5, None, True]}})

    claimed = sorted((r.story, r.model or "", r.seed or 0, r.given) for r in await world.claim())
    assert claimed == [
        ("A whale", "", 5, {"own": {"x": [1.5, None, True]}}),
        (claimed[1][0], "", 0, None),
        (claimed[1][0], "wan", 0, {"num_frames": 90}),
    ]


Asked = dict[str, Any]
FIRST: Asked = {"model": "wan", "seed": 5, "parameters": {"num_frames": 90, "resolution": "480p"}}
FURTHER: dict[str, tuple[Asked, Asked]] = {
    "nothing else": ({}, FIRST),
    "another parameter": (
        {"parameters": {"resolution": "580p"}},
        {**FIRST, "parameters": {"num_frames": 90, "resolution": "580p"}},
    ),
    "its own model": ({"model": "wan"}, FIRST),
    "another model": ({"model": "ltx"}, {"model": "ltx", "seed": 5, "parameters": None}),
    "another model with parameters": (
        {"model": "ltx", "parameters": {"fps": 24}},
        {"model": "ltx", "seed": 5, "parameters": {"fps": 24}},
    ),
    "another seed": ({"seed": 6}, {**FIRST, "seed": 6}),
    "a new take": ({"kind": "new_take", "seed": 7}, {**FIRST, "seed": 7}),
}


@pytest.mark.parametrize("further", FURTHER)
async def test_a_further_revision_asks_for_what_the_last_one_did(world: World, further: str) -> None:
    """But for what is given; and another model is not asked with the parameters of the old one."""
    asked, expected = FURTHER[further]
    stories = world.stores.stories
    assert await stories.request("elsewhere", "1", "A whale", **FIRST)

    assert await stories.request("elsewhere", "1", "A whale", **{"kind": "rerender", **asked})

    model, seed, parameters = await world.one(
        "select model, seed, parameters from storyreel.revisions where number = 2"
    )
    assert {"model": model, "seed": seed, "parameters": parameters} == expected


async def test_asked_again_after_going_back_it_is_as_what_it_went_back_to(world: World) -> None:
    """What came in between is passed by."""
    story = await world.story()
    await world.ready("old")
    stories = world.stores.stories
    assert await stories.request_of(TABLE, story, kind="new_take", seed=7, model="wan")
    await world.plan(shot("new"))
    await world.ready("new")
    await world.owner.execute(
        "select storyreel.restore_video(id, now()) from storyreel.videos where source_id = %s", [story]
    )

    assert await stories.request_of(TABLE, story, kind="rerender")

    revisions = await world.rows(
        "select number, kind, model, seed from storyreel.revisions"
        " where video_id = (select id from storyreel.videos where source_id = %s) order by number",
        story,
    )
    assert revisions == [
        (1, "first", None, None),
        (2, "new_take", "wan", 7),
        (3, "restore", None, None),
        (4, "rerender", None, None),
    ]


@pytest.mark.parametrize(
    "parameters",
    [
        {"x": "\u2028 ' \" \\ 文 🐳"},
        {"x": [2**53, -(2**53), 0.1, 1e-12, -0.0, 3.0]},
        {"x": nested(MAX_DEPTH - 1)},
        {"negative_prompt": "y" * 2000},
        {"x": [1e-12] * 330},
        {"a": {"b": {}}, "c": []},
    ],
    ids=lambda value: str(value)[:20],
)
async def test_what_our_door_lets_in_the_database_takes(world: World, parameters: dict[str, object]) -> None:
    """At every limit of ours; and it gives it back as it was."""
    assert read_given(parameters) == parameters
    assert await world.stores.stories.request("elsewhere", "1", "A whale", parameters=parameters)

    (revision,) = await world.claim()
    assert revision.given == parameters


@pytest.mark.parametrize(
    "parameters", ["[]", "5", '"x"', '{"x": 1e1000}', '{"x": %s}' % ("[" * 2000 + "]" * 2000)]
)
async def test_what_would_stop_a_planner_is_not_stored(world: World, parameters: str) -> None:
    """SQL's door refuses with a named CHECK what nobody could read back."""
    ask = "select from storyreel.request_videos(%s, array[%s], array[%s], array[null::uuid], p_parameters => %s)"

    with pytest.raises(psycopg.errors.CheckViolation, match="revisions_parameters_"):
        await world.owner.execute(ask, ["t", "1", "A whale", parameters])
