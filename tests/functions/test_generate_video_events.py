"""`generate-video` for a Supabase database webhook: the body as pg_net sends it, for rows of attached tables."""

import re
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from tests.functions.serving import OTHER_SECRET, Door, assert_problem

_AS_SENT = """{"type": "%s", "table": "%s", "record": %s, "schema": "%s", "old_record": %s}"""


def event(
    kind: str = "INSERT",
    table: str = "stories",
    record: str = "null",
    *,
    schema: str = "public",
    old: str = "null",
) -> bytes:
    """The bytes of `supabase_functions.http_request`, in its own key order."""
    return (_AS_SENT % (kind, table, record, schema, old)).encode()


async def insert_unseen(owner: psycopg.AsyncConnection, text: str = "A whale") -> tuple[str, bytes]:
    """A story whose insert our trigger did not see, and its row as jsonb renders it."""
    await owner.execute("set session_replication_role = replica")
    row = await (
        await owner.execute(
            "with s as (insert into public.stories (text) values (%s) returning *)"
            " select id::text, to_jsonb(s)::text from s",
            (text,),
        )
    ).fetchone()
    await owner.execute("set session_replication_role = origin")
    assert row is not None
    return row[0], event(record=row[1])


async def test_an_insert_event_asks_for_the_rows_video(door: Door, owner: psycopg.AsyncConnection) -> None:
    """Headers and body as pg_net sends them; the video belongs to the row, its text is read from the row."""
    story_id, body = await insert_unseen(owner)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "pg_net/0.20.4",
        "Accept": "*/*",
        "Authorization": f"Bearer {OTHER_SECRET}",
        "apikey": "",
    }

    answer = await door.post(content=body, headers=headers)

    assert answer.status_code == 202, answer.text
    assert (answer.json()["source_table"], answer.json()["source_id"]) == ("public.stories", story_id)
    revision = await (await owner.execute("select story from storyreel.revisions")).fetchone()
    assert revision == ("A whale",)


