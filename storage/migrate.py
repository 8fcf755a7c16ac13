"""Bring a database up to date: our migrations, then the engine's own tables in a schema of their own.

Both can be run any number of times and by two processes at once. The list of what was applied is the one that
the Supabase command line keeps, so either tool may apply the next migration. It never edits or undoes. Nothing
here outlives a transaction, so any pooler will do.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from pipeline.errors import StoreUnavailable, StoryreelError
from storage.address import checked_address
from storage.engine import ROLE, apply_engine, engine_sql

MIGRATIONS = Path(__file__).parent.parent / "supabase" / "migrations"
# Right after the first of ours and for good: it is on record under this number, whoever applied it.
_ENGINE_VERSION, _ENGINE_NAME = "20261121000100", "install_procrastinate"
_ONE_AT_A_TIME = 7_301_954_118  # any number that nobody else takes an advisory lock on
_SETTINGS = """
    set local lock_timeout = '10s';
    set local statement_timeout = '5min';
    set local client_min_messages = warning;
"""
_HISTORY = """
    create schema if not exists supabase_migrations;
    create table if not exists supabase_migrations.schema_migrations (
      version text primary key, statements text[], name text
    );
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


def migrate(url: str, *, tell: Callable[[str], None] = lambda _warning: None) -> list[str]:
    """Apply what is missing and return the names of what was applied, in order. Needs the owner's login.

    `tell` hears the warnings that a migration raises: what it has left out. Raises `NotSupabaseError` and
    `MigrationChangedError` before anything is changed, `MigrationFailedError`, and as `connect` does.
    """
    with connect(url) as connection, _named("the migrations could not be applied"):
        connection.add_notice_handler(lambda said: _hear(said, tell))
        _require_supabase(connection)
        with _alone(connection):
            connection.execute(_HISTORY)
            connection.execute(ROLE)
            _require_unchanged(_applied(connection))
        return [*_apply_ours(connection), *_apply_engine(connection)]


def make_role(url: str) -> None:
    """Make the role that workers log in as, or mend it: before a dump is restored, which names it and has it not.

    Raises as `migrate` does.
    """
    with connect(url) as connection, _named("the role could not be made"):
        _require_supabase(connection)
        connection.execute(ROLE)


def connect(url: str) -> psycopg.Connection:
    """A connection of the database's owner. Raises `BadSetting`, `StoreUnavailable`."""
    try:
        return psycopg.connect(checked_address(url, "the database's URL"), autocommit=True, prepare_threshold=None)
    except psycopg.OperationalError as error:
        raise StoreUnavailable(f"the database does not answer: {error}") from error


def _hear(said: psycopg.errors.Diagnostic, tell: Callable[[str], None]) -> None:
    if said.severity_nonlocalized == "WARNING":
        tell(". ".join(part for part in (said.message_primary, said.message_hint) if part))


@contextmanager
def _alone(connection: psycopg.Connection) -> Iterator[None]:
    """A transaction, while no other process applies anything."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", (_ONE_AT_A_TIME,))
        connection.execute(_SETTINGS)  # after the wait for another migrate, which may take its time
        yield


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
    for migration in ours():
        name = f"{migration.version}_{migration.name}"
        with _named(name), _alone(connection):
            if migration.version in _applied(connection):
                continue
            connection.execute(migration.text.encode())
            connection.execute(
                "insert into supabase_migrations.schema_migrations (version, name, statements) "
                "values (%s, %s, %s)",
                (migration.version, migration.name, [migration.text]),
            )
        yield name


def _applied(connection: psycopg.Connection) -> Mapping[str, list[str] | None]:
    rows = connection.execute("select version, statements from supabase_migrations.schema_migrations").fetchall()
    return dict(rows)


def _require_unchanged(applied: Mapping[str, list[str] | None]) -> None:
    """What we apply is on record as one text; the Supabase command line keeps statements one by one, or none."""
    for migration in ours():
        recorded = applied.get(migration.version)
        if recorded and len(recorded) == 1 and not _is_text_of(migration, recorded[0]):
            raise MigrationChangedError(
                f"{migration.version}_{migration.name} was applied to this database with another text than it has "
                "here, by another checkout: use that one, or begin with an empty database "
                "(for the embedded one: rm -rf .storyreel)"
            )


def _is_text_of(migration: Migration, recorded: str) -> bool:
    """A migration of one statement the command line records without blanks at its ends; our files end in one."""
    is_statement = recorded == recorded.strip()
    return recorded in migration.text if is_statement else recorded == migration.text


@contextmanager
def _named(what: str) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise MigrationFailedError(f"{what}: {error}") from error


def engine_migration() -> Migration:
    """The engine's installation as a migration among ours, for tools that know migrations alone.

    Once it is applied, `migrate` takes the engine for installed, by the schema's comment; and what `migrate`
    installed is on record under this version, so that `supabase db push` passes over the file.
    """
    return Migration(_ENGINE_VERSION, _ENGINE_NAME, engine_sql())


def _apply_engine(connection: psycopg.Connection) -> Iterator[str]:
    with _named("procrastinate"), _alone(connection):
        applied = apply_engine(connection)
        # Without its statements: of which release they were, the schema's comment says.
        connection.execute(
            "insert into supabase_migrations.schema_migrations (version, name) values (%s, %s) "
            "on conflict do nothing",
            (_ENGINE_VERSION, _ENGINE_NAME),
        )
    yield from applied
