"""`storyreel placeholders build|list|publish`: the loops that play from the first moment."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import click

from cli.consent import ask, can_ask
from cli.place import is_deployment, open_place
from cli.say import say, say_json
from functions.services import Media, Services, open_media, open_services
from functions.settings import from_environment
from local.library.building import Paid, build, is_paid, missing
from local.library.description import SHIPPED, BadLibrary, Library, read_library
from local.library.loops import Loop, loops
from local.library.publishing import Published, path_of, published
from local.library.rendering import Quote, obtain, quotes
from local.library.shelf import Built, Shelf
from local.library.whole import publish_whole
from pipeline.ffmpeg.transcoder import FfmpegTranscoder, bundled_ffmpeg
from pipeline.ports import Transcoder


def build_placeholders(folder: Path | None, *, only: Sequence[str], force: bool, yes: bool) -> None:
    """Build what is missing, and say what was. Raises `BadLibrary`, `StoryreelError`."""
    library = read_library(folder or SHIPPED)
    # The bundled ffmpeg and no other: the same library is to come out alike on every machine.
    transcoder = FfmpegTranscoder(bundled_ffmpeg(), concurrency=_cores())
    every = loops(library, recipe=transcoder.recipe)
    chosen = _only(every, only)
    with Shelf.locked(library.folder) as shelf:
        wanted = chosen if force else missing(chosen, shelf, real=_is_real())
        asyncio.run(_build(library, wanted, shelf, transcoder, yes=yes))
        shelf.keep_only((loop.theme, loop.digest) for loop in every)
    say(f"{len(wanted)} built, {len(chosen) - len(wanted)} were there already")


def list_placeholders(folder: Path | None, *, as_json: bool) -> None:
    """Print what the library holds, and what of it is published where a deployment is set."""
    library = read_library(folder or SHIPPED)
    shelf = Shelf(library.folder)
    there = asyncio.run(_published(library)) if is_deployment() else None
    rows = [
        _row(loop, shelf.find(loop.theme, loop.digest), there)
        for loop in loops(library, recipe=FfmpegTranscoder.recipe)
    ]
    if as_json:
        say_json(rows)
    else:
        say(*_table(rows))


def publish_placeholders(folder: Path | None) -> None:
    """Publish the library, and say what changed. Raises `BadLibrary`, `BadSetting`, `BucketError`."""
    changed = asyncio.run(_publish(read_library(folder or SHIPPED)))
    if not (changed.files or changed.rows or changed.videos):
        say("everything was published already")
        return
    say(f"{changed.files} files uploaded, {changed.rows} rows changed in the database")
    if changed.videos:
        say(f"{changed.videos} videos that had no loop have one now")


async def _build(
    library: Library, wanted: Sequence[Loop], shelf: Shelf, transcoder: Transcoder, *, yes: bool
) -> None:
    costly = [loop for loop in wanted if is_paid(loop)]
    if not costly:
        await _build_all(library, wanted, shelf, transcoder, None)
        return
    async with _deployment() as (services, media):
        emulated = services.generator.emulated
        _confirm(await quotes(services, costly), emulated=emulated, yes=yes)

        async def take(loop: Loop, file: Path) -> None:
            await obtain(services, media.bucket, loop, file, tell=say)

        await _build_all(library, wanted, shelf, transcoder, Paid(take, emulated))


async def _build_all(
    library: Library, wanted: Sequence[Loop], shelf: Shelf, transcoder: Transcoder, paid: Paid | None
) -> None:
    await build(
        library.folder,
        wanted,
        shelf,
        transcoder,
        processes=_cores(),
        paid=paid,
        tell=lambda _, built: _tell(built),
    )


def _tell(built: Built) -> None:
    say(f"built  {built.video.path}  {built.bytes / 1000:.0f} KB")


def _confirm(quoted: Sequence[Quote], *, emulated: bool, yes: bool) -> None:
    """Show what it costs and go on only where somebody agrees. Raises `BadLibrary`, `click.Abort`."""
    for quote in quoted:
        say(f"{quote.loop.place}, {quote.model}: {_price(quote)}")
    total = sum(quote.dollars for quote in quoted)
    say(f"together about ${total:.4f}" + (" (emulated: nothing is charged)" if emulated else ""))
    if yes or emulated or not total:
        return
    if not can_ask():
        raise BadLibrary("this costs money, and there is no terminal to ask at; --yes agrees to it")
    ask("Render them?")


def _price(quote: Quote) -> str:
    if quote.shares:
        return f"the same clip as {quote.shares.place}, costs nothing more"
    return f"about ${quote.dollars:.4f}" if quote.dollars else "rendered before, costs nothing"


async def _published(library: Library) -> frozenset[str]:
    settings = from_environment()
    async with open_services(settings, connections=1) as services:
        return await published(services.database, settings.bucket.name, library)


async def _publish(library: Library) -> Published:
    async with _deployment() as (services, media):
        return await publish_whole(
            library,
            services.database,
            media.bucket,
            media.transcoder,
            processes=_cores(),
            real=not services.generator.emulated,
            tell=lambda _, built: _tell(built),
        )


@asynccontextmanager
async def _deployment() -> AsyncIterator[tuple[Services, Media]]:
    """Where it works, with its bucket and ffmpeg."""
    async with open_place() as services, open_media(services) as media:
        yield services, media


def _is_real() -> bool:
    """Whether clips are rendered for money here, so that an emulator's are not enough."""
    return is_deployment() and not from_environment().fal.emulated


