"""Commands that an interpreter starts are those that other tests fork with their imports done (see `running`)."""

import pytest

from tests.cli.running import started, storyreel

NOWHERE = {
    "SUPABASE_URL": "http://127.0.0.1:1",
    "SUPABASE_DB_URL": "postgresql://nobody@/nothing?host=/nowhere",
    "SUPABASE_SECRET_KEY": "sb_secret_for_tests_only_0123456789",
    "STORYREEL_BUCKET_FOLDER": "/nowhere",
    "FAL_KEY": "id:secret",
}


@pytest.mark.parametrize(
    "arguments",
    [
        ["costs"],
        ["db", "engine-sql"],
        ["db", "migrate"],
        ["init", "."],
        ["limits", "set", "day=1"],
        ["make", "   "],
        ["models"],
        ["placeholders", "list"],
        ["placeholders", "publish", "."],
        ["rerender", "--all"],
        ["resume"],
        ["settle", "00000000-0000-0000-0000-000000000001", "0"],
        ["status"],
    ],
    ids=" ".join,
)
def test_a_command_needs_nothing_that_only_others_import(arguments: list[str]) -> None:
    """Alone as among others: the same code, and the same words on both outputs."""
    alone = started(*arguments, settings=NOWHERE)

    assert alone == storyreel(*arguments, settings=NOWHERE)
    assert "Traceback" not in alone.said
