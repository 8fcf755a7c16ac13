"""Commands have one way to the terminal, which shows what strangers wrote and obeys none of it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

# Text of ours that a file is made of, to the letter; a table that a library draws from data of ours.
_OTHERWISE = {("cli/database.py", "echo"), ("cli/models.py", "print")}
_PRINTING = {"echo", "secho", "print", "echo_via_pager"}


def printing(file: Path) -> Iterator[str]:
    """What is called in the file that writes to the terminal, by name."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in _PRINTING:
                yield name


def test_no_command_prints_by_itself() -> None:
    """But those that print what is wholly ours."""
    files = [file for file in (ROOT / "cli").rglob("*.py") if file.name != "say.py"]
    found = {(str(file.relative_to(ROOT)), name) for file in files for name in printing(file)}

    assert found == _OTHERWISE
