"""Small libraries for tests: a folder, its placeholders.toml, and clips of its own, which need no drawing."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from local.library.building import Paid, build, missing
from local.library.description import Library, read_library
from local.library.loops import Loop, loops
from local.library.shelf import Built, Shelf
from pipeline.ffmpeg.transcoder import FfmpegTranscoder, bundled_ffmpeg
from tests.pipeline.ffmpeg.films import film

TRANSCODER = FfmpegTranscoder(bundled_ffmpeg(), concurrency=2)
LAGOON = """
[languages]
english = "the a of and in is she he"
german = "der die das und ist ein"

[[theme]]
name = "ocean"
[theme.words.english]
loud = "whales sea"
clear = "sailing"
[theme.words.german]
loud = "Wale Meer"
[[theme.clip]]
file = "lagoon.mp4"
[[theme.clip]]
file = "tide.mp4"
"""


def described(folder: Path, text: str, clips: Mapping[str, tuple[int, int]] | None = None) -> Path:
    """A folder with that placeholders.toml, and clips by name and size."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "placeholders.toml").write_text(text)
    for number, (name, size) in enumerate((clips or {}).items()):
        film(folder / name, size=size, frames=6, colour=(40 * number % 256, 90, 180))
    return folder


def lagoon(folder: Path) -> Path:
    """A library of one theme with two clips of its own, one square and one wide."""
    return described(folder, LAGOON, {"lagoon.mp4": (96, 96), "tide.mp4": (160, 90)})


def every(library: Library) -> list[Loop]:
    """All its loops."""
    return loops(library, recipe=TRANSCODER.recipe)


async def built(folder: Path, *, paid: Paid | None = None) -> tuple[Library, Shelf, Sequence[Built]]:
    """The library with what was missing built, and what was built now."""
    library, made = read_library(folder), list[Built]()
    with Shelf.locked(library.folder) as shelf:
        await build(
            library.folder,
            missing(every(library), shelf, real=False),
            shelf,
            TRANSCODER,
            processes=2,
            paid=paid,
            tell=lambda _, one: made.append(one),
        )
    return library, shelf, made