async def test_trigger_and_event_of_one_row_make_one_video(door: Door, owner: psycopg.AsyncConnection) -> None:
    """Where both doors are open, and one of them twice, there is still one video with one revision."""
    row = await (
        await owner.execute("insert into public.stories (text) values ('A whale') returning id::text")
    ).fetchone()
    assert row is not None
    body = event(record=f'{{"id": "{row[0]}", "text": "A whale"}}')

    answers = [await door.post(content=body) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [202, 202]
    counts = "select (select count(*) from storyreel.videos), (select count(*) from storyreel.revisions)"
    assert await (await owner.execute(counts)).fetchone() == (1, 1)


async def test_newer_fields_are_ignored(door: Door, owner: psycopg.AsyncConnection) -> None:
    """Supabase's newer webhooks say more than its older ones; both work."""
    _, body = await insert_unseen(owner)
    newer = body[:-1] + b', "user_id": "7b1c", "commit_timestamp": "2026-11-21T03:00:00Z", "errors": [null]}'

    assert (await door.post(content=newer)).status_code == 202


@pytest.mark.parametrize("kind", ["UPDATE", "DELETE"])
async def test_other_events_are_acknowledged_and_ignored(
    door: Door, owner: psycopg.AsyncConnection, kind: str
) -> None:
    """A webhook that was set to all events does no harm: 200, and nothing is made."""
    story_id, _ = await insert_unseen(owner)
    row = f'{{"id": "{story_id}", "text": "A whale"}}'
    body = event(kind, record=row if kind == "UPDATE" else "null", old=row)

    answer = await door.post(content=body)

    assert answer.status_code == 200
    assert await (await owner.execute("select count(*) from storyreel.videos")).fetchone() == (0,)


async def test_the_row_counts_and_not_what_the_event_says_of_it(
    door: Door, owner: psycopg.AsyncConnection
) -> None:
    """A webhook is a hint: text and owner in its record are not believed."""
    story_id, _ = await insert_unseen(owner, "A fox in the forest")
    body = event(record=f'{{"id": "{story_id}", "text": "forged", "owner_id": "{uuid4()}"}}')

    answer = await door.post(content=body)

    assert answer.status_code == 202
    row = await (await owner.execute("select story from storyreel.revisions")).fetchone()
    assert row == ("A fox in the forest",)
    assert await (await owner.execute("select owner_id from storyreel.videos")).fetchone() == (None,)


@pytest.mark.parametrize("table", ["poems", "Poems", "my poems", "po'ems"])
async def test_an_unattached_table_is_404_with_the_sql_that_attaches_it(
    door: Door, owner: psycopg.AsyncConnection, table: str
) -> None:
    """The statement in the answer, columns filled in, really attaches the table; then the event works."""
    name = sql.Identifier(table)
    await owner.execute(
        sql.SQL("create table public.{} (id bigint primary key, body text, owner uuid)").format(name)
    )
    await owner.execute(sql.SQL("insert into public.{} values (1, 'A whale')").format(name))
    body = event(table=table, record='{"id": 1, "body": "A whale"}')

    problem = assert_problem(await door.post(content=body), 404, "storyreel.attach(")

    assert problem["code"] == "unknown_table"
    found = re.search(r"select storyreel\.attach\(.*\);", str(problem["detail"]))
    assert found is not None
    statement = found[0].replace("<text column>", "body").replace("<owner column>", "owner")
    await owner.execute(statement.encode())
    assert (await door.post(content=body)).status_code == 202


async def test_a_row_that_is_gone_is_404(door: Door, owner: psycopg.AsyncConnection) -> None:
    """The row may be deleted before its webhook comes; nothing is made for it."""
    story_id, body = await insert_unseen(owner)
    await owner.execute("delete from public.stories")

    problem = assert_problem(await door.post(content=body), 404, story_id)

    assert problem["code"] == "no_such_row"


@pytest.mark.parametrize(
    "record",
    [
        "null",
        "{}",
        '{"id": null}',
        '{"text": "A whale"}',
        '{"id": "a\\u0000b"}',
        '{"id": "not a uuid"}',
        '{"id": {"a": 1}}',
        '{"id": ["\\u0000"]}',
        '{"id": 12345678901234567890123}',
        '{"id": true}',
        '{"id": "' + "x" * 100_000 + '"}',
    ],
    ids=lambda record: record[:25],
)
async def test_a_record_without_a_usable_key_is_refused(shared_door: Door, record: str) -> None:
    """A key that is absent, or that no row can have, is the sender's mistake and no fault of ours."""
    answer = await shared_door.post(content=event(record=record))

    assert answer.status_code in {404, 422}, answer.text
    assert_problem(answer, answer.status_code)
    assert len(answer.content) < 2_000


@pytest.mark.parametrize("record", ["[]", "1", '"A whale"', "[null]"])
async def test_a_record_that_is_no_row_is_422(shared_door: Door, record: str) -> None:
    """The problem is about the record, not about the shape of a direct call."""
    assert_problem(await shared_door.post(content=event(record=record)), 422, "record")


@pytest.mark.parametrize(("table", "schema"), [("", "public"), ("stories", ""), ("a\\u0000b", "public")])
async def test_a_table_that_cannot_exist_is_422(shared_door: Door, table: str, schema: str) -> None:
    """Names that Postgres cannot hold never reach it."""
    assert_problem(await shared_door.post(content=event(table=table, schema=schema, record='{"id": "1"}')), 422)


async def test_an_unknown_event_is_422(shared_door: Door) -> None:
    """TRUNCATE carries no row; it is named in the answer as a wrong type."""
    assert_problem(await shared_door.post(content=event("TRUNCATE")), 422, "type")


@pytest.mark.parametrize(
    ("key", "literal", "sent"),
    [
        ("bigint", "9007199254740993", "9007199254740993"),
        ("text", "'Ünïcode key / ''quoted'''", "\"Ünïcode key / 'quoted'\""),
        ("numeric(30)", "12345678901234567890123", "12345678901234567890123"),
        ("uuid", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", '"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"'),
    ],
)
async def test_keys_of_any_type_find_their_row(
    door: Door, owner: psycopg.AsyncConnection, key: str, literal: str, sent: str
) -> None:
    """The record's JSON form of a primary key finds the row, whatever its type."""
    await owner.execute(f"create table public.tales (id {key} primary key, body text)".encode())
    await owner.execute(f"insert into public.tales values ({literal}, 'A whale')".encode())
    await owner.execute("select storyreel.attach('public.tales', 'body')")

    answer = await door.post(content=event(table="tales", record=f'{{"id": {sent}, "body": "A whale"}}'))

    assert answer.status_code == 202, answer.text
