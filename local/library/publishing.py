"""Gives a library to a deployment: its files to the bucket, then its rows to the database, all at once.

Doing it again changes nothing. Files lie under their digest and are never removed: a video may be showing them.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from local.library.description import SHIPPED, BadLibrary, Library
from local.library.shelf import Built, BuiltFile, Shelf
from pipeline.ports import Bucket
from storage.buckets.content_types import by_suffix
from storage.database import Database, Transaction
from storage.queries import parse

UPLOADS = 8
"""At a time."""

SHIPPED_WEIGHTS = {"loud": 6, "clear": 3, "faint": 1}
"""How much a word of each degree says about the theme, in the library that comes with Storyreel."""

WEIGHTS = {"loud": 60, "clear": 30, "faint": 10}
"""And in an app's own, ten times as much. A story whose language is not plain ("A pirate ship": five have an "a")
calls with the words of all six languages of ours, and of those of the app's that has perhaps only one."""


@dataclass(frozen=True)
class Published:
    """What publishing changed: files uploaded, rows written or removed, videos that got a loop."""

    files: int
    rows: int
    videos: int


async def publish(
    database: Database, bucket: Bucket, library: Library, built: Sequence[Built], shelf: Shelf
) -> Published:
    """Upload what is not there and register the library. `built` are all its loops, in its order.

    Raises `BucketError`, `StoreUnavailable`, and as `check` does.
    """
    files = await _upload(bucket, built, shelf)
    arguments = _arguments(library, built, bucket.name)
    async with database.transaction() as tx:
        rows = await _register(tx, library, arguments)
    async with database.transaction() as tx:  # apart: it waits for whoever has one of the videos in hand
        given = await tx.one(_sql()["give"], {})
    assert given is not None, "a count has one row"
    return Published(files, rows, given["given"])


async def check(database: Database, library: Library) -> None:
    """Raises `BadLibrary` for a language that Postgres does not know, and for a name that another library has."""
    async with database.transaction() as tx:
        await _check(tx, library, _arguments(library, [], ""))


async def published(database: Database, bucket: str, library: Library) -> frozenset[str]:
    """The paths of the library's loops in the deployment's bucket."""
    async with database.transaction() as tx:
        rows = await tx.all(_sql()["published"], {"library": library.name})
    return frozenset(row["path"] for row in rows if row["bucket"] == bucket)


def path_of(built: Built, file: BuiltFile) -> str:
    """Where the bucket has it."""
    return f"placeholders/{built.theme}/{file.sha256}{Path(file.path).suffix}"


@cache
def _sql() -> Mapping[str, bytes]:
    text = Path(__file__).with_suffix(".sql").read_text()
    return {name: statement.encode() for name, statement in parse(text).items()}


async def taken(database: Database, take_keys: Sequence[str]) -> frozenset[str]:
    """Those of the takes that exist or are under way."""
    async with database.transaction() as tx:
        rows = await tx.all(_sql()["takes"], {"take_keys": list(take_keys)})
    return frozenset(row["take_key"] for row in rows)


async def _upload(bucket: Bucket, built: Sequence[Built], shelf: Shelf) -> int:
    slots = asyncio.Semaphore(UPLOADS)

    async def upload(each: Built) -> int:
        async with slots:
            put = 0
            for file in each.files:
                path = path_of(each, file)
                found = await bucket.head(path)
                if found is None or found.size != file.bytes:
                    await bucket.put(path, shelf.file(file), content_type=by_suffix(path))
                    put += 1
            return put

    try:
        async with asyncio.TaskGroup() as tasks:
            uploads = [tasks.create_task(upload(each)) for each in built]
    except ExceptionGroup as group:
        raise group.exceptions[0] from None  # the others were cut off because of it
    return sum(task.result() for task in uploads)


async def _register(tx: Transaction, library: Library, arguments: Mapping[str, Any]) -> int:
    """How many rows were written or removed."""
    sql = _sql()
    await tx.one(sql["lock"], {})
    had = {"had_themes": await _check(tx, library, arguments)}
    changing = ("put_languages", "put_marks", "put_themes", "put_words", "drop_loops", "put_loops")
    rows = [await tx.run(sql[name], arguments) for name in changing]
    rows += [await tx.run(sql[name], had) for name in ("drop_themes", "drop_languages")]
    return sum(rows)


async def _check(tx: Transaction, library: Library, arguments: Mapping[str, Any]) -> list[str]:
    """The themes that a library of this name had so far."""
    sql = _sql()
    if unknown := await tx.all(sql["unknown_languages"], arguments):
        names = ", ".join(row["name"] for row in unknown)
        raise BadLibrary(f"Postgres has no text search configuration {names}; `\\dF` in psql lists those it has")
    had = [row["theme"] for row in await tx.all(sql["had_themes"], arguments)]
    themes = [theme.name for theme in library.themes]
    if had and themes and set(had).isdisjoint(themes):
        raise BadLibrary(
            f"a library named {library.name!r} is published already, with other themes ({_some(had)}) "
            f'than this one ({_some(themes)}): to keep both, name this one at the top of its file, name = "…"; '
            "to replace that one, publish it without themes first"
        )
    return had


def _some(names: Sequence[str]) -> str:
    return ", ".join([*names[:5], *(["…"] if len(names) > 5 else [])])


def _arguments(library: Library, built: Sequence[Built], bucket: str) -> dict[str, Any]:
    weights = SHIPPED_WEIGHTS if library.name == SHIPPED.name else WEIGHTS
    words = [
        (language, theme.name, weight, getattr(said, degree))
        for theme in library.themes
        for language, said in theme.words.items()
        for degree, weight in weights.items()
    ]
    return {
        "library": library.name,
        "bucket": bucket,
        "languages": [*library.languages, *(language for language, *_ in words)],
        "mark_languages": list(library.languages),
        "marks": list(library.languages.values()),
        "themes": [theme.name for theme in library.themes],
        "word_languages": [language for language, *_ in words],
        "word_themes": [theme for _, theme, *_ in words],
        "weights": [weight for *_, weight, _ in words],
        "words": [said for *_, said in words],
        "loop_themes": [each.theme for each in built],
        "shapes": [each.shape for each in built],
        "paths": [path_of(each, each.video) for each in built],
        "posters": [path_of(each, each.poster) for each in built],
        "previews": [path_of(each, each.preview) for each in built],
        "blurhashes": [each.blurhash for each in built],
        "widths": [each.width for each in built],
        "heights": [each.height for each in built],
    }
