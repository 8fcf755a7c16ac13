"""Strangers' text in SQL: as values, as names of tables and columns, and in statements that are put together."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import psycopg
import pytest
from psycopg.sql import SQL, Composable, Identifier, Literal

from functions.services import Services
from pipeline.errors import UnknownTable
from pipeline.plan import plan
from pipeline.prompts import MAX_STORY_CHARS, TemplateWriter
from storage.choices import Choice, Chosen, PostgresChoices, Wish
from tests.hostile_text.conftest import House
from tests.hostile_text.corpus import SHORT, STORABLE, every_short, every_text

ANN = UUID(int=1)
_LONGEST_NAME = 63  # bytes (NAMEDATALEN)
_LONGEST_KEY = 2_000  # characters; an index of Postgres takes 2704 bytes, ours and the app's own alike


def name_of(text: str) -> str:
    """As much of the text as Postgres keeps of a name."""
    return text.encode()[:_LONGEST_NAME].decode(errors="ignore")


@dataclass(frozen=True)
class Table:
    """An app's table whose schema, name and columns are one and the same text."""

    owner: psycopg.AsyncConnection
    services: Services
    word: str

    @property
    def name(self) -> Composable:
        return SQL("{0}.{0}").format(Identifier(self.word))

    async def run(self, statement: str, **parts: object) -> list[tuple[object, ...]]:
        """A statement with `{table}`, `{key}`, `{body}` and `{whose}` in it, and literals."""
        names = {"key": self.word, "body": self._other("b"), "whose": self._other("o")}
        pieces = {name: Identifier(column) for name, column in names.items()}
        literals = {name: Literal(part) for name, part in parts.items()}
        # "%" has no meaning where no arguments are given beside the statement
        composed = SQL(statement).format(table=self.name, **pieces, **literals)
        cursor = await self.owner.execute(composed)
        return await cursor.fetchall() if cursor.description else []

    def _other(self, first: str) -> str:
        return name_of(first + self.word)

    @property
    async def source_table(self) -> str:
        [(name,)] = await self.run("select format('%I.%I', {word}, {word})", word=self.word)
        return str(name)


@pytest.fixture
async def table(house: House, text: str) -> AsyncIterator[Table]:
    """Attached; gone with all that hangs on it when the test ends."""
    found = Table(house.owner, house.door.services, name_of(text))
    await found.run("create schema {key}")
    await found.run("create table {table} ({key} text primary key, {body} text, {whose} uuid)")
    await found.run(
        "select storyreel.attach({where}::regclass, {text}, {owner})",
        where=await found.source_table,
        text=found._other("b"),
        owner=found._other("o"),
    )
    yield found
    await found.run("select storyreel.detach({where}::regclass)", where=await found.source_table)
    await found.run("drop schema {key} cascade")


@every_short
async def test_a_table_of_any_name_has_videos(table: Table, text: str) -> None:
    """Inserted, asked for anew, looked for, deleted and truncated: by names and keys that are the same text."""
    stories, choices = table.services.stores.stories, PostgresChoices(table.services.database)
    where = await table.source_table
    videos = "select source_id, owner_id from storyreel.videos where source_table = {where} order by 1"

    await table.run("insert into {table} values ({a}, {a}, {o}), ('other', 'A fox', null)", a=text, o=str(ANN))

    assert sorted(await table.run(videos, where=where)) == sorted([(text, ANN), ("other", None)])
    assert (await stories.attachment(table.word, table.word)).source_table == where
    assert await stories.request_of(where, text, kind="rerender")
    assert await choices.existing(where, [text]) == {text: True}
    [order] = await choices.orders(where, Wish("rerender"), [Chosen(text, None)])
    assert (order.source_id, order.story) == (text, text)
    assert not await stories.request_of_own(ANN, {"sub": str(ANN)}, where, text), "users may not read that table"

    await table.run("delete from {table} where {key} = {a}", a=text)
    assert await table.run(videos, where=where) == [("other", None)]
    await table.run("truncate {table}")
    assert await table.run(videos, where=where) == []


async def test_what_a_trigger_could_not_do_is_noted_for_a_table_of_any_name(house: House) -> None:
    """The warning names it as it is, whatever stands for a format in it; later it is made up for."""
    heard: list[str] = []
    house.owner.add_notice_handler(lambda told: heard.append(told.message_primary or ""))
    tables = [Table(house.owner, house.door.services, name_of(text)) for text in SHORT.values()]
    names = [await table.source_table for table in tables]
    for table, where in zip(tables, names, strict=True):
        await table.run("create schema {key}")
        await table.run("create table {table} ({key} text primary key, {body} text)")
        await table.run("select storyreel.attach({where}::regclass, {text})", where=where, text=table._other("b"))

    await house.owner.execute("alter function storyreel.begin_videos rename to mislaid")
    for table in tables:
        await table.run("insert into {table} values ({a}, {a})", a=table.word)
    await house.owner.execute("alter function storyreel.mislaid rename to begin_videos")

    noted = await (await house.owner.execute("select source_table, source_id from storyreel.missed")).fetchall()
    assert sorted(noted) == sorted((where, table.word) for table, where in zip(tables, names, strict=True))
    for where in names:
        assert any(told.startswith(f"storyreel could not make the videos of {where}: ") for told in heard)
    assert await house.door.services.stores.sweep.adopt_missed() == len(tables)
    for table in tables:
        await table.run("drop schema {key} cascade")


@every_text
async def test_a_name_that_nothing_has_is_found_nowhere(house: House, text: str) -> None:
    """As table, key, model or theme of a choice; nothing is changed by looking."""
    choices = PostgresChoices(house.door.services.database)

    assert await choices.choose(text, Choice()) == []
    assert await choices.choose("public.stories", Choice(ids=(text,), models=(text,), themes=(text,))) == []
    assert await choices.existing(text, [text]) == {}
    assert await choices.existing("public.stories", [text]) == {}
    assert not await choices.was_asked(text)
    with pytest.raises(UnknownTable):
        await house.door.services.stores.stories.request_of(text, text)


async def test_stories_of_any_text_and_key_are_planned_or_refused_with_a_reason(house: House) -> None:
    """All of them, through the app's own insert; no prompt holds a control, each text is kept as it is."""
    owner, services = house.owner, house.door.services
    told = [(text[:_LONGEST_KEY], text) for text in STORABLE.values()]
    await owner.execute("create table public.tales (name text primary key, body text)")
    await owner.execute("select storyreel.attach('public.tales', 'body')")
    async with owner.cursor() as cursor:
        await cursor.executemany("insert into public.tales values (%s, %s)", told)

    await plan(
        services.stores.plans,
        services.moderator,
        TemplateWriter(),
        services.generator,
        clock=services.clock,
        timing=services.timing,
        jitter=services.jitter,
        previews=False,
    )

    query = """select v.source_id, r.story, v.work, v.message, t.prompt
               from storyreel.videos v join storyreel.revisions r on r.video_id = v.id
                 left join storyreel.shots s on s.revision_id = r.id
                 left join storyreel.takes t on t.id = s.take_id
               where v.source_table = 'public.tales'"""
    rows = await (await owner.execute(query)).fetchall()
    assert sorted(row[:2] for row in rows) == sorted((key, text[: MAX_STORY_CHARS + 1]) for key, text in told)
    assert {work for _, _, work, _, _ in rows} == {"rejected", "working"}
    for _, _, work, message, prompt in rows:
        assert (work == "rejected") == (prompt is None) == (message is not None)
        assert "pwned" not in str(message)
        assert not any(character < " " or "\x7f" <= character <= "\x9f" for character in prompt or "")
