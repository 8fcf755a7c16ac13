"""`storyreel db …`: prepares a database, or leaves it, and says what it did."""

from pathlib import Path

import click
import psycopg

from cli.consent import ask, can_ask
from cli.say import complain, say
from storage.engine import engine_sql
from storage.migrate import connect, make_role, migrate
from storage.uninstall import Contents, contents, uninstall

_BOOTSTRAP = Path(__file__).parent.parent / "local" / "bootstrap.sql"


def migrate_database(url: str) -> int:
    """Apply what is missing. Returns the exit code. Raises as `storage.migrate.migrate` does."""
    warnings: list[str] = []
    applied = migrate(url, tell=warnings.append)
    for name in applied:
        say(f"applied  {name}")
    for warning in warnings:
        say(f"note     {warning}")
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


def make_login(url: str) -> int:
    """Make the workers' role, or mend it. Returns the exit code. Raises as `storage.migrate.make_role` does."""
    make_role(url)
    say("the role storyreel is there")
    return 0


def uninstall_database(url: str, *, yes: bool) -> int:
    """Remove everything, after asking. Returns the exit code. Raises as `storage.uninstall.uninstall` does."""
    found = contents(url)
    if found is None:
        say("there is nothing of Storyreel in this database")
        return 0
    say(*_what_goes(found))
    if not yes and not can_ask():
        raise click.UsageError("nobody is there to be asked: say --yes")
    if not yes:
        ask("Remove all of it, for good?")
    for warning in uninstall(url):
        say(f"note     {warning}")
    say("removed")
    return 0


def _what_goes(found: Contents) -> list[str]:
    """What is removed, and what is not ours to remove."""
    tables = ", ".join(found.tables or []) or "no table"
    videos = "1 video" if found.videos == 1 else f"{found.videos:,} videos"
    lines = [f"{videos} of {tables}, with all that is known of their clips and of what they cost"]
    if found.files:
        lines.append(f"stays: {found.files:,} files in the bucket {', '.join(found.buckets or [])}")
    if found.secret:
        lines.append(f"stays: the secret {found.secret} in Vault")
    return lines
