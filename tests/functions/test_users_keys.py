"""The keys that users' tokens are checked with: fetched seldom, believed for ten minutes and no longer."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from starlette.responses import Response

from functions.settings import read
from local.postgres import EmbeddedPostgres
from pipeline.errors import BadSetting
from tests.conftest import Clock
from tests.functions.auth import (
    Auth,
    compact,
    elliptic,
    mac,
    open_auth,
)
from tests.functions.serving import SECRET, Door, assert_problem, listener
from tests.functions.user_sites import (
    ANNA,
    BACK_END,
    JWT_SECRET,
    KEPT,
    STORY,
    bearing,
    database_of,
    fresh,
    open_users_door,
    status,
)


@pytest.fixture(scope="module")
def worker_url(postgres: EmbeddedPostgres, _template: str) -> Iterator[str]:
    with database_of(postgres, _template, "users_keys") as urls:
        yield urls.worker


@pytest.fixture
async def auth() -> AsyncIterator[Auth]:
    async with open_auth() as opened:
        yield opened


@pytest.fixture
async def door(worker_url: str, auth: Auth, clock: Clock) -> AsyncIterator[Door]:
    """An app that has asked for no keys yet, by a clock that stands still."""
    async with open_users_door(worker_url, auth, clock=clock) as opened:
        yield opened


async def assert_unavailable(door: Door, token: str) -> None:
    problem = assert_problem(await door.post(json=STORY, headers=bearing(token)), 503)
    assert problem["code"] == "keys_unavailable"


async def test_keys_are_fetched_once_in_ten_minutes(door: Door, auth: Auth, clock: Clock) -> None:
    """Not at the start, not for every call, and anew when they are old."""
    assert auth.asked == 0
    for _ in range(5):
        assert await status(door, fresh(auth, clock)) == 202
    clock.advance(seconds=KEPT - 2)
    assert await status(door, fresh(auth, clock)) == 202
    assert auth.asked == 1

    clock.advance(seconds=4)
    assert await status(door, fresh(auth, clock)) == 202
    assert auth.asked == 2


async def test_tokens_and_keys_grow_old_by_the_same_clock(door: Door, auth: Auth, clock: Clock) -> None:
    """The one that all else goes by: an hour later the token has expired, and one from then is good."""
    token = auth.token(ANNA, at=clock())
    assert await status(door, token) == 202
    clock.advance(seconds=3600 + 20)

    assert await status(door, token) == 401
    assert await status(door, auth.token(ANNA, at=clock())) == 202


async def test_many_first_callers_at_once_are_one_fetch(door: Door, auth: Auth, clock: Clock) -> None:
    """They wait for the same answer."""
    calls = [status(door, fresh(auth, clock)) for _ in range(20)]

    assert set(await asyncio.gather(*calls)) == {202}
    assert auth.asked == 1


async def test_a_new_key_counts_within_half_a_minute(door: Door, auth: Auth, clock: Clock) -> None:
    """A token by an unknown kid has the keys fetched anew; the old key goes on working beside the new one."""
    assert await status(door, fresh(auth, clock)) == 202
    auth.keys.append(elliptic("ec-2"))
    clock.advance(seconds=31)

    assert await status(door, fresh(auth, clock, key=auth.keys[-1])) == 202
    assert await status(door, fresh(auth, clock)) == 202
    assert auth.asked == 2


async def test_a_new_key_is_not_fetched_for_sooner(door: Door, auth: Auth, clock: Clock) -> None:
    """Having just looked, we do not look again: refused for now, as any other token by nobody's key."""
    assert await status(door, fresh(auth, clock)) == 202
    auth.keys.append(elliptic("ec-2"))
    clock.advance(seconds=28)

    assert await status(door, fresh(auth, clock, key=auth.keys[-1])) in {401, 503}
    assert auth.asked == 1


async def test_a_flood_of_forgeries_does_not_reach_the_key_server(door: Door, auth: Auth, clock: Clock) -> None:
    """Twenty unknown kids at a time, again and again: one fetch in thirty seconds; users are served meanwhile."""
    assert await status(door, fresh(auth, clock)) == 202
    for _ in range(2):
        clock.advance(seconds=31)
        before = auth.asked
        forged = [fresh(auth, clock, key=elliptic(f"forged-{number}")) for number in range(20)]
        genuine = fresh(auth, clock)
        for _ in range(2):
            statuses = await asyncio.gather(*(status(door, token) for token in [*forged, genuine]))
            assert statuses[-1] == 202
            assert set(statuses[:-1]) == {401}
        assert auth.asked - before <= 1


async def test_forgeries_do_not_keep_old_keys_alive(door: Door, auth: Auth, clock: Clock) -> None:
    """However often unknown kids are tried, a revoked key ends with the next fetch."""
    token = fresh(auth, clock)
    assert await status(door, token) == 202
    auth.keys[0] = elliptic("ec-9")
    clock.advance(seconds=31)

    assert await status(door, fresh(auth, clock, key=elliptic("forged"))) == 401
    assert await status(door, token) == 401


