"""What the Supabase command line finds in a project of ours, `db lint` and `db advisors`: nothing to warn of.

Its own checks of functions pass over those of triggers; those are checked here by the extension that it uses.
"""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from local.postgres import EmbeddedPostgres
from tests.conftest import ROOT, program
from tests.hosts.forwarder import forwarding
from tests.hosts.standby import socket_of
from tests.supabase.command_line import QUIET
from tests.supabase.hosted import OWNER, Project, making_project

pytestmark = [pytest.mark.needs("postgres15"), pytest.mark.needs("plpgsql_check"), pytest.mark.needs("supabase")]

ADVISORS = ("advisors", "--level", "warn", "--fail-on", "warn")
LINT = ("lint", "--level", "warning", "--fail-on", "warning")


@pytest.fixture(scope="module")
def project(hosted: EmbeddedPostgres) -> Iterator[Project]:
    """One with a table of the app's attached, beside the example."""
    with making_project(hosted) as made:
        with psycopg.connect(made.url("postgres")) as superuser:
            superuser.execute("create extension plpgsql_check with schema extensions")
        with psycopg.connect(made.url()) as owner:
            owner.execute("create table public.poems (id uuid primary key, body text, author_id uuid)")
            owner.execute("alter table public.poems enable row level security")
            owner.execute("select storyreel.attach('public.poems', 'body', 'author_id')")
        yield made


@pytest.fixture(scope="module")
async def port(hosted: EmbeddedPostgres) -> AsyncIterator[int]:
    """The command line knows databases by host and port alone."""
    async with forwarding(socket_of(hosted)) as forwarder:
        yield forwarder.port


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Where the command line runs: it reads from the config which schemas the API exposes."""
    (tmp_path / "supabase").mkdir()
    shutil.copy(ROOT / "supabase" / "config.toml", tmp_path / "supabase")
    return tmp_path


class Findings:
    """The command line for one database."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url, self._folder = url, folder

    async def of(self, command: str, *options: str) -> list[dict[str, Any]]:
        """What `supabase db <command>` finds; its exit code says whether there is any."""
        process = await asyncio.create_subprocess_exec(
            program("supabase"), "db", command, f"--remote={self._url}", "--output-format=json", *options,
            cwd=self._folder, env={"HOME": str(self._folder), **QUIET},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, said = await process.communicate()
        answer = json.loads(out)
        assert "results" in answer, (answer, said)
        found: list[dict[str, Any]] = answer["results"]
        assert bool(process.returncode) == bool(found), (process.returncode, answer)
        return found


@pytest.fixture
def findings(project: Project, port: int, checkout: Path) -> Findings:
    return Findings(f"postgresql://{OWNER}@127.0.0.1:{port}/{project.name}", checkout)


async def test_the_advisors_warn_of_nothing(findings: Findings) -> None:
    """Neither of what is insecure nor of what is slow."""
    assert await findings.of(*ADVISORS) == []


async def test_the_advisors_warn_of_nothing_where_our_schema_is_exposed(
    findings: Findings, checkout: Path
) -> None:
    """By an app that wants to read its videos there."""
    config = checkout / "supabase" / "config.toml"
    said = config.read_text()
    config.write_text(said.replace('schemas = ["public",', 'schemas = ["public", "storyreel", "procrastinate",'))
    assert config.read_text() != said

    assert await findings.of(*ADVISORS) == []


async def test_the_linter_finds_no_fault_in_a_function(findings: Findings) -> None:
    """Of ours, of the engine's, and of those that are written when a table is attached."""
    assert await findings.of(*LINT) == []


# What each of them would report, were it so.
MISTAKES: dict[str, tuple[LiteralString, tuple[str, ...], str]] = {
    "a view as its owner": (
        "alter view public.story_videos set (security_invoker = false)", ADVISORS, "security_definer_view"),
    "a policy that asks who it is for every row": (
        "alter policy videos_owner_reads on storyreel.videos using (owner_id = auth.uid())",
        ADVISORS, "auth_rls_initplan"),
    "two policies for one thing": (
        "create policy another on storyreel.videos for select to authenticated using (false)",
        ADVISORS, "multiple_permissive_policies"),
    "policies that are not heeded": (
        "alter table storyreel.videos disable row level security", ADVISORS, "policy_exists_rls_disabled"),
    "a function that is led astray": (
        "alter function storyreel.theme_of reset search_path", ADVISORS, "function_search_path_mutable"),
    "a function of a table that is gone": ("drop table storyreel.missed cascade", LINT, "storyreel.adopt_next"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_a_mistake_would_be_found(hosted: EmbeddedPostgres, port: int, checkout: Path, mistake: str) -> None:
    """So nothing found is something said."""
    make_it, command, reported = MISTAKES[mistake]
    with making_project(hosted) as made:
        with psycopg.connect(made.url("postgres")) as superuser:
            superuser.execute("create extension plpgsql_check with schema extensions")
        with psycopg.connect(made.url()) as owner:
            owner.execute(make_it)

        found = await Findings(f"postgresql://{OWNER}@127.0.0.1:{port}/{made.name}", checkout).of(*command)

    assert reported in json.dumps(found)


def test_no_function_of_a_trigger_has_a_fault(project: Project) -> None:
    """Each as the trigger calls it, with the rows that it is handed."""
    with psycopg.connect(project.url()) as owner:
        owner.execute("""
            create temporary view called as
            select t.tgrelid, t.tgfoid, t.tgnewtable, t.tgoldtable from pg_trigger t
            where not t.tgisinternal and t.tgfoid in (
              select p.oid from pg_proc p where p.pronamespace = 'storyreel'::regnamespace)""")
        faults = owner.execute("""
            select c.tgfoid::regproc::text, f.message
            from called c cross join lateral extensions.plpgsql_check_function_tb(
              c.tgfoid, c.tgrelid, newtable => c.tgnewtable, oldtable => c.tgoldtable) f
            where f.level = 'error'""").fetchall()
        called = owner.execute("select distinct tgfoid from called").fetchall()

    assert faults == []
    assert len(called) >= 10
