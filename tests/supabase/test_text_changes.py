"""A story whose text changes gets a new video where its table was attached so, and keeps its old one where not."""

from typing import LiteralString

import psycopg
import pytest

from tests.storage.builders import LEASE, shot
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


async def test_what_waits_to_be_rendered_of_an_older_text_is_not_paid_any_more(followed: World) -> None:
    """What the provider has begun is made to its end, and shown; what waits for a slot is not begun."""
    await followed.owner.execute("update storyreel.providers set slots = 1")
    begun = await followed.admit()
    for text in ("A fox", "A hare", "A wolf"):
        await followed.owner.execute(WRITE, [text])
        await followed.plan(shot(text))
    await followed.owner.execute("update storyreel.providers set slots = 9")

    admitted = await followed.stores.renders.admit("fal", now=followed.clock(), lease=LEASE)

    assert len(admitted) == 1
    assert await followed.rows(
        "select t.take_key from storyreel.takes t join storyreel.renders r on r.take_id = t.id where r.id = %s",
        admitted[0].id,
    ) == [("A wolf",)]
    assert await followed.render(begun.id) == "admitted"


async def test_a_text_that_is_taken_away_is_no_fault(followed: World, warnings: list[str]) -> None:
    """An empty one is refused where all are; what it replaces is not made and paid."""
    await followed.owner.execute("alter table public.stories alter text drop not null")
    await followed.owner.execute(WRITE, ["A fox"])
    await followed.owner.execute(WRITE, [None])

    (claimed,) = await followed.claim()
    assert claimed.story == ""
    assert warnings == []


async def test_who_makes_up_for_a_text_waits_for_no_app(followed: World, app: psycopg.AsyncConnection) -> None:
    """A story that the app has in hand comes later; the app may delete it meanwhile, and others' rows are free."""
    other = await followed.story("A hare")
    await followed.owner.execute(BREAK)
    await followed.owner.execute(WRITE, ["A fox"])
    await followed.owner.execute(MEND)
    assert len(await followed.rows("select from storyreel.missed")) == 2

    async with app.transaction():
        await app.execute("select from public.stories where id::text <> %s for update", [other])
        await followed.stores.sweep.adopt_missed()
        assert len(await followed.rows("select from storyreel.missed")) == 1
        await app.execute("delete from public.stories where id::text <> %s", [other])
    await followed.stores.sweep.adopt_missed()

    assert await followed.rows("select from storyreel.missed") == []
    assert await followed.rows("select source_id from storyreel.videos") == [(other,)]


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
