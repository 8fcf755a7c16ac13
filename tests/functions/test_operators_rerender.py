"""`rerender`: a row's video anew, for those who mend; what it makes, and what it refuses."""

from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from local.postgres import EmbeddedPostgres
from tests.conftest import DatabaseUrls
from tests.functions.auth import Auth, open_auth
from tests.functions.serving import (
    Door,
    assert_problem,
)
from tests.functions.user_sites import database_of, open_users_door

RERENDER = "/functions/v1/rerender"
OPERATOR = "operators-only-0123456789"
AS_OPERATOR = {"apikey": OPERATOR}


@pytest.fixture(scope="module")
async def auth() -> AsyncIterator[Auth]:
    async with open_auth() as opened:
        yield opened


@pytest.fixture(scope="module")
def shared_urls(postgres: EmbeddedPostgres, _template: str) -> Iterator[DatabaseUrls]:
    with database_of(postgres, _template, "operators_rerender") as urls:
        yield urls


@pytest.fixture(scope="module")
async def site(shared_urls: DatabaseUrls, auth: Auth) -> AsyncIterator[Door]:
    """An app that has operators, and users."""
    async with open_users_door(shared_urls.worker, auth, STORYREEL_OPERATOR_SECRETS=OPERATOR) as door:
        yield door


@pytest.fixture
async def app_owner(shared_urls: DatabaseUrls) -> AsyncIterator[psycopg.AsyncConnection]:
    """Who may do all in that app's database."""
    async with await psycopg.AsyncConnection.connect(shared_urls.owner, autocommit=True) as connection:
        yield connection


async def a_story(owner: psycopg.AsyncConnection, text: str = "A whale") -> str:
    """A row with its video; the row's key."""
    row = await (
        await owner.execute("insert into public.stories (text) values (%s) returning id::text", [text])
    ).fetchone()
    assert row is not None
    return str(row[0])


async def test_a_rerender_is_a_new_revision(site: Door, app_owner: psycopg.AsyncConnection) -> None:
    """Of that row's video, behind people who wait; the old one stays what it is."""
    story, other = await a_story(app_owner), await a_story(app_owner, "A fox")
    answer = await site.http.post(RERENDER, json={"table": "stories", "id": story}, headers=AS_OPERATOR)

    assert answer.status_code == 202, answer.text
    assert answer.json()["source_id"] == story
    assert await revisions(app_owner, story) == [(1, "first", None, None), (2, "rerender", None, None)]
    assert await revisions(app_owner, other) == [(1, "first", None, None)]


@pytest.mark.parametrize(
    ("asked", "kind", "model", "parameters"),
    [
        ({"schema": "public", "new_take": False}, "rerender", None, None),
        ({"model": "kling"}, "rerender", "kling", None),
        ({"model": "kling", "parameters": {"duration": "10"}}, "rerender", "kling", {"duration": "10"}),
        ({"new_take": True}, "new_take", None, None),
        (
            {"new_take": True, "model": "kling", "parameters": {"duration": "10"}},
            "new_take",
            "kling",
            {"duration": "10"},
        ),
    ],
    ids=lambda given: ascii(given)[:60],
)
async def test_another_take_and_another_model_may_be_asked_for(
    site: Door,
    app_owner: psycopg.AsyncConnection,
    asked: dict[str, object],
    kind: str,
    model: str | None,
    parameters: dict[str, str] | None,
) -> None:
    """Each alone, or together."""
    story = await a_story(app_owner)
    body = {"table": "stories", "id": story, **asked}
    answer = await site.http.post(RERENDER, json=body, headers=AS_OPERATOR)

    assert answer.status_code == 202, answer.text
    assert (await revisions(app_owner, story))[1:] == [(2, kind, model, parameters)]


async def revisions(owner: psycopg.AsyncConnection, story: str) -> list[tuple[object, ...]]:
    found = await owner.execute(
        "select r.number, r.kind, r.model, r.parameters from storyreel.revisions r"
        " join storyreel.videos v on v.id = r.video_id where v.source_id = %s order by r.number",
        [story],
    )
    return await found.fetchall()


async def count(owner: psycopg.AsyncConnection) -> object:
    return await (await owner.execute("select count(*) from storyreel.revisions")).fetchone()


@pytest.mark.parametrize(
    "place",
    [
        {"table": "nothing"},
        {"table": "stories", "schema": "nowhere"},
        {"table": "videos", "schema": "storyreel"},
        {"table": 'stories"; drop table public.stories; --'},
        {"table": "stories", "id": "00000000-0000-0000-0000-000000000009"},
        {"table": "stories", "id": "no key"},
    ],
    ids=str,
)
async def test_what_is_not_there_is_not_rendered(
    site: Door, app_owner: psycopg.AsyncConnection, place: dict[str, str]
) -> None:
    """404, and no revision is made."""
    body = {"id": await a_story(app_owner), **place}
    before = await count(app_owner)

    assert_problem(await site.http.post(RERENDER, json=body, headers=AS_OPERATOR), 404)
    assert await count(app_owner) == before


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff",
        b"[" * 16_000,
        b"{}",
        b'{"table": "stories"}',
        b'{"id": "x"}',
        b'{"table": 7, "id": "x"}',
        b'{"table": "stories", "id": null}',
        b'{"table": "stories", "id": "a\\u0000b"}',
        b'{"table": "a\\u0000b", "id": "x"}',
        b'{"table": "\\ud800", "id": "x"}',
        b'{"table": "stories", "id": "x", "new_take": "yes"}',
        b'{"table": "stories", "id": "x", "model": "no-such-model"}',
        b'{"table": "stories", "id": "x", "model": 7}',
        b'{"table": "stories", "id": "x", "model": "kling", "parameters": []}',
        b'{"table": "stories", "id": "x", "model": "kling", "parameters": {"duration": 7}}',
        b'{"table": "stories", "id": "x", "newtake": true}',
        b'{"table": "stories", "id": "x", "text": "another text"}',
    ],
    ids=lambda content: ascii(content)[:70],
)
async def test_a_body_that_makes_no_sense_is_422(site: Door, content: bytes) -> None:
    assert_problem(await site.http.post(RERENDER, content=content, headers=AS_OPERATOR), 422)


async def test_strangers_bodies_are_not_even_looked_at(site: Door) -> None:
    """Nothing is to be learnt of what bodies are good."""
    for content in (b"[", b"x" * (3 * 2**20)):
        assert_problem(await site.http.post(RERENDER, content=content), 401)
