"""What a stranger sees first: help, and what a mistyped command answers."""

from pathlib import Path

import pytest
from click import BadParameter, Command, Group, Option
from click.testing import CliRunner

from cli.main import command
from cli.options import seconds_range
from tests.cli.running import assert_sentence, storyreel


def commands(group: Group, *path: str) -> list[tuple[tuple[str, ...], Command]]:
    """Every command and group, with its words."""
    found: list[tuple[tuple[str, ...], Command]] = [(path, group)]
    for name, below in group.commands.items():
        found += commands(below, *path, name) if isinstance(below, Group) else [((*path, name), below)]
    return found


ALL = commands(command)


@pytest.mark.parametrize(
    ("path", "found"), ALL, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_every_command_explains_itself(path: tuple[str, ...], found: Command) -> None:
    """What it does in a sentence, and a word on every option that can be given."""
    answer = CliRunner().invoke(command, [*path, "--help"])

    assert answer.exit_code == 0
    assert found.help
    assert found.help[0].isupper()
    for option in found.params:
        if isinstance(option, Option) and not option.hidden and option.name not in {"host", "port"}:
            assert option.help, f"--{option.name} of {' '.join(path)} is not explained"


@pytest.mark.parametrize(
    ("path", "found"), ALL, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_the_line_in_a_list_of_commands_is_whole(path: tuple[str, ...], found: Command) -> None:
    """A group lists its commands with a line each; a line that breaks off in the middle helps nobody."""
    if isinstance(found, Group):
        answer = CliRunner().invoke(command, [*path, "--help"], terminal_width=100)
        listed = answer.output.partition("Commands:")[2]

        assert "..." not in listed
        assert "e.g.\n" not in listed


def test_help_is_what_no_command_gets() -> None:
    """`storyreel` alone explains itself and does nothing."""
    ended = storyreel()

    assert "Commands:" in ended.out + ended.said
    assert "Traceback" not in ended.said


@pytest.mark.parametrize(
    "arguments", [["mak"], ["db", "migrte"], ["worker", "--port", "1"], ["make"], ["rerender"]]
)
def test_a_mistyped_command_is_a_sentence(arguments: list[str]) -> None:
    """Exit code 2, and where to find help."""
    assert_sentence(storyreel(*arguments), "--help")


@pytest.mark.parametrize(
    ("text", "span"), [("2", (2.0, 2.0)), ("2-4", (2.0, 4.0)), ("0", (0.0, 0.0)), ("0.5-0.5", (0.5, 0.5))]
)
def test_a_latency_is_a_number_or_a_range(text: str, span: tuple[float, float]) -> None:
    """In seconds."""
    assert seconds_range(text) == span


@pytest.mark.parametrize("text", ["", "-", "-1", "4-2", "2-", "2-x", "two", "nan", "nan-nan", "inf", "1-inf"])
def test_any_other_latency_is_refused(text: str) -> None:
    """With what it may look like; one that never ends is none."""
    with pytest.raises(BadParameter, match="2-4"):
        seconds_range(text)


@pytest.mark.parametrize("name", ["emulator", "up"])
def test_a_senseless_latency_is_a_sentence(name: str, tmp_path: Path) -> None:
    """Before anything is started."""
    assert_sentence(storyreel(name, "--latency=soon", cwd=tmp_path), "2-4", "soon")
    assert list(tmp_path.iterdir()) == []
