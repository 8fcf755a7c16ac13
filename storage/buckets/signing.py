"""Signed addresses of a bucket in a folder: who holds one reads one object until then. No I/O.

As Supabase Storage has them: `/storage/v1/object/sign/<bucket>/<path>?token=<token>`, where the token is a JWT
(RFC 7519) by HS256 with the claims `url` (`<bucket>/<path>`), `iat` and `exp` (src/storage/object.ts).
`DiskBucket` and the local bucket server sign alike, so that either's addresses are served.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import jwt

from pipeline.errors import BucketRefused

_ALGORITHM = "HS256"
_PURPOSE = b"storyreel: signed addresses of a bucket in a folder"


@dataclass(frozen=True)
class UrlSigner:
    """Signs and reads tokens, by the clock given."""

    key: bytes = field(repr=False)
    clock: Callable[[], datetime]

    def token(self, name: str, path: str, *, seconds: int) -> str:
        """A token for that object, for that many seconds from now."""
        now = int(self.clock().timestamp())
        claims = {"url": f"{name}/{path}", "iat": now, "exp": now + seconds}
        return jwt.encode(claims, self.key, algorithm=_ALGORITHM)

    def object_of(self, token: str) -> str:
        """What the token lets its holder read, as `<bucket>/<path>`.

        Raises `BucketRefused`: not signed with our key, by another algorithm (or none), or no longer valid.
        """
        try:
            # The expiry is looked at below: the package has no clock but the machine's.
            claims = jwt.decode(
                token,
                self.key,
                algorithms=[_ALGORITHM],
                options={"require": ["url", "iat", "exp"], "verify_exp": False, "verify_iat": False},
            )
        except (jwt.InvalidTokenError, UnicodeError) as error:  # halves of pairs are no UTF-8
            raise BucketRefused("signature verification failed") from error
        if self.clock().timestamp() >= claims["exp"]:
            raise BucketRefused('"exp" claim timestamp check failed')
        return str(claims["url"])


def url_signer(secret: str, clock: Callable[[], datetime]) -> UrlSigner:
    """The signer of whoever knows the secret.

    The key is one of its own, derived from the secret, so that no token signed with the secret for another purpose
    (a user's, say) is ever taken for an address, nor the other way round.
    """
    return UrlSigner(hmac.digest(secret.encode(), _PURPOSE, "sha256"), clock)
