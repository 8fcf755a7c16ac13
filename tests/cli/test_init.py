"""`storyreel init`: what a Supabase project's folder gets, once, and what of the app's own is never lost."""

import os
import re
import resource
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.init.command import init_project
from cli.init.contents import example, forwarders, whole_files
from cli.init.project import NotAProject, compare
from functions.settings import read
from storage.migrate import engine_migration, ours
from tests.cli.running import COMMAND, assert_sentence, environment, storyreel
from tests.cli.terminal import at_a_terminal, read_until
from tests.conftest import ROOT, program

FORWARDER = "supabase/functions/video-webhook/index.ts"
_NAME = re.compile(r"\b(?:STORYREEL|SUPABASE|FAL)_[A-Z0-9_]+[A-Z0-9]\b")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """As little as makes a folder a project."""
    (tmp_path / "supabase").mkdir()
    (tmp_path / "supabase" / "config.toml").write_text('project_id = "dreams"\n')
    return tmp_path


@pytest.fixture
def begun(project: Path) -> Path:
    """One that has Storyreel."""
    assert init_project(project, overwrite=False) == 0
    return project


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.needs("supabase")
def test_a_project_of_the_supabase_command_line_gets_everything_once(tmp_path: Path) -> None:
    """Every file of ours, the sections that its config lacks, and not a line of it changed."""
    quiet = {"HOME": str(tmp_path), "SUPABASE_TELEMETRY_DISABLED": "1"}
    subprocess.run([program("supabase"), "init"], cwd=tmp_path, env=quiet, check=True, capture_output=True)
    before = (tmp_path / "supabase" / "config.toml").read_bytes()

    first = storyreel("init", cwd=tmp_path)
    made = files(tmp_path)
    second = storyreel("init", cwd=tmp_path)

    assert (first.code, second.code) == (0, 0), first
    assert made.items() >= whole_files().items()
    assert made["supabase/config.toml"].startswith(before)
    config = tomllib.loads(made["supabase/config.toml"].decode())
    assert config["storage"]["buckets"]["videos"]["public"] is True
    assert [config["functions"][name]["verify_jwt"] for name in forwarders()] == [False] * len(forwarders())
    assert "supabase db push\n" in first.out
    assert "nothing to do" in second.out
    assert files(tmp_path) == made


def test_without_a_project_nothing_is_written(tmp_path: Path) -> None:
    assert_sentence(storyreel("init", str(tmp_path)), "supabase/config.toml", "supabase init")
    assert list(tmp_path.iterdir()) == []


def test_our_own_checkout_is_no_project() -> None:
    """What is written into it would count as ours."""
    with pytest.raises(NotAProject, match="your Supabase project"):
        compare(ROOT)


def test_a_changed_file_stays_where_nobody_can_be_asked(begun: Path) -> None:
    """The exit code and a line say so; with --overwrite somebody has said what is wanted."""
    ours = (begun / FORWARDER).read_bytes()
    (begun / FORWARDER).write_bytes(theirs := ours + b"// mine\n")

    ended = storyreel("init", str(begun))
    assert (ended.code, (begun / FORWARDER).read_bytes()) == (1, theirs)
    assert f"kept      {FORWARDER}" in ended.out
    assert "--overwrite" in ended.said

    assert init_project(begun, overwrite=True) == 0
    assert (begun / FORWARDER).read_bytes() == ours


@pytest.mark.parametrize(("answer", "code"), [("n", 1), ("y", 0)])
def test_a_changed_file_is_replaced_by_consent(begun: Path, answer: str, code: int) -> None:
    """What would be lost is shown first; what is asked for nobody loses by a bare return key."""
    ours = (begun / FORWARDER).read_bytes()
    (begun / FORWARDER).write_bytes(theirs := b"// mine\n" + ours)

    with at_a_terminal("init", str(begun), settings={}) as (process, person):
        shown = read_until(person, "[y/N]")
        os.write(person, f"{answer}\n".encode())
        assert process.wait(30) == code

    assert "-// mine" in shown
    assert (begun / FORWARDER).read_bytes() == (ours if answer == "y" else theirs)


def test_line_ends_of_another_system_are_no_change(begun: Path) -> None:
    """Git writes them so on Windows."""
    (begun / FORWARDER).write_bytes((begun / FORWARDER).read_bytes().replace(b"\n", b"\r\n"))

    assert init_project(begun, overwrite=False) == 0
    assert b"\r\n" in (begun / FORWARDER).read_bytes()


