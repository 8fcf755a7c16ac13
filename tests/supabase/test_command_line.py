"""The Supabase command line applies our migrations: to an empty database, and to what a release has left."""

import asyncio
import hashlib
import tomllib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from local.postgres import EmbeddedPostgres
from storage.engine import engine_sql
from storage.migrate import MIGRATIONS, migrate
from tests.supabase.command_line import Checkout, reachable
from tests.supabase.hosted import Project, making_bare_project

RELEASED: dict[str, str] = tomllib.loads(Path(__file__).with_name("released.toml").read_text())
ENGINE = "20261121000100_install_procrastinate.sql"
USER = "00000000-0000-0000-0000-00000000000a"

# What an app has by then: a table of its own beside the example, a video at every stage that SQL alone can make.
ROWS = f"""
    create table public.poems (id bigint primary key, body text, author uuid);
    select storyreel.attach('public.poems', 'body', 'author');
    insert into public.poems values (1, 'A whale swims', '{USER}'), (2, 'A fox', null);
    insert into public.stories (text, owner_id) values ('Rain on the sea', '{USER}');
    insert into storyreel.takes
      (take_key, model, parameters, prompt, negative_prompt, seed, emulated, created_at)
      values ('k', 'lightning', '{{}}', 'a whale', '', 7, true, now());
    insert into storyreel.shots (revision_id, number, take_id)
      select r.id, 1, t.id from storyreel.revisions r, storyreel.takes t limit 1;
    insert into storyreel.ledger (render_id, endpoint, kind, amount_usd, at)
      values (gen_random_uuid(), 'e', 'settled', 0.05, now());
"""
TABLES = """
    select c.oid::regclass::text from pg_class c
    where c.relkind = 'r' and c.relnamespace in ('storyreel'::regnamespace, 'public'::regnamespace)
"""


def test_what_was_released_is_not_edited() -> None:
    """A database that has a migration never gets it again; what is to change goes into a new file."""
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in MIGRATIONS.iterdir()
        if path.name <= max(RELEASED)
    }

    assert found == RELEASED


@pytest.fixture
def project(hosted: EmbeddedPostgres) -> Iterator[Project]:
    """A hosted project's database without Storyreel."""
    with making_bare_project(hosted) as made:
        yield made


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A project that took the released migrations over, and the engine's installation beside them."""
    made = Checkout(tmp_path)
    (made.supabase / "migrations").mkdir()
    for name in RELEASED:
        _take(made, name)
    (made.supabase / "migrations" / ENGINE).write_text(engine_sql())
    return made


def _take(checkout: Checkout, name: str) -> None:
    (checkout.supabase / "migrations" / name).write_bytes((MIGRATIONS / name).read_bytes())


async def by_the_command_line(checkout: Checkout, url: str) -> None:
    """The newer files are taken over; they are numbered before the engine, so it must be told to look there."""
    for path in MIGRATIONS.iterdir():
        _take(checkout, path.name)
    code, said = await checkout.run("migration", "up", f"--remote={url}", "--include-all")
    assert code == 0, said


async def by_storyreel(_: Checkout, url: str) -> None:
    await asyncio.to_thread(migrate, url)


def rows(owner: psycopg.Connection) -> dict[str, list[dict[str, Any]]]:
    """All that there is, by table."""
    return {
        table: [row for (row,) in owner.execute(f"select to_jsonb(t) from {table} t".encode())]
        for (table,) in owner.execute(TABLES.encode()).fetchall()
    }


def assert_kept(before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]]) -> None:
    """Every row that was there still is, with what it said; columns may have come."""
    for table, kept in before.items():
        missing = [row for row in kept if not any(row.items() <= now.items() for now in after[table])]
        assert missing == [], table


@pytest.mark.needs("postgres15")
@pytest.mark.needs("supabase")
async def test_an_empty_database_gets_everything_in_one_go(project: Project, checkout: Checkout) -> None:
    """And `storyreel db migrate` finds nothing left to do."""
    async with reachable(project) as url:
        await by_the_command_line(checkout, url)

        assert await asyncio.to_thread(migrate, url) == []


@pytest.mark.needs("postgres15")
@pytest.mark.needs("supabase")
@pytest.mark.parametrize("bring_up_to_date", [by_the_command_line, by_storyreel])
async def test_a_released_database_is_brought_up_to_date(
    project: Project, checkout: Checkout, bring_up_to_date: Callable[[Checkout, str], Awaitable[None]]
) -> None:
    """By either tool: no row is lost, nothing is left to do, and what was attached still gives stories videos."""
    async with reachable(project) as url:
        code, said = await checkout.run("db", "push", f"--remote={url}")
        assert code == 0, said
        with psycopg.connect(project.url(), autocommit=True) as owner:
            owner.execute(ROWS.encode())
            before = rows(owner)

            await bring_up_to_date(checkout, url)

            assert_kept(before, rows(owner))
            assert await asyncio.to_thread(migrate, url) == []
            owner.execute("insert into public.poems values (3, 'An owl', null)")
            owner.execute("insert into public.stories (text) values ('Snow')")
            videos = owner.execute("select count(*) from storyreel.videos where shows = 'placeholder'").fetchone()
            hints = owner.execute("select task_name from procrastinate.procrastinate_jobs").fetchall()

    assert videos == (5,)
    assert hints == [("plan",)]
