"""fal's webhook: who sent these bytes, and what they say. Pure: keys and the time are arguments.

Nothing of a body is parsed before its signature holds. Scheme: Ed25519 over the UTF-8 text of request id,
user id, timestamp and the hex SHA-256 of the raw body, joined by newlines; the keys are a JWK set (RFC 8037).
Source: fal's page "Webhooks", section on verifying.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from pipeline.errors import BadDelivery, BadSignature
from pipeline.fal import failures, protocol
from pipeline.fal.messages import JsonObject, parse_json
from pipeline.model import Clip, Delivery, Failure
from pipeline.prose import clean

TOLERANCE = timedelta(seconds=300)
"""How far the signed timestamp may lie from our clock, either way; fal's figure."""

Keys = tuple[Ed25519PublicKey, ...]

_STATUS = re.compile(r"\b[1-5][0-9]{2}\b")


@dataclass(frozen=True)
class Signature:
    """The signed headers as they came, and the 64 bytes of the signature."""

    request_id: str
    user_id: str
    timestamp: str
    value: bytes


def read_signature(headers: Mapping[str, str], *, now: datetime) -> Signature:
    """The signature in the headers, names in lower case. Raises `BadSignature`: absent, odd, untimely."""
    request_id = _header(headers, "x-fal-webhook-request-id")
    user_id = _header(headers, "x-fal-webhook-user-id")
    timestamp = _header(headers, "x-fal-webhook-timestamp")
    signature = _header(headers, "x-fal-webhook-signature")
    if not re.fullmatch(r"[0-9]{1,11}", timestamp):
        raise BadSignature("X-Fal-Webhook-Timestamp is not a Unix time in seconds")
    if not re.fullmatch(r"[0-9a-fA-F]{128}", signature):
        raise BadSignature("X-Fal-Webhook-Signature is not 64 bytes in hex")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise BadSignature(f"signed more than {TOLERANCE.seconds} s from now; check this machine's clock")
    return Signature(request_id, user_id, timestamp, bytes.fromhex(signature))


def is_authentic(signature: Signature, body: bytes, keys: Keys) -> bool:
    """Whether any of the keys made the signature for exactly these bytes."""
    message = signed_message(signature.request_id, signature.user_id, signature.timestamp, body)
    return any(_verifies(key, signature.value, message) for key in keys)


def signed_message(request_id: str, user_id: str, timestamp: str, body: bytes) -> bytes:
    """The bytes that fal signs."""
    return "\n".join((request_id, user_id, timestamp, hashlib.sha256(body).hexdigest())).encode()


def read_keys(body: bytes) -> Keys:
    """The Ed25519 keys of a JWK set; other kinds are passed over. Raises `ValueError` if there are none."""
    entries = parse_json(body).get("keys")
    found = [_read_key(entry) for entry in entries] if isinstance(entries, list) else []
    keys = tuple(key for key in found if key is not None)
    if not keys:
        raise ValueError("the key set holds no Ed25519 key")
    return keys


def read_delivery(body: bytes, *, now: datetime) -> Delivery:
    """What a verified body announces. Raises `BadDelivery` if it is not what fal sends."""
    try:
        document = parse_json(body)
    except ValueError as error:
        raise BadDelivery("the webhook body is no JSON object in UTF-8") from error
    request_id = protocol.valid_request_id(document.get("request_id"))
    if request_id is None:
        raise BadDelivery("the webhook body has no usable request_id")
    return Delivery(
        request_id=request_id,
        gateway_request_id=protocol.valid_request_id(document.get("gateway_request_id")),
        outcome=_outcome(document),
        body=body.decode(),
        digest=hashlib.sha256(body).hexdigest(),
        received_at=now,
    )


def _outcome(document: JsonObject) -> Clip | Failure | None:
    """None where only GET result can tell: the output did not fit a webhook (`payload_error`)."""
    status, payload = document.get("status"), document.get("payload")
    if status != "OK" and status != "ERROR":  # noqa: PLR1714 - JSON may put an unhashable value there
        raise BadDelivery("the webhook's status is neither OK nor ERROR")
    if payload is None and document.get("payload_error") is not None:
        return None
    if status == "ERROR":
        return _failure(document.get("error"), payload if isinstance(payload, dict) else None)
    return protocol.read_payload(payload) if isinstance(payload, dict) else None


def _failure(error: object, payload: JsonObject | None) -> Failure:
    """`error` carries the model's status in prose ("Invalid status code: 422"), the payload its detail."""
    sentence = clean(error) if isinstance(error, str) else ""
    number = _STATUS.search(sentence)
    status = int(number.group()) if number else None
    body: JsonObject = {"detail": sentence, **(payload or {})}
    return failures.failure(body, status=status, headers={})


def _header(headers: Mapping[str, str], name: str) -> str:
    """A signed header, required. Newlines would shift the signed fields into each other."""
    value = headers.get(name, "")
    if not value or not value.isprintable():
        raise BadSignature(f"the header {name} is missing or malformed")
    return value


def _verifies(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _read_key(entry: object) -> Ed25519PublicKey | None:
    if not isinstance(entry, dict) or entry.get("kty") != "OKP" or entry.get("crv") != "Ed25519":
        return None
    coordinate = entry.get("x")
    if not isinstance(coordinate, str):
        return None
    try:
        raw = base64.urlsafe_b64decode(coordinate + "=" * (-len(coordinate) % 4))
        return Ed25519PublicKey.from_public_bytes(raw)
    except ValueError:
        return None
