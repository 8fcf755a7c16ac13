"""Finds the stories that a choice means: in which table, and which of them. Reads only."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from psycopg.sql import quote

from pipeline.errors import BadRequest, UnknownModel, UnknownTable
from pipeline.models import find_model
from storage.choices import Choice, PostgresChoices

_NAMED = 5  # of those that are not there


class UnknownStory(BadRequest):
    """A story id names nothing; the message lists them."""

    code = "unknown_story"


class UnknownTheme(BadRequest):
    """The database has no theme of that name; the message lists those that it has."""

    code = "unknown_theme"


async def find_table(choices: PostgresChoices, given: str | None, ids: Sequence[str]) -> str:
    """The table that was given, the one whose stories the ids name, or the only one attached.

    Raises `UnknownStory`, `UnknownTable`.
    """
    tables = await choices.tables()
    attached = [name for name, is_attached in tables.items() if is_attached]
    if given is None and ids and tables:
        return await _table_of(choices, list(tables), ids)
    if given is None and len(attached) == 1:
        return attached[0]
    if given is None:
        raise UnknownTable(f"{_how_many(attached)} attached: say --table, one of {_list(tables)}")
    if given not in tables:
        raise UnknownTable(
            f"the table {given} is not attached; attach it first: "
            f"select storyreel.attach({quote(given)}, '<text column>', '<owner column>'); there is {_list(tables)}"
        )
    return given


async def _table_of(choices: PostgresChoices, tables: Sequence[str], ids: Sequence[str]) -> str:
    """The one table whose stories the ids are: a re-render is of one table."""
    stories = {table: await _stories(choices, table, ids) for table in tables}
    homes = {source_id: [table for table in tables if source_id in stories[table]] for source_id in ids}
    _require_stories(" and ".join(tables), [source_id for source_id in ids if not homes[source_id]])
    for source_id, found in homes.items():
        if len(found) > 1:
            raise UnknownTable(f"there is a story {source_id!r} in {' and in '.join(found)}: say --table")
    one_each = {found[0]: source_id for source_id, found in homes.items()}
    if len(one_each) > 1:
        examples = ", ".join(f"{source_id!r} of {table}" for table, source_id in one_each.items())
        raise UnknownTable(f"the stories are of several tables ({examples}): re-render those of one at a time")
    return next(iter(one_each))


async def _stories(choices: PostgresChoices, table: str, ids: Sequence[str]) -> set[str]:
    try:
        return set(await choices.existing(table, ids))
    except UnknownTable:
        return set()  # dropped without being detached: no story is there any more, and other tables are fine


def _how_many(attached: Sequence[str]) -> str:
    return f"{len(attached)} tables are" if attached else "no table is"


def _list(tables: Mapping[str, bool]) -> str:
    return ", ".join(tables) or "none so far (select storyreel.attach('<table>', '<text column>');)"


async def require_known(choices: PostgresChoices, choice: Choice) -> None:
    """Refuse a name that no video can have: it is a slip, and would quietly choose none.

    Raises `UnknownModel`, `UnknownTheme`.
    """
    themes = await choices.themes() if choice.themes else []
    for theme in choice.themes or ():
        if theme not in themes:
            similar = get_close_matches(theme.casefold(), themes)
            hint = f"did you mean {' or '.join(similar)}? " if similar else ""
            raise UnknownTheme(f"there is no theme {theme!r}; {hint}known themes: {', '.join(themes)}")
    for model in choice.models or ():
        try:
            find_model(model)
        except UnknownModel:
            if not await choices.was_asked(model):  # a model of an earlier release still has its videos
                raise


async def find_stories(choices: PostgresChoices, table: str, choice: Choice) -> list[str]:
    """The ids of the stories that meet the choice, oldest video first.

    Those named by id alone may have no video yet; they come last. Raises `UnknownStory`, `UnknownTable`.
    """
    ids = await choices.choose(table, choice)
    if not choice.ids:
        return ids
    without = await _without_video(choices, table, choice.ids)
    return [*ids, *without] if choice == Choice(ids=choice.ids) else ids


async def _without_video(choices: PostgresChoices, table: str, ids: Sequence[str]) -> list[str]:
    having = set(await choices.choose(table, Choice(ids=tuple(ids))))
    asked = [source_id for source_id in ids if source_id not in having]
    rows = await choices.existing(table, asked)
    _require_stories(table, [source_id for source_id in asked if source_id not in rows])
    return asked


def _require_stories(where: str, missing: Sequence[str]) -> None:
    if missing:
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        raise UnknownStory(f"there is no story {', '.join(map(repr, missing[:_NAMED]))}{more} in {where}")
