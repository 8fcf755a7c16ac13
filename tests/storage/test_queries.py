"""The parser of the .sql files, and that every statement in them is one that Postgres can prepare."""

import re
import string
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from storage.queries import load, parse
from tests.storage.world import World

SQL = Path(__file__).parent.parent.parent / "storage" / "sql"
FILES = sorted(path.stem for path in SQL.glob("*.sql"))

# Arguments that may not be null, or whose type the statement alone does not tell.
GIVEN = {
    "schema": "public",
    "table": "stories",
    "now": datetime(2026, 11, 21, tzinfo=UTC),
    "lease": timedelta(minutes=1),
}

names = st.text(string.ascii_letters + string.digits + "_", min_size=1, max_size=20)
# Anything that is not blank and no header: comments, strings, braces, percent signs, other scripts, blank lines.
lines = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\t"), max_size=40).filter(
    lambda line: not line.startswith("-- name:") and len(line.splitlines()) <= 1
)
bodies = st.lists(lines, min_size=1, max_size=4).map("\n".join).filter(lambda body: bool(body.strip()))


@given(prose=st.lists(lines, max_size=3).map("\n".join), statements=st.dictionaries(names, bodies, max_size=5))
def test_what_is_written_under_a_name_is_found_under_it(prose: str, statements: dict[str, str]) -> None:
    """Whole and in order, whatever it contains, without the blanks around it; prose above the first is ignored."""
    file = prose + "\n" + "".join(f"-- name: {name}\n{body}\n\n" for name, body in statements.items())

    assert dict(parse(file)) == {name: body.strip() for name, body in statements.items()}
    assert list(parse(file)) == list(statements)


@given(name=names, first=bodies, second=bodies)
def test_a_name_that_stands_twice_is_refused(name: str, first: str, second: str) -> None:
    """And says which."""
    with pytest.raises(ValueError, match=name):
        parse(f"-- name: {name}\n{first}\n-- name: {name}\n{second}\n")


@given(name=names, blank=st.text(" \t\n", max_size=5))
def test_a_name_without_a_statement_is_refused(name: str, blank: str) -> None:
    """At the end of a file and before the next name alike."""
    for rest in ("", "-- name: another_one\nselect 1;"):
        with pytest.raises(ValueError, match="no statement"):
            parse(f"-- name: {name}\n{blank}\n{rest}")


def test_a_header_is_a_line_of_its_own() -> None:
    """What looks like one inside a line is part of the statement."""
    assert parse("-- name: a\nselect '-- name: b';\n  -- name: c\nselect 2") == {
        "a": "select '-- name: b';\n  -- name: c\nselect 2"
    }


def test_a_file_without_statements_has_none() -> None:
    """Prose alone is no error."""
    assert parse("") == parse("Nothing here.\n") == {}


@pytest.mark.parametrize("file", FILES)
def test_every_file_holds_nothing_but_named_statements(file: str) -> None:
    """One statement under each name, ended by the only semicolon that ends a line; no header is misspelt."""
    text = (SQL / f"{file}.sql").read_text()

    statements = load(file)

    assert len(statements) == text.count("-- name:")
    for name, statement in statements.items():
        assert statement.decode().rstrip().endswith(";"), name
        assert statement.decode().count(";\n") == 0, name


async def test_the_worker_may_run_every_statement(world: World) -> None:
    """Each is planned by Postgres under the worker's own rights, with nulls for most arguments."""
    async with world.stores.plans._database.transaction() as tx:
        for file in FILES:
            for name, statement in load(file).items():
                arguments = {key: GIVEN.get(key) for key in re.findall(r"%\((\w+)\)s", statement.decode())}
                try:
                    await tx.all(b"explain " + _without_comments(statement), arguments)
                except Exception as error:
                    raise AssertionError(f"{file}.{name}") from error


def _without_comments(statement: bytes) -> bytes:
    return b"\n".join(line for line in statement.splitlines() if not line.startswith(b"--"))
