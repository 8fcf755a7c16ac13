"""Supabase Auth as the functions see it: a key server on loopback, tokens by its keys, and tokens by forgers.

Compact JWTs are put together here piece by piece (RFC 7515, 3.1), so that some can be made that no library makes.
"""

import base64
import hmac
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.functions.serving import address, listener, serving


class _Absent:
    def __repr__(self) -> str:
        return "absent"


ABSENT: Any = _Absent()
"""As a claim or a header: leave it out."""


@dataclass(frozen=True)
class In:
    """As a claim: a time, so many seconds from now."""

    seconds: int


Sign = Callable[[bytes], bytes]


def segment(raw: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def compact(header: Mapping[str, object], payload: object, sign: Sign) -> str:
    """A token of exactly these parts; `payload` may be bytes that are no JSON."""
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    kept = {name: value for name, value in header.items() if value is not ABSENT}
    message = f"{segment(json.dumps(kept).encode())}.{segment(raw)}"
    return f"{message}.{segment(sign(message.encode()))}"


def signed(algorithm: str, key: Any) -> Sign:
    """Sign as the algorithm says, with a key of its kind."""
    return lambda message: jwt.get_algorithm_by_name(algorithm).sign(message, key)


def mac(secret: bytes, digest: str = "sha256") -> Sign:
    """HMAC with any bytes at all; libraries refuse some that an attacker would take."""
    return lambda message: hmac.digest(secret, message, digest)


@dataclass(frozen=True)
class SigningKey:
    """A key of the auth server, or of a forger."""

    kid: str
    algorithm: str
    private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

    def sign(self, message: bytes) -> bytes:
        return signed(self.algorithm, self.private)(message)

    def jwk(self, *, private: bool = False) -> dict[str, Any]:
        """As the JWKS shows it; with its private half as no JWKS should."""
        key: Any = self.private if private else self.private.public_key()
        kind: Any = ECAlgorithm if isinstance(self.private, ec.EllipticCurvePrivateKey) else RSAAlgorithm
        said: dict[str, Any] = kind.to_jwk(key, as_dict=True)
        said.pop("key_ops", None)
        return {**said, "kid": self.kid, "alg": self.algorithm, "use": "sig"}


def elliptic(kid: str = "ec-1") -> SigningKey:
    """A new ES256 key, which is what Supabase makes."""
    return SigningKey(kid, "ES256", ec.generate_private_key(ec.SECP256R1()))


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """One for all tests: finding the primes takes long."""
    return rsa.generate_private_key(65537, bits)


@dataclass
class Auth:
    """The auth server of a project. `answer` is given instead of the keys; `strays` are other paths asked for."""

    url: str
    keys: list[SigningKey] = field(default_factory=lambda: [elliptic(), SigningKey("rsa-1", "RS256", rsa_key())])
    more_keys: list[object] = field(default_factory=list)
    answer: Response | None = None
    asked: int = 0
    strays: list[str] = field(default_factory=list)

    @property
    def key(self) -> SigningKey:
        return self.keys[0]

    @property
    def jwks_url(self) -> str:
        return f"{self.url}/auth/v1/.well-known/jwks.json"

    def claims(self, user: object, *, at: datetime | None = None, **changes: Any) -> dict[str, object]:
        """What an access token of the user says; `changes` replace or, being ABSENT, remove claims."""
        now = int((at or datetime.now(UTC)).timestamp())
        said: dict[str, object] = {
            "iss": f"{self.url}/auth/v1",
            "sub": str(user),
            "aud": "authenticated",
            "exp": now + 3600,
            "iat": now,
            "email": "user@example.com",
            "phone": "",
            "app_metadata": {"provider": "email", "providers": ["email"]},
            "user_metadata": {"name": "Änne O'Neill \\ {}%s"},
            "role": "authenticated",
            "aal": "aal1",
            "amr": [{"method": "password", "timestamp": now}],
            "session_id": "7c0f9d5a-61ab-4d0b-a1f5-0a0a0a0a0a0a",
            "is_anonymous": False,
        }
        changed = {
            name: now + value.seconds if isinstance(value, In) else value for name, value in changes.items()
        }
        return {name: value for name, value in {**said, **changed}.items() if value is not ABSENT}

    def token(
        self, user: object, *, key: SigningKey | None = None, at: datetime | None = None, **changes: Any
    ) -> str:
        """An access token as the server issues it."""
        key = key or self.key
        header = {"alg": key.algorithm, "typ": "JWT", "kid": key.kid}
        return compact(header, self.claims(user, at=at, **changes), key.sign)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/auth/v1/.well-known/jwks.json", self._jwks),
                Route("/{path:path}", self._stray),
            ]
        )

    async def _jwks(self, _: Request) -> Response:
        self.asked += 1
        return self.answer or self.good_answer()

    async def _stray(self, request: Request) -> Response:
        self.strays.append(request.url.path)
        return self.good_answer()

    def good_answer(self) -> Response:
        return JSONResponse({"keys": [*self.more_keys, *(key.jwk() for key in self.keys)]})


@asynccontextmanager
async def open_auth() -> AsyncIterator[Auth]:
    """An auth server with two keys."""
    bound = listener()
    auth = Auth(address(bound))
    async with serving(auth.app(), bound):
        yield auth
