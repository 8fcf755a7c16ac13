"""A role that owns tables and types cannot have its code run as the owner of our functions."""

from collections.abc import AsyncIterator
from typing import LiteralString
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from tests.storage.world import World

ATTACH: LiteralString = "select storyreel.attach('public.notes', 'body')"


@pytest.fixture
async def eve(world: World) -> AsyncIterator[sql.Identifier]:
    """An ordinary role that may make things in public."""
    name = sql.Identifier(f"eve_{uuid4().hex[:8]}")
    await world.owner.execute(sql.SQL("create role {}").format(name))
    await world.owner.execute(sql.SQL("grant usage, create on schema public to {}").format(name))
    yield name
    await world.owner.execute("reset role")
    await world.owner.execute(sql.SQL("drop owned by {} cascade").format(name))
    await world.owner.execute(sql.SQL("drop role {}").format(name))


async def becomes(world: World, role: sql.Identifier) -> None:
    await world.owner.execute(sql.SQL("set role {}").format(role))


async def test_a_strangers_table_is_refused_unless_they_are_trusted(world: World, eve: sql.Identifier) -> None:
    """Its index would run their code as whoever reads a story; the error says how to go on."""
    await becomes(world, eve)
    await world.owner.execute("create table public.notes (id int primary key, body text)")
    await world.owner.execute("reset role")

    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="belongs to eve") as refused:
        await world.owner.execute(ATTACH)
    assert "trust_owner => true" in str(refused.value.diag.message_hint)
    assert await world.rows("select from pg_trigger where tgrelid = 'public.notes'::regclass") == []

    await world.owner.execute("select storyreel.attach('public.notes', 'body', trust_owner => true)")
    await world.owner.execute("insert into public.notes values (1, 'A whale')")
    assert await world.rows("select source_id from storyreel.videos") == [("1",)]


@pytest.mark.parametrize("column", ["key", "text"])
async def test_a_strangers_type_is_refused(world: World, eve: sql.Identifier, column: str) -> None:
    """It may bring a cast of its own along, or a check."""
    await becomes(world, eve)
    await world.owner.execute("create domain public.word as text check (value <> '')")
    await world.owner.execute("reset role")
    columns = (
        "id public.word primary key, body text" if column == "key" else "id int primary key, body public.word"
    )
    await world.owner.execute(("create table public.notes (" + columns + ")").encode())

    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="type of a column belongs to eve"):
        await world.owner.execute(ATTACH)


async def test_who_acts_as_the_owner_of_ours_may_own_tables(world: World, eve: sql.Identifier) -> None:
    """Nothing is gained by code of theirs: they could run it anyway."""
    await becomes(world, eve)
    await world.owner.execute("create table public.notes (id int primary key, body text)")
    await world.owner.execute("reset role")
    await world.owner.execute(sql.SQL("grant postgres to {}").format(eve))

    await world.owner.execute(ATTACH)

    await world.owner.execute(sql.SQL("revoke postgres from {}").format(eve))


async def test_to_be_let_call_attach_is_not_to_attach(world: World, eve: sql.Identifier) -> None:
    """It runs as whoever calls it, and needs what only the owner of ours has."""
    for grant in ("grant usage on schema storyreel to {}", "grant execute on function storyreel.attach to {}"):
        await world.owner.execute(sql.SQL(grant).format(eve))
    await becomes(world, eve)
    await world.owner.execute("create table public.notes (id int primary key, body text)")

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await world.owner.execute(ATTACH)


# Casts and declarations in our functions name types without their schema, as everybody does.
TYPES = ("text", "uuid", "jsonb", "name", "timestamptz", "interval", "regclass")
# What those who hold no right on our rows may do to ours all the same, and what workers may call.
OPENINGS: dict[str, tuple[str, LiteralString]] = {
    "a user inserts": ("authenticated", "insert into public.stories (text) values ('A fox')"),
    "a user gives away": ("authenticated", "update public.stories set owner_id = null"),
    "a user deletes": ("authenticated", "delete from public.stories"),
    "a user reads": ("authenticated", "select * from public.story_videos"),
    "a user empties": ("authenticated", "truncate public.stories"),
    "a worker asks for a video": (
        "storyreel", "select storyreel.request_video_of(source_table, source_id) from storyreel.videos"),
    "a worker asks by text": (
        "storyreel", "select storyreel.request_videos('public.tales', array['1'], array['A fox'], '{null}')"),
    "a worker goes back": ("storyreel", "select storyreel.restore_video(id, now()) from storyreel.videos"),
    "a worker admits": ("storyreel", "select storyreel.admit('fal', now(), '1 minute')"),
    "a worker holds": (
        "storyreel", "select storyreel.hold_over_quota(array[id], 'later', now()) from storyreel.revisions"),
    "a worker adopts": ("storyreel", "select storyreel.adopt_missed()"),
    "a worker reads texts": (
        "storyreel", "select storyreel.texts_of('public.stories', array['1']::pg_catalog.text[])"),
    "a worker hints": ("storyreel", "select storyreel.hint('fetch', gen_random_uuid())"),
}  # fmt: skip


@pytest.mark.parametrize("opening", OPENINGS)
async def test_a_type_of_the_sessions_own_never_stands_in_for_postgress(
    world: World, warnings: list[str], opening: str
) -> None:
    """Else its check would run as the owner of the function that names it (CVE-2007-2138)."""
    role, statement = OPENINGS[opening]
    await world.owner.execute("insert into public.stories (text) values ('A whale')")
    await world.owner.execute("update storyreel.limits set owner_stories_per_hour = 1")
    await world.owner.execute("alter table public.stories disable row level security")
    await world.owner.execute("grant truncate on public.stories to authenticated")
    await world.owner.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
    await world.owner.execute("""
        create function pg_temp.note(anyelement) returns boolean language plpgsql as $$
        begin
          if current_user <> current_setting('role') then
            raise warning 'code of the session runs as %', current_user;
          end if;
          return true;
        end $$""")
    for name in TYPES:
        made = sql.SQL("create domain pg_temp.{0} as pg_catalog.{0} check (pg_temp.note(value))")
        await world.owner.execute(made.format(sql.Identifier(name)))

    await world.owner.execute(statement, prepare=False)

    assert warnings == []
