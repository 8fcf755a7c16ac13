"""`storyreel db …`: preparing a database, and leaving it again."""

import sys

import click


@click.group()
def db() -> None:
    """Prepare a database. Needs the owner's URL, in SUPABASE_DB_URL or --db-url."""


_db_url = click.option(
    "--db-url",
    envvar="SUPABASE_DB_URL",
    show_envvar=True,
    required=True,
    help="The owner's URL; better in the variable: everybody on this machine can read command lines.",
)


@db.command(short_help="Apply what is missing, and say what was done.")
@_db_url
def migrate(db_url: str) -> None:
    """Apply the migrations that are missing, then the engine's tables, and say what was done."""
    from cli.database import migrate_database  # noqa: PLC0415

    sys.exit(migrate_database(db_url))


@db.command(short_help="Make a plain Postgres look like Supabase's.")
@_db_url
def bootstrap(db_url: str) -> None:
    """Give a plain Postgres the roles and functions of a Supabase database. Never for a hosted one."""
    from cli.database import bootstrap_database  # noqa: PLC0415

    sys.exit(bootstrap_database(db_url))


@db.command("engine-sql", short_help="Print the engine's installation as SQL.")
def engine_sql() -> None:
    """Print the engine's installation as SQL, for a migration file of your own (`supabase db push`)."""
    from cli.database import print_engine_sql  # noqa: PLC0415

    print_engine_sql()


@db.command(short_help="Make the workers' login, or mend it.")
@_db_url
def role(db_url: str) -> None:
    """Make the role that workers and functions log in as, or mend it: before a dump is restored elsewhere.

    Roles stand in no dump of a database. It has no password until you set one: alter role storyreel password '…'
    """
    from cli.database import make_login  # noqa: PLC0415

    sys.exit(make_login(db_url))


@db.command(short_help="Take everything of Storyreel out of the database.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_db_url
def uninstall(db_url: str, *, yes: bool) -> None:
    """Take everything of Storyreel out of the database: videos, accounts, triggers, policies, login. For good.

    Your tables stay as they are, and so do the files in the bucket. Stop workers and functions first.
    """
    from cli.database import uninstall_database  # noqa: PLC0415

    sys.exit(uninstall_database(db_url, yes=yes))
