"""Who may see and do what: the app's users see their own videos and nothing else, and change nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.storage.world import World

HIDDEN = (
    "revisions", "shots", "takes", "renders", "deliveries", "ledger", "renditions", "missed", "attachments",
    "buckets", "providers", "missing_endpoints", "themes", "languages", "language_marks", "theme_words",
    "placeholders", "objects", "rerenders", "rerender_items", "limits",
    "accounts", "findings", "departed", "waking",
)  # fmt: skip
# What the view, and the policy on files, are made of.
FOR_USERS = {"public_url", "progress", "placeholder_files"}
# The service role may also ask for a video, and go back to what one showed before.
FOR_SERVERS = {"public_url", "progress", "request_video_of", "restore_video"}


@asynccontextmanager
async def acting_as(app: psycopg.AsyncConnection, role: str, user: UUID | None = None) -> AsyncIterator[None]:
    """A request of the app's, as PostgREST makes it: a transaction with the role and the token's claims."""
    async with app.transaction():
        claims = Jsonb({"role": role} | ({"sub": str(user)} if user else {}))
        await app.execute("select set_config('request.jwt.claims', %s::text, true)", [claims])
        await app.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
        yield


async def fetch(app: psycopg.AsyncConnection, query: LiteralString) -> list[tuple[object, ...]]:
    cursor = await app.execute(query)
    return await cursor.fetchall()


async def test_a_signed_in_user_sees_the_videos_of_their_own_stories(
    world: World, app: psycopg.AsyncConnection
) -> None:
    """Two users insert a story each; each sees one video, through the view and in the table."""
    ann, bob = uuid4(), uuid4()
    for user in (ann, bob):
        async with acting_as(app, "authenticated", user):
            await app.execute("insert into public.stories (text) values ('A whale')")

    async with acting_as(app, "authenticated", ann):
        assert await fetch(app, "select owner_id, work, shows, progress from public.story_videos") == [
            (ann, "working", "placeholder", 0)
        ]
        assert await fetch(app, "select owner_id from storyreel.videos") == [(ann,)]
    assert await world.one("select count(*) from storyreel.videos") == (2,)


async def test_a_video_of_nobody_is_seen_by_nobody(world: World, app: psycopg.AsyncConnection) -> None:
    """A story without an owner has a video that no signed-in user sees."""
    await world.story()

    async with acting_as(app, "authenticated", uuid4()):
        assert await fetch(app, "select 1 from public.story_videos") == []


async def test_a_token_without_a_user_sees_nothing(world: World, app: psycopg.AsyncConnection) -> None:
    """Claims without `sub` own nothing."""
    await world.story()

    async with acting_as(app, "authenticated"):
        assert await fetch(app, "select 1 from storyreel.videos") == []


async def test_the_view_gives_its_owner_public_addresses(world: World, app: psycopg.AsyncConnection) -> None:
    """A finished video has addresses computed from where its bucket is, and a progress of one."""
    ann = uuid4()
    await world.owner.execute("insert into storyreel.buckets values ('videos', 'https://cdn.example/videos')")
    await world.owner.execute("insert into public.stories (text, owner_id) values ('A whale', %s)", [ann])
    take = await world.ready()

    async with acting_as(app, "authenticated", ann):
        row = await fetch(
            app, "select shows, work, progress, url, poster_url, preview_url from public.story_videos"
        )

    base = f"https://cdn.example/videos/rendition-{take}"
    assert row == [("final", "idle", 1, f"{base}/video.mp4", f"{base}/poster.jpg", f"{base}/preview.webp")]


async def test_a_user_reads_nothing_of_ours_but_videos(world: World, app: psycopg.AsyncConnection) -> None:
    """Neither a signed-in user nor an anonymous one may read or write a table of ours."""
    for role in ("authenticated", "anon"):
        for table in (*HIDDEN, "videos"):
            name = sql.Identifier("storyreel", table)
            statements = ["insert into {} default values", "delete from {}", "truncate {}", "select from {}"]
            if (role, table) == ("authenticated", "videos"):
                statements.pop()
            for statement in statements:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    async with acting_as(app, role, uuid4()):
                        await app.execute(sql.SQL(statement).format(name))


async def test_the_list_of_hidden_tables_is_complete(world: World) -> None:
    """A table that is added must be tried above."""
    tables = await world.rows(
        "select relname from pg_class where relnamespace = 'storyreel'::regnamespace and relkind = 'r'"
    )

    assert {name for (name,) in tables} == {*HIDDEN, "videos"}


async def test_a_user_cannot_change_a_video(world: World, app: psycopg.AsyncConnection) -> None:
    """Not even their own: what is shown is what was made."""
    ann = uuid4()
    await world.owner.execute("insert into public.stories (text, owner_id) values ('A whale', %s)", [ann])

    for statement in ("update storyreel.videos set path = 'x'", "update public.story_videos set shows = 'final'"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with acting_as(app, "authenticated", ann):
                await app.execute(statement)


async def test_an_anonymous_visitor_sees_nothing(world: World, app: psycopg.AsyncConnection) -> None:
    """The view is closed to them too, and so is the schema behind it."""
    await world.story()

    for statement in (
        "select from public.story_videos",
        "select storyreel.public_url('videos', '')",
        "select storyreel.progress(gen_random_uuid())",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with acting_as(app, "anon"):
                await app.execute(statement)


async def test_how_far_anothers_video_is_nobody_learns(world: World, app: psycopg.AsyncConnection) -> None:
    """Not even who knows its id: the answer is that for a video which does not exist."""
    ann = uuid4()
    await world.owner.execute("insert into public.stories (text, owner_id) values ('A whale', %s)", [ann])
    await world.plan()
    (video,) = await world.one("select id from storyreel.videos")

    async with acting_as(app, "authenticated", ann):
        ((own,),) = await fetch(app, "select progress > 0 from public.story_videos")
    async with acting_as(app, "authenticated", uuid4()):
        cursor = await app.execute("select storyreel.progress(%s), storyreel.progress(gen_random_uuid())", [video])
        others = await cursor.fetchone()

    assert own
    assert others == (0, 0)


async def test_every_function_of_ours_is_closed_to_whom_it_is_not_for(world: World) -> None:
    """Neither PUBLIC nor visitors may call any; users and the service role a handful."""
    functions = await world.rows("""
        select p.proname, has_function_privilege('anon', p.oid, 'execute'),
               has_function_privilege('authenticated', p.oid, 'execute'),
               has_function_privilege('service_role', p.oid, 'execute'),
               exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                       where a.grantee = 0)
        from pg_proc p where p.pronamespace = 'storyreel'::regnamespace""")

    assert len(functions) > 15
    assert {row for row in functions if any(row[1:])} == {
        (name, False, name in FOR_USERS, name in FOR_SERVERS, False) for name in FOR_USERS | FOR_SERVERS
    }


async def test_every_function_of_ours_and_of_the_engine_has_a_fixed_search_path(world: World) -> None:
    """So none can be made to call what somebody else has put in its way, a type of the session's own neither."""
    loose = await world.rows("""
        select p.oid::regprocedure::text from pg_proc p
        where p.pronamespace in ('storyreel'::regnamespace, 'procrastinate'::regnamespace)
          and not exists (select from unnest(p.proconfig) c where c like 'search_path=%%, pg_temp')""")

    assert loose == []


