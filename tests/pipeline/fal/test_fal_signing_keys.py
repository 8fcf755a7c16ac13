"""Webhooks through the client: where the keys come from, how often, and what happens without them."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from starlette.responses import Response

from pipeline.errors import BadDelivery, BadSignature, GeneratorUnavailable
from pipeline.fal.client import FalGenerator
from pipeline.fal.signing_keys import LIFETIME
from pipeline.key_cache import PAUSE
from tests.pipeline.fal.conftest import NOON, Signer, StubServer, key_set

BODY = b'{"request_id":"r1","gateway_request_id":"r1","status":"OK","payload":{}}'

VECTOR_KEY = '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"}]}'
"""The key of `signer`."""

MOMENT = timedelta(seconds=1)


@pytest.fixture
def generator(http: httpx.AsyncClient, stranger: StubServer) -> FalGenerator:
    return FalGenerator(http, key="key-id:key-secret", jwks_url=f"{stranger.url}/.well-known/jwks.json")


async def test_keys_are_fetched_once(generator: FalGenerator, stranger: StubServer, signer: Signer) -> None:
    """Deliveries that arrive together share one fetch, which does not carry fal's secret key."""
    stranger.answer = key_set(signer)
    deliveries = await asyncio.gather(
        *(generator.read_delivery(signer.headers(BODY), BODY, now=NOON) for _ in range(5))
    )

    assert {delivery.request_id for delivery in deliveries} == {"r1"}
    [seen] = stranger.seen
    assert seen.path == "/.well-known/jwks.json"
    assert "authorization" not in seen.headers


async def test_keys_expire(generator: FalGenerator, stranger: StubServer, signer: Signer) -> None:
    """Keys are kept for a day and no longer; a clock that was set back does not prolong that."""
    stranger.answer = key_set(signer)
    for later in (timedelta(0), LIFETIME - MOMENT, LIFETIME + MOMENT, -MOMENT):
        headers = signer.headers(BODY, at=NOON + later)
        await generator.read_delivery(headers, BODY, now=NOON + later)

    assert len(stranger.seen) == 3


async def test_new_key(
    generator: FalGenerator, stranger: StubServer, signer: Signer, other_signer: Signer
) -> None:
    """Signatures by a key that is new to us are believed after one more fetch for all of them."""
    stranger.answer = key_set(signer)
    await generator.read_delivery(signer.headers(BODY), BODY, now=NOON)
    stranger.answer = key_set(signer, other_signer)
    later = NOON + PAUSE
    headers = other_signer.headers(BODY, at=later)
    deliveries = await asyncio.gather(*(generator.read_delivery(headers, BODY, now=later) for _ in range(5)))

    assert {delivery.request_id for delivery in deliveries} == {"r1"}
    assert len(stranger.seen) == 2


async def test_forgeries_do_not_hammer(
    generator: FalGenerator, stranger: StubServer, signer: Signer, other_signer: Signer
) -> None:
    """However many forgeries arrive, fal's key server hears from us once per pause."""
    stranger.answer = key_set(signer)
    for second in range(10):
        now = NOON + second * MOMENT
        with pytest.raises(BadSignature):
            await generator.read_delivery(other_signer.headers(BODY, at=now), BODY, now=now)
    assert len(stranger.seen) == 1

    with pytest.raises(BadSignature):
        await generator.read_delivery(other_signer.headers(BODY), BODY, now=NOON + PAUSE)
    assert len(stranger.seen) == 2


async def test_header_faults_cost_no_fetch(generator: FalGenerator, stranger: StubServer, signer: Signer) -> None:
    """A delivery without a timely signature is refused before any network call."""
    for headers in ({}, signer.headers(BODY, at=NOON - timedelta(hours=1))):
        with pytest.raises(BadSignature):
            await generator.read_delivery(headers, BODY, now=NOON)

    assert stranger.seen == []


async def test_forged_body_is_not_parsed(generator: FalGenerator, stranger: StubServer, signer: Signer) -> None:
    """A malformed body is called so only under a right signature; else the signature is to blame."""
    stranger.answer = key_set(signer)
    with pytest.raises(BadSignature):
        await generator.read_delivery(signer.headers(BODY), b"{", now=NOON)
    with pytest.raises(BadDelivery) as caught:
        await generator.read_delivery(signer.headers(b"{"), b"{", now=NOON)

    assert not isinstance(caught.value, BadSignature)


@pytest.mark.parametrize(
    "answer",
    [
        Response(status_code=500),
        Response(status_code=302, headers={"location": "http://127.0.0.1:9/"}),
        Response("<html>"),
        Response('{"keys": []}'),
        Response(VECTOR_KEY, status_code=500),
    ],
)
async def test_missing_keys_are_no_bad_signature(
    generator: FalGenerator, stranger: StubServer, signer: Signer, answer: Response
) -> None:
    """Without keys nobody can tell: unavailable, so that fal delivers again; later we ask again."""
    stranger.answer = answer
    for later in (timedelta(0), PAUSE - MOMENT):
        with pytest.raises(GeneratorUnavailable):
            await generator.read_delivery(signer.headers(BODY), BODY, now=NOON + later)
    assert len(stranger.seen) == 1

    stranger.answer = key_set(signer)
    await generator.read_delivery(signer.headers(BODY), BODY, now=NOON + PAUSE)


async def test_unreachable_key_server(http: httpx.AsyncClient, signer: Signer) -> None:
    """A key server that cannot be reached is unavailable too."""
    generator = FalGenerator(http, key="key-id:key-secret", jwks_url="http://127.0.0.1:9/jwks.json")

    with pytest.raises(GeneratorUnavailable):
        await generator.read_delivery(signer.headers(BODY), BODY, now=NOON)


async def test_unknown_key_while_keys_cannot_be_renewed(
    generator: FalGenerator, stranger: StubServer, signer: Signer, other_signer: Signer
) -> None:
    """A key that may be new is not called forged while the key server is down; known keys still work."""
    stranger.answer = key_set(signer)
    await generator.read_delivery(signer.headers(BODY), BODY, now=NOON)
    stranger.answer = Response(status_code=503)
    for later in (PAUSE, PAUSE + MOMENT):
        with pytest.raises(GeneratorUnavailable):
            await generator.read_delivery(other_signer.headers(BODY), BODY, now=NOON + later)

    assert len(stranger.seen) == 2
    await generator.read_delivery(signer.headers(BODY), BODY, now=NOON + PAUSE)


async def test_samples_through_the_client(
    generator: FalGenerator,
    stranger: StubServer,
    signer: Signer,
    webhook_body: Callable[[str], bytes],
) -> None:
    """Every sample body is read when it is signed."""
    stranger.answer = key_set(signer)
    for name in ("webhook-ok", "webhook-error-422", "webhook-error-bare", "webhook-payload-error"):
        body = webhook_body(name)
        delivery = await generator.read_delivery(signer.headers(body), body, now=NOON)

        assert delivery.body.encode() == body
