"""Strangers' text in the logs of real processes: a record is a line that nobody else can write."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.cli.deployment import settings
from tests.cli.running import free_port, running, wait_until_served
from tests.conftest import DatabaseUrls
from tests.functions.serving import CALLS, HEALTH
from tests.hostile_text.conftest import breaking
from tests.hostile_text.corpus import SHORT
from tests.hostile_text.looks import assert_only_shown

WORDS = "\n".join(SHORT.values())
_RECORD = re.compile(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ [\w.]+: ")


@pytest.fixture(scope="module")
def variables(own_database: DatabaseUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Of a deployment in which neither a story nor a plan of one can be stored, for a stranger's reason."""
    with psycopg.connect(own_database.owner, autocommit=True) as owner:
        owner.execute("insert into public.stories (text) values ('A whale')")
        owner.execute(breaking("takes", before="insert", message=WORDS))
        owner.execute(
            "create trigger broken before insert on storyreel.videos execute function storyreel.broken()"
        )
        yield {
            **settings(own_database, tmp_path_factory.mktemp("bucket")),
            "STORYREEL_FAL_QUEUE_URL": "http://127.0.0.1:9",
        }


def wait_for(log: Path, words: str, alive: Callable[[], bool]) -> str:
    while words not in (said := log.read_text(errors="surrogateescape")):
        assert alive(), said
    return said


def assert_a_log(said: str, forged: str) -> None:
    """Every line begins a record or is indented, and nothing in it is obeyed or hidden."""
    assert_only_shown(said)
    for line in said.splitlines():
        assert _RECORD.match(line) or line.startswith("  "), line
    assert forged in said, "it got here"
    assert not any(line.startswith(forged) for line in said.splitlines())


def test_what_breaks_a_workers_step_is_told_in_its_log(variables: dict[str, str], tmp_path: Path) -> None:
    """With the whole stack trace, and the database's words in it."""
    log = tmp_path / "log"
    with running("worker", settings=variables, log=log) as worker:
        said = wait_for(log, "İıſßŒﬃ", lambda: worker.poll() is None)

    assert "Traceback (most recent call last):" in said
    assert_a_log(said[: said.rindex("\n")], "2026-11-21 12:00:00,000 INFO functions.jobs: pwned")


def test_what_breaks_a_function_is_told_in_its_log_and_not_to_its_caller(
    variables: dict[str, str], tmp_path: Path
) -> None:
    """Whose answer has the kind of the fault, and no word of it."""
    log, port = tmp_path / "log", free_port()
    with running("serve", "--port", str(port), settings=variables, log=log) as server:
        wait_until_served(f"http://127.0.0.1:{port}{HEALTH}", server)
        shown = {"apikey": variables["SUPABASE_SECRET_KEY"]}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=shown, trust_env=False) as http:
            answer = http.post(CALLS, json={"text": "A whale"})
        said = wait_for(log, "İıſßŒﬃ", lambda: server.poll() is None)

    assert answer.status_code == 500
    assert answer.json()["detail"] == "an unexpected RaiseException; it has been logged"
    assert_a_log(said[: said.rindex("\n")], "2026-11-21 12:00:00,000 INFO functions.jobs: pwned")
