"""`migrate`: any number of times, by two processes at once, after a fault, and over an older engine."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from importlib.resources import files
from itertools import count

import psycopg
import pytest
from psycopg import sql

from local.postgres import EmbeddedPostgres
from pipeline.errors import BadSetting
from storage import engine
from storage.database import Database
from storage.deployment import MADE_FOR, check_database
from storage.engine import ENGINE_SCHEMA, apply_engine, engine_sql
from storage.migrate import (
    Migration,
    MigrationChangedError,
    MigrationFailedError,
    engine_migration,
    migrate,
    ours,
)
from tests.conftest import BOOTSTRAP, DatabaseUrls

_numbers = count(1)
ENGINE_FUNCTIONS = """
    select p.oid::regprocedure::text, pg_get_functiondef(p.oid), p.proacl::text from pg_proc p
    where p.pronamespace = 'procrastinate'::regnamespace order by 1
"""
ENGINE_TABLES = """
    select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'procrastinate'::regnamespace and c.relkind in ('r', 'i') order by 1, 2
"""


@pytest.fixture
def fresh(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A database that looks like Supabase's, without anything of ours."""
    name = f"fresh_{next(_numbers)}"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        url = postgres.url(database=name)
        with psycopg.connect(url, autocommit=True) as inside:
            inside.execute(BOOTSTRAP.read_text().encode())
        yield url
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def test_two_migrations_at_once_apply_everything_once(fresh: str) -> None:
    """Both start together; between them they apply each migration exactly once, and neither fails."""
    start = threading.Barrier(2)

    def run() -> list[str]:
        start.wait()
        return migrate(fresh)

    with ThreadPoolExecutor(2) as pool:
        one, two = (task.result() for task in [pool.submit(run), pool.submit(run)])

    names = [f"{each.version}_{each.name}" for each in ours()]
    assert sorted([*one, *two]) == sorted([*names, f"procrastinate {version('procrastinate')}"])
    assert rows(fresh, "select version from supabase_migrations.schema_migrations order by 1") == [
        (each.version,) for each in (*ours(), engine_migration())
    ]


def test_a_migration_that_fails_leaves_the_earlier_ones(fresh: str) -> None:
    """It is rolled back whole and not noted; mended, the next run goes on from there."""
    names = [f"{each.version}_{each.name}" for each in ours()]
    (bad,) = (number for number, name in enumerate(names) if name.endswith("create_example_stories"))
    with psycopg.connect(fresh, autocommit=True) as connection:
        connection.execute("create table public.stories_owner (id int)")  # in the way of that migration
        with pytest.raises(MigrationFailedError, match=f"{names[bad]}.*stories_owner") as failed:
            migrate(fresh)
        assert isinstance(failed.value.__cause__, psycopg.errors.DuplicateTable)
        connection.execute("drop table public.stories_owner")

    assert len(rows(fresh, "select from supabase_migrations.schema_migrations")) == bad
    assert migrate(fresh) == [*names[bad:], f"procrastinate {version('procrastinate')}"]


def test_an_app_that_has_stories_of_its_own_keeps_them(fresh: str) -> None:
    """Its table is neither changed nor attached, and every migration is applied all the same."""
    with psycopg.connect(fresh, autocommit=True) as connection:
        connection.execute("create table public.stories (id int primary key)")
        connection.execute("insert into public.stories values (1)")

    assert len(migrate(fresh)) == len(ours()) + 1

    assert rows(fresh, "select * from public.stories") == [(1,)]
    assert rows(fresh, "select from pg_trigger where tgrelid = 'public.stories'::regclass") == []
    assert rows(fresh, "select relrowsecurity from pg_class where oid = 'public.stories'::regclass") == [(False,)]
    assert rows(fresh, "select from storyreel.attachments") == []


