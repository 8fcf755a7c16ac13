"""`storyreel doctor`: what a deployment lacks is named with what to do about it, and nothing changed unasked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

import pytest

from cli.doctor.database import judge_contents, judge_server
from cli.doctor.finding import Finding, State, bad, lines, note, ok
from local.postgres import EmbeddedPostgres
from storage.checkup import Contents, Server, Waking
from storage.deployment import MADE_FOR
from tests.cli.deployment import Deployment
from tests.cli.running import storyreel
from tests.hosts.bouncer import bouncing

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SERVER = Server(
    "storyreel", 17, engine_on_path=True, migrated_to=MADE_FOR, engine=version("procrastinate"), now=NOW
)
WAKING = Waking(
    url="https://app/run-jobs",
    secret_name="storyreel_run_jobs",
    called_at=NOW,
    fault=None,
    hears=True,
    scheduled=True,
    status=202,
    error=None,
    timed_out=False,
)
CONTENTS = Contents(["public.dreams"], 72, 0, published=True, workers=0, quiet=[], waking=WAKING)

SERVERS: dict[str, tuple[Server, str, str]] = {
    "too old": (replace(SERVER, postgres=14), "database", "Postgres 14"),
    "empty": (replace(SERVER, migrated_to="", engine=None), "migrations", "storyreel db migrate"),
    "of an older release": (replace(SERVER, migrated_to="20261121000013"), "migrations", "20261121000013"),
    "without the engine": (replace(SERVER, engine=None), "engine", "storyreel db migrate"),
    "another login": (replace(SERVER, role="postgres", engine_on_path=False), "login", "postgres"),
    "another time": (replace(SERVER, now=NOW - timedelta(seconds=90)), "clock", "90 seconds"),
}
CALLS: dict[str, tuple[Waking | None, State, str, str]] = {
    "nobody runs": (None, State.NOTE, "workers", "wake_by"),
    "no secret": (replace(WAKING, fault="Vault has no secret"), State.BAD, "waking", "vault.create_secret"),
    "refused": (replace(WAKING, status=401), State.BAD, "waking", "RUN_JOBS_SECRETS"),
    "not reached": (replace(WAKING, status=None, error="Couldn't connect"), State.BAD, "waking", "connect"),
    "deaf": (replace(WAKING, hears=False), State.BAD, "waking", "trigger is gone"),
    "stopped": (replace(WAKING, called_at=NOW - timedelta(hours=1)), State.BAD, "waking", "60 minutes ago"),
    "not answered in time": (replace(WAKING, status=None, timed_out=True), State.NOTE, "waking", "in time"),
    "not scheduled": (replace(WAKING, scheduled=False), State.NOTE, "waking", "pg_cron"),
}
LACKS: dict[str, tuple[Contents, State, str, str]] = {
    "no loops": (replace(CONTENTS, placeholders=0), State.BAD, "placeholders", "storyreel placeholders publish"),
    "no tables": (replace(CONTENTS, tables=None), State.NOTE, "tables", "storyreel.attach"),
    "not live": (replace(CONTENTS, published=False), State.BAD, "realtime", "alter publication"),
    "not broadcast": (replace(CONTENTS, quiet=["Nobody listens."]), State.NOTE, "realtime", "Nobody listens."),
    "missed": (replace(CONTENTS, missed=3), State.NOTE, "stories", "3 wait"),
    **{
        name: (replace(CONTENTS, waking=waking), state, part, says)
        for name, (waking, state, part, says) in CALLS.items()
    },
}


def words(finding: Finding) -> str:
    return f"{finding.says} {finding.do or ''}"


def test_a_deployment_as_it_should_be_has_nothing_to_see_to() -> None:
    """With a worker or with a database that calls, each."""
    with_worker = replace(CONTENTS, waking=None, workers=1)
    for contents in (CONTENTS, with_worker):
        found = [*judge_server(SERVER, has_session=True, now=NOW), *judge_contents(contents, now=NOW)]
        assert {finding.state for finding in found} == {State.OK}


@pytest.mark.parametrize("wrong", SERVERS)
def test_a_database_that_cannot_be_used_is_bad(wrong: str) -> None:
    """The finding names the part and what to do."""
    server, part, says = SERVERS[wrong]

    found = [each for each in judge_server(server, has_session=True, now=NOW) if each.state is State.BAD]

    assert part in {each.part for each in found}
    assert says in " ".join(map(words, found))


@pytest.mark.parametrize("wrong", LACKS)
def test_what_a_prepared_database_lacks_is_said(wrong: str) -> None:
    """Bad, or to be noted by whoever knows what they want."""
    contents, state, part, says = LACKS[wrong]

    (found,) = (each for each in judge_contents(contents, now=NOW) if each.state is not State.OK)

    assert (found.state, found.part) == (state, part)
    assert says in words(found)


def test_findings_stand_in_columns_and_the_verdict_last() -> None:
    """What to do stands below what is wrong."""
    assert list(lines([ok("a", "fine"), note("bcd", "so so"), bad("e", "broken", "mend it")])) == [
        "ok    a    fine",
        "note  bcd  so so",
        "BAD   e    broken",
        "           -> mend it",
        "",
        "1 to see to",
    ]


async def test_a_deployment_that_lacks_nearly_everything_is_told_all_of_it(deployment: Deployment) -> None:
    """One look, every finding, exit code 1; what can be looked at is, whatever else is broken."""
    ended = deployment.run("doctor", emulated=True)

    assert ended.code == 1
    assert ended.said == ""
    marks = {line.split()[1]: line.split()[0] for line in ended.out.splitlines()[:-2] if "->" not in line}
    assert {part for part, mark in marks.items() if mark == "BAD"} == {
        "placeholders", "provider", "functions", "bucket"
    }  # fmt: skip
    assert {part for part, mark in marks.items() if mark == "ok"} == {
        "settings", "database", "migrations", "engine", "tables", "ffmpeg"
    }  # fmt: skip
    assert ended.out.splitlines()[-1] == "4 to see to"


async def test_findings_are_there_for_programs_too(deployment: Deployment) -> None:
    """As one line of JSON."""
    found = deployment.run("doctor", "--json", emulated=True)

    assert found.out.startswith('[{"part": "settings", "state": "ok"')
    assert found.out.count("\n") == 1


def test_settings_that_are_wrong_are_a_finding() -> None:
    """The first, and the only one."""
    ended = storyreel("doctor", settings={"SUPABASE_URL": "http://127.0.0.1:1"})

    assert ended.code == 1
    assert ended.out.startswith("BAD   settings  ")
    assert ended.out.endswith("1 to see to\n")


def test_a_database_that_was_never_prepared_is_told_so(deployment: Deployment, postgres: EmbeddedPostgres) -> None:
    """With the command that prepares it."""
    settings = {**deployment.settings, "SUPABASE_DB_URL": postgres.url()}

    ended = storyreel("doctor", settings=settings | {"STORYREEL_FAL_QUEUE_URL": "http://127.0.0.1:9"})

    assert "BAD   migrations" in ended.out
    assert "storyreel db migrate" in ended.out
    assert "BAD   login" in ended.out


@pytest.mark.needs("pgbouncer")
async def test_a_transaction_pooler_is_named_for_what_it_is(deployment: Deployment) -> None:
    """Right for functions, and no place for a worker."""
    async with bouncing(deployment.settings["SUPABASE_DB_URL"], mode="transaction") as bouncer:
        settings = deployment.settings | {
            "SUPABASE_DB_URL": bouncer.url, "STORYREEL_FAL_QUEUE_URL": "http://127.0.0.1:9"
        }  # fmt: skip
        ended = storyreel("doctor", settings=settings)

    assert "note  database      Postgres 18, through a pooler in transaction mode" in ended.out
    assert "port 5432 instead of 6543" in ended.out
