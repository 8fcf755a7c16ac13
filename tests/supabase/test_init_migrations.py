"""What `storyreel init` wrote, applied by the Supabase command line: `storyreel db migrate` and it agree."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from cli.init.command import init_project
from local.postgres import EmbeddedPostgres
from storage.migrate import engine_migration, migrate, ours
from tests.conftest import BOOTSTRAP, program
from tests.hosts.forwarder import forwarding
from tests.hosts.standby import socket_of
from tests.supabase.hosted import HOSTED, OWNER

pytestmark = [pytest.mark.needs("postgres15"), pytest.mark.needs("supabase")]

_NAME = "fresh_project"
_THEIRS = "20270101000000_create_dreams.sql"


@pytest.fixture
async def url(hosted: EmbeddedPostgres) -> AsyncIterator[str]:
    """A project's database without Storyreel, over TCP: the command line knows no sockets."""
    with psycopg.connect(hosted.url(), autocommit=True) as connection:
        connection.execute(
            sql.SQL("create database {} template template0 owner {}").format(
                sql.Identifier(_NAME), sql.Identifier(OWNER)
            )
        )
        with psycopg.connect(hosted.url(database=_NAME), autocommit=True) as superuser:
            superuser.execute(BOOTSTRAP.read_text().encode())
            superuser.execute(HOSTED.read_text().encode())
        async with forwarding(socket_of(hosted)) as forwarder:
            yield f"postgresql://{OWNER}@127.0.0.1:{forwarder.port}/{_NAME}"
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(_NAME)))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Of an app that has one migration, later than all of ours."""
    migrations = tmp_path / "supabase" / "migrations"
    migrations.mkdir(parents=True)
    (migrations.parent / "config.toml").write_text('project_id = "dreams"\n')
    (migrations / _THEIRS).write_text("create table public.dreams (id bigint primary key, content text);\n")
    return tmp_path


async def push(project: Path, url: str, *options: str) -> tuple[int, str]:
    """`supabase db push`: the exit code, and all it says."""
    quiet = {"HOME": str(project), "SUPABASE_TELEMETRY_DISABLED": "1", "SUPABASE_NO_UPDATE_NOTIFIER": "1"}
    process = await asyncio.create_subprocess_exec(
        program("supabase"), "db", "push", f"--remote={url}", "--yes", *options,
        cwd=project, env=quiet, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


async def test_both_tools_apply_what_the_other_has_not(hosted: EmbeddedPostgres, url: str, project: Path) -> None:
    """The app's own migration is applied long ago, so that ours are pushed as the output said; then a table has
    videos, and neither tool finds anything left to do."""
    assert (await push(project, url))[0] == 0
    init_project(project, overwrite=False)

    refused, said = await push(project, url)
    assert refused
    assert "--include-all" in said
    pushed, said = await push(project, url, "--include-all")
    assert pushed == 0, said

    assert await asyncio.to_thread(migrate, url) == []
    with psycopg.connect(hosted.url(user=OWNER, database=_NAME), autocommit=True) as owner:
        owner.execute("select storyreel.attach('public.dreams', 'content')")
        owner.execute("insert into public.dreams values (1, 'A whale')")
        assert owner.execute("select task_name from procrastinate.procrastinate_jobs").fetchall() == [("plan",)]


async def test_what_migrate_applied_is_not_pushed_again(url: str, project: Path) -> None:
    """The engine included, which is no migration of ours there."""
    await asyncio.to_thread(migrate, url)
    init_project(project, overwrite=False)

    code, said = await push(project, url, "--dry-run")

    assert code == 0, said
    assert _THEIRS in said
    assert not [each.name for each in (*ours(), engine_migration()) if each.name in said], said
