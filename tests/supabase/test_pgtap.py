"""The files that users run on their own project with `supabase test db`, here with the same pg_prove."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from local.postgres import EmbeddedPostgres
from tests.conftest import ROOT, program
from tests.supabase.hosted import OWNER, Project, making_project

FILES = sorted((ROOT / "supabase" / "tests").glob("*.sql"))
pytestmark = [pytest.mark.needs("postgres15"), pytest.mark.needs("pgtap")]

# Each breaks one promise of a file.
BREAKS: dict[str, bytes] = {
    "owners_hear_of_their_videos": b"drop policy storyreel_owners_listen on realtime.messages",
    "owners_see_their_videos": b"alter policy videos_owner_reads on storyreel.videos using (true)",
    "strangers_see_nothing": b"alter policy videos_owner_reads on storyreel.videos using (owner_id is null)",
    "nobody_writes_videos": b"grant update on storyreel.videos, public.story_videos to service_role",
    "rights_on_tables": b"grant select on storyreel.ledger to service_role",
    "rights_on_functions": b"alter function storyreel.theme_of set search_path = ''",
    "stories_get_videos": b"alter function storyreel.begin_videos rename to begin_none",
}
WRONG = {
    "a false assertion": "select plan(1); select ok(false); select * from finish();",
    "fewer assertions than planned": "select plan(2); select ok(true); select * from finish();",
    "an error": "select plan(1); select no_such_thing(); select ok(true); select * from finish();",
    "no plan": "select 1;",
}


def prove(project: Project, file: Path) -> subprocess.CompletedProcess[str]:
    sockets = parse_qs(urlsplit(project.url()).query)["host"][0]
    return subprocess.run(
        [program("pgtap"), "--host", sockets, "--username", OWNER, "--dbname", project.name, "--verbose", file],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module", autouse=True)
def _installed(project: Project) -> None:
    """The files begin with this, too; a file of the tests' own does not."""
    with psycopg.connect(project.url()) as connection:
        connection.execute("create extension pgtap with schema extensions")


@pytest.fixture
def another(hosted: EmbeddedPostgres) -> Iterator[Project]:
    """A project to spoil."""
    with making_project(hosted) as made:
        yield made


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_file_passes_on_a_project_and_leaves_nothing_behind(project: Project, file: Path) -> None:
    """As its owner, who is no superuser; with the rights on new tables that projects once gave to everybody."""
    proved = prove(project, file)

    assert proved.returncode == 0, proved.stdout + proved.stderr
    with psycopg.connect(project.url()) as connection:
        assert connection.execute("select from storyreel.videos").rowcount == 0
        assert connection.execute("select to_regclass('public.storyreel_test')").fetchone() == (None,)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_file_fails_where_a_promise_is_broken(another: Project, file: Path) -> None:
    """Each file has a promise that is broken here; a file without one fails this test."""
    with psycopg.connect(another.url()) as connection:
        connection.execute(BREAKS[file.stem])

    assert "not ok" in prove(another, file).stdout


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_no_success(project: Project, tmp_path: Path, text: str) -> None:
    """Whatever is wrong with it, pg_prove says so by its exit code."""
    file = tmp_path / "wrong.sql"
    file.write_text(f"begin; {text} rollback;")

    assert prove(project, file).returncode != 0
