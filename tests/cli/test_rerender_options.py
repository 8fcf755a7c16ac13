"""What the options of `storyreel rerender` mean, and the ones that cannot be meant together."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import click
import pytest

from cli.main import command
from cli.rerender.request import STATUSES, since
from tests.cli.running import assert_sentence, storyreel

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("30m", NOW - timedelta(minutes=30)),
        ("2h", NOW - timedelta(hours=2)),
        ("3d", NOW - timedelta(days=3)),
        (" 1w ", NOW - timedelta(weeks=1)),
        ("0h", NOW),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("2026-11-20T18:30", datetime(2026, 11, 20, 18, 30, tzinfo=UTC)),
        ("2026-11-20 18:30:01Z", datetime(2026, 11, 20, 18, 30, 1, tzinfo=UTC)),
        ("2026-11-20T18:30+02:00", datetime(2026, 11, 20, 18, 30, tzinfo=timezone(timedelta(hours=2)))),
    ],
)
def test_a_time_is_some_while_ago_or_a_date_or_a_moment(text: str, moment: datetime) -> None:
    """UTC, where it does not say."""
    assert since(text, now=NOW) == moment


@pytest.mark.parametrize("text", ["", "2", "h", "2y", "-2h", "2h3m", "yesterday", "2026-13-01", "999999w", "٣d"])
def test_any_other_time_is_refused(text: str) -> None:
    """With what it may look like."""
    with pytest.raises(click.BadParameter, match="2h, 3d"):
        since(text, now=NOW)


def test_every_status_of_the_command_line_is_one_of_a_video() -> None:
    """The list in the help is the one that is understood."""
    [option] = [option for option in command.commands["rerender"].params if option.name == "status"]

    assert isinstance(option.type, click.Choice)
    assert list(STATUSES) == list(option.type.choices)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["which videos", "--all"]),
        (["--new-take"], ["which videos"]),
        (["--table", "public.stories"], ["which videos"]),
        (["--all", "--theme", "dream"], ["--all", "--theme"]),
        (["a", "--undo", "--new-take", "--param", "fps=8"], ["--undo", "--new-take and --param"]),
        (["a", "--seed", "7"], ["--new-take"]),
        (["a", "--seed", "-1"], ["--seed"]),
        (["a", "--since", "yesterday"], ["--since", "yesterday"]),
        (["a", "--status", "done"], ["--status", "ready"]),
        (["--owner", "ann"], ["--owner"]),
        (["--resume", "three"], ["--resume", "three"]),
        (["--resume", "--all", "--dry-run"], ["--all and --dry-run"]),
        (["--resume", "3", "--table", "public.stories"], ["--table"]),
        (["a", "--at-once", "0"], ["--at-once"]),
        (["a", "--use-model", "klng"], ["did you mean kling"]),
        (["a", "--use-model", "wan", "--param", "num_frames=7"], ["num_frames", "from 81 to 100", "7"]),
        (["a", "--param", "frames"], ["NAME=VALUE"]),
        (["a", "--param", "webhook_url=https://app.example"], ["call back"]),
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_is_refused_at_once(tmp_path: Path, arguments: list[str], words: list[str]) -> None:
    """Before anything is started: no folder is made."""
    assert_sentence(storyreel("rerender", *arguments, cwd=tmp_path), *words)
    assert list(tmp_path.iterdir()) == []


def test_a_deployment_that_lacks_a_setting_is_told_which(tmp_path: Path) -> None:
    """It is not taken for a machine without settings, which would start a stack of its own."""
    ended = storyreel("rerender", "--all", settings={"SUPABASE_SECRET_KEY": "x" * 20}, cwd=tmp_path)

    assert_sentence(ended, "SUPABASE_URL", "not set")
    assert list(tmp_path.iterdir()) == []
