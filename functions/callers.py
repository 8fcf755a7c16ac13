"""Who calls a function: the app's own back end, which shows a secret, or one of its signed-in users.

A publishable key and the API keys that are JWTs are in every copy of the app: they are nobody.
"""

import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from functions.problems import Refused
from functions.user_tokens import UserTokens

_MOST_SHOWN = 16_384  # characters of a header's value


@dataclass(frozen=True)
class Backend:
    """Whoever has a secret: the app's servers, its database's webhooks. May do everything a function does."""

    claims: None = None


@dataclass(frozen=True)
class User:
    """A signed-in user, as Supabase Auth vouches. `claims` is the whole verified token, for RLS policies."""

    id: UUID
    claims: Mapping[str, object] = field(repr=False)


Caller = Backend | User


def require_secret(headers: Mapping[str, str], secrets: Collection[str]) -> None:
    """Raise `Refused` (401) unless one of the secrets is shown, as `apikey` or as a bearer token."""
    if not _shows_secret(headers, secrets):
        raise Refused(401, "unauthorized", "send a valid secret key in the apikey header")


async def identify(
    headers: Mapping[str, str], secrets: Collection[str], tokens: UserTokens, *, now: datetime
) -> Caller:
    """Who sent these headers. Raises `Refused` (401), and `KeysUnavailable` where that cannot be told now."""
    if _shows_secret(headers, secrets):
        return Backend()
    token = _bearer(headers)
    if token.count(".") != 2:  # a JWT has three parts; Supabase's Python client also sends API keys there
        raise Refused(401, "unauthorized", "send a secret key in the apikey header, or a user's access token")
    claims = await tokens.verify(token, now=now)
    return User(UUID(str(claims["sub"])), claims)


def _shows_secret(headers: Mapping[str, str], secrets: Collection[str]) -> bool:
    """Every secret is compared, by its hash, in constant time: several are valid while one is replaced."""
    # Both headers: Supabase's clients always send an apikey, and some deployments keep the secret in the other.
    shown = [_digest(value) for value in (headers.get("apikey", ""), _bearer(headers))]
    known = [_digest(secret) for secret in secrets]
    matches = [hmac.compare_digest(candidate, secret) for candidate in shown for secret in known]
    return any(matches)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _bearer(headers: Mapping[str, str]) -> str:
    scheme, _, value = headers.get("authorization", "").partition(" ")
    return value.strip()[:_MOST_SHOWN] if scheme.lower() == "bearer" else ""
