"""The `storyreel` command: its names, their options, and how errors look. Work is imported where it is done.

Exit codes: 0 done, 1 no generated video, 2 bad input or settings.
"""

import sys
from pathlib import Path
from typing import Any

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


_File = click.Path(exists=True, dir_okay=False, path_type=Path)
_Folder = click.Path(exists=True, file_okay=False, path_type=Path)
_model = click.option("--model", help="A name that `storyreel models` lists, or the id of a fal endpoint.")
_param = click.option(
    "--param", "params", multiple=True, metavar="NAME=VALUE", help="What to ask of the model, e.g. duration=5."
)


@command.command()
@click.argument("text")
@_model
@_param
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, and nothing else.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port of the local server (default: 54321 or next free)."
)
@click.option("--latency", help="How long the emulator takes, in seconds: 2 or 2-4.")
def make(
    text: str, model: str | None, params: tuple[str, ...], as_json: bool, port: int | None, latency: str | None
) -> None:
    """Make one video of TEXT and show how it went.

    Inserts a story row as an app would, and watches its video. Uses the stack that `storyreel up` runs, or
    starts one for the purpose.
    """
    from cli.make import Story, make_video  # noqa: PLC0415
    from cli.options import parameters  # noqa: PLC0415

    story = Story(text, model, parameters(params))
    sys.exit(make_video(story, as_json=as_json, port=port, latency=latency))


@command.command(short_help="List the models: what they make, and what they cost.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array, and nothing else.")
def models(as_json: bool) -> None:
    """List the models that --model knows: what each makes, its price with its date, and what nobody confirms.

    The id of any other fal endpoint is a model, too.
    """
    from cli.models import list_models  # noqa: PLC0415

    list_models(as_json=as_json)


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


