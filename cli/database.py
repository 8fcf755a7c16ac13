"""`storyreel db …`: prepares a database and says what it did."""

from pathlib import Path

import click
import psycopg

from cli.say import complain, say
from storage.migrate import connect, engine_sql, migrate

_BOOTSTRAP = Path(__file__).parent.parent / "local" / "bootstrap.sql"


def migrate_database(url: str) -> int:
    """Apply what is missing. Returns the exit code. Raises as `storage.migrate.migrate` does."""
    applied = migrate(url)
    for name in applied:
        say(f"applied  {name}")
    say("the database is up to date" if not applied else f"{len(applied)} applied")
    return 0


def bootstrap_database(url: str) -> int:
    """Make a plain Postgres look like Supabase's. Returns the exit code.

    Raises as `storage.migrate.connect` does.
    """
    try:
        with connect(url) as connection:
            connection.execute(_BOOTSTRAP.read_text().encode())
    except psycopg.Error as error:
        complain(*f"Error: {error}".split("\n"))
        return 2
    say("the roles, the schema auth and the publication are there")
    return 0


def print_engine_sql() -> None:
    """Print the engine's installation, to the letter: it is made for a file."""
    click.echo(engine_sql())
