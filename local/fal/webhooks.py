"""What fal says in a webhook, how it signs it, and when it tries again. Pure: no clock, no network.

Body, headers and signature: fal's webhook page. Delivery: 2xx acknowledges, 3xx ends it for good, anything
else is tried again with a growing pause, at most 31 times and never after the result has expired.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from local.fal.outcomes import JsonObject, Outcome
from local.fal.queue import Job

MAX_RETRIES = 31
NOT_SERIALISABLE = (
    "Response payload is not JSON serializable. Either return a JSON serializable object "
    "or use the queue endpoint to retrieve the response."
)


class Verdict(StrEnum):
    """What an attempt came to."""

    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"
    FAILED = "failed"


@dataclass(frozen=True)
class Attempt:
    """One POST of a webhook: when, in Unix seconds, and the status or the error that came back."""

    at: float
    verdict: Verdict
    answer: str


def webhook_body(job: Job, outcome: Outcome) -> bytes:
    """The raw body; the same bytes at every attempt. The two ids differ once the model was run again."""
    body: JsonObject = {"request_id": job.request_id, "gateway_request_id": job.gateway_request_id}
    if not outcome.ok:
        error = f"Invalid status code: {outcome.status}"
        body |= {"status": "ERROR", "error": error, "payload": outcome.body}
    elif job.work.fate.payload_error:
        body |= {"status": "OK", "payload": None, "payload_error": NOT_SERIALISABLE}
    else:
        body |= {"status": "OK", "payload": outcome.body}
    return json.dumps(body).encode()


def verdict_of(status: int) -> Verdict:
    """What an answer with that HTTP status means to fal."""
    if 200 <= status < 300:
        return Verdict.ACKNOWLEDGED
    return Verdict.REJECTED if 300 <= status < 400 else Verdict.FAILED


def next_attempt(attempts: int, *, now: float, expires_at: float, backoff_base: float) -> float | None:
    """When to try again after that many failures, in Unix seconds; None to give up."""
    if attempts > MAX_RETRIES:
        return None
    at = now + backoff_base * 2.0 ** (attempts - 1)
    return at if at < expires_at else None


class Signer:
    """Signs webhooks as fal does, with a key of its own: nobody but fal can sign with fal's."""

    def __init__(self, seed: bytes, *, user_id: str) -> None:
        """`seed`: the 32 bytes of an Ed25519 private key."""
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._user_id = user_id

    def headers(self, request_id: str, body: bytes, *, now: float) -> dict[str, str]:
        """The four webhook headers, stamped with the whole second of `now`.

        Signed are request id, user id, timestamp and the hex SHA-256 of the raw body, joined by newlines.
        """
        timestamp = str(int(now))
        message = "\n".join((request_id, self._user_id, timestamp, hashlib.sha256(body).hexdigest()))
        return {
            "X-Fal-Webhook-Request-Id": request_id,
            "X-Fal-Webhook-User-Id": self._user_id,
            "X-Fal-Webhook-Timestamp": timestamp,
            "X-Fal-Webhook-Signature": self._key.sign(message.encode()).hex(),
        }

    def jwks(self) -> JsonObject:
        """The public key as a JSON Web Key Set (RFC 8037)."""
        raw = self._key.public_key().public_bytes_raw()
        x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        return {"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "x": x}]}
