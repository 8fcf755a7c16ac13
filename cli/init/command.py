"""Carries out `storyreel init`: compares, asks where something would be lost, writes, says what comes next.

Every file is written whole or not at all, and everything is compared anew each time: killed anywhere, it is
finished by running it again.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from cli.consent import agrees, can_ask
from cli.init import wording
from cli.init.contents import forwarders
from cli.init.project import Change, Comparison, compare
from cli.say import complain, say


def init_project(project: Path, *, overwrite: bool) -> int:
    """Write what is missing. Returns the exit code: 1 where something was kept or is left for a person.

    Raises `NotAProject`, `click.Abort` where a question is not answered, and `click.ClickException` where the
    folder cannot be read or written.
    """
    try:
        found = compare(project)
        agreed = _agreed(found.changes, overwrite=overwrite)
        for change in agreed:
            _write(project / change.path, change.after)
    except OSError as error:
        raise click.ClickException(
            f"{error.filename}: {error.strerror} (whatever was written is whole; run it again when this is mended)"
        ) from error
    return _report(project, found, agreed)


def _agreed(changes: Sequence[Change], *, overwrite: bool) -> list[Change]:
    """Everything that takes nothing away, and what somebody agrees to lose. All questions come first."""
    return [change for change in changes if not change.needs_consent or overwrite or _may_replace(change)]


def _may_replace(change: Change) -> bool:
    if not can_ask():
        return False
    complain(*wording.shown(change))
    return agrees("Replace it by Storyreel's?")


def _write(path: Path, content: bytes) -> None:
    """Put it there in one step, so that nobody ever finds half of it. A link stays one."""
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.storyreel-init")  # of one name, so that the next run takes it away
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if target.exists():
        draft.chmod(target.stat().st_mode & 0o777)
    draft.replace(target)


def _report(project: Path, found: Comparison, agreed: Sequence[Change]) -> int:
    kept = [change for change in found.changes if change not in agreed]
    open_ends = [*wording.kept(kept), *wording.notices(found)]
    if agreed or open_ends:
        say(f"Storyreel in {project}:", *wording.written(agreed, found.config.added), *open_ends)
    else:
        say(f"Storyreel is in {project}, all {found.files} files of it: nothing to do")
    if found.engine:
        say(*wording.engine_stays(found.engine))
    if agreed:
        say("", *wording.next_steps(found.later, forwarders()))
    if kept:
        complain(
            "what was kept may not fit this release: compare it, or replace it with `storyreel init --overwrite`"
        )
    return 1 if open_ends else 0