def _no_long_files() -> None:
    """As on a disk that is full: writing fails in the middle of a file."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


def test_what_broke_off_in_the_middle_is_completed(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No file is ever there in part, and running it again ends as if nothing had happened."""
    whole = tmp_path_factory.mktemp("whole") / "project"
    shutil.copytree(project, whole)
    init_project(whole, overwrite=False)

    command = [*COMMAND, "init", str(project)]
    broken = subprocess.run(
        command, env=environment(), capture_output=True, text=True, check=False, preexec_fn=_no_long_files
    )
    assert broken.returncode == 2
    assert "File too large" in broken.stderr
    there = {path: content for path, content in files(project).items() if not Path(path).name.startswith(".")}
    assert any(path.startswith("supabase/migrations/") for path in there)
    assert there.items() < (files(whole) | {"supabase/config.toml": there["supabase/config.toml"]}).items()

    assert init_project(project, overwrite=False) == 0
    assert files(project) == files(whole)


def test_an_example_of_the_app_s_own_keeps_its_lines(project: Path) -> None:
    """In whatever encoding they are; ours come after them, once."""
    (project / ".env.example").write_bytes(theirs := "MAIL_FROM=Zoë".encode("latin-1"))

    init_project(project, overwrite=False)
    (project / ".env.example").write_bytes((project / ".env.example").read_bytes() + b"MORE=1\n")

    assert init_project(project, overwrite=False) == 0
    made = (project / ".env.example").read_bytes()
    assert made.startswith(theirs)
    assert made.endswith(b"MORE=1\n")
    assert made.count(b"\nFAL_KEY=") == 1


def test_a_function_that_would_refuse_every_delivery_is_pointed_out(project: Path) -> None:
    """Supabase itself would answer 401 to fal; the section is the app's, so a person changes it."""
    config = project / "supabase" / "config.toml"
    config.write_text("[functions.video-webhook]\nverify_jwt = true\n[storage.buckets.videos]\npublic = false\n")

    ended = storyreel("init", str(project))

    assert ended.code == 1
    assert "[functions.video-webhook] needs verify_jwt = false" in ended.out
    assert "[functions.generate-video]" in config.read_text()
    assert config.read_text().count("[storage.buckets.videos]") == 1, "a bucket may be as the app wants it"


def test_a_config_that_takes_no_more_sections_is_left_to_a_person(project: Path) -> None:
    config = project / "supabase" / "config.toml"
    config.write_text("functions = {}\n")

    ended = storyreel("init", str(project))

    assert ended.code == 1
    assert "              [functions.generate-video]\n              verify_jwt = false\n" in ended.out
    assert config.read_text().startswith("functions = {}\n\n[storage.buckets.videos]")


def test_a_config_that_is_no_toml_is_a_sentence(project: Path) -> None:
    (project / "supabase" / "config.toml").write_text("[functions\n")

    assert_sentence(storyreel("init", str(project)), "config.toml", "no TOML")
    assert not (project / "supabase" / "migrations").exists()


def test_a_version_that_is_taken_is_a_sentence(project: Path) -> None:
    """Of two migrations with one version the database would know one."""
    taken = project / "supabase" / "migrations" / f"{ours()[0].version}_mine.sql"
    taken.parent.mkdir()
    taken.write_text("select 1;\n")

    assert_sentence(storyreel("init", str(project)), taken.name, "another one")


def test_another_release_of_the_engine_stays(begun: Path) -> None:
    """It may be applied already; `storyreel db migrate` upgrades what it made."""
    engine = engine_migration()
    file = begun / "supabase" / "migrations" / f"{engine.version}_{engine.name}.sql"
    older = re.sub(r"(comment on schema procrastinate is)", r"-- older\n\1", engine.text)
    file.write_text(older.replace(older.rsplit("'", 2)[1], "3.1.4"))

    ended = storyreel("init", str(begun))

    assert ended.code == 0
    assert "release 3.1.4" in ended.out
    assert "-- older" in file.read_text()


def _settings(lines: Iterator[str] | list[str]) -> set[str]:
    return {match[1] for line in lines if (match := re.match(r"#?([A-Z0-9_]+)=", line))}


def test_the_example_has_every_setting_that_is_read_and_described() -> None:
    """By the readers of the environment, and in the README's table."""
    readers = "".join(path.read_text() for path in (ROOT / "functions").glob("*settings.py"))
    table = (ROOT / "README.md").read_text().partition("## Settings\n")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    described = {name for row in rows for name in _NAME.findall(row.split("|")[1])}

    assert _settings(example().splitlines()) == set(re.findall(f'"({_NAME.pattern})"', readers))
    assert described <= _settings(example().splitlines())


def test_the_example_is_filled_in_by_its_first_lines_alone() -> None:
    """What may stay as it is, is commented out; and each default that it names is one that can be set."""
    lines = example().splitlines()
    needed = dict.fromkeys(_settings([line for line in lines if not line.startswith("#")]), "x" * 20)
    needed |= {"SUPABASE_URL": "https://ref.supabase.co", "SUPABASE_DB_URL": "postgresql://storyreel@db/postgres"}
    defaults = dict(
        line.removeprefix("#").split("=", 1) for line in lines if re.match(r"#[A-Z0-9_]+=[\w-]+$", line)
    )

    assert read({**needed, **defaults}, cores=1) == read(needed, cores=1)
