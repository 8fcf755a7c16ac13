"""A story that is given to another user takes its video along: who owned it before sees no more of it."""

import asyncio
from typing import LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.storage.builders import TABLE
from tests.storage.world import World

ANN, BOB = uuid4(), uuid4()
GIVE: LiteralString = "update public.stories set owner_id = %s"


async def told_by(world: World, user: UUID) -> str:
    (story,) = await world.one(
        "insert into public.stories (text, owner_id) values ('A whale', %s) returning id::text", user
    )
    return str(story)


async def owners(world: World) -> list[UUID | None]:
    return [owner for (owner,) in await world.rows("select owner_id from storyreel.videos order by source_id")]


async def test_a_story_given_away_takes_its_video_along(world: World, warnings: list[str]) -> None:
    """To a user or to nobody, one story or many in a statement, by update or by an insert that meets it."""
    stories = [await told_by(world, ANN) for _ in range(3)]

    await world.owner.execute(GIVE, [BOB])
    assert await owners(world) == [BOB] * 3

    await world.owner.execute(
        "insert into public.stories (id, text, owner_id) values (%s, 'A fox', %s)"
        " on conflict (id) do update set owner_id = excluded.owner_id",
        [min(stories), ANN],
    )
    assert await owners(world) == [ANN, BOB, BOB]

    await world.owner.execute(GIVE, [None])
    assert await owners(world) == [None] * 3
    assert warnings == []


async def test_another_change_of_a_story_leaves_its_video_alone(world: World) -> None:
    """Realtime would tell its owner of a change that is none."""
    await told_by(world, ANN)
    before = await world.rows("select xmin::text, updated_at from storyreel.videos")

    await world.owner.execute("update public.stories set text = 'A fox', owner_id = owner_id")

    assert await world.rows("select xmin::text, updated_at from storyreel.videos") == before


async def test_an_owner_who_cannot_be_followed_costs_the_app_nothing(world: World, warnings: list[str]) -> None:
    """The update goes through with a WARNING; what was missed is noted and made up for."""
    await told_by(world, ANN)
    await world.owner.execute(
        "alter table storyreel.videos add constraint broken check (owner_id is null) not valid"
    )

    await world.owner.execute(GIVE, [BOB])

    assert await world.rows("select owner_id from public.stories") == [(BOB,)]
    assert await owners(world) == [ANN]
    assert len(warnings) == 1
    assert await world.stores.sweep.adopt_missed() == 0, "nothing is mended yet"
    await world.owner.execute("alter table storyreel.videos drop constraint broken")
    await world.stores.sweep.adopt_missed()
    assert await owners(world) == [BOB]
    assert await world.rows("select from storyreel.missed") == []


async def test_who_asks_for_a_story_anew_asks_for_its_present_owner(world: World) -> None:
    """Even where no trigger told us of the change: nobody sees a clip of what another has written meanwhile."""
    story = await told_by(world, ANN)
    await world.owner.execute("alter table public.stories disable trigger storyreel_owner_changed")
    await world.owner.execute(GIVE, [BOB])
    assert await owners(world) == [ANN]

    assert await world.stores.stories.request_of(TABLE, story.upper(), kind="rerender")

    assert await owners(world) == [BOB]


@pytest.mark.parametrize("asks_first", [True, False])
async def test_a_change_while_a_video_is_asked_for_is_not_undone(
    world: World, app: psycopg.AsyncConnection, asks_first: bool
) -> None:
    """Whichever of the two commits last, the video is the new owner's; a change before them had been missed."""
    story = await told_by(world, ANN)
    await world.owner.execute("update storyreel.videos set owner_id = %s", [uuid4()])
    ask: LiteralString = "select storyreel.follow_owner(a, %s) from storyreel.attachments a"
    first, second = ((ask, [story]), (GIVE, [BOB])) if asks_first else ((GIVE, [BOB]), (ask, [story]))

    async with app.transaction():
        await app.execute(*first)
        other = asyncio.create_task(world.owner.execute(*second))
        while not other.done() and not await _waits(app):
            await asyncio.sleep(0.01)
    await other

    assert await owners(world) == [BOB]


async def _waits(app: psycopg.AsyncConnection) -> bool:
    cursor = await app.execute("select from pg_locks where not granted")
    return cursor.rowcount > 0


async def test_only_a_table_with_owners_is_watched_for_them(world: World) -> None:
    """Attached without the column, or detached, it is left alone."""
    watched: LiteralString = "select from pg_trigger where tgname = 'storyreel_owner_changed'"
    assert len(await world.rows(watched)) == 1

    await world.owner.execute("select storyreel.attach('public.stories', 'text')")
    assert await world.rows(watched) == []
    await world.owner.execute("select storyreel.attach('public.stories', 'text', 'owner_id')")
    await world.owner.execute("select storyreel.detach('public.stories')")
    assert await world.rows(watched) == []
