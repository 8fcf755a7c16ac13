"""Bring a database up to date: our migrations, then the engine's own tables in a schema of their own.

Both can be run any number of times and by two processes at once. The list of what was applied is the one that
the Supabase command line keeps, so either tool may apply the next migration. It never edits or undoes.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import psycopg
from psycopg import sql

from pipeline.errors import StoreUnavailable, StoryreelError
from storage.address import checked_address

MIGRATIONS = Path(__file__).parent.parent / "supabase" / "migrations"
ENGINE_SCHEMA = "procrastinate"
_ONE_AT_A_TIME = 7_301_954_118  # any number that nobody else takes an advisory lock on
_SETTINGS = """
    set lock_timeout = '10s';
    set statement_timeout = '5min';
    set client_min_messages = warning;
"""
_HISTORY = """
    create schema if not exists supabase_migrations;
    create table if not exists supabase_migrations.schema_migrations (
      version text primary key, statements text[], name text
    );
"""
# The first of our migrations makes the role too; either may come first.
_ROLE = """
do $$ begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'storyreel') then
    create role storyreel login;
  end if;
end $$;
"""
# The engine comes without a search_path on its functions and with every one of them open to everybody.
_LOCK_DOWN_ENGINE = """
do $$
declare
  f regprocedure;
begin
  for f in
    select p.oid::regprocedure from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace where n.nspname = 'procrastinate'
  loop
    execute format('alter function %s set search_path = procrastinate, pg_temp', f);
    execute format('revoke execute on function %s from public', f);
    execute format('grant execute on function %s to storyreel', f);
  end loop;
end
$$;
grant usage on schema procrastinate to storyreel;
grant select, insert, update, delete on all tables in schema procrastinate to storyreel;
grant usage, select on all sequences in schema procrastinate to storyreel;
"""


class NotSupabaseError(StoryreelError):
    """The database lacks what every Supabase project has."""

    code = "not_supabase"
    permanent = True


class MigrationChangedError(StoryreelError):
    """A migration was applied with another text than it has now: what is there is not what this code expects."""

    code = "migration_changed"
    permanent = True


class MigrationFailedError(StoryreelError):
    """A migration was rolled back, the earlier ones stand; the message names it and says why."""

    code = "migration_failed"
    permanent = True


@dataclass(frozen=True)
class Migration:
    """One file of `supabase/migrations`, `<version>_<name>.sql`."""

    version: str
    name: str
    text: str


def ours(folder: Path = MIGRATIONS) -> list[Migration]:
    """The migrations of this project, oldest first."""
    found = [(*path.stem.partition("_"), path) for path in sorted(folder.glob("*.sql"))]
    return [Migration(number, name, path.read_text()) for number, _, name, path in found]


def migrate(url: str) -> list[str]:
    """Apply what is missing and return the names of what was applied, in order. Needs the owner's login.

    Raises `NotSupabaseError` and `MigrationChangedError` before anything is changed, `MigrationFailedError`, and
    as `connect` does.
    """
    with connect(url) as connection, _named("the migrations could not be applied"):
        _require_supabase(connection)
        connection.execute("select pg_advisory_lock(%s)", (_ONE_AT_A_TIME,))
        connection.execute(_SETTINGS)  # after the wait for another migrate, which may take its time
        connection.execute(_HISTORY)
        return [*_apply_ours(connection), *_apply_engine(connection)]


def connect(url: str) -> psycopg.Connection:
    """A connection of the database's owner. Raises `BadSetting`, `StoreUnavailable`."""
    try:
        return psycopg.connect(checked_address(url, "the database's URL"), autocommit=True)
    except psycopg.OperationalError as error:
        raise StoreUnavailable(f"the database does not answer: {error}") from error


def _require_supabase(connection: psycopg.Connection) -> None:
    found = connection.execute(
        "select count(*) from pg_roles where rolname in ('anon', 'authenticated')"
    ).fetchone()
    if found != (2,):
        raise NotSupabaseError(
            "this Postgres has no roles anon and authenticated, so it is no Supabase database; "
            "`storyreel db bootstrap` makes a plain Postgres look like one"
        )


def _apply_ours(connection: psycopg.Connection) -> Iterator[str]:
    rows = connection.execute("select version, statements from supabase_migrations.schema_migrations").fetchall()
    applied: dict[str, list[str] | None] = dict(rows)
    _require_unchanged(applied)
    for migration in ours():
        if migration.version in applied:
            continue
        with _named(f"{migration.version}_{migration.name}"), connection.transaction():
            connection.execute(migration.text.encode())
            connection.execute(
                "insert into supabase_migrations.schema_migrations values (%s, %s, %s)",
                (migration.version, [migration.text], migration.name),
            )
        yield f"{migration.version}_{migration.name}"


def _require_unchanged(applied: Mapping[str, list[str] | None]) -> None:
    """What we apply is on record as one text; the Supabase command line keeps statements one by one, or none."""
    for migration in ours():
        recorded = applied.get(migration.version)
        if recorded and len(recorded) == 1 and recorded[0] != migration.text:
            raise MigrationChangedError(
                f"{migration.version}_{migration.name} was applied to this database with another text than it has "
                "here, by another checkout: use that one, or begin with an empty database "
                "(for the embedded one: rm -rf .storyreel)"
            )


@contextmanager
def _named(what: str) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise MigrationFailedError(f"{what}: {error}") from error


def engine_sql() -> str:
    """The whole of the engine's installation as one script, from the installed package."""
    schema = files("procrastinate").joinpath("sql", "schema.sql").read_text()
    return (
        f"{_ROLE}create schema {ENGINE_SCHEMA};\nset search_path = {ENGINE_SCHEMA}, pg_catalog;\n"
        f"{schema}\nreset search_path;\n{_LOCK_DOWN_ENGINE}"
        f"comment on schema {ENGINE_SCHEMA} is '{version('procrastinate')}';\n"
    )


def _apply_engine(connection: psycopg.Connection) -> Iterator[str]:
    row = connection.execute(
        "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = %s", (ENGINE_SCHEMA,)
    ).fetchone()
    wanted = version("procrastinate")
    if row is None:
        with connection.transaction():
            connection.execute(engine_sql().encode())
        yield f"procrastinate {wanted}"
    elif _release(row[0]) < _release(wanted):
        yield from _upgrade_engine(connection, row[0], wanted)


def _upgrade_engine(connection: psycopg.Connection, installed: str, wanted: str) -> Iterator[str]:
    """Apply the engine's own migrations of every version after the installed one, up to ours."""
    folder = files("procrastinate").joinpath("sql", "migrations")
    scripts = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    after, until = _release(installed), _release(wanted)
    with connection.transaction():
        connection.execute(f"set local search_path = {ENGINE_SCHEMA}, pg_catalog")
        for script in scripts:
            if after < _release(script.name.split("_")[0]) <= until:
                connection.execute(script.read_text().encode())
        connection.execute("set local search_path = default")
        connection.execute(_LOCK_DOWN_ENGINE)
        connection.execute(
            sql.SQL("comment on schema {} is {}").format(sql.Identifier(ENGINE_SCHEMA), sql.Literal(wanted))
        )
    yield f"procrastinate {installed} -> {wanted}"


def _release(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:3])
