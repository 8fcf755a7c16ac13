"""`storyreel make`: one story through the local stack, watched from insert to video."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from cli.options import STATE_FOLDER, seconds_range
from cli.report import STAGES, Report, report
from cli.say import say, say_json
from cli.watch import watch
from cli.wording.printable import printable
from functions.generate_video import CALLS
from functions.services import Services, open_services
from functions.settings import inherited, read
from local.sharing import use_stack
from local.stack import StackInfo, StackOptions
from pipeline.boxes import shape_of
from pipeline.fal.checks import check as check_model
from pipeline.models import find_model
from pipeline.parameters import read_given
from pipeline.prompts import check

_TABLE = "public.stories"
_INSERT = "insert into public.stories (text) values (%s) returning id::text"


@dataclass(frozen=True)
class Story:
    """What shall become a video; with `model` None and no `parameters`, the one that an insert makes."""

    text: str
    model: str | None
    parameters: Mapping[str, object]


def make_video(story: Story, *, as_json: bool, port: int | None, latency: str | None) -> int:
    """Make it, print how it went, and return the exit code.

    Raises `BadStory`, `UnknownModel`, `BadParameters`.
    """
    check(story.text)
    # As `Generator.check` does, which takes a key that only the stack below has.
    check_model(find_model(story.model), read_given(story.parameters))
    options = StackOptions(port, seconds_range(latency) if latency else None)
    made = asyncio.run(_make(story, options, quiet=as_json))
    if as_json:
        say_json(made.as_json())
    else:
        say(*sentences(made))
    return 0 if made.work == "idle" else 1


async def _make(story: Story, options: StackOptions, *, quiet: bool) -> Report:
    with _progress(quiet=quiet) as tell:
        tell(0.0, "starting")
        async with use_stack(Path(STATE_FOLDER), inherited(), options) as info:
            settings = read(info.settings, cores=1)
            async with open_services(settings, connections=2) as services:
                table, story_id = await _ask(info, services, story)
                sight = await watch(
                    services, table, story_id, tell=lambda sight: tell(sight.video.progress, sight.stage)
                )
    path = (Path(info.bucket_folder) / "videos" / sight.video.path).absolute() if sight.video.path else None
    return report(story_id, sight.video, sight.trace, path=str(path) if path else None)


async def _ask(info: StackInfo, services: Services, story: Story) -> tuple[str, str]:
    """Ask for the video; returns the table and the id that name it.

    A row's insert cannot say how its video shall be made: a story that does comes in by the door of callers.
    """
    if story.model is None and not story.parameters:
        return _TABLE, await _insert(info, story.text)
    story_id, model = str(uuid4()), find_model(story.model)
    asked = services.generator.check(model, read_given(story.parameters))
    await services.stores.stories.request(
        CALLS,
        story_id,
        story.text,
        model=story.model,
        parameters=story.parameters,
        shape=shape_of(services.generator.aspect_ratio(model.ladder[0], asked)),
    )
    return CALLS, story_id


async def _insert(info: StackInfo, text: str) -> str:
    """Insert a row as an app would; the trigger does the rest."""
    async with await psycopg.AsyncConnection.connect(info.owner_url, autocommit=True) as connection:
        row = await (await connection.execute(_INSERT, (text,))).fetchone()
    assert row is not None, "INSERT … RETURNING has a row"
    return str(row[0])


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[float, str], None]]:
    """A progress bar on standard error, or nothing."""
    if quiet:
        yield lambda _done, _stage: None
        return
    columns = (
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),  # a provider's words are among them
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("", total=1.0)
        yield lambda done, stage: progress.update(bar, completed=done, description=printable(stage))


def _cost_note(made: Report) -> str:
    if made.cost_usd == 0:
        return " (the clip was there already)"
    return " (emulated: nothing was charged)" if made.emulated else ""


def sentences(made: Report) -> list[str]:
    """How it went, for people."""
    if made.work != "idle":
        head = [
            f"No video was generated ({made.reason}): {made.message}",
            f"It shows its {made.shows} instead.",
        ]
    else:
        head = [f"The video is ready; it shows the {made.shows} clip."]
    cost = "not known" if made.cost_usd is None else f"${made.cost_usd:.4f}"
    stages = "   ".join(f"{stage} {made.timings[stage]:.2f}" for stage in STAGES if stage in made.timings)
    lines = [
        *head,
        "",
        f"  story   {made.story_id}",
        f"  theme   {made.theme}",
        f"  url     {made.url}",
        f"  file    {made.path}",
        f"  cost    {cost}{_cost_note(made)}",
    ]
    if stages:
        lines.append(f"  seconds {stages}")
    if "ours" in made.timings:
        lines.append(
            f"          of these {made.timings['provider']:.2f} the provider's, {made.timings['ours']:.2f} ours"
        )
    if "preview" in made.timings:
        lines.append(f"          its preview was there after {made.timings['preview']:.2f}")
    lines += ["", f"again: storyreel rerender {made.story_id}"]
    return [*lines, "`.venv/bin/storyreel up` serves the file at the port it prints."]
