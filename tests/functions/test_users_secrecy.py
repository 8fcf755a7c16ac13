"""No secret, token or key of anybody's is in an answer, in a log record, or in what a debugger prints of us."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import psycopg
import pytest
from starlette.responses import Response

from tests.conftest import Clock, DatabaseUrls
from tests.functions.auth import Auth, compact, elliptic, mac, open_auth
from tests.functions.serving import CALLS, HEALTH, HOOK, OTHER_SECRET, RUN, SECRET, Door
from tests.functions.user_sites import ANNA, bearing, open_users_door

STATUS, METRICS, RERENDER, VIDEO = (f"/functions/v1/{name}" for name in ("status", "metrics", "rerender", "video"))
OPERATOR = "operators-only-0123456789"
JWT_SECRET = "a-legacy-jwt-secret-of-a-project-0123456789"
FAL_KEY = "fal-key-id-0123456789:fal-key-secret-0123456789"
CONFIGURED = {SECRET, OTHER_SECRET, OPERATOR, JWT_SECRET, FAL_KEY, *FAL_KEY.split(":")}


@pytest.fixture
async def auth() -> AsyncIterator[Auth]:
    async with open_auth() as opened:
        yield opened


@pytest.fixture
async def site(database_urls: DatabaseUrls, auth: Auth, clock: Clock) -> AsyncIterator[Door]:
    """An app with every kind of secret there is."""
    async with open_users_door(
        database_urls.worker,
        auth,
        clock=clock,
        STORYREEL_OPERATOR_SECRETS=OPERATOR,
        SUPABASE_JWT_SECRET=JWT_SECRET,
        FAL_KEY=FAL_KEY,
    ) as door:
        yield door


def tokens_of(auth: Auth) -> list[str]:
    """Good ones of every kind, and some that are refused for every kind of reason."""
    said = auth.claims(ANNA)
    return [
        auth.token(ANNA),
        auth.token(ANNA, key=auth.keys[1]),
        compact({"alg": "HS256"}, said, mac(JWT_SECRET.encode())),
        compact({"alg": "HS256"}, {**said, "role": "service_role"}, mac(JWT_SECRET.encode())),
        compact({"alg": "none"}, said, lambda _: b"no signature at all"),
        auth.token(ANNA, key=elliptic("forged")),
        auth.token(ANNA, key=elliptic("ec-1")),
        auth.token(ANNA, exp=1),
        auth.token(ANNA, aud="anon"),
        auth.token("nobody"),
        auth.token(ANNA, user_metadata={"name": "a\0b"}),
        auth.token(ANNA, user_metadata={"name": float("nan")}),
    ]


async def call_everything(door: Door, headers: dict[str, str], row: str) -> list[httpx.Response]:
    """Good and bad calls at every door."""
    bodies: list[dict[str, object]] = [
        {"text": ""},
        {"text": "A whale", "model": "no-such-model"},
        {"table": "nothing", "id": "x"},
        {"table": "stories", "id": row},
    ]
    known = door.services.webhook_url(uuid4()).removeprefix(door.services.settings.http.functions_url)
    calls = [door.http.post(path, json=body, headers=headers) for body in bodies for path in (CALLS, RERENDER)]
    calls += [
        door.http.post(f"{RUN}?seconds=x", headers=headers),
        door.http.post(f"{HOOK}/{uuid4()}/{'0' * 32}", content=b"{}", headers=headers),
        door.http.post(f"/functions/v1{known}", content=b"{}", headers=headers),
        door.http.post(CALLS, content=b"[", headers={**headers, "x-large": "v" * 34_000}),
        *(door.http.get(path, headers=headers) for path in (STATUS, METRICS, HEALTH, "/functions/v1/nothing")),
    ]
    return [*await asyncio.gather(*calls), *await call_two(door, headers)]


async def call_two(door: Door, headers: dict[str, str]) -> list[httpx.Response]:
    """The doors that users have."""
    told = await door.http.post(CALLS, json={"text": "A whale"}, headers=headers)
    return [told, await door.http.get(f"{VIDEO}/{uuid4()}", headers=headers)]


def assert_silent(
    answers: Iterable[httpx.Response], caplog: pytest.LogCaptureFixture, secrets: Iterable[str]
) -> None:
    """Neither said nor written down."""
    said = "\n".join(f"{answer.status_code} {answer.headers} {answer.text}" for answer in answers)
    for secret in secrets:
        assert secret not in said
        assert secret not in caplog.text


async def test_nothing_secret_is_answered_or_logged(
    site: Door, auth: Auth, owner: psycopg.AsyncConnection, caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    """Whatever comes in, right, forged or too large; also while there are no keys, or the database is broken."""
    for client in ("httpcore", "httpx"):
        caplog.set_level(logging.WARNING, client)  # our own calls
    caplog.set_level(logging.DEBUG)  # last: it decides what is recorded
    row = await (
        await owner.execute(
            "insert into public.stories (text, owner_id) values ('A whale', %s) returning id::text", [ANNA]
        )
    ).fetchone()
    assert row is not None
    tokens = tokens_of(auth)
    parts = {part for token in tokens for part in token.split(".")[1:]}
    answers = []
    for headers in ({"apikey": SECRET}, {"Authorization": f"Bearer {OPERATOR}"}, bearing(tokens[0])):
        answers += await call_everything(site, headers, row[0])
    for secret in CONFIGURED:
        answers += await call_two(site, {"apikey": secret})
        answers += await call_two(site, {"Authorization": f"Bearer {secret}"})
    for token in tokens:
        answers += await call_two(site, bearing(token))
        answers.append(
            await site.http.post(CALLS, json={"table": "stories", "id": row[0]}, headers=bearing(token))
        )

    auth.answer = Response(f"<p>{JWT_SECRET}</p>", 500)
    clock.now = datetime.now(UTC) + timedelta(minutes=20)
    answers += await call_two(site, bearing(auth.token(ANNA)))
    await owner.execute("drop function storyreel.request_videos cascade")
    for headers in ({"apikey": SECRET}, {"apikey": OPERATOR}, bearing(tokens[2])):
        answers += await call_everything(site, headers, row[0])

    assert {answer.status_code for answer in answers} >= {200, 202, 401, 403, 404, 422, 431, 500, 503}
    assert_silent(answers, caplog, CONFIGURED | parts)


async def test_nothing_secret_is_in_what_is_printed_of_the_services(site: Door) -> None:
    """A stack trace with values, or a debugger, shows them."""
    parts = (site.services, site.services.settings, vars(site.services), site.services.user_tokens)
    for part in parts:
        for secret in CONFIGURED:
            assert secret not in repr(part)