@pytest.mark.parametrize("which", [0, 1], ids=["ES256", "RS256"])
async def test_a_revoked_key_works_for_ten_minutes_at_most(
    door: Door, auth: Auth, clock: Clock, which: int
) -> None:
    """And its tokens with it, though they are not expired."""
    revoked = auth.keys[which]
    token = fresh(auth, clock, key=revoked)
    assert await status(door, token) == 202
    del auth.keys[which]
    clock.advance(seconds=KEPT + 1)

    assert await status(door, token) == 401


async def test_a_revoked_key_does_not_outlive_its_server(door: Door, auth: Auth, clock: Clock) -> None:
    """Who keeps us from fetching keys must not keep a stolen one alive: past ten minutes nothing is believed."""
    token = fresh(auth, clock)
    assert await status(door, token) == 202
    auth.answer = Response(status_code=500)

    clock.advance(seconds=KEPT - 5)
    assert await status(door, token) == 202
    clock.advance(seconds=6)
    await assert_unavailable(door, token)


async def test_a_key_server_that_is_down_disturbs_no_caller_with_a_secret(
    worker_url: str, auth: Auth, clock: Clock
) -> None:
    """503 for users, 401 for nobody, 202 for the back end; asked once in thirty seconds; then it is back."""
    async with open_users_door(worker_url, auth, clock=clock, SUPABASE_JWT_SECRET=JWT_SECRET) as door:
        auth.answer = Response(status_code=500)
        calls = [door.post(json=STORY, headers=bearing(fresh(auth, clock))) for _ in range(10)]
        assert {answer.status_code for answer in await asyncio.gather(*calls)} == {503}
        await assert_unavailable(door, fresh(auth, clock))
        assert auth.asked == 1

        assert (await door.post(json=STORY, headers=BACK_END)).status_code == 202
        headers = {**bearing(fresh(auth, clock)), **BACK_END}
        assert (await door.post(json=STORY, headers=headers)).status_code == 202
        assert (await door.post(json=STORY)).status_code == 401
        assert await status(door, "a.b.c") == 401
        legacy = compact({"alg": "HS256"}, auth.claims(ANNA, at=clock()), mac(JWT_SECRET.encode()))
        assert await status(door, legacy) == 202

        auth.answer = None
        clock.advance(seconds=31)
        assert await status(door, fresh(auth, clock)) == 202
        assert auth.asked == 2


async def test_nobody_at_the_keys_address_is_503(worker_url: str, auth: Auth, clock: Clock) -> None:
    """A connection that is refused, and a name that leads nowhere."""
    with listener() as bound:
        unused = f"http://127.0.0.1:{bound.getsockname()[1]}/keys"
    for address in (unused, "http://keys.invalid./keys"):
        async with open_users_door(worker_url, auth, clock=clock, STORYREEL_JWKS_URL=address) as door:
            await assert_unavailable(door, fresh(auth, clock))
            assert (await door.post(json=STORY, headers=BACK_END)).status_code == 202


async def test_keys_and_issuer_may_be_elsewhere(worker_url: str, auth: Auth, clock: Clock) -> None:
    """A project with a domain of its own: both are settings, and then the usual ones count no more."""
    async with open_auth() as other:
        own: dict[str, Any] = {
            "STORYREEL_JWKS_URL": other.jwks_url,
            "STORYREEL_JWT_ISSUER": "https://auth.app.example/v1",
        }
        async with open_users_door(worker_url, auth, clock=clock, **own) as door:
            right = fresh(other, clock, iss="https://auth.app.example/v1")
            assert await status(door, right) == 202
            assert await status(door, fresh(other, clock)) == 401
            assert await status(door, fresh(auth, clock, iss="https://auth.app.example/v1")) == 401
            assert await status(door, fresh(auth, clock)) == 401
            assert auth.asked == 0


@pytest.mark.parametrize("secret", ["x", "brief", "0" * 31, "\u00e9" * 15])
def test_a_short_legacy_secret_stops_the_start(secret: str) -> None:
    """RFC 7518, 3.2: 32 bytes at least; shorter ones can be guessed offline from any user's token."""
    with pytest.raises(BadSetting, match="SUPABASE_JWT_SECRET") as error:
        read(
            {
                "SUPABASE_URL": "https://ref.supabase.co",
                "SUPABASE_DB_URL": "postgresql://storyreel@localhost/x",
                "SUPABASE_SECRET_KEY": SECRET,
                "FAL_KEY": "id:secret",
                "SUPABASE_JWT_SECRET": secret,
            },
            cores=1,
        )
    assert secret == "x" or secret not in str(error.value)
