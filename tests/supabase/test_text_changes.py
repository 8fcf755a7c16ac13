"""A story whose text changes gets a new video where its table was attached so, and keeps its old one where not."""

from typing import LiteralString

import psycopg
import pytest

from tests.storage.world import World

REVISIONS: LiteralString = "select number, kind, story, priority, preview from storyreel.revisions order by number"
WRITE: LiteralString = "update public.stories set text = %s"
BREAK: LiteralString = "alter function storyreel.follow_text rename to mislaid"
MEND: LiteralString = "alter function storyreel.mislaid rename to follow_text"


@pytest.fixture
async def followed(world: World) -> World:
    """The example's texts are followed; it has one story, whose video is planned."""
    await world.owner.execute("select storyreel.attach('public.stories', 'text', 'owner_id', follow_text => true)")
    await world.story("A whale")
    await world.plan()
    return world


async def test_a_changed_text_leaves_the_video_alone_unless_it_is_asked_for(world: World) -> None:
    """A video costs money."""
    await world.story("A whale")

    await world.owner.execute(WRITE, ["A fox"])

    assert await world.rows(REVISIONS) == [(1, "first", "A whale", 10, True)]


async def test_a_changed_text_gets_a_video_of_its_own(followed: World) -> None:
    """As urgent as a new story: whoever edits looks at the result. Where no clip plays yet, with a preview."""
    await followed.owner.execute(WRITE, ["A fox"])

    assert await followed.rows(REVISIONS) == [
        (1, "first", "A whale", 10, True), (2, "rerender", "A fox", 10, True)
    ]  # fmt: skip
    assert await followed.jobs("plan") == 1


async def test_another_change_of_a_row_is_none_of_its_text(followed: World) -> None:
    """The same text written again, too."""
    await followed.owner.execute("update public.stories set text = text, created_at = now()")

    assert len(await followed.rows(REVISIONS)) == 1


async def test_texts_that_come_faster_than_they_are_planned_are_one_video(followed: World) -> None:
    """Who saves with every key they press pays for what planning saw."""
    for text in ("A f", "A fo", "A fox"):
        await followed.owner.execute(WRITE, [text])

    assert await followed.rows(REVISIONS) == [
        (1, "first", "A whale", 10, True), (2, "rerender", "A fox", 10, True)
    ]  # fmt: skip
    (claimed,) = await followed.claim()
    assert claimed.story == "A fox"


async def test_a_text_that_changes_while_it_is_planned_is_planned_once_more(followed: World) -> None:
    """The planner has the old one in its hands, and what it saves counts as asked for."""
    await followed.owner.execute(WRITE, ["A fox"])
    (claimed,) = await followed.claim()
    await followed.owner.execute(WRITE, ["A hare"])

    assert claimed.story == "A fox"
    assert [story for _, _, story, *_ in await followed.rows(REVISIONS)] == ["A whale", "A fox", "A hare"]


async def test_many_texts_changed_in_one_statement_are_one_hint(followed: World) -> None:
    """Each has its video."""
    await followed.owner.execute(
        "insert into public.stories (text) select 'Story ' || n from generate_series(1, 50) n"
    )
    await followed.plan()
    await followed.forget_jobs()

    await followed.owner.execute("update public.stories set text = text || ', again'")

    assert await followed.one("select count(*) from storyreel.revisions where kind = 'rerender'") == (51,)
    assert await followed.jobs("plan") == 1


async def test_a_fault_of_ours_costs_the_app_nothing_and_the_new_text_is_not_lost(
    followed: World, warnings: list[str]
) -> None:
    """The update goes through with a WARNING; mended, the video of the new text is asked for."""
    await followed.owner.execute(BREAK)
    await followed.owner.execute(WRITE, ["A fox"])

    assert await followed.rows("select what from storyreel.missed") == [("text",)]
    assert len(warnings) == 1
    await followed.owner.execute(MEND)
    await followed.stores.sweep.adopt_missed()
    assert [story for _, _, story, *_ in await followed.rows(REVISIONS)] == ["A whale", "A fox"]
    assert await followed.rows("select from storyreel.missed") == []


async def test_a_text_and_an_owner_that_change_together_are_both_followed(followed: World) -> None:
    """In one statement of the app's."""
    await followed.owner.execute(
        "update public.stories set text = 'A fox', owner_id = '00000000-0000-0000-0000-00000000000a'"
    )

    assert await followed.rows("select owner_id::text from storyreel.videos") == [
        ("00000000-0000-0000-0000-00000000000a",)
    ]
    assert len(await followed.rows(REVISIONS)) == 2


async def test_attached_again_without_it_texts_are_not_followed(followed: World) -> None:
    """What is not said again ends."""
    await followed.owner.execute("select storyreel.attach('public.stories', 'text', 'owner_id')")
    await followed.owner.execute(WRITE, ["A fox"])
    assert len(await followed.rows(REVISIONS)) == 1


async def test_a_planner_at_work_holds_up_no_edit(followed: World, app: psycopg.AsyncConnection) -> None:
    """A revision that a planner has locked is passed over; the edit becomes one of its own."""
    await followed.owner.execute(WRITE, ["A fox"])
    async with followed.holding("select from storyreel.revisions where number = 2 for update"):
        await app.execute(WRITE, ["A hare"])

    assert [story for _, _, story, *_ in await followed.rows(REVISIONS)] == ["A whale", "A fox", "A hare"]
