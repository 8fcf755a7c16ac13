"""What the options of `storyreel rerender` mean, and which of them contradict each other. Pure."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import click

from cli.options import parameters
from pipeline.fal.checks import check as check_model
from pipeline.lifecycle import Work
from pipeline.models import find_model
from pipeline.parameters import read_given
from storage.choices import Choice, Chosen, Wish

STATUSES = {"ready" if work is Work.IDLE else str(work): work for work in Work}
"""The words of --status: a video that nothing is done for is ready."""

LAST = "last"
"""What --resume means without an id."""

_AGO = re.compile(r"(\d{1,6})([mhdw])", re.ASCII)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True)
class Options:
    """The command line as it was read."""

    story_ids: tuple[str, ...]
    table: str | None
    status: tuple[str, ...]
    since: str | None
    model: tuple[str, ...]
    theme: tuple[str, ...]
    owner: tuple[UUID, ...]
    everything: bool
    new_take: bool
    seed: int | None
    use_model: str | None
    params: tuple[str, ...]
    preview: bool
    undo: bool
    resume: str | None
    dry_run: bool
    at_once: int
    yes: bool
    as_json: bool

    @property
    def criteria(self) -> dict[str, object]:
        """Those that were given of what chooses videos, by their names on the command line."""
        named = {
            "STORY_ID": self.story_ids,
            "--status": self.status,
            "--since": self.since,
            "--model": self.model,
            "--theme": self.theme,
            "--owner": self.owner,
            "--all": self.everything,
        }
        return {name: value for name, value in named.items() if value}

    @property
    def wishes(self) -> dict[str, object]:
        """Those that were given of what is asked for, likewise."""
        named = {
            "--new-take": self.new_take,
            "--seed": self.seed is not None,
            "--use-model": self.use_model,
            "--param": self.params,
            "--preview": self.preview,
        }
        return {name: value for name, value in named.items() if value}


def check(options: Options) -> None:
    """Refuse what cannot be meant. Raises `click.UsageError`, and `BadRequest` for a model or its parameters."""
    if options.resume is not None:
        _check_resume(options)
    elif not options.criteria:
        raise click.UsageError(
            "which videos? Give story ids, choose by --status, --since, --model, --theme, --owner, or take --all"
        )
    if options.everything and len(options.criteria) > 1:
        raise click.UsageError(f"--all takes every video; leave it out to choose by {_others(options, '--all')}")
    if options.undo and options.wishes:
        raise click.UsageError(f"--undo goes back and asks for nothing; leave out {' and '.join(options.wishes)}")
    if options.seed is not None and not options.new_take:
        raise click.UsageError("--seed is the seed of a new take; add --new-take")
    given = read_given(parameters(options.params))
    if options.use_model is not None:
        # As `Generator.check` does, which takes settings that are only read later.
        check_model(find_model(options.use_model), given)


def _check_resume(options: Options) -> None:
    wrong = [*options.criteria, *options.wishes]
    wrong += [name for name, given in {"--undo": options.undo, "--dry-run": options.dry_run}.items() if given]
    wrong += ["--table"] if options.table else []
    if wrong:
        raise click.UsageError(f"--resume goes on with what was asked; leave out {' and '.join(wrong)}")
    resume_id(options)


def _others(options: Options, name: str) -> str:
    return " and ".join(other for other in options.criteria if other != name)


def resume_id(options: Options) -> int | None:
    """The id that --resume names, None for the last one. Raises `click.UsageError`."""
    if options.resume in {None, LAST}:
        return None
    if not re.fullmatch(r"\d{1,15}", str(options.resume), re.ASCII):
        raise click.UsageError(f"--resume takes the number of a re-render, not {options.resume!r}")
    return int(str(options.resume))


def choice(options: Options, *, now: datetime) -> Choice:
    """Which videos are meant. Raises `click.BadParameter`."""
    return Choice(
        ids=tuple(dict.fromkeys(options.story_ids)) or None,
        works=tuple(STATUSES[status] for status in options.status) or None,
        since=since(options.since, now=now) if options.since else None,
        models=options.model or None,
        themes=options.theme or None,
        owners=options.owner or None,
    )


def wish(options: Options) -> Wish:
    """What is asked of each."""
    return Wish(
        kind="new_take" if options.new_take else "rerender",
        model=options.use_model,
        parameters=parameters(options.params) or None,
        preview=True if options.preview else None,
    )


def with_seeds(options: Options, ids: Iterable[str], *, new_seed: Callable[[], int]) -> list[Chosen]:
    """The stories that were chosen, with a seed each where a new take is asked for."""
    if not options.new_take:
        return [Chosen(source_id, None) for source_id in ids]
    return [Chosen(source_id, new_seed() if options.seed is None else options.seed) for source_id in ids]


def since(text: str, *, now: datetime) -> datetime:
    """`2h`, `3d`, `2026-11-20` or a moment of ISO 8601; UTC where it does not say. Raises `click.BadParameter`."""
    try:
        if ago := _AGO.fullmatch(text.strip()):
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        moment = datetime.fromisoformat(text.strip())
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{text!r} is no time: 30m, 2h, 3d or 1w ago, 2026-11-20, or 2026-11-20T18:30+01:00",
            param_hint="--since",
        ) from None
