"""What the app's servers (service_role) and the workers (storyreel) may do: what they need, and no more."""

from typing import LiteralString
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from tests.conftest import DatabaseUrls
from tests.storage.world import World
from tests.supabase.test_rights import HIDDEN, acting_as, fetch


async def test_the_service_role_sees_every_video(world: World, app: psycopg.AsyncConnection) -> None:
    """A server of the app's reads all videos, whoever owns them, and how far they are."""
    for owner in (uuid4(), None):
        await world.owner.execute("insert into public.stories (text, owner_id) values ('A whale', %s)", [owner])
    await world.plan()

    async with acting_as(app, "service_role"):
        assert await fetch(app, "select count(*), min(progress) > 0 from public.story_videos") == [(2, True)]


async def test_the_service_role_asks_for_a_video_and_goes_back(world: World, app: psycopg.AsyncConnection) -> None:
    """As an app's own function on its server would; to read what came of it is allowed as well."""
    story = await world.story()

    async with acting_as(app, "service_role"):
        cursor = await app.execute(
            "select source_id from storyreel.request_video_of('public.stories', %s, 'rerender')", [story]
        )
        assert await cursor.fetchall() == [(story,)]
        assert await fetch(app, "select storyreel.restore_video(id, now()) from storyreel.videos") == [(None,)]


async def test_the_service_role_reads_and_writes_nothing_else(world: World, app: psycopg.AsyncConnection) -> None:
    """A key of the app's that leaks spends no money, unwrites none, and reads no prompts."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with acting_as(app, "service_role"):
            await app.execute("update storyreel.videos set shows = 'final'")
    for table in (*HIDDEN, "videos"):
        name = sql.Identifier("storyreel", table)
        for attempt in ("insert into {} default values", "delete from {}", "truncate {}", "select from {}"):
            if (table, attempt) == ("videos", "select from {}"):
                continue
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                async with acting_as(app, "service_role"):
                    await app.execute(sql.SQL(attempt).format(name))


WORKERS_MUST_NOT: tuple[LiteralString, ...] = (
    # Touch the app's own.
    "select from public.stories",
    "delete from public.stories",
    "create table public.x (a int)",
    # See with other eyes than a user's.
    "set role service_role",
    "set role anon",
    "set role postgres",
    # Make a video or remove one, give tables videos, change what is on record.
    "insert into storyreel.videos (source_table, source_id, theme) values ('t', '1', 'dream')",
    "delete from storyreel.videos",
    "delete from storyreel.revisions",
    "select storyreel.attach('public.stories', 'text')",
    "select storyreel.detach('public.stories')",
    "insert into storyreel.attachments values ('pg_catalog.pg_authid', 'oid', 'oid', 'rolpassword')",
    "update storyreel.accounts set spent_usd = 0",
    "insert into storyreel.accounts values ('day', '2026-11-21', 0, 0)",
    "delete from storyreel.takes",
    "delete from storyreel.renders",
    # Become more than a worker.
    "create table storyreel.x (a int)",
    "create table procrastinate.x (a int)",
    "create schema x",
    "create role x",
    "alter role storyreel superuser",
    "alter function storyreel.theme_of security definer",
    "copy storyreel.videos to program 'true'",
    "select pg_read_file('/etc/passwd')",
)


@pytest.mark.parametrize("statement", WORKERS_MUST_NOT)
async def test_a_worker_that_was_taken_over_stays_a_worker(
    database_urls: DatabaseUrls, statement: LiteralString
) -> None:
    """With its login nothing is done but its work."""
    async with await psycopg.AsyncConnection.connect(database_urls.worker) as worker:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await worker.execute(statement)


async def test_the_workers_login_has_no_attribute_and_inherits_nothing(world: World) -> None:
    """It may become a signed-in user, to look at a row as they do; until it does, it has no right of theirs."""
    (attributes,) = await world.rows("""
        select rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolinherit
        from pg_roles where rolname = 'storyreel'""")
    groups = await world.rows(
        "select roleid::regrole::text from pg_auth_members where member = 'storyreel'::regrole"
    )

    assert not any(attributes)
    assert groups == [("authenticated",)]


async def test_money_cannot_be_unwritten(world: World, app: psycopg.AsyncConnection) -> None:
    """Not even a worker or the service key may change or delete what the ledger and the deliveries say."""
    for role in ("storyreel", "service_role"):
        for table in ("ledger", "deliveries"):
            name = sql.Identifier("storyreel", table)
            for change in ("delete from {}", "update {} set id = default", "truncate {}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    async with acting_as(app, role):
                        await app.execute(sql.SQL(change).format(name))


async def test_a_worker_sees_a_story_only_as_a_user_does(world: World, database_urls: DatabaseUrls) -> None:
    """While it is one, it sees what they see; by itself it has no right on the app's table."""
    ann = uuid4()
    for owner in (ann, uuid4()):
        await world.owner.execute("insert into public.stories (text, owner_id) values ('A whale', %s)", [owner])

    async with await psycopg.AsyncConnection.connect(database_urls.worker, autocommit=True) as worker:
        async with acting_as(worker, "authenticated", ann):
            assert await fetch(worker, "select owner_id from public.stories") == [(ann,)]
        assert await fetch(worker, "select count(*) from storyreel.videos") == [(2,)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await worker.execute("select from public.stories")