def _cores() -> int:
    return os.cpu_count() or 1


def _only(every: Sequence[Loop], themes: Sequence[str]) -> list[Loop]:
    known = {loop.theme for loop in every}
    if unknown := ", ".join(sorted(set(themes) - known)):
        raise click.BadParameter(
            f"the library has no clips of {unknown}, but of {', '.join(sorted(known)) or 'nothing'}",
            param_hint="--only",
        )
    return [loop for loop in every if not themes or loop.theme in themes]


def _row(loop: Loop, built: Built | None, there: frozenset[str] | None) -> dict[str, object]:
    """One loop as `--json` prints it; what only its files tell is null until they are built."""
    shape = built.shape if built else loop.shape
    return {
        "theme": loop.theme,
        "clip": loop.number,
        "kind": loop.label,
        "shape": shape,
        "width": built.width if built else None,
        "height": built.height if built else None,
        "seconds": built.seconds if built else None,
        "bytes": built.bytes if built else None,
        "built": built is not None,
        "emulated": built.emulated if built else None,
        "published": None if there is None else built is not None and path_of(built, built.video) in there,
    }


def _table(rows: Sequence[dict[str, object]]) -> list[str]:
    lines = [f"{'theme':12} {'clip':>4} {'of':12} {'shape':7} {'size':>9} {'seconds':>7} {'KB':>5}"]
    for row in rows:
        size = f"{row['width']}x{row['height']}" if row["built"] else "-"
        seconds = f"{row['seconds']:.2f}" if row["built"] else "-"
        kilobytes = f"{int(str(row['bytes'])) / 1000:.0f}" if row["built"] else "-"
        notes = [
            "" if row["built"] else "not built",
            "emulated" if row["emulated"] else "",
            "" if row["published"] is None else "published" if row["published"] else "not published",
        ]
        lines.append(
            f"{row['theme']:12} {row['clip']:>4} {row['kind']:12} {row['shape'] or '?':7} {size:>9} {seconds:>7} "
            f"{kilobytes:>5}  {', '.join(filter(None, notes))}"
        )
    total = sum(int(str(row["bytes"])) for row in rows if row["built"])
    return [*lines, f"{len(rows)} loops, {total / 1e6:.1f} MB built"]