@command.command(short_help="Run the fal emulator alone.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Listen there; 0.0.0.0 is everywhere.")
@click.option("--port", type=click.IntRange(1, 65535), default=54331, show_default=True, help="For HTTP.")
@click.option("--tls-port", type=click.IntRange(1, 65535), default=54332, show_default=True, help="For HTTPS.")
@click.option("--no-tls", is_flag=True, help="No HTTPS.")
@click.option("--fd", type=int, hidden=True, help="Serve on this inherited socket instead.")
@click.option("--key", help="Accept this FAL_KEY only; any is accepted otherwise.")
@click.option("--latency", default="2-4", show_default=True, help="Seconds a request runs: 2 or 2-4.")
@click.option("--concurrency", type=click.IntRange(1), default=2, show_default=True, help="So many run at a time.")
@click.option(
    "--failure-rate", type=click.FloatRange(0, 1), default=0.0, show_default=True, help="Share that fails."
)
@click.option(
    "--loss-rate", type=click.FloatRange(0, 1), default=0.0, show_default=True, help="Share of webhooks lost."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of its dice: equal seeds, equal luck.")
@click.option("--faults", type=_File, help="A TOML file of what goes wrong, and when.")
@click.option("--models", type=_Folder, help="More models: JSON schemas, or fal's OpenAPI files.")
def emulator(fd: int | None, no_tls: bool, tls_port: int, **options: Any) -> None:  # noqa: ANN401 - click's
    """Run the fal emulator alone. Every clip is drawn on this machine; nothing is sent anywhere or charged.

    It prints what to set for each of fal's clients, and shows what comes in on a page at its address. Its
    certificate is kept in .storyreel/emulator. More in docs/emulator.md.
    """
    import socket  # noqa: PLC0415

    from cli.emulator import EmulatorOptions, run_emulator, serve_inherited  # noqa: PLC0415

    chosen = EmulatorOptions(tls_port=None if no_tls else tls_port, **options)
    if fd is None:
        run_emulator(chosen)
    else:
        serve_inherited(socket.socket(fileno=fd), chosen)


@command.command(short_help="Draw a contact sheet of the renderer's themes.")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--theme", "themes", multiple=True, help="Only this theme; may be given several times.")
@click.option("--seeds", type=click.IntRange(1, 24), default=4, show_default=True, help="Columns.")
@click.option("--size", default="256x256", show_default=True, help="Of one picture, in pixels.")
@click.option("--text", default="", help="What the pictures shall listen to: night, storm, autumn, gold…")
def sheet(file: Path, themes: tuple[str, ...], seeds: int, size: str, text: str) -> None:
    """Draw a contact sheet of the renderer's themes as a PNG: a row per scene, a column per seed."""
    from cli.sheet import draw_sheet  # noqa: PLC0415

    draw_sheet(file, themes=themes, seeds=seeds, size=size, text=text)


@command.command(short_help="Make the videos of many stories anew, or take them back.")
@click.argument("story_ids", nargs=-1, metavar="[STORY_ID]...")
@click.option("--table", help="Of which table, or generate-video; default: that of the ids, or the only one.")
@click.option(
    "--status",
    multiple=True,
    type=click.Choice(["ready", "working", "held", "fallback", "rejected", "cancelled"]),
    help="Whose work stands so; may be given several times.",
)
@click.option("--since", metavar="TIME", help="Made since then: 2h or 3d ago, 2026-11-20, or a time of ISO 8601.")
@click.option("--model", multiple=True, help="Last asked of this model; may be given several times.")
@click.option("--theme", multiple=True, help="Of this theme; may be given several times.")
@click.option("--owner", multiple=True, type=click.UUID, help="Of this user; may be given several times.")
@click.option("--all", "everything", is_flag=True, help="Every video of the table.")
@click.option("--new-take", is_flag=True, help="Ask for another clip of the same story, from another seed.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="The seed of every new take; default: one each.")
@click.option("--use-model", metavar="MODEL", help="Ask this model from now on.")
@_param
@click.option("--preview", is_flag=True, help="Make a preview first, where no final clip plays yet.")
@click.option(
    "--undo",
    is_flag=True,
    help="Go back to before what plays now, also where a re-render is under way; at once, and free.",
)
@click.option("--resume", is_flag=False, flag_value="last", metavar="[ID]", help="Go on with an unfinished one.")
@click.option("--dry-run", is_flag=True, help="Say how many and what they would cost; ask for nothing.")
@click.option(
    "--at-once", type=click.IntRange(1, 10_000), default=10, show_default=True, help="So many in flight."
)
@click.option("--yes", is_flag=True, help="Spend without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, and nothing else.")
def rerender(**options: Any) -> None:  # noqa: ANN401 - click's
    """Make the videos of many stories anew, or take them back.

    Choose by ids or by what the options say; several kinds of them combine. With nothing but a choice, the files
    are made anew from the originals that are kept: for free, as long as the text is unchanged. --new-take,
    --use-model and --param pay, and so does a changed text. The old video plays until the new one is ready, and
    --undo brings it back.

    Ctrl-C loses nothing: --resume goes on. Works on the deployment that SUPABASE_URL names, or on this folder's
    stack.
    """
    from cli.rerender.command import rerender_videos  # noqa: PLC0415
    from cli.rerender.request import Options  # noqa: PLC0415

    sys.exit(rerender_videos(Options(**options)))


@command.group(short_help="The loops that play from the first moment.")
def placeholders() -> None:
    """The loops that play from the first moment."""


_library = click.argument("folder", required=False, type=_Folder)


@placeholders.command(short_help="Make the files that are missing or outdated.")
@_library
@click.option("--only", metavar="THEME", multiple=True, help="Only this theme; may be given several times.")
@click.option("--force", is_flag=True, help="Make all anew, also those that are there.")
@click.option("--yes", is_flag=True, help="Agree to what AI clips cost, instead of being asked.")
def build(folder: Path | None, only: tuple[str, ...], force: bool, yes: bool) -> None:
    """Make the files of a library of placeholders that are missing or outdated, in its folder `built`.

    FOLDER holds a placeholders.toml; without one it is the library that comes with Storyreel. Clips that the
    provider renders cost money: what is shown first, and nothing is spent until somebody agrees.
    """
    from cli.placeholders import build_placeholders  # noqa: PLC0415

    build_placeholders(folder, only=only, force=force, yes=yes)


@placeholders.command("list", short_help="Show what a library holds.")
@_library
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array, and nothing else.")
def list_(folder: Path | None, as_json: bool) -> None:
    """Show what a library of placeholders holds, and what of it is published where a deployment is set."""
    from cli.placeholders import list_placeholders  # noqa: PLC0415

    list_placeholders(folder, as_json=as_json)


@placeholders.command(short_help="Give a library to the deployment.")
@_library
def publish(folder: Path | None) -> None:
    """Upload a library of placeholders to the bucket and register it in the database.

    Doing it again changes nothing. Themes of other libraries stay as they are.
    """
    from cli.placeholders import publish_placeholders  # noqa: PLC0415

    publish_placeholders(folder)


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
