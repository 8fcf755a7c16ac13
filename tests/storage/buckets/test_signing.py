"""The tokens of signed addresses: only those that we made are read, until they expire."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.errors import BucketRefused
from storage.buckets.signing import UrlSigner, url_signer
from tests.conftest import Clock

SECRET = "sb_secret_of_a_stack"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
CLAIMS: dict[str, Any] = {"url": "clips/a.mp4", "iat": int(NOON.timestamp()), "exp": int(NOON.timestamp()) + 60}


@pytest.fixture
def signer(clock: Clock) -> UrlSigner:
    clock.now = NOON
    return url_signer(SECRET, clock)


def test_a_token_is_read_until_it_expires(signer: UrlSigner, clock: Clock) -> None:
    """To the second: in the last one, and no longer in the next."""
    token = signer.token("clips", "a b/ü.mp4", seconds=60)

    assert signer.object_of(token) == "clips/a b/ü.mp4"
    clock.now = NOON + timedelta(seconds=59.999)
    assert signer.object_of(token) == "clips/a b/ü.mp4"
    clock.now = NOON + timedelta(seconds=60)
    with pytest.raises(BucketRefused, match="exp"):
        signer.object_of(token)


def test_it_is_the_token_that_supabase_makes(signer: UrlSigner) -> None:
    """HS256, with `url`, `iat` and `exp`: what reads Supabase's reads ours."""
    token = signer.token("clips", "a.mp4", seconds=60)

    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}
    assert jwt.decode(token, options={"verify_signature": False}) == CLAIMS


@pytest.mark.parametrize("claim", ["url", "iat", "exp"])
def test_a_token_says_all_that_is_asked(signer: UrlSigner, claim: str) -> None:
    """One for ever, or for nothing, is refused though it be signed well."""
    claims = {name: value for name, value in CLAIMS.items() if name != claim}

    with pytest.raises(BucketRefused):
        signer.object_of(jwt.encode(claims, signer.key, algorithm="HS256"))


def test_the_key_is_for_addresses_alone(signer: UrlSigner) -> None:
    """A token that was signed with the secret itself, a user's say, is no address; nor is ours any such token."""
    with pytest.raises(BucketRefused):
        signer.object_of(jwt.encode(CLAIMS, SECRET.ljust(32, "0"), algorithm="HS256"))
    assert SECRET.encode() not in signer.key
    assert repr(signer.key) not in repr(signer)


def test_another_stacks_token_is_refused(signer: UrlSigner, clock: Clock) -> None:
    """By another secret, though it be longer by one letter."""
    for secret in ("another-secret", f"{SECRET}0", ""):
        with pytest.raises(BucketRefused):
            signer.object_of(url_signer(secret, clock).token("clips", "a.mp4", seconds=60))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", "HS255"])
def test_a_token_without_a_signature_is_refused(signer: UrlSigner, algorithm: str) -> None:
    """Whatever it says of its algorithm, and whether or not the place of the signature is empty."""
    head = encoded({"alg": algorithm, "typ": "JWT"})
    signature = signer.token("clips", "a.mp4", seconds=60).rpartition(".")[2]

    for end in ("", signature):
        with pytest.raises(BucketRefused):
            signer.object_of(f"{head}.{encoded(CLAIMS)}.{end}")


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_one_algorithm_is_known(signer: UrlSigner, algorithm: str) -> None:
    """Even with our own key."""
    key = signer.key.ljust(64, b"0")

    with pytest.raises(BucketRefused):
        UrlSigner(key, signer.clock).object_of(jwt.encode(CLAIMS, key, algorithm=algorithm))


def test_a_public_key_signs_nothing(signer: UrlSigner) -> None:
    """Neither is RS256 taken, nor a public key for a shared secret."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    by_private = jwt.encode(CLAIMS, private, algorithm="RS256")

    with pytest.raises(BucketRefused):
        signer.object_of(by_private)
    with pytest.raises(BucketRefused):
        UrlSigner(public, signer.clock).object_of(by_private)


@given(st.data())
def test_no_part_of_a_token_can_be_changed(data: st.DataObject) -> None:
    """Its claims for others, and any letter for another; but for the last, of which two bits mean nothing."""
    signer = url_signer(SECRET, lambda: NOON)
    token = signer.token("clips", "a.mp4", seconds=60)
    place = data.draw(st.integers(0, len(token) - 2))
    letter = data.draw(st.characters().filter(lambda drawn: drawn != token[place]))
    head, _, signature = token.split(".")
    longer = encoded(CLAIMS | {"exp": CLAIMS["exp"] + data.draw(st.integers(1, 10**9))})

    for forged in (f"{token[:place]}{letter}{token[place + 1 :]}", f"{head}.{longer}.{signature}"):
        with pytest.raises(BucketRefused):
            signer.object_of(forged)


@given(st.text())
@example("\ud800")
@example("a.\udfff.c")
def test_no_text_is_anything_but_refused(text: str) -> None:
    """Never with another error."""
    with pytest.raises(BucketRefused):
        url_signer(SECRET, lambda: NOON).object_of(text)


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
