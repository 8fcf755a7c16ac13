"""What facts about a database mean for a deployment. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from http import HTTPStatus
from importlib.metadata import version

from cli.doctor.finding import Finding, bad, note, ok
from storage.checkup import Contents, Server, Waking
from storage.deployment import MADE_FOR

_OLDEST_POSTGRES = 15
_MOST_SKEW = timedelta(seconds=60)  # signatures of webhooks and users' tokens are valid by the clock, give or take
_LONGEST_RUN = timedelta(minutes=15)  # while one is under way nobody is called
_MIGRATE = "SUPABASE_DB_URL=<the owner's URL> storyreel db migrate"


def judge_server(server: Server, *, has_session: bool, now: datetime) -> list[Finding]:
    """The first findings; where one of them is bad, nothing more can be asked of that database."""
    return [*_reached(server, has_session=has_session), *_prepared(server), *_clock(server, now)]


def _reached(server: Server, *, has_session: bool) -> Iterator[Finding]:
    if server.postgres < _OLDEST_POSTGRES:
        yield bad(
            "database", f"Postgres {server.postgres} is older than {_OLDEST_POSTGRES}", "Upgrade the project."
        )
    elif has_session:
        yield ok("database", f"Postgres {server.postgres}, by a session of its own, as {server.role}")
    else:
        yield note(
            "database",
            f"Postgres {server.postgres}, through a pooler in transaction mode, as {server.role}: right for "
            "functions, and no worker can run on it",
            "Give workers a direct or a session-mode connection (on Supabase port 5432 instead of 6543).",
        )


def _prepared(server: Server) -> Iterator[Finding]:
    if server.migrated_to < MADE_FOR:
        there = f"up to {server.migrated_to}" if server.migrated_to else "not there, or of the first release"
        yield bad("migrations", f"{there}; this release needs {MADE_FOR}", _MIGRATE)
    else:
        yield ok("migrations", f"up to {server.migrated_to}")
    wanted = version("procrastinate")
    if server.engine is None:
        yield bad("engine", "its tables are not there", _MIGRATE)
    elif server.engine != wanted:
        yield note("engine", f"release {server.engine} is installed, {wanted} is run", _MIGRATE)
    else:
        yield ok("engine", f"release {server.engine}")
    if not server.engine_on_path:
        yield bad(
            "login",
            f"{server.role} is not the login that workers and functions use",
            "alter role storyreel password '…'; and put storyreel into SUPABASE_DB_URL",
        )


def _clock(server: Server, now: datetime) -> Iterator[Finding]:
    skew = abs(server.now - now)
    if skew > _MOST_SKEW:
        seconds = round(skew.total_seconds())
        yield bad("clock", f"this machine and the database are {seconds} seconds apart", "Set the clock by NTP.")


def judge_contents(contents: Contents, *, now: datetime) -> list[Finding]:
    """What a prepared database lacks."""
    return [*_stories(contents), *_live(contents), *_whoever_runs(contents, now)]


def _stories(contents: Contents) -> Iterator[Finding]:
    if contents.tables:
        yield ok("tables", ", ".join(contents.tables))
    else:
        yield note(
            "tables",
            "none has videos yet",
            "select storyreel.attach('public.<table>', text_column => '…', owner_column => '…')",
        )
    if contents.placeholders:
        yield ok("placeholders", f"{contents.placeholders} loops are published")
    else:
        yield bad(
            "placeholders", "none is published: new videos have nothing to play", "storyreel placeholders publish"
        )
    if contents.missed:
        yield note(
            "stories", f"{contents.missed} wait for what their table's trigger could not do; reconcile sees to it"
        )


def _live(contents: Contents) -> Iterator[Finding]:
    if not contents.published:
        yield bad(
            "realtime",
            "storyreel.videos is not in the publication",
            "alter publication supabase_realtime add table storyreel.videos",
        )
    elif contents.quiet:
        yield from (note("realtime", sentence) for sentence in contents.quiet)
    else:
        yield ok("realtime", "changes are published, and broadcast to their owners")


def _whoever_runs(contents: Contents, now: datetime) -> Iterator[Finding]:
    waking, workers = contents.waking, contents.workers
    if workers:
        yield ok("workers", "1 runs" if workers == 1 else f"{workers} run")
    elif waking is None:
        yield note(
            "workers",
            "none has given a sign of life in the last minute, and the database calls nobody",
            "Run storyreel worker, have a scheduler POST run-jobs each minute, or select storyreel.wake_by('…')",
        )
    if waking is not None:
        yield from _called(waking, now)


def _called(waking: Waking, now: datetime) -> Iterator[Finding]:
    again = f"select storyreel.wake_by('{waking.url}')"
    refused = waking.status == HTTPStatus.UNAUTHORIZED
    if waking.fault:
        yield bad(
            "waking",
            f"run-jobs cannot be called: {waking.fault}",
            f"select vault.create_secret('<one of STORYREEL_RUN_JOBS_SECRETS>', '{waking.secret_name}')",
        )
    elif waking.error or (waking.status is not None and waking.status >= HTTPStatus.MULTIPLE_CHOICES):
        said = waking.error or f"HTTP {waking.status}"
        mend = "Have Vault's secret be one of STORYREEL_RUN_JOBS_SECRETS" if refused else "See that it is reached"
        yield bad("waking", f"the last call of {waking.url} came to nothing: {said}", mend)
    elif not waking.hears:
        yield bad("waking", "the engine's jobs call nobody: their trigger is gone", again)
    elif not waking.scheduled:
        yield note(
            "waking",
            f"{waking.url} is called, but not each minute: there is no pg_cron, or its job is gone",
            f"create extension if not exists pg_cron; {again}",
        )
    elif waking.called_at is not None and now - waking.called_at > _LONGEST_RUN:
        ago = round((now - waking.called_at).total_seconds() / 60)
        yield bad("waking", f"pg_cron was to call each minute, and the last call was {ago} minutes ago", again)
    elif waking.timed_out:
        yield note(
            "waking",
            f"the last call of {waking.url} was not answered in time: right for a host that answers when the work "
            "is done, as AWS Lambda does, and for no other",
        )
    else:
        yield ok("waking", f"{waking.url} is called as soon as there is work, and each minute")
