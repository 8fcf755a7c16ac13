"""Builds the loops of a library: clip, poster, animated preview and blurhash, through the transcoder that real
clips go through. What is built is kept at once, so that a build which was cut off goes on where it was.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

from local.library import drawing, mirroring
from local.library.apart import run_apart
from local.library.description import SCENES, BadLibrary, DrawnClip, OwnClip, PaidClip
from local.library.loops import PREVIEW, VIDEO, Format, Loop
from local.library.shelf import TEMPORARY, Built, BuiltFile, Shelf, sha256_of
from pipeline.boxes import shape_of
from pipeline.errors import MediaError
from pipeline.ports import Rendition, Transcoded, Transcoder

Obtain = Callable[[Loop, Path], Awaitable[None]]
"""Has the provider render the clip and writes it to the file."""

Tell = Callable[[Loop, Built], None]


@dataclass(frozen=True)
class Paid:
    """Where paid clips come from. `emulated`: nothing is charged, and what comes is no real clip."""

    obtain: Obtain
    emulated: bool


def missing(loops: Sequence[Loop], shelf: Shelf, *, real: bool) -> list[Loop]:
    """Those not built as they are described. `real`: an emulator's clip does not count."""
    found = ((loop, shelf.find(loop.theme, loop.digest)) for loop in loops)
    return [loop for loop, built in found if built is None or (real and built.emulated)]


def is_paid(loop: Loop) -> bool:
    """Whether making it costs money."""
    return isinstance(loop.clip, PaidClip)


async def build(
    library: Path,
    wanted: Iterable[Loop],
    shelf: Shelf,
    transcoder: Transcoder,
    *,
    processes: int,
    paid: Paid | None,
    tell: Tell,
) -> None:
    """Build these loops, so many at a time. The shelf is one that is `locked`.

    The first failure ends the others. Raises `BadLibrary`, `TranscodeFailed`, and what `paid.obtain` raises.
    """
    bench = _Bench(library, shelf, transcoder, asyncio.Semaphore(processes), paid)
    try:
        async with asyncio.TaskGroup() as tasks:
            for loop in wanted:
                tasks.create_task(_build_one(bench, loop, tell))
    except ExceptionGroup as group:
        raise group.exceptions[0] from None  # the others were cut off because of it


@dataclass(frozen=True)
class _Bench:
    library: Path
    shelf: Shelf
    transcoder: Transcoder
    slots: asyncio.Semaphore
    paid: Paid | None


async def _build_one(bench: _Bench, loop: Loop, tell: Tell) -> None:
    with TemporaryDirectory(dir=bench.shelf.folder, prefix=TEMPORARY) as name:
        folder = Path(name)
        try:
            made, preview = await _make(bench, loop, folder)
        except MediaError as error:
            raise BadLibrary(f"{loop.place}: {error}") from error
        renditions = {each.kind: each for each in made.renditions} | {"preview": preview}
        emulated = is_paid(loop) and bench.paid is not None and bench.paid.emulated
        built = _describe(loop, made, renditions, emulated=emulated)
        bench.shelf.put(built, {kind: rendition.file for kind, rendition in renditions.items()})
    tell(loop, built)


async def _make(bench: _Bench, loop: Loop, folder: Path) -> tuple[Transcoded, Rendition]:
    """The loop's files, and the one that is its preview."""
    match loop.clip:
        case DrawnClip() as clip:
            async with bench.slots:
                await _draw(clip, loop, folder / "loop.mp4", VIDEO)
                await _draw(clip, loop, folder / "small.mp4", PREVIEW)
            made = await _transcode(bench, folder / "loop.mp4", folder / "made")
            small = await _transcode(bench, folder / "small.mp4", folder / "made-small")
            return made, _preview(small)
        case OwnClip(file=file):
            made = await _transcode(bench, bench.library / file, folder / "made")
        case PaidClip():
            assert bench.paid is not None, "whoever wants paid clips says where they come from"
            await bench.paid.obtain(loop, folder / "take.mp4")
            async with bench.slots:
                order = {"source": str(folder / "take.mp4"), "file": str(folder / "loop.mp4")}
                await run_apart(mirroring.__name__, order, cwd=folder)
            made = await _transcode(bench, folder / "loop.mp4", folder / "made")
    return made, _preview(made)


async def _draw(clip: DrawnClip, loop: Loop, file: Path, wanted: Format) -> None:
    assert loop.shape is not None, "of drawn loops it is known"
    width, height = wanted.sides[loop.shape]
    order = {
        "file": str(file),
        "theme": SCENES[clip.scene],
        "scene": clip.scene,
        "seed": clip.seed,
        "text": clip.text,
        "width": width,
        "height": height,
        "count": wanted.frames,
        "fps": wanted.fps,
        "most_bytes": wanted.most_bytes,
    }
    await run_apart(drawing.__name__, order, cwd=file.parent)


async def _transcode(bench: _Bench, original: Path, folder: Path) -> Transcoded:
    folder.mkdir()
    return await bench.transcoder.transcode(original, folder)


def _preview(made: Transcoded) -> Rendition:
    return next(each for each in made.renditions if each.kind == "preview")


def _describe(loop: Loop, made: Transcoded, renditions: Mapping[str, Rendition], *, emulated: bool) -> Built:
    video = renditions["video"]
    shape = loop.shape or shape_of(Fraction(video.width, video.height))
    stem = f"{loop.theme}/{loop.label}-{shape}-{loop.digest[:8]}"
    files = {
        kind: BuiltFile(
            path=f"{stem}{each.file.suffix}", sha256=sha256_of(each.file), bytes=each.file.stat().st_size
        )
        for kind, each in renditions.items()
    }
    return Built(
        theme=loop.theme,
        label=loop.label,
        shape=shape,
        digest=loop.digest,
        width=video.width,
        height=video.height,
        seconds=round(made.video.duration, 3),
        blurhash=made.blurhash,
        emulated=emulated,
        **files,
    )