async def test_every_function_of_the_engine_is_closed_to_the_apps_users(world: World) -> None:
    """Workers may run them; the app's users and PUBLIC may run none."""
    functions = await world.rows("""
        select has_function_privilege('anon', p.oid, 'execute'),
               has_function_privilege('authenticated', p.oid, 'execute'),
               has_function_privilege('storyreel', p.oid, 'execute')
        from pg_proc p where p.pronamespace = 'procrastinate'::regnamespace""")

    assert len(functions) >= 18
    assert set(functions) == {(False, False, True)}


async def test_every_table_of_ours_has_row_level_security(world: World) -> None:
    """From the migration that creates it."""
    assert (
        await world.rows("""
        select relname from pg_class
        where relnamespace = 'storyreel'::regnamespace and relkind = 'r' and not relrowsecurity""")
        == []
    )


async def test_a_user_who_deletes_a_story_deletes_its_video(world: World, app: psycopg.AsyncConnection) -> None:
    """Although they may not touch videos themselves; and never another's."""
    ann, bob = uuid4(), uuid4()
    for user in (ann, bob):
        await world.owner.execute("insert into public.stories (text, owner_id) values ('A whale', %s)", [user])

    async with acting_as(app, "authenticated", ann):
        await app.execute("delete from public.stories")

    assert await world.rows("select owner_id from storyreel.videos") == [(bob,)]
