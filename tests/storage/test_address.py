"""A database's URL that libpq would misread is refused, and what refuses it repeats nothing of it."""

import traceback

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from pipeline.errors import BadSetting
from storage.address import checked_address

MARK = "hunter2"


def refusal(url: str) -> str | None:
    """All that a refusal tells, None where there is none."""
    try:
        checked_address(url, "SUPABASE_DB_URL")
    except BadSetting as error:
        return "".join(traceback.format_exception(error))
    return None


@given(st.text(), st.text())
@example("a@", "")
@example("12/", "")
@example("", "%zz")
@example("a b", "")
def test_no_part_of_a_password_is_taken_for_something_else(before: str, after: str) -> None:
    """Host, port and database stand in errors and in the server's log."""
    url = f"postgresql://storyreel:{before}{MARK}{after}@127.0.0.1:5432/postgres"
    said = refusal(url)
    if said is None:
        told = {name: part for name, part in conninfo_to_dict(url).items() if name != "password"}
        assert MARK not in str(told)
    else:
        assert MARK not in said
        assert "SUPABASE_DB_URL" in said


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://postgres@/postgres?host=%2Ftmp%2Frun",
        "postgresql://storyreel:p%40ss%2F@db.ref.supabase.co:6543/postgres?sslmode=require",
        "host=127.0.0.1 user=storyreel password='a b'",
        "postgresql://storyreel:x@[::1]:5432/postgres",
    ],
)
def test_a_url_that_libpq_understands_is_taken_as_it_is(url: str) -> None:
    """With its password escaped."""
    assert checked_address(url, "x") == url
