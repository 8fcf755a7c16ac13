"""`storyreel db …`: preparing a database."""

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
