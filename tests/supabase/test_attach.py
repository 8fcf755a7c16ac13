"""Any table of the app's can have videos: what `attach` accepts, what it refuses, and what `detach` undoes."""

from typing import LiteralString
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from tests.storage.world import World

REFUSED: dict[str, tuple[LiteralString, str, str | None, type[psycopg.Error], str]] = {
    "no such text column": ("id int primary key", "body", None, psycopg.errors.UndefinedColumn, "body"),
    "no such owner column": (
        "id int primary key, body text", "body", "owner", psycopg.errors.UndefinedColumn, "owner"),
    "a system column": ("id int primary key, body text", "ctid", None, psycopg.errors.UndefinedColumn, "ctid"),
    "owner is text": (
        "id int primary key, body text, owner text", "body", "owner", psycopg.errors.DatatypeMismatch, "uuid"),
    "no primary key": ("id int, body text", "body", None, psycopg.errors.InvalidTableDefinition, "primary key"),
    "a composite primary key": (
        "a int, b int, body text, primary key (a, b)", "body", None, psycopg.errors.InvalidTableDefinition,
        "primary key"),
    "only a unique key": (
        "id int unique, body text", "body", None, psycopg.errors.InvalidTableDefinition, "primary"),
}  # fmt: skip


async def test_a_table_that_cannot_have_videos_is_refused(world: World) -> None:
    """The error has a code of its own, says what is wrong, and leaves the table as it was."""
    for columns, text_column, owner_column, error, says in REFUSED.values():
        await world.owner.execute("create table public.notes (" + columns + ")")

        with pytest.raises(error, match=says):
            await world.owner.execute(
                "select storyreel.attach('public.notes', %s, %s)", [text_column, owner_column]
            )

        assert await world.rows("select from pg_trigger where tgrelid = 'public.notes'::regclass") == []
        assert await world.rows("select source_table from storyreel.attachments") == [("public.stories",)]
        await world.owner.execute("drop table public.notes")


async def test_a_table_that_does_not_exist_is_refused(world: World) -> None:
    """With Postgres's own error, which names it."""
    with pytest.raises(psycopg.errors.UndefinedTable, match="no_such_table"):
        await world.owner.execute("select storyreel.attach('public.no_such_table', 'body')")


async def test_a_dropped_column_is_no_column(world: World) -> None:
    """The remains that Postgres keeps of a dropped column are not mistaken for it."""
    await world.owner.execute("create table public.notes (id int primary key, body text, body2 text)")
    await world.owner.execute("alter table public.notes drop body")

    with pytest.raises(psycopg.errors.UndefinedColumn):
        await world.owner.execute("select storyreel.attach('public.notes', 'body')")


NAMES = {
    "mixed case": ("public", "Stories", "Id", "Story Text", "Owner"),
    "reserved words": ("public", "user", "order", "select", "group"),
    "quotes and dots": ('o"dd.schema', 'ta"ble.x', 'i"d', "te'xt", 'ow"n.er'),
    "percent and backslash": ("public", "100%s", "%I", "te\\xt", "%L"),
    "not ascii": ("public", "Märchen", "schlüssel", "文", "🐳"),
    "63 bytes": ("public", "t" * 63, "i" * 63, "x" * 63, "o" * 63),
}


async def test_any_name_can_be_attached(world: World, warnings: list[str]) -> None:
    """Insert, ask again and delete work whatever schema, table and columns are called."""
    for names in NAMES.values():
        await _attach_use_and_empty(world, *names)

    assert warnings == []


async def _attach_use_and_empty(world: World, schema: str, table: str, key: str, text: str, owner: str) -> None:
    names = {
        "table": sql.Identifier(schema, table), "schema": sql.Identifier(schema),
        "key": sql.Identifier(key), "text": sql.Identifier(text), "owner": sql.Identifier(owner),
    }  # fmt: skip
    user = uuid4()
    execute = world.owner.execute
    await execute(sql.SQL("create schema if not exists {schema}").format(**names))
    await execute(sql.SQL(
        "create table {table} ({key} bigint primary key, {text} text, {owner} uuid)").format(**names))  # fmt: skip
    await execute(
        sql.SQL("select storyreel.attach({name}::regclass, {text}, {owner})").format(
            name=sql.Literal(names["table"].as_string()), text=sql.Literal(text), owner=sql.Literal(owner)
        )
    )
    insert = sql.SQL("insert into {table} ({key}, {text}, {owner}) values (1, 'A whale', {user})").format(
        user=sql.Literal(user), **names
    )

    await execute(insert)
    attached = await world.stores.stories.attachment(schema, table)
    again = await world.stores.stories.request_of(attached.source_table, "1", kind="rerender")

    assert (attached.id_column, again) == (key, True)
    video = await world.rows("select source_table, source_id, owner_id from storyreel.videos")
    assert video == [(attached.source_table, "1", user)]
    assert await world.rows("select story from storyreel.revisions") == [("A whale",)] * 2
    await execute(sql.SQL("delete from {table}").format(**names))
    assert await world.rows("select from storyreel.videos") == []


