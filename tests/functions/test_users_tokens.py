"""`generate-video` for a signed-in user: which tokens are a user's, and which say too little."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from local.postgres import EmbeddedPostgres
from tests.functions.auth import (
    ABSENT,
    In,
    compact,
    mac,
    open_auth,
    segment,
)
from tests.functions.serving import CALLS, OTHER_SECRET, SECRET, assert_problem
from tests.functions.user_sites import (
    ANNA,
    BACK_END,
    JWT_SECRET,
    STORY,
    TokenSite,
    accepted,
    bearing,
    database_of,
    open_users_door,
    refused,
)


@pytest.fixture(scope="module")
async def site(postgres: EmbeddedPostgres, _template: str) -> AsyncIterator[TokenSite]:
    with database_of(postgres, _template, "users_tokens") as urls:
        async with (
            open_auth() as auth,
            open_users_door(urls.worker, auth) as door,
            open_users_door(urls.worker, auth, SUPABASE_JWT_SECRET=JWT_SECRET) as legacy,
        ):
            yield TokenSite(auth, door, legacy)


@pytest.mark.parametrize("which", [0, 1], ids=["ES256", "RS256"])
async def test_a_token_by_either_kind_of_key_is_a_user(site: TokenSite, which: int) -> None:
    """Chosen by the token's kid; and the legacy secret, where it is set, takes nothing away."""
    token = site.auth.token(ANNA, key=site.auth.keys[which])

    await accepted(site.door, token)
    await accepted(site.legacy, token)


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": In(-4)},  # clocks differ by some seconds
        {"nbf": In(4)},
        {"iat": In(4)},
        {"iat": ABSENT},
        {"aud": ["authenticated"]},
        {"aud": ["other", "authenticated"]},
        {"nbf": In(-5)},
        {"jti": "x", "is_anonymous": True},
    ],
    ids=str,
)
async def test_claims_that_a_good_token_may_have(site: TokenSite, changes: dict[str, Any]) -> None:
    """A little leeway for clocks, and an audience among others."""
    await accepted(site.door, site.auth.token(ANNA, **changes))


SPOILT: list[tuple[str, list[Any]]] = [
    ("exp", [ABSENT, None, 0, -1, "soon", [], {}, "", "9999999999x", True]),
    ("exp", [float("nan"), float("-inf"), 1e3, In(-12), In(-3600)]),
    ("nbf", [In(60), "later", [], {}, float("inf"), 10**30, 10**400]),
    ("iat", [In(3600), "later", [], {}, 10**30, 10**400]),
    ("exp", [10**400, -(10**400)]),
    ("aud", [ABSENT, None, "", "anon", "Authenticated", "authenticated ", "xauthenticated", 7]),
    ("aud", [[], ["anon"], [None], [["authenticated"]], {}, {"authenticated": 1}]),
    ("iss", [ABSENT, None, "", "supabase", "https://evil.example/auth/v1", 7, [], {}]),
    ("sub", [ABSENT, None, "", "anna", 10, [], {}, [str(ANNA)], str(ANNA)[:-1], f"{ANNA}0", "0" * 99]),
    ("sub", [f"{ANNA}\n", f"{ANNA}' or 1=1", "\ud800"]),
    ("role", [ABSENT, None, "", "anon", "service_role", "postgres", "storyreel", [], 7, True]),
    ("role", ["authenticated ", "AUTHENTICATED", ["authenticated"]]),
]


@pytest.mark.parametrize(
    "changes",
    [{claim: value} for claim, values in SPOILT for value in values],
    ids=lambda changes: ascii(changes)[:60],
)
async def test_a_token_that_lacks_or_spoils_a_claim_is_401(site: TokenSite, changes: dict[str, Any]) -> None:
    """Genuinely signed, and yet: expired, not yet, for others, by others, nobody's, or another role's."""
    await refused(site.door, site.auth.token(ANNA, **changes))


@pytest.mark.parametrize(
    "sub",
    ["\u0660" * 32, "0x" + "0" * 30, "1_0" * 10 + "00", " " + "0" * 31, "+" + "0" * 31, f"urn:uuid:{ANNA}"],
    ids=ascii,
)
async def test_only_digits_make_a_user_id(site: TokenSite, sub: str) -> None:
    """Python reads more as a UUID than Postgres does, which compares it with the rows' owners."""
    await refused(site.door, site.auth.token(sub))


async def test_the_issuer_is_compared_whole(site: TokenSite) -> None:
    """No prefix, suffix, other case or host of it."""
    issuer = f"{site.auth.url}/auth/v1"
    for other in (
        f"{issuer}/",
        f"{issuer}x",
        issuer[:-1],
        issuer.upper(),
        f"{site.auth.url}@evil/auth/v1",
        [issuer],
    ):
        await refused(site.door, site.auth.token(ANNA, iss=other))


