"""The `storyreel` command: its names, their options, and how errors look. Work is imported where it is done.

Exit codes: 0 done, 1 no generated video, 2 bad input or settings.
"""

import sys

import click

from pipeline.errors import StoryreelError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--end-with-parent", is_flag=True, hidden=True, help="End when standard input closes.")
def command(end_with_parent: bool) -> None:
    """Story text in a database row becomes a video that always plays.

    Without settings everything runs on this machine, in the folder .storyreel, with no account.
    """
    if end_with_parent:
        from cli.processes import end_with_parent as watch  # noqa: PLC0415 - heavy work is imported where done

        watch()


@command.command()
@click.argument("text")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, and nothing else.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port of the local server (default: 54321 or next free)."
)
@click.option("--latency", help="How long the emulator takes, in seconds: 2 or 2-4.")
def make(text: str, as_json: bool, port: int | None, latency: str | None) -> None:
    """Make one video of TEXT and show how it went.

    Inserts a story row as an app would, and watches its video. Uses the stack that `storyreel up` runs, or
    starts one for the purpose.
    """
    from cli.make import make_video  # noqa: PLC0415

    sys.exit(make_video(text, as_json=as_json, port=port, latency=latency))


@command.command(short_help="Run everything on this machine until Ctrl-C.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port of the local server (default: 54321 or next free)."
)
@click.option("--latency", help="How long the emulator takes, in seconds: 2 or 2-4.")
def up(port: int | None, latency: str | None) -> None:
    """Run everything on this machine until Ctrl-C: database, bucket, functions, worker, emulator."""
    from cli.up import run_stack  # noqa: PLC0415

    run_stack(port=port, latency=latency)


@command.command(short_help="Run the steps; start as many as you like.")
def worker() -> None:
    """Run the steps: plan, admit, fetch, finish, reconcile. Start as many as you like, anywhere."""
    from cli.processes import run_worker_process  # noqa: PLC0415

    run_worker_process()


@command.command(short_help="Serve the functions over HTTP.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=54321, show_default=True)
@click.option("--fd", type=int, hidden=True, help="Serve on this inherited socket instead.")
def serve(host: str, port: int, fd: int | None) -> None:
    """Serve the functions over HTTP, and the bucket where it is a folder."""
    from cli.processes import run_server_process  # noqa: PLC0415

    run_server_process(host=host, port=port, fd=fd)


@command.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=54331, show_default=True)
@click.option("--fd", type=int, hidden=True, help="Serve on this inherited socket instead.")
@click.option("--latency", default="2-4", show_default=True, help="Seconds a clip takes: 2 or 2-4.")
@click.option("--concurrency", type=click.IntRange(1), default=2, show_default=True, help="Clips at a time.")
@click.option("--failure-rate", type=click.FloatRange(0, 1), default=0.0, help="Share of clips that fail.")
@click.option("--loss-rate", type=click.FloatRange(0, 1), default=0.0, help="Share of webhooks never sent.")
@click.option("--seed", type=int, default=0, help="Of the emulator's dice.")
def emulator(
    host: str,
    port: int,
    fd: int | None,
    latency: str,
    concurrency: int,
    failure_rate: float,
    loss_rate: float,
    seed: int,
) -> None:
    """Run the fal emulator alone. Every clip it makes is drawn here; nothing is sent or charged."""
    from cli.emulator import run_emulator  # noqa: PLC0415

    run_emulator(
        host=host,
        port=port,
        fd=fd,
        latency=latency,
        concurrency=concurrency,
        failure_rate=failure_rate,
        loss_rate=loss_rate,
        seed=seed,
    )


@command.command(short_help="Ask for a further revision of a story's video.")
@click.argument("source_table")
@click.argument("source_id")
@click.option("--new-take", is_flag=True, help="Another clip of the same story, from another seed.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="The seed to use.")
def rerender(source_table: str, source_id: str, new_take: bool, seed: int | None) -> None:
    """Ask for a further revision of a story's video, e.g. `storyreel rerender public.stories <id>`."""
    from cli.rerender import rerender_video  # noqa: PLC0415

    sys.exit(rerender_video(source_table, source_id, new_take=new_take, seed=seed))


@command.group(short_help="The loops that play from the first moment.")
def placeholders() -> None:
    """The loops that play from the first moment."""


@placeholders.command(short_help="Render, store and register those that are missing.")
def publish() -> None:
    """Render those that are missing, store them in the bucket, and register them in the database."""
    from cli.placeholders import publish_placeholders  # noqa: PLC0415

    publish_placeholders()


@command.group()
def db() -> None:
    """Prepare a database. Needs the owner's URL, in SUPABASE_DB_URL or --db-url."""


_db_url = click.option(
    "--db-url", envvar="SUPABASE_DB_URL", show_envvar=True, required=True, help="The owner's URL."
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


def main() -> None:
    """The entry point. An error of ours is a sentence, not a stack trace."""
    try:
        command(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        sys.exit(130)
    except StoryreelError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