KEYS: list[tuple[LiteralString, str]] = [
    ("uuid", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"), ("text", "a b'c\"/%é🐳"), ("text", ""),
    ("bigint", "-9007199254740993"),
    ("smallint", "7"), ("numeric", "1.50"), ("char(8)", "ab"), ("date", "2026-11-21")]  # fmt: skip


async def test_keys_of_any_type_name_a_video(world: World, warnings: list[str]) -> None:
    """The video carries the key as text; by that text it is found, asked for again, and removed with its row."""
    for kind, key in KEYS:
        await world.owner.execute("create table public.notes (key " + kind + " primary key, body text)")
        await world.owner.execute("select storyreel.attach('public.notes', 'body')")

        await world.owner.execute("insert into public.notes values (%s, 'one')", [key], prepare=False)

        (as_text,) = await world.one("select key::text from public.notes")
        assert await world.rows("select source_id from storyreel.videos") == [(as_text,)], kind
        assert await world.stores.stories.request_of("public.notes", as_text, kind="rerender"), kind
        await world.owner.execute("delete from public.notes")
        assert await world.rows("select from storyreel.videos") == [], kind
        await world.owner.execute("drop table public.notes")
    assert warnings == []


async def test_equal_keys_of_two_tables_are_two_stories(world: World) -> None:
    """The table's name is part of what names a video; deleting one's row leaves the other's video."""
    for table in ("one", "two"):
        name = sql.Identifier("public", table)
        await world.owner.execute(sql.SQL("create table {} (id int primary key, body text)").format(name))
        await world.owner.execute("select storyreel.attach(%s, 'body')", [f"public.{table}"])
        await world.owner.execute(sql.SQL("insert into {} values (1, 'A whale')").format(name))

    await world.owner.execute("delete from public.one")

    assert await world.rows("select source_table, source_id from storyreel.videos") == [("public.two", "1")]


async def test_attaching_again_changes_the_columns_and_doubles_nothing(world: World) -> None:
    """The second call's columns count, and an insert still makes one revision."""
    await world.owner.execute("create table public.notes (id int primary key, a text, b text, owner uuid)")
    await world.owner.execute("select storyreel.attach('public.notes', 'a')")
    await world.owner.execute("select storyreel.attach('public.notes', 'b', 'owner')")
    user = uuid4()

    await world.owner.execute("insert into public.notes values (1, 'first', 'second', %s)", [user])

    assert await world.rows("select story from storyreel.revisions") == [("second",)]
    assert await world.rows("select owner_id from storyreel.videos") == [(user,)]


async def test_rows_that_were_there_before_get_no_video(world: World) -> None:
    """Attaching a table of a thousand rows is no order for a thousand clips; one may still be asked for."""
    await world.owner.execute("create table public.notes (id int primary key, body text)")
    await world.owner.execute("insert into public.notes select n, 'old' from generate_series(1, 1000) n")

    await world.owner.execute("select storyreel.attach('public.notes', 'body')")
    await world.owner.execute("update public.notes set body = 'changed'")
    assert await world.one("select count(*) from storyreel.videos") == (0,)

    assert await world.stores.stories.request_of("public.notes", "7")
    assert await world.rows("select source_id from storyreel.videos") == [("7",)]


async def test_a_partitioned_table_can_be_attached(world: World, warnings: list[str]) -> None:
    """A row that lands in a partition has a video of the table that was attached."""
    await world.owner.execute("create table public.notes (id int primary key, body text) partition by hash (id)")
    await world.owner.execute(
        "create table public.notes_0 partition of public.notes for values with (modulus 1, remainder 0)"
    )
    await world.owner.execute("select storyreel.attach('public.notes', 'body')")

    await world.owner.execute("insert into public.notes values (1, 'A whale')")

    assert await world.rows("select source_table, source_id from storyreel.videos") == [("public.notes", "1")]
    assert warnings == []


async def test_detached_a_table_is_the_apps_alone(world: World, warnings: list[str]) -> None:
    """New rows get no video, what was made stays, and the table can be attached again."""
    story = await world.story()
    await world.owner.execute("select storyreel.detach('public.stories')")

    await world.story()
    assert await world.rows("select source_id from storyreel.videos") == [(story,)]
    assert await world.rows("select from storyreel.attachments") == []
    with pytest.raises(psycopg.errors.UndefinedTable, match="not attached"):
        await world.owner.execute("select * from storyreel.request_video_of('public.stories', %s)", [story])

    await world.owner.execute("select storyreel.attach('public.stories', 'text', 'owner_id')")
    await world.story()
    assert await world.one("select count(*) from storyreel.videos") == (2,)
    assert warnings == []


async def test_deleting_a_story_deletes_its_video_and_nothing_that_was_paid(world: World) -> None:
    """Video, revisions and shots go; take, render, rendition, delivery and ledger stay to the last row."""
    story = await world.story("A whale")
    await world.ready()
    paid = (
        "select (select count(*) from storyreel.takes), (select count(*) from storyreel.renders),"
        " (select count(*) from storyreel.renditions), (select count(*) from storyreel.ledger)"
    )
    before = await world.one(paid)

    await world.owner.execute("delete from public.stories where id = %s", [story])

    assert before == (1, 1, 3, 1)
    assert await world.one(paid) == before
    assert await world.rows("select from storyreel.videos where source_id = %s", story) == []
    left = await world.one(
        "select (select count(*) from storyreel.revisions), (select count(*) from storyreel.shots)"
    )
    assert left == (1, 1), "those of the other story that shares the take"
