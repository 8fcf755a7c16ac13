"""What the key server may answer: nothing but usable public keys counts, and nothing is a fault of ours."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from local.postgres import EmbeddedPostgres
from tests.conftest import Clock
from tests.functions.auth import (
    Auth,
    SigningKey,
    compact,
    elliptic,
    mac,
    open_auth,
    rsa_key,
    segment,
    signed,
)
from tests.functions.serving import Door
from tests.functions.user_sites import (
    ANNA,
    BACK_END,
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
    with database_of(postgres, _template, "users_key_sets") as urls:
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


def _no_key_sets(auth: Auth) -> dict[str, Response]:
    """Answers that are no JWKS, though some lead to one or hold one."""
    good = json.loads(bytes(auth.good_answer().body))
    padded = json.dumps({**good, "x": "y" * (256 * 1024)}).encode()
    bomb = gzip.compress(json.dumps({**good, "x": "y" * 2**26}).encode())
    return {
        "html": Response("<!doctype html><title>Sign in</title>", media_type="text/html"),
        "empty": Response(b""),
        "no content": Response(status_code=204),
        "not UTF-8": Response(b"\xff\xfe{}", media_type="application/json"),
        "nested": Response(b"[" * 100_000, media_type="application/json"),
        "a number": Response(b'{"keys": ' + b"9" * 5000 + b"}"),
        "huge": Response(padded, media_type="application/json"),
        "a bomb": Response(bomb, headers={"content-encoding": "gzip"}, media_type="application/json"),
        "no gzip": Response(b"{}", headers={"content-encoding": "gzip"}, media_type="application/json"),
        "moved": RedirectResponse(f"{auth.url}/elsewhere", 301),
        "found": RedirectResponse(f"{auth.url}/elsewhere", 302),
        "kept": RedirectResponse(f"{auth.url}/elsewhere", 307),
        "500": JSONResponse(good, 500),
        "404": JSONResponse(good, 404),
        "401": JSONResponse(good, 401),
        "list": JSONResponse([]),
        "keys": JSONResponse(good["keys"]),
        "null": JSONResponse(None),
        "text": JSONResponse("keys"),
        "without keys": JSONResponse({"error": "paused"}),
        "keys null": JSONResponse({"keys": None}),
        "keys object": JSONResponse({"keys": {"ec-1": good["keys"][0]}}),
        "keys text": JSONResponse({"keys": "ec-1"}),
    }


async def test_an_answer_that_is_no_key_set_is_503(door: Door, auth: Auth, clock: Clock) -> None:
    """A page of a proxy, a redirect, megabytes: the user may come back, and no fault of ours is made of it."""
    answers = _no_key_sets(auth)
    got: dict[str, tuple[int, object]] = {}
    for case, answer in answers.items():
        clock.advance(seconds=KEPT + 31)
        auth.answer = answer
        said = await door.post(json=STORY, headers=bearing(fresh(auth, clock)))
        got[case] = (said.status_code, said.json()["code"])

    assert got == dict.fromkeys(answers, (503, "keys_unavailable"))
    assert (await door.post(json=STORY, headers=BACK_END)).status_code == 202
    assert auth.strays == [], "a redirect was followed"
    auth.answer = None
    clock.advance(seconds=KEPT + 31)
    assert await status(door, fresh(auth, clock)) == 202


async def test_a_key_server_that_drips_is_given_up(door: Door, auth: Auth, clock: Clock) -> None:
    """A byte now and then, for ever: who has an unknown key is told soon, and users of known ones are served."""
    assert await status(door, fresh(auth, clock)) == 202

    async def drips() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.05)

    auth.answer = StreamingResponse(drips())
    clock.advance(seconds=31)
    forged = asyncio.create_task(status(door, fresh(auth, clock, key=elliptic("forged"))))
    while auth.asked < 2:
        await asyncio.sleep(0)
    try:
        async with asyncio.timeout(15):
            assert await status(door, fresh(auth, clock)) == 202
            assert await forged in {401, 503}
    finally:
        forged.cancel()
        await asyncio.gather(forged, return_exceptions=True)


JUNK: list[object] = [
    None,
    7,
    "ec-1",
    [],
    {},
    {"kid": "j"},
    {"kid": "j", "kty": "EC"},
    {"kid": "j", "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
    {"kid": "j", "kty": "EC", "crv": "P-256", "x": segment(bytes(32)), "y": segment(bytes(32))},
    {"kid": "j", "kty": "EC", "crv": "P-256", "x": 7, "y": None},
    {"kid": "j", "kty": "EC", "crv": ["P-256"], "x": "\u00e9", "y": "="},
    {"kid": "j", "kty": "RSA", "n": "AQAB", "e": "AQAB"},
    {"kid": "j", "kty": "RSA", "n": "", "e": ""},
    {"kid": "j", "kty": "RSA", "n": segment(b"\xff" * 9000), "e": "AQAB"},
    {"kid": "j", "kty": "OKP", "crv": "Ed25519", "x": segment(bytes(32))},
    {"kid": "j", "kty": "oct", "k": segment(b"k" * 32)},
    {"kid": ["j"], "kty": "EC"},
    {"kid": None, "kty": "EC"},
    {"kid": "j", "kty": 7, "alg": []},
    {"kid": "j", "kty": ["EC"]},
    {"kid": "j", "kty": {}},
    {"kid": "j", "kty": "RSA", "n": 7, "e": 7},
    {**elliptic("j").jwk(), "alg": ["ES256"]},
    {**elliptic("j").jwk(), "alg": {}},
    {**elliptic("j").jwk(), "alg": "none"},
    {**elliptic("j").jwk(), "alg": "HS256"},
]


async def test_what_is_no_key_among_the_keys_is_passed_over(door: Door, auth: Auth, clock: Clock) -> None:
    """One entry that we cannot read costs nobody else's token."""
    got = []
    for junk in JUNK:
        auth.more_keys = [junk]
        clock.advance(seconds=KEPT + 31)
        keys = (auth.key, auth.keys[1], elliptic("j"))
        got.append([await status(door, fresh(auth, clock, key=key)) for key in keys])

    wrong = [(junk, statuses) for junk, statuses in zip(JUNK, got, strict=True) if statuses != [202, 202, 401]]
    assert wrong == []