def test_what_another_tool_applied_is_not_applied_again(fresh: str) -> None:
    """The list is the one of the Supabase command line: it pushed the migrations, we add the engine."""
    with psycopg.connect(fresh, autocommit=True) as connection:
        connection.execute("create schema supabase_migrations")
        connection.execute(
            "create table supabase_migrations.schema_migrations"
            " (version text primary key, statements text[], name text)"
        )
        for each in ours():
            connection.execute(each.text.encode())
            connection.execute(
                "insert into supabase_migrations.schema_migrations (version, name) values (%s, %s)",
                [each.version, each.name],
            )

    assert migrate(fresh) == [f"procrastinate {version('procrastinate')}"]
    assert migrate(fresh) == []


def test_a_database_of_another_checkout_is_not_taken_for_ours(fresh: str) -> None:
    """A migration that was applied with another text: nothing is done, the sentence says what to do."""
    migrate(fresh)
    second, last = ours()[1], ours()[-1]
    with psycopg.connect(fresh, autocommit=True) as connection:
        history = "supabase_migrations.schema_migrations"
        connection.execute(f"delete from {history} where version = %s", [last.version])
        connection.execute(
            f"update {history} set statements = array[statements[1] || '-- older'] where version = %s",
            [second.version],
        )

    with pytest.raises(MigrationChangedError, match=rf"{second.version}_{second.name}.*rm -rf \.storyreel"):
        migrate(fresh)

    assert len(rows(fresh, f"select from {history}")) == len(ours()), "the engine's is on record as well"


def test_statements_kept_by_another_tool_are_not_compared(fresh: str) -> None:
    """The Supabase command line splits and trims them."""
    migrate(fresh)
    with psycopg.connect(fresh, autocommit=True) as connection:
        connection.execute(
            "update supabase_migrations.schema_migrations set statements = string_to_array(statements[1], ';')"
        )
        connection.execute(
            "update supabase_migrations.schema_migrations set statements = array[%s] where version = %s",
            [_of_one_statement().text.partition("do $$")[2].strip().rstrip(";"), _of_one_statement().version],
        )

    assert migrate(fresh) == []


def _of_one_statement() -> Migration:
    (found,) = (each for each in ours() if each.name == "create_example_stories")
    return found


def test_the_names_are_those_of_the_supabase_command_line() -> None:
    """Fourteen digits, a name in words, in order and without repetition."""
    numbers = [each.version for each in ours()]

    assert numbers == sorted(set(numbers))
    assert all(len(number) == 14 and number.isdigit() for number in numbers)
    assert all(each.name.replace("_", "").isalpha() and each.text.strip() for each in ours())


def test_the_newest_migration_says_that_it_is_there(database_urls: DatabaseUrls) -> None:
    """By that, processes know whether the database is as far as they are."""
    said = rows(database_urls.owner, "select obj_description('storyreel'::regnamespace, 'pg_namespace')")

    assert said == [(ours()[-1].version,)]
    assert ours()[-1].version == MADE_FOR


async def test_a_process_does_not_start_on_a_database_of_an_older_release(database_urls: DatabaseUrls) -> None:
    """It says what to run."""
    with psycopg.connect(database_urls.owner) as owner:
        owner.execute("comment on schema storyreel is null")
    async with Database(database_urls.worker) as database:
        with pytest.raises(BadSetting, match="storyreel db migrate"):
            await check_database(database)


def test_the_engine_can_be_pushed_as_a_migration_too(fresh: str) -> None:
    """The script for `supabase db push` does in one transaction what `migrate` does; nothing is left to do."""
    with psycopg.connect(fresh, autocommit=True) as connection:
        for each in ours():
            connection.execute(each.text.encode())
        with connection.transaction():
            connection.execute(engine_sql().encode())
    by_script = (rows(fresh, ENGINE_FUNCTIONS), rows(fresh, ENGINE_TABLES))
    with psycopg.connect(fresh, autocommit=True) as connection:
        connection.execute("drop schema procrastinate cascade")
        assert apply_engine(connection) == [f"procrastinate {version('procrastinate')}"]
        assert apply_engine(connection) == []

    assert (rows(fresh, ENGINE_FUNCTIONS), rows(fresh, ENGINE_TABLES)) == by_script


