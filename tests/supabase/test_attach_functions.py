"""Each attached table has a function of its own behind its insert trigger.

Whatever table and columns are called, and however they are renamed, no insert fails and no function is left.
"""

from typing import LiteralString
from uuid import uuid4

import pytest
from psycopg import sql

from tests.storage.world import World

NAMES = ["$$", "$body$", "a$write$b", "100%", "%s %I %%", "it's", 'say "no"', "back\\slash", "$1"]


async def functions(world: World) -> int:
    """How many there are; that of the example table is one."""
    (found,) = await world.one(
        "select count(*) from pg_proc where pronamespace = 'storyreel'::regnamespace"
        " and proname like 'on\\_inserted\\_%%'"
    )
    return int(found)


async def insert(world: World, table: LiteralString, number: int) -> None:
    await world.owner.execute("insert into public." + table + " values (%s, 'A whale')", [number])


async def ids(world: World) -> list[str]:
    return [name for (name,) in await world.rows("select source_id from storyreel.videos order by source_id")]


async def test_columns_called_as_our_variables_are_told_apart(world: World, warnings: list[str]) -> None:
    """Made while all is well, noted with our reason while it is not, and made up for."""
    await world.owner.execute(
        "create table public.notes"
        " (ids int primary key, texts text, owners uuid, fault text default 'theirs', name text, body text)"
    )
    await world.owner.execute("select storyreel.attach('public.notes', 'body', 'owners')")
    insert_one: LiteralString = "insert into public.notes (ids, texts, owners, body) values (%s, 'no', %s, 'yes')"
    user = uuid4()
    await world.owner.execute(insert_one, [1, user])
    assert warnings == []

    await world.owner.execute("alter table public.notes rename body to story")
    await world.owner.execute(insert_one.replace("body", "story"), [2, user])
    ((table, noted, error),) = await world.rows("select source_table, source_id, error from storyreel.missed")
    assert (table, noted, len(warnings)) == ("public.notes", "2", 1)
    assert "body" in error

    await world.owner.execute("select storyreel.attach('public.notes', 'story', 'owners')")
    assert await world.stores.sweep.adopt_missed() == 1
    made = await world.rows(
        "select source_id, owner_id, story from storyreel.videos v"
        " join storyreel.revisions r on r.video_id = v.id order by 1"
    )
    assert made == [("1", user, "yes"), ("2", user, "yes")]


async def test_a_name_that_could_end_our_text_does_not(world: World, warnings: list[str]) -> None:
    """Neither quotes of any kind nor placeholders in the names of table and columns reach our code as such."""
    for name in NAMES:
        made = {
            "table": sql.Identifier("public", name),
            "id": sql.Identifier(name),
            "text": sql.Identifier(name + "2"),
        }
        await world.owner.execute(
            sql.SQL("create table {table} ({id} int primary key, {text} text)").format(**made)
        )
        await world.owner.execute(
            "select storyreel.attach(%s::regclass, %s)", [made["table"].as_string(), name + "2"]
        )
        await world.owner.execute(
            sql.SQL("insert into {table} values (1, 'A whale')").format(**made), prepare=False
        )
        assert await ids(world) == ["1"], name
        assert warnings == [], name

        await world.owner.execute(sql.SQL("alter table {table} rename {text} to renamed").format(**made))
        await world.owner.execute(sql.SQL("insert into {table} values (2, 'A fox')").format(**made), prepare=False)
        assert await world.rows("select source_id from storyreel.missed") == [("2",)], name
        (warning,) = warnings
        assert name in warning.replace('""', '"')

        await world.owner.execute("select storyreel.detach(%s::regclass)", [made["table"].as_string()])
        await world.owner.execute("delete from storyreel.videos")
        assert await functions(world) == 1, name
        warnings.clear()


async def renamed(world: World) -> None:
    """Two attached tables, the second of the name that the first had."""
    for _ in range(2):
        await world.owner.execute("alter table if exists public.notes rename to old_notes")
        await world.owner.execute("create table public.notes (id int primary key, body text)")
        await world.owner.execute("select storyreel.attach('public.notes', 'body')")


async def test_a_table_that_takes_a_renamed_ones_name_takes_nothing_else(
    world: World, warnings: list[str]
) -> None:
    """Rows of both have videos, under the name at which each was attached."""
    await renamed(world)
    await insert(world, "old_notes", 1)
    await insert(world, "notes", 2)

    assert await world.rows("select source_table, source_id from storyreel.videos order by 2") == [
        ("public.notes", "1"), ("public.notes", "2")]  # fmt: skip
    assert warnings == []
    await world.owner.execute("alter table public.old_notes rename body to story")
    await insert(world, "old_notes", 3)
    assert await world.rows("select source_table, source_id from storyreel.missed") == [("public.notes", "3")]
    await insert(world, "notes", 4)
    assert await ids(world) == ["1", "2", "4"]


@pytest.mark.parametrize(("first", "second"), [("old_notes", "notes"), ("notes", "old_notes")])
async def test_either_of_them_can_be_detached(
    world: World, warnings: list[str], first: LiteralString, second: LiteralString
) -> None:
    """The other goes on, and in the end no function of either is left."""
    await renamed(world)
    assert await functions(world) == 3

    await world.owner.execute("select storyreel.detach(%s::regclass)", ["public." + first])
    await insert(world, first, 1)
    await insert(world, second, 2)
    assert (await ids(world), await functions(world)) == (["2"], 2)

    await world.owner.execute("select storyreel.detach(%s::regclass)", ["public." + second])
    await insert(world, second, 3)
    assert (await ids(world), await functions(world)) == (["2"], 1)
    assert warnings == []


async def test_attached_twice_a_table_has_one_function(world: World) -> None:
    """The second call's; detached twice, it has none."""
    await world.owner.execute("create table public.notes (id int primary key, body text)")
    for _ in range(2):
        await world.owner.execute("select storyreel.attach('public.notes', 'body')")
        assert await functions(world) == 2
    await insert(world, "notes", 1)
    assert await ids(world) == ["1"]

    for _ in range(2):
        await world.owner.execute("select storyreel.detach('public.notes')")
        assert await functions(world) == 1
