"""fal's webhook: whose bytes are believed, and what they mean."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import BadDelivery, BadSignature
from pipeline.fal import webhook
from pipeline.model import Clip, Failure
from tests.pipeline.fal.conftest import NOON, Signer, signing_key

RID = "764cabcf-b745-4b3e-ae38-1200304cf45b"

VECTOR_KEY = b'{"keys":[{"kty":"OKP","crv":"Ed25519","x":"A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"}]}'
VECTOR_BODY = b'{"request_id":"r1","gateway_request_id":"r1","status":"OK","payload":{}}'
VECTOR_TIME = datetime.fromtimestamp(1_700_000_000, UTC)
VECTOR_HEADERS = {
    "x-fal-webhook-request-id": "r1",
    "x-fal-webhook-user-id": "u1",
    "x-fal-webhook-timestamp": "1700000000",
    "x-fal-webhook-signature": (
        "65dede729359e5ba4d20175890690b270272a4bccacf57c33c33bd8e8cce9d21"
        "a7a0b55151ff27a75234d7f38212bb521884455ce5ae7e4a824b35d9c1dd460a"
    ),
}


ARABIC_DIGITS = "\u0661\u0667" + 8 * "\u0660"
"""1700000000 to Python's int, but no digits of the protocol."""


class TestSignature:
    def test_vector(self) -> None:
        """The signature that others compute for the published vector is accepted."""
        signature = webhook.read_signature(VECTOR_HEADERS, now=VECTOR_TIME)

        assert webhook.is_authentic(signature, VECTOR_BODY, webhook.read_keys(VECTOR_KEY))

    @given(position=st.integers(0, len(VECTOR_BODY) - 1), bit=st.integers(0, 7))
    def test_one_flipped_bit(self, position: int, bit: int) -> None:
        """A body with any one bit changed is not fal's."""
        body = bytearray(VECTOR_BODY)
        body[position] ^= 1 << bit
        signature = webhook.read_signature(VECTOR_HEADERS, now=VECTOR_TIME)

        assert not webhook.is_authentic(signature, bytes(body), webhook.read_keys(VECTOR_KEY))

    @pytest.mark.parametrize("name", ["request-id", "user-id", "timestamp"])
    def test_signed_headers(self, name: str) -> None:
        """Each signed header is part of what is verified."""
        headers = {**VECTOR_HEADERS, f"x-fal-webhook-{name}": "1700000001"}
        signature = webhook.read_signature(headers, now=VECTOR_TIME)

        assert not webhook.is_authentic(signature, VECTOR_BODY, webhook.read_keys(VECTOR_KEY))

    @given(body=st.binary(max_size=300), offset=st.integers(-300, 300))
    def test_round_trip(self, body: bytes, offset: int) -> None:
        """Whatever is signed within the tolerance verifies, for any of several keys."""
        signer, other = (Signer(signing_key(seed)) for seed in (1, 2))
        headers = signer.headers(body, at=NOON + timedelta(seconds=offset))
        keys = webhook.read_keys(json.dumps({"keys": [other.jwk(), signer.jwk()]}).encode())

        assert webhook.is_authentic(webhook.read_signature(headers, now=NOON), body, keys)

    @pytest.mark.parametrize("offset", [-301, 301, 10**9])
    def test_untimely(self, signer: Signer, offset: int) -> None:
        """A signature older or newer than five minutes is refused: it may be a replay."""
        headers = signer.headers(b"{}", at=NOON + timedelta(seconds=offset))

        with pytest.raises(BadSignature):
            webhook.read_signature(headers, now=NOON)

    @pytest.mark.parametrize("name", list(VECTOR_HEADERS))
    @pytest.mark.parametrize("value", [None, "", "a\nb", ARABIC_DIGITS, "-1", "zz" * 64, "ab " * 43])
    def test_missing_or_malformed_header(self, name: str, value: str | None) -> None:
        """All four headers are required in their form; nothing else may pass for one."""
        headers = {key: text for key, text in {**VECTOR_HEADERS, name: value}.items() if text is not None}

        if value in {"-1", "zz" * 64, "ab " * 43, ARABIC_DIGITS} and name.endswith("-id"):
            signature = webhook.read_signature(headers, now=VECTOR_TIME)
            assert not webhook.is_authentic(signature, VECTOR_BODY, webhook.read_keys(VECTOR_KEY))
        else:
            with pytest.raises(BadSignature):
                webhook.read_signature(headers, now=VECTOR_TIME)


