"""Carries out `storyreel rerender`: chooses, reckons, asks whether to spend, freezes, follows, tells the end."""

import asyncio
import secrets
import signal
from collections.abc import Mapping, Sequence

import click

from cli.consent import ask, can_ask
from cli.place import is_deployment, open_place
from cli.rerender import wording
from cli.rerender.choosing import find_stories, find_table, require_known
from cli.rerender.display import display
from cli.rerender.door import look_ahead
from cli.rerender.follow import follow
from cli.rerender.forecast import Forecast
from cli.rerender.request import Options, check, choice, resume_id, wish, with_seeds
from cli.say import complain, say, say_json
from functions.services import Services, utc_now
from pipeline.errors import BadRequest, StoryreelError
from storage.choices import Choice, PostgresChoices
from storage.rerenders import PostgresRerenders, Rerender

_LARGEST_SEED = 2**31 - 1
_STOPPED = 130


class UnknownRerender(BadRequest):
    """No re-render has that number, or none is unfinished; the message lists those that there are."""

    code = "unknown_rerender"


def rerender_videos(options: Options) -> int:
    """Do what was asked and return the exit code: 0 all done, 1 something failed, 130 ended by Ctrl-C.

    Raises `click.UsageError` and every error of ours where nothing was asked for.
    """
    check(options)
    chosen = choice(options, now=utc_now())
    try:
        return asyncio.run(_rerender(options, chosen))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return _STOPPED


async def _rerender(options: Options, chosen: Choice) -> int:
    task = asyncio.current_task()
    assert task is not None, "asyncio.run runs a task"
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with open_place() as services:
        if options.resume is not None:
            return await _resume(services, options)
        choices = PostgresChoices(services.database)
        await require_known(choices, chosen)
        table = await find_table(choices, options.table, chosen.ids or ())
        ids = await find_stories(choices, table, chosen)
        code = await (_undo if options.undo else _ask)(services, options, table, ids)
        if not ids and not options.as_json and (others := await choices.others(table)):
            say(wording.elsewhere(others))
        return code


async def _undo(services: Services, options: Options, table: str, ids: Sequence[str]) -> int:
    """At once, all of them or none: no half of it is left by Ctrl-C."""
    undone = await PostgresChoices(services.database).undo(
        table, ids, now=services.clock(), keep=not options.dry_run
    )
    _say(
        options,
        wording.undo_lines(len(ids), undone, dry_run=options.dry_run),
        wording.undo_json(table, len(ids), undone, dry_run=options.dry_run),
    )
    return 0


async def _ask(services: Services, options: Options, table: str, ids: Sequence[str]) -> int:
    wanted = wish(options)
    chosen = with_seeds(options, ids, new_seed=lambda: 1 + secrets.randbelow(_LARGEST_SEED))
    found = await look_ahead(services, table, wanted, chosen)
    emulated = services.generator.emulated
    lines = wording.forecast_lines(found, table, wanted, emulated=emulated)
    if options.dry_run:
        _say(
            options,
            [*lines, "Nothing was asked."],
            wording.forecast_json(found, table, wanted, emulated=emulated),
        )
        return 0
    if not options.as_json:
        say(*lines)
    if found.clips and not (options.yes or emulated):
        _confirm(found)
    if not ids:
        _say(options, ["Nothing was asked."], wording.nothing_json(table, wanted, emulated=emulated))
        return 0
    rerenders = PostgresRerenders(services.database)
    rerender = await rerenders.freeze(table, wanted, chosen, estimate=found.usd, now=services.clock())
    [frozen] = await rerenders.find(rerender)
    return await _follow(services, options, rerenders, frozen)


def _confirm(found: Forecast) -> None:
    """Ask a person. Raises `click.Abort`, and `click.ClickException` where there is nobody to ask."""
    cost = f"{wording.counted(found.clips, 'clip')} for about {wording.dollars(found.usd)}"
    if not can_ask():
        raise click.ClickException(f"this would pay for {cost}: add --yes to go on, or --dry-run to see what")
    ask(f"Pay for {cost}?")


async def _resume(services: Services, options: Options) -> int:
    rerenders = PostgresRerenders(services.database)
    wanted = resume_id(options) or await rerenders.last_open()
    found = await rerenders.find(wanted) if wanted else []
    if not found:
        what = f"there is no re-render {wanted}" if wanted else "no re-render is unfinished"
        known = "".join(f"\n{wording.rerender_line(other)}" for other in await rerenders.find(None))
        raise UnknownRerender(f"{what}; there are:{known}" if known else f"{what}; none was ever begun")
    if not options.as_json:
        head = "This one has ended:" if found[0].ended_at else "Going on with:"
        say(head, wording.rerender_line(found[0]))
    return await _follow(services, options, rerenders, found[0])


async def _follow(services: Services, options: Options, rerenders: PostgresRerenders, rerender: Rerender) -> int:
    try:
        with display(quiet=options.as_json) as shown:
            progress = await follow(
                rerenders,
                rerender.id,
                at_once=options.at_once,
                patience=services.timing.plan_lease,
                clock=services.clock,
                tell=shown.tell,
                warn=shown.warn,
            )
    except asyncio.CancelledError:
        complain(wording.stopped_line(rerender.id, deployed=is_deployment()))
        raise
    except StoryreelError:
        complain(f"Broken off; `storyreel rerender --resume {rerender.id}` goes on.")
        raise
    failures = await rerenders.failures(rerender.id)
    emulated = services.generator.emulated
    _say(
        options,
        wording.result_lines(rerender, progress, failures, emulated=emulated),
        wording.result_json(rerender, progress, failures, emulated=emulated),
    )
    return 1 if failures else 0


def _say(options: Options, lines: Sequence[str], value: Mapping[str, object]) -> None:
    if options.as_json:
        say_json(value)
    else:
        say(*lines)
