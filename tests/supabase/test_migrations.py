"""The migrations, from empty, on every Postgres that users have: 15 and 17 hosted, 18 embedded."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from local.postgres import EmbeddedPostgres
from storage.migrate import NotSupabaseError, migrate, ours
from tests.conftest import BOOTSTRAP, program

SERVERS = [
    pytest.param("postgres15", marks=pytest.mark.needs("postgres15")),
    pytest.param("postgres17", marks=pytest.mark.needs("postgres17")),
    pytest.param("embedded"),
]


@pytest.fixture(params=SERVERS, scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[EmbeddedPostgres]:
    folder = Path(tempfile.mkdtemp(prefix="storyreel-tests-"))
    folder.chmod(0o755)
    binaries = None if request.param == "embedded" else program(request.param).parent
    server = EmbeddedPostgres(folder, binaries=binaries).start()
    try:
        yield server
    finally:
        server.discard()
        shutil.rmtree(folder, ignore_errors=True)


def test_migrate_applies_everything_once(server: EmbeddedPostgres) -> None:
    """From empty, every migration and the engine are applied; a second run finds nothing to do."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("create database fresh")
    url = server.url(database="fresh")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(BOOTSTRAP.read_text().encode())

    applied = migrate(url)

    assert applied[:-1] == [f"{migration.version}_{migration.name}" for migration in ours()]
    assert applied[-1].startswith("procrastinate ")
    assert migrate(url) == []


def test_an_insert_makes_a_video_and_one_hint(server: EmbeddedPostgres) -> None:
    """On every server the trigger gives a story its video in the insert's own transaction, with one hint."""
    url = server.url(database="fresh")
    with psycopg.connect(url) as connection:
        connection.execute(
            "insert into public.stories (text) select 'A whale ' || n from generate_series(1, 50) n"
        )
        videos = connection.execute("select count(*), min(work), min(theme) from storyreel.videos").fetchone()
        jobs = connection.execute("select task_name from procrastinate.procrastinate_jobs").fetchall()

    assert videos == (50, "working", "dream")
    assert jobs == [("plan",)]


def test_a_database_that_is_no_supabase_is_left_alone(server: EmbeddedPostgres) -> None:
    """Without the roles of a Supabase project nothing is applied, and the error says how to get them."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("create database plain")
        for role in ("anon", "authenticated"):
            connection.execute(f"alter role {role} rename to hidden_{role}")
        try:
            with pytest.raises(NotSupabaseError, match="storyreel db bootstrap"):
                migrate(server.url(database="plain"))
        finally:
            for role in ("anon", "authenticated"):
                connection.execute(f"alter role hidden_{role} rename to {role}")
    with psycopg.connect(server.url(database="plain")) as connection:
        assert connection.execute("select to_regnamespace('storyreel')").fetchone() == (None,)
