"""`storyreel db uninstall`: nothing of ours is left, nothing of the app's is gone, where projects are hosted."""

from collections.abc import Iterator
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from local.postgres import EmbeddedPostgres
from storage.migrate import migrate
from storage.uninstall import UninstallFailedError, contents, uninstall
from tests.cli.running import assert_sentence, storyreel
from tests.supabase.hosted import Project, hosting, making_bare_project
from tests.supabase.waking.conftest import EXTENSIONS, URL

# By which a database can tell that somebody was there.
CATALOGUE = b"""
    with theirs as (
      select n.oid from pg_namespace n where n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'
    )
    select 'relation', c.oid::regclass::text, c.relacl::text from pg_class c where c.relnamespace in (table theirs)
    union all
    select 'function', p.oid::regprocedure::text, p.proacl::text from pg_proc p
    where p.pronamespace in (table theirs)
    union all
    select 'type', t.oid::regtype::text, null from pg_type t where t.typnamespace in (table theirs)
    union all
    select 'trigger', t.tgrelid::regclass || ' ' || t.tgname, null from pg_trigger t where not t.tgisinternal
    union all
    select 'policy', p.schemaname || '.' || p.tablename || ' ' || p.policyname, p.qual from pg_policies p
    union all
    select 'published', p.schemaname || '.' || p.tablename, p.pubname from pg_publication_tables p
    union all
    select 'schema', n.nspname, n.nspacl::text from pg_namespace n where n.oid in (table theirs)
    union all
    select 'role', r.rolname, r.rolconfig::text from pg_roles r where r.rolname not like 'pg\\_%'
    union all
    select 'member', m.member::regrole::text, m.roleid::regrole::text from pg_auth_members m
    order by 1, 2, 3
"""
DREAMS = b"""
    create table public.dreams (id bigint primary key, content text, clip text);
    insert into public.dreams values (1, 'A whale', 'mine');
    revoke trigger on public.dreams from anon, authenticated  -- attach would, for its columns
"""


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    """One before its first migration, on a server where there never was another: the login is the server's."""
    with hosting(None) as server, making_bare_project(server) as made:
        forget_template(server)
        with psycopg.connect(made.url("postgres"), autocommit=True) as superuser:
            superuser.execute(EXTENSIONS.read_bytes())
            superuser.execute("grant usage on schema net, vault to project")
            superuser.execute("grant all on all tables in schema net, vault to project")
        yield made


def forget_template(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.url(), autocommit=True) as superuser:
        superuser.execute("drop database template_project with (force)")
        superuser.execute("drop role storyreel")


def catalogue(project: Project) -> list[tuple[str, str, str | None]]:
    with psycopg.connect(project.url("postgres")) as superuser:
        return superuser.execute(CATALOGUE).fetchall()


def test_nothing_of_ours_is_left_and_nothing_of_the_apps_is_gone(project: Project) -> None:
    """With all of it in use: a table attached, a video, `run-jobs` called, changes broadcast; the example not."""
    with psycopg.connect(project.url(), autocommit=True) as owner:
        owner.execute(DREAMS)
        owner.execute("select vault.create_secret('a-secret-of-the-app', 'storyreel_run_jobs')")
        before = catalogue(project)
        migrate(project.url())
        owner.execute(
            "select storyreel.attach('public.dreams', 'content', url_column => 'clip', follow_text => true)"
        )
        owner.execute("insert into public.dreams values (2, 'A fox')")
        owner.execute("select storyreel.wake_by(%s)", [URL])
        found = contents(project.url())

        assert found is not None
        assert (found.videos, found.tables, found.secret) == (
            1, ["public.dreams", "public.stories"], "storyreel_run_jobs"
        )  # fmt: skip
        assert len(catalogue(project)) > len(before) + 200

        assert uninstall(project.url()) == []

        assert catalogue(project) == before
        assert owner.execute("select * from public.dreams").fetchall() == [
            (1, "A whale", "mine"),
            (2, "A fox", None),
        ]
        assert owner.execute("select name from vault.secrets").fetchall() == [("storyreel_run_jobs",)]
        assert contents(project.url()) is None

        migrate(project.url())  # and it can come again
        owner.execute("select storyreel.attach('public.dreams', 'content')")
        owner.execute("insert into public.dreams values (3, 'A hare')")
        assert owner.execute("select count(*) from storyreel.videos").fetchone() == (1,)


def test_an_example_that_was_used_is_the_apps(project: Project) -> None:
    """Its stories are somebody's."""
    migrate(project.url())
    with psycopg.connect(project.url(), autocommit=True) as owner:
        owner.execute("insert into public.stories (text) values ('A whale')")

        uninstall(project.url())

        assert owner.execute("select text from public.stories").fetchall() == [("A whale",)]
        owner.execute("drop table public.stories")


MADE_OF_OURS: dict[str, LiteralString] = {
    "public.mine": "create view public.mine as select id from public.story_videos",
    "public.hers": "create view public.hers as select id from storyreel.videos",
    "public.likes": "create table public.likes (video_id uuid references storyreel.videos)",
    "public.wishes": "create table public.wishes (asked storyreel.requested)",
    "public.words": "create table public.words (word text check (word <> storyreel.status_of('final', 'idle')))",
    "public.secrets": """create table public.secrets (id uuid);
        create policy few on public.secrets as restrictive using (id in (select id from storyreel.videos))""",
}


@pytest.mark.parametrize("name", MADE_OF_OURS)
def test_what_the_app_has_made_of_ours_does_not_go_unasked(project: Project, name: str) -> None:
    """It is named, and everything is as it was."""
    migrate(project.url())
    with psycopg.connect(project.url(), autocommit=True) as owner:
        owner.execute(MADE_OF_OURS[name])
        before = catalogue(project)

        with pytest.raises(UninstallFailedError, match=f"nothing was removed.*{name.partition('.')[2]}"):
            uninstall(project.url())

        assert catalogue(project) == before
        owner.execute(
            sql.SQL("drop {} {}").format(
                sql.SQL("table" if "table" in MADE_OF_OURS[name] else "view"), sql.Identifier(*name.split("."))
            )
        )


def test_a_record_of_the_apps_own_migrations_stays(project: Project) -> None:
    """Also of one that is called as one of ours is."""
    migrate(project.url())
    with psycopg.connect(project.url(), autocommit=True) as owner:
        owner.execute(
            "insert into supabase_migrations.schema_migrations (version, name)"
            " values ('20250101000000', 'create_videos')"
        )

        uninstall(project.url())

        left = owner.execute("select version, name from supabase_migrations.schema_migrations").fetchall()
        assert left == [("20250101000000", "create_videos")]
        owner.execute("drop schema supabase_migrations cascade")


def test_the_command_asks_and_says_what_stays(project: Project) -> None:
    """Where nobody can be asked, it says how to do without; done twice, it says that there is nothing."""
    migrate(project.url())
    url = project.url()

    asked = storyreel("db", "uninstall", "--db-url", url)
    assert_sentence(asked, "--yes")
    assert contents(url) is not None

    done = storyreel("db", "uninstall", "--yes", "--db-url", url)
    assert (done.code, done.out.splitlines()[-1]) == (0, "removed"), done
    again = storyreel("db", "uninstall", "--yes", "--db-url", url)
    assert (again.code, again.out) == (0, "there is nothing of Storyreel in this database\n")