class TestKeys:
    def test_other_kinds_are_passed_over(self, signer: Signer) -> None:
        """A key set may hold keys of other kinds and broken ones."""
        entries = [7, {"kty": "RSA"}, {**signer.jwk(), "x": "short"}, {**signer.jwk(), "x": 5}, signer.jwk()]

        keys = webhook.read_keys(json.dumps({"keys": entries}).encode())
        assert len(keys) == 1

    @pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"keys": 3}', b'{"keys": [{"kty": "RSA"}]}'])
    def test_no_usable_key(self, body: bytes) -> None:
        """A set without a usable key is an error, not an empty set that refuses everybody."""
        with pytest.raises(ValueError, match=r"."):
            webhook.read_keys(body)


class TestDelivery:
    def test_clip(self, webhook_body: Callable[[str], bytes]) -> None:
        """An OK delivery brings the clip, its text as received, and a digest to know it again."""
        body = webhook_body("webhook-ok-retried")
        delivery = webhook.read_delivery(body, now=NOON)

        assert delivery.request_id == RID
        assert delivery.gateway_request_id == "00000000-aaaa-4bbb-8ccc-dddddddddddd"
        assert delivery.outcome == Clip("https://v3.fal.media/files/lion/clip.mp4", "video/mp4", 215412, 42)
        assert delivery.body.encode() == body
        assert delivery.digest == hashlib.sha256(body).hexdigest()
        assert delivery.received_at == NOON

    def test_model_error(self, webhook_body: Callable[[str], bytes]) -> None:
        """An ERROR delivery carries the model's own complaint."""
        outcome = webhook.read_delivery(webhook_body("webhook-error-422"), now=NOON).outcome

        assert outcome == Failure("bad_parameters", "num_frames: Input should be less than or equal to 32", True)

    def test_bare_error(self, webhook_body: Callable[[str], bytes]) -> None:
        """Without a detail, the status in fal's sentence decides."""
        outcome = webhook.read_delivery(webhook_body("webhook-error-bare"), now=NOON).outcome

        assert outcome == Failure("provider_error", "Invalid status code: 500", False)

    def test_payload_error(self, webhook_body: Callable[[str], bytes]) -> None:
        """An output that did not fit the webhook must be asked for: no outcome yet."""
        assert webhook.read_delivery(webhook_body("webhook-payload-error"), now=NOON).outcome is None

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"\xff\xfe",
            '{"request_id": "r1", "status": "OK"}'.encode("utf-16-le"),
            b"null",
            b"[]",
            b"[" * 100_000,
            b"{}",
            b'{"request_id": 7, "status": "OK"}',
            b'{"request_id": "../x", "status": "OK"}',
            b'{"request_id": "r1"}',
            b'{"request_id": "r1", "status": ["OK"]}',
            b'{"request_id": "r1", "status": "COMPLETED"}',
        ],
    )
    def test_malformed(self, body: bytes) -> None:
        """A body that fal would not send is refused as such."""
        with pytest.raises(BadDelivery):
            webhook.read_delivery(body, now=NOON)

    @given(text=st.text(max_size=80), status=st.integers(0, 9999))
    def test_message_fits_a_database(self, text: str, status: int) -> None:
        """Whatever fal writes into an error, the message holds no NUL, no lone surrogate and no newline."""
        document = {
            "request_id": "r1",
            "status": "ERROR",
            "error": f"{text} {status}",
            "payload": {"detail": text},
        }
        outcome = webhook.read_delivery(json.dumps(document).encode(), now=NOON).outcome

        assert isinstance(outcome, Failure)
        assert outcome.message.isprintable()
        assert outcome.message