async def test_no_keys_at_all_is_nobodys_token(door: Door, auth: Auth, clock: Clock) -> None:
    """An auth server that signs by the legacy secret alone lists none: that is an answer."""
    token = fresh(auth, clock)
    auth.keys = []

    assert await status(door, token) == 401


async def test_keys_that_sign_nothing_of_a_users(door: Door, auth: Auth, clock: Clock) -> None:
    """Shared secrets and private keys that were published by mistake, weak keys and other curves: none counts."""
    published, weak = elliptic("published"), SigningKey("weak", "RS256", rsa_key(1024))
    published_rsa = SigningKey("published-rsa", "RS256", rsa_key())
    other_curve = SigningKey("p384", "ES384", ec.generate_private_key(ec.SECP384R1()))
    shared = b"0123456789abcdef0123456789abcdef"
    auth.more_keys = [
        {"kty": "oct", "kid": "shared", "alg": "HS256", "use": "sig", "k": segment(shared)},
        published.jwk(private=True),
        published_rsa.jwk(private=True),
        weak.jwk(),
        other_curve.jwk(),
    ]
    said = auth.claims(ANNA, at=clock())
    tokens = {
        "shared": compact({"alg": "HS256", "kid": "shared"}, said, mac(shared)),
        "published": fresh(auth, clock, key=published),
        "published RSA": fresh(auth, clock, key=published_rsa),
        "weak": fresh(auth, clock, key=weak),
        "ES384": fresh(auth, clock, key=other_curve),
        "ES256 by P-384": compact({"alg": "ES256", "kid": "p384"}, said, signed("ES384", other_curve.private)),
    }

    for case, token in tokens.items():
        assert await status(door, token) == 401, case
    assert await status(door, fresh(auth, clock)) == 202


async def test_a_key_is_used_as_it_says(door: Door, auth: Auth, clock: Clock) -> None:
    """One that is for another algorithm by its own `alg` signs no RS256."""
    other = SigningKey("other", "RS256", rsa_key())
    auth.more_keys = [{**other.jwk(), "alg": "RS512"}]

    assert await status(door, fresh(auth, clock, key=replace(other))) == 401
