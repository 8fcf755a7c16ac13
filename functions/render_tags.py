"""Binds a render's id to this deployment, in the address that its provider calls back at. Pure.

A provider's signature says that the provider sent a delivery, not for which of its customers: without the tag,
whoever has an account there could have a clip of theirs delivered for a render of ours whose request is not known
yet.
"""

import hashlib
import hmac
from collections.abc import Collection
from uuid import UUID

_PURPOSE = b"storyreel/webhook/1\n"  # no other use of the same secret makes the same bytes
_BYTES = 16  # of the 32: 128 bits are as many as a random id has


def tag(render_id: UUID, secret: str) -> str:
    """HMAC-SHA256 (RFC 2104) of the id under the secret, shortened to 128 bits, in hex."""
    return hmac.new(secret.encode(), _PURPOSE + render_id.bytes, hashlib.sha256).digest()[:_BYTES].hex()


def is_ours(render_id: UUID, shown: str, secrets: Collection[str]) -> bool:
    """Whether any of the secrets made the tag, in capitals or not. In constant time, and all are tried."""
    made = [hmac.compare_digest(shown.lower().encode(), tag(render_id, secret).encode()) for secret in secrets]
    return any(made)
