"""How the tests read the Dockerfile and .dockerignore: as docker does, and nothing that they do not know."""

import pytest

from tests.conftest import ROOT
from tests.supply.dockerfile import Ignoring, Instruction, read_dockerfile

_IGNORING = Ignoring.read((ROOT / ".dockerignore").read_text())


@pytest.mark.parametrize(
    "path",
    [
        *(".env", ".git/config", ".storyreel/secret", ".venv/bin/python", "settings", "key.pem", "Dockerfile"),
        *("cli/.env", "local/library/.storyreel-1/key", "storage/__pycache__/database.cpython-311.pyc"),
        *(
            "supabase/seed.sql",
            "supabase/functions/.env",
            "supabase/.env",
            "tests/conftest.py",
            "docs/emulator.md",
            "requirements.lock",
        ),
    ],
)
def test_what_does_not_run_is_not_sent_to_a_builder(path: str) -> None:
    assert _IGNORING.excludes(path)


@pytest.mark.parametrize(
    "path",
    [
        *("cli/main.py", "supabase/migrations/1_first.sql", "docs/licences.md", "requirements.runtime.lock"),
        *("supabase/config.toml", "supabase/functions/_shared/forward.ts", "cli/init/env.example"),
        *("local/library/shipped/placeholders.toml", "pipeline/fal/endpoints/fal-ai/wan/v2.2-5b/fast-wan.json"),
    ],
)
def test_what_runs_is_sent(path: str) -> None:
    assert not _IGNORING.excludes(path)


def test_the_last_pattern_that_matches_decides() -> None:
    """Of the path or a folder above it; a star stops at slashes, two do not."""
    ignoring = Ignoring.read("# first\n\n*\n!a\na/*.txt\n!a/keep.txt\n**/b\n")

    assert [
        path
        for path in ("a/x.py", "a/x.txt", "a/keep.txt", "a/c/x.txt", "a/c/b/d", "c")
        if ignoring.excludes(path)
    ] == [
        "a/x.txt",
        "a/c/b/d",
        "c",
    ]


def test_stages_are_read_with_their_lines_joined() -> None:
    text = "# syntax\nARG BASE=wood\nFROM ${BASE} AS build\nRUN one \\\n  # aside\n && two\nFROM $BASE\nUSER 1:1\n"

    build, last = read_dockerfile(text)
    assert (build.base, build.name, build.instructions) == ("wood", "build", (Instruction("RUN", "one && two"),))
    assert (last.base, last.name, last.instructions) == ("wood", "", (Instruction("USER", "1:1"),))


@pytest.mark.parametrize("line", ["ADD http://somewhere/file /", "VOLUME /data", "ONBUILD RUN true", "run true"])
def test_an_instruction_that_is_not_known_is_an_error(line: str) -> None:
    with pytest.raises(ValueError, match="not among the instructions"):
        read_dockerfile(f"FROM wood\n{line}\n")
