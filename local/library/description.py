"""Reads a library's `placeholders.toml`: its languages, its themes with their words, and the clips to be made.

Whatever cannot be built is refused here, by name of file, theme and clip. Makes nothing and reads no other file,
but for looking whether a clip of the app's own is there.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError

from local.renderer import THEMES
from pipeline.boxes import Shape
from pipeline.errors import BadRequest, StoryreelError
from pipeline.fal.checks import check as check_model
from pipeline.models import find_model
from pipeline.parameters import read_given
from pipeline.prompts import check

FILE = "placeholders.toml"
SHIPPED = Path(__file__).parent / "shipped"
"""The library that comes with Storyreel."""

BUILT = "built"
"""The folder in a library's folder that is ours: what is built lies there, and no clip of the app's own."""

SCENES: Mapping[str, str] = {scene: theme.name for theme in THEMES.values() for scene in theme.variants}
"""The renderer's scenes, each with the theme of the renderer's that it belongs to; no two have the same name."""

LARGEST = 2**20
"""Bytes of a `placeholders.toml`; the shipped one, with six languages, has a twelfth of it."""

_PLAIN = r"^[a-z][a-z0-9-]{0,39}$"  # as storyreel.themes has it
_PLACE = re.compile(r"(?!/)(?!.*\\)(?:(?!\.{1,2}(?:/|$))[^/\0]+/)*(?!\.{1,2}$)[^/\0]+")

Words = Annotated[str, Field(pattern=r"^[^\x00]*$", max_length=50_000)]
Language = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Seed = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]


class BadLibrary(StoryreelError):
    """A library of placeholders cannot be used; the message says where, and what to do."""

    code = "bad_library"
    permanent = True


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DrawnClip(_Strict):
    """A loop that the renderer draws, once in each of `shapes`; `text` is its mood, as for `storyreel sheet`."""

    scene: str
    seed: Seed
    text: Words = ""
    shapes: Annotated[tuple[Shape, ...], Field(min_length=1)] = tuple(Shape)


class OwnClip(_Strict):
    """A clip of the app's own, by its path in the library's folder."""

    file: str


class PaidClip(_Strict):
    """A clip that the provider of AI clips renders, for money. `seed` None: the one that the prompt has."""

    prompt: Words
    model: str | None = None
    seed: Seed | None = None
    parameters: dict[str, Any] | None = None


Clip = DrawnClip | OwnClip | PaidClip


def _kind(raw: object) -> str | None:
    """The one of the three words that the entry holds; None for none and for several."""
    found = [word for word in ("scene", "file", "prompt") if isinstance(raw, dict) and word in raw]
    return found[0] if len(found) == 1 else None


_AnyClip = Annotated[
    Annotated[DrawnClip, Tag("scene")] | Annotated[OwnClip, Tag("file")] | Annotated[PaidClip, Tag("prompt")],
    Discriminator(
        _kind,
        custom_error_type="clip_kind",
        custom_error_message="a clip has one of scene, file and prompt",
    ),
]


class ThemeWords(_Strict):
    """The words of one language that call for a theme, by how loudly, with spaces between them."""

    loud: Words = ""
    clear: Words = ""
    faint: Words = ""


class Theme(_Strict):
    """What a library has of one theme."""

    name: Annotated[str, Field(pattern=_PLAIN)]
    words: dict[Language, ThemeWords] = {}
    clip: tuple[_AnyClip, ...] = ()


class _File(_Strict):
    name: Annotated[str, Field(pattern=_PLAIN)] | None = None
    languages: dict[Language, Words] = {}
    theme: tuple[Theme, ...] = ()


@dataclass(frozen=True)
class Library:
    """A library as it is described. `name` tells its rows from other libraries'.

    `folder` is absolute: clips are made by processes that work elsewhere. `languages`: the little words of each.
    """

    folder: Path
    name: str
    languages: Mapping[str, str]
    themes: tuple[Theme, ...]


def read_library(folder: Path) -> Library:
    """The library in the folder. Raises `BadLibrary`."""
    folder = folder.resolve()
    file = folder / FILE
    described = _read(file)
    name = described.name or folder.name
    if not re.fullmatch(_PLAIN, name):
        raise BadLibrary(
            f'{file}: its folder {name[:60]!r} cannot name it; give it one at the top: name = "my-clips"'
        )
    shipped = folder == SHIPPED.resolve()
    if name == SHIPPED.name and not shipped:
        raise BadLibrary(
            f"{file}: the name {name!r} is that of the library which comes with Storyreel; take another"
        )
    _check_themes(file, described.theme)
    _check_languages(file, described, shipped=shipped)
    return Library(folder, name, described.languages, described.theme)


def place(theme: str, number: int) -> str:
    """How a sentence names a clip."""
    return f"theme {theme!r}, clip {number}"


def _read(file: Path) -> _File:
    try:
        content = file.read_bytes()
    except FileNotFoundError as error:
        raise BadLibrary(f"{file} is not there: a library is a folder with a {FILE} in it") from error
    except OSError as error:
        raise BadLibrary(f"{file} cannot be read: {error.strerror}") from error
    if len(content) > LARGEST:
        raise BadLibrary(f"{file} has {len(content)} bytes, more than {LARGEST}")
    try:
        raw = tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, or brackets without end
        raise BadLibrary(f"{file} is no TOML: {str(error)[:200]}") from error
    try:
        return _File.model_validate(raw)
    except ValidationError as error:
        raise BadLibrary(f"{file}{_explain(raw, error)}") from error


def _explain(raw: Mapping[str, Any], error: ValidationError) -> str:
    """The first thing that is wrong, with the theme's name and the clip's number instead of bare indices."""
    first = error.errors()[0]
    names: list[str] = []
    match first["loc"]:
        case ("theme", int(index), *inner):
            theme = raw["theme"][index]
            name = theme.get("name") if isinstance(theme, dict) else None
            names.append(f"theme {str(name)[:60]!r}" if name else f"theme {index + 1}")
            match inner:
                case ("clip", int(number), *rest):
                    names += [f"clip {number + 1}", *map(str, rest[1:])]
                case _:
                    names += map(str, inner)
        case outer:
            names += map(str, outer)
    shown = [name[:80] if name.isprintable() else repr(name[:80]) for name in names]
    return f", {', '.join(shown)}: {first['msg']}"


def _check_languages(file: Path, described: _File, *, shipped: bool) -> None:
    unknown = {
        language: theme.name
        for theme in described.theme
        for language in theme.words
        if language not in described.languages
    }
    if unknown and not shipped:
        for language in _read(SHIPPED / FILE).languages:
            unknown.pop(language, None)
    for language, theme in unknown.items():
        raise BadLibrary(
            f"{file}, theme {theme!r}: nothing tells {language} from other languages; "
            f'add its little words at the top: [languages] {language} = "…"'
        )


def _check_themes(file: Path, themes: tuple[Theme, ...]) -> None:
    seen: set[str] = set()
    for theme in themes:
        if theme.name in seen:
            raise BadLibrary(f"{file}: there are two themes {theme.name!r}; make them one")
        seen.add(theme.name)
        for number, clip in enumerate(theme.clip, start=1):
            if clip in theme.clip[: number - 1]:
                raise BadLibrary(f"{file}, {place(theme.name, number)} is the same as an earlier one; remove it")
            try:
                _check_clip(clip, file.parent)
            except (BadRequest, BadLibrary) as error:
                raise BadLibrary(f"{file}, {place(theme.name, number)}: {error}") from error


def _check_clip(clip: Clip, folder: Path) -> None:
    match clip:
        case DrawnClip():
            if clip.scene not in SCENES:
                raise BadLibrary(f"there is no scene {clip.scene[:60]!r}, but {', '.join(SCENES)}")
        case OwnClip():
            if not _PLACE.fullmatch(clip.file):
                raise BadLibrary(f"file {clip.file[:200]!r} is no path inside the library's folder")
            if clip.file.split("/")[0].casefold() == BUILT:  # some file systems do not tell the two apart
                raise BadLibrary(
                    f"file {clip.file[:200]!r} lies in the folder {BUILT!r}, which is Storyreel's own; "
                    "move your clip to another folder"
                )
            if not _is_file(folder / clip.file):
                raise BadLibrary(f"file {clip.file[:200]!r} is not there")
        case PaidClip():
            check(clip.prompt)
            check_model(find_model(clip.model), read_given(clip.parameters))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # longer than any path may be
        return False