def install_old_engine(url: str, release: str) -> None:
    """The engine as an older package left it: its own migrations up to that release, in our schema."""
    folder = files("procrastinate").joinpath("sql", "migrations")
    scripts = sorted((each for each in folder.iterdir() if each.name.endswith(".sql")), key=lambda each: each.name)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("drop schema procrastinate cascade; create schema procrastinate")
        connection.execute("set search_path = procrastinate, pg_catalog")
        for script in scripts:
            if engine._release(script.name.split("_")[0]) <= engine._release(release):
                connection.execute(script.read_text().encode())
        connection.execute("reset search_path")
        connection.execute(engine._LOCK_DOWN_ENGINE.encode())
        connection.execute(sql.SQL("comment on schema procrastinate is {}").format(sql.Literal(release)))


@pytest.mark.parametrize("release", ["3.2.2", "3.3.1"])
def test_an_older_engine_is_brought_up_to_date(database_urls: DatabaseUrls, release: str) -> None:
    """Functions, columns and indexes are those of a new installation, with the same rights and a fixed path."""
    url, wanted = database_urls.owner, version("procrastinate")
    new = (rows(url, ENGINE_FUNCTIONS), rows(url, ENGINE_TABLES))
    install_old_engine(url, release)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("insert into public.stories (text) values ('waits through the upgrade')")

    assert migrate(url) == [f"procrastinate {release} -> {wanted}"]
    assert migrate(url) == []

    names = [name for name, *_ in new[0]]
    upgraded = rows(url, ENGINE_FUNCTIONS)
    assert [name for name, *_ in upgraded] == names
    assert [rights for *_, rights in upgraded] == [rights for *_, rights in new[0]]
    assert all("search_path" in str(body) for _, body, _ in upgraded)
    assert {row[:2] for row in rows(url, ENGINE_TABLES)} == {row[:2] for row in new[1]}
    assert rows(url, "select task_name, status::text from procrastinate.procrastinate_jobs") == [("plan", "todo")]


def test_a_newer_engine_is_left_alone(database_urls: DatabaseUrls) -> None:
    """A machine that was not updated yet must not note its own older release: the next upgrade would go wrong."""
    url = database_urls.owner
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("comment on schema procrastinate is '99.0.0'")

    assert migrate(url) == []
    assert rows(url, f"select obj_description('{ENGINE_SCHEMA}'::regnamespace, 'pg_namespace')") == [("99.0.0",)]


def test_our_migrations_do_not_need_the_engine(fresh: str) -> None:
    """Pushed first, they apply; a story inserted before the engine is there has its video at once, unhinted."""
    with psycopg.connect(fresh, autocommit=True) as connection:
        for each in ours():
            connection.execute(each.text.encode())
        connection.execute("insert into public.stories (text) values ('early')")
        assert connection.execute("select count(*) from storyreel.missed").fetchone() == (0,)
        assert connection.execute("select work from storyreel.videos").fetchone() == ("working",)
        apply_engine(connection)
        assert connection.execute("select count(*) from procrastinate.procrastinate_jobs").fetchone() == (0,)

        connection.execute("insert into public.stories (text) values ('in time')")
        assert connection.execute("select count(*) from storyreel.videos").fetchone() == (2,)
        assert connection.execute("select count(*) from procrastinate.procrastinate_jobs").fetchone() == (1,)


def test_the_worker_finds_the_engine_on_its_path(database_urls: DatabaseUrls) -> None:
    """The path is a setting of the role, so it also holds behind a transaction pooler."""
    with psycopg.connect(database_urls.worker) as connection:
        assert connection.execute("show search_path").fetchone() == ("procrastinate, storyreel, pg_temp",)
        assert connection.execute("select from procrastinate_jobs").fetchall() == []