@pytest.mark.parametrize("role", ["anon", "service_role"])
async def test_an_api_key_is_no_user(site: TokenSite, role: str) -> None:
    """The legacy keys are JWTs, too, by the very secret, and are in every app's JavaScript: they name no user."""
    now = int(datetime.now(UTC).timestamp())
    said: dict[str, object] = {"iss": "supabase", "ref": "abcdefgh", "role": role, "iat": now, "exp": now + 10**8}
    for more in ({}, {"aud": "authenticated"}, {"sub": str(ANNA)}, {"aud": "authenticated", "sub": str(ANNA)}):
        key = compact({"alg": "HS256", "typ": "JWT"}, {**said, **more}, mac(JWT_SECRET.encode()))

        await refused(site.legacy, key)
        assert_problem(await site.legacy.post(json=STORY, headers={"apikey": key}), 401)
    by_key = compact({"alg": "ES256", "kid": site.auth.key.kid}, said, site.auth.key.sign)
    await refused(site.legacy, by_key)


async def test_the_legacy_secret_counts_only_where_it_is_set(site: TokenSite) -> None:
    """HS256 with it, with a kid or without; no other digest, no other secret."""
    said = site.auth.claims(ANNA)
    for kid in (ABSENT, "legacy", site.auth.key.kid):
        token = compact({"alg": "HS256", "typ": "JWT", "kid": kid}, said, mac(JWT_SECRET.encode()))
        if kid != site.auth.key.kid:
            await accepted(site.legacy, token)
        await refused(site.door, token)
    for secret in (b"", JWT_SECRET[:-1].encode(), JWT_SECRET.upper().encode(), SECRET.encode(), b"None"):
        await refused(site.legacy, compact({"alg": "HS256"}, said, mac(secret)))
    for digest in ("sha384", "sha512"):
        header = {"alg": f"HS{digest[3:]}", "typ": "JWT"}
        await refused(site.legacy, compact(header, said, mac(JWT_SECRET.encode(), digest)))
    base64_decoded = base64.b64decode(JWT_SECRET.replace("-", "+") + "=" * (-len(JWT_SECRET) % 4), validate=False)
    await refused(site.legacy, compact({"alg": "HS256"}, said, mac(base64_decoded)))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"null",
        b"7",
        b'"x"',
        b"{",
        b"\xff\xfe",
        b"[" * 3000,
        b'{"a":' * 3000,
        b'{"exp":' + b"9" * 4999 + b"}",
    ],
    ids=lambda payload: ascii(payload[:12]),
)
async def test_a_payload_that_is_no_set_of_claims_is_401(site: TokenSite, payload: bytes) -> None:
    """Signed or not: no fault of ours."""
    await refused(site.door, compact({"alg": "ES256", "kid": "ec-1"}, payload, site.auth.key.sign))


@pytest.mark.parametrize(
    "authorization",
    [
        b"Bearer",
        b"Bearer .",
        b"Bearer ..",
        b"Bearer a.b.c",
        b"Bearer a.b",
        b"Bearer e30.e30.",
        b"Bearer e30.e30.e30",
        b"Bearer bnVsbA.e30.e30",
        b"Bearer W10.e30.e30",
        b"Bearer a.b.c.d.e",
        b"Bearer ....",
        b"Bearer \xff\xfe.\xff.\xff",
        b"Bearer =.=.=",
        b"Bearer " + b"." * 5000,
        b"Bearer " + b"a" * 9000,
        b"Bearer " + segment(b"[" * 3000).encode() + b".e30.e30",
        b"Basic YTpi",
        b"Token a.b.c",
        b"\xc3\xa9",
    ],
    ids=lambda value: ascii(value[:24]),
)
async def test_what_is_no_token_at_all_is_401(site: TokenSite, authorization: bytes) -> None:
    await refused(site.door, authorization)


async def test_a_token_is_shown_as_a_bearer_token_and_nowhere_else(site: TokenSite) -> None:
    """As apikey, in a cookie or in the address it is nothing; twice, or with another scheme, neither."""
    token = site.auth.token(ANNA)
    elsewhere: list[dict[str, str]] = [
        {"apikey": token},
        {"Cookie": f"sb-access-token={token}"},
        {"Authorization": token},
        {"Authorization": f"Basic {token}"},
        {"X-Authorization": f"Bearer {token}"},
    ]
    for headers in elsewhere:
        assert_problem(await site.door.post(json=STORY, headers=headers), 401)
    assert_problem(await site.door.post(f"{CALLS}?access_token={token}&token={token}", json=STORY), 401)


async def test_a_users_token_opens_no_other_function(site: TokenSite) -> None:
    """run-jobs is for the back end alone."""
    answer = await site.door.post("/functions/v1/run-jobs", headers=bearing(site.auth.token(ANNA)))

    assert answer.status_code in {401, 403}, answer.text


async def test_a_secret_beside_a_users_token_is_the_back_end(site: TokenSite) -> None:
    """Who shows a secret may name an owner; the token beside it adds nothing and takes nothing away."""
    body = {**STORY, "owner_id": str(ANNA)}
    for secret in (SECRET, OTHER_SECRET):
        headers = {"apikey": secret, "Authorization": f"Bearer {site.auth.token(ANNA)}"}
        assert (await site.door.post(json=body, headers=headers)).status_code == 202
        headers["Authorization"] = "Bearer a.b.c"
        assert (await site.door.post(json=body, headers=headers)).status_code == 202
    assert (await site.door.post(json=body, headers=BACK_END)).status_code == 202
