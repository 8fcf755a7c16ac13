"""The loops that a library's clips amount to, and the key of all that a loop's files are made from. Pure but for
reading the app's own clips for their digest.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.library.description import BadLibrary, Clip, DrawnClip, Library, OwnClip, place
from pipeline.boxes import Shape

RECIPE = "l1"
"""To be changed with anything here or in the renderer that changes what is drawn: all is then drawn anew."""


@dataclass(frozen=True)
class Format:
    """How a loop is drawn. `sides`: width and height in pixels, by shape; `fps`: frames a second."""

    sides: Mapping[Shape, tuple[int, int]]
    frames: int
    fps: int
    most_bytes: int


VIDEO = Format(
    {Shape.SQUARE: (512, 512), Shape.WIDE: (640, 360), Shape.TALL: (360, 640)},
    frames=36,  # three seconds; eight a second look like a slide show, and cost nearly as many bytes
    fps=12,
    most_bytes=100_000,
)
"""With poster and preview, 72 such loops stay below 12 MB."""

PREVIEW = Format(
    {Shape.SQUARE: (160, 160), Shape.WIDE: (192, 108), Shape.TALL: (108, 192)},
    frames=18,
    fps=6,
    most_bytes=10_000,
)
"""What the animated preview of a drawn loop is made of: in full size and smoothness it would outweigh the loop."""


@dataclass(frozen=True)
class Loop:
    """One loop to be made of a theme's clip. `shape` is None where only the file itself tells.

    `digest` is of everything that it is made from, so that files made under another one are outdated.
    """

    theme: str
    number: int
    clip: Clip
    shape: Shape | None
    digest: str

    @property
    def place(self) -> str:
        """How a sentence names it."""
        return place(self.theme, self.number)

    @property
    def label(self) -> str:
        """What its files are called by people."""
        match self.clip:
            case DrawnClip(scene=scene):
                return scene
            case OwnClip():
                return "own"
            case _:
                return "rendered"


def loops(library: Library, *, recipe: str) -> list[Loop]:
    """All loops of the library, in its order. `recipe` is the transcoder's.

    Raises `BadLibrary` where two clips of a theme would come out the same.
    """
    every = [
        loop
        for theme in library.themes
        for number, clip in enumerate(theme.clip, start=1)
        for loop in _loops(library.folder, theme.name, number, clip, recipe)
    ]
    _check(every)
    return every


def _check(every: Sequence[Loop]) -> None:
    seen: dict[tuple[str, str], Loop] = {}
    for loop in every:
        earlier = seen.setdefault((loop.theme, loop.digest), loop)
        if earlier is not loop:
            raise BadLibrary(f"{loop.place} is the same film as clip {earlier.number}; remove one of them")


def _loops(folder: Path, theme: str, number: int, clip: Clip, recipe: str) -> list[Loop]:
    if isinstance(clip, DrawnClip):
        look = {"scene": clip.scene, "seed": clip.seed, "text": clip.text, "drawn": RECIPE}
        return [
            Loop(theme, number, clip, shape, _digest(recipe, {**look, "shape": shape})) for shape in clip.shapes
        ]
    made_of = (
        {"file": hashlib.sha256((folder / clip.file).read_bytes()).hexdigest()}
        if isinstance(clip, OwnClip)
        else clip.model_dump()
    )
    return [Loop(theme, number, clip, None, _digest(recipe, made_of))]


def _digest(recipe: str, made_of: Mapping[str, object]) -> str:
    content = json.dumps({"recipe": recipe, **made_of}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"storyreel/loop/1\n{content}".encode()).hexdigest()
