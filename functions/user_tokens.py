"""Verifies the access token of a signed-in user of the app: a JWT by Supabase Auth. Decides nothing about rows.

The algorithm is chosen from a list of ours, never by the token alone: ES256 and RS256 by the public key that its
`kid` names, HS256 only where the project's legacy secret is configured. A token must name a user (`sub`), whom it
is for, who made it and until when. Format: RFC 7519; Supabase's page "JSON Web Tokens".
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import httpx
import jwt

from functions.problems import Refused
from pipeline.errors import KeysUnavailable
from pipeline.key_cache import KeyCache

LIFETIME = timedelta(minutes=10)
"""For how long public keys are kept: as long as Supabase's own edge keeps them, so a revoked one soon ends."""

LEEWAY = timedelta(seconds=10)
"""How far clocks may lie apart."""

MOST_BYTES = 256 * 2**10
"""Of a key set."""

_PATIENCE = httpx.Timeout(5.0, connect=3.0)
_ASYMMETRIC = frozenset({"ES256", "RS256"})
_AUDIENCE = "authenticated"
_SHORTEST_RSA = 2048  # bits, as RFC 7518, 3.3 asks

PublicKeys = Mapping[str, jwt.PyJWK]
"""By their `kid`."""


class UserTokens:
    """Tells which user a token is of. `secret` None: tokens by a shared secret are refused.

    `http` stays the caller's to close.
    """

    def __init__(self, http: httpx.AsyncClient, *, jwks_url: str, issuer: str, secret: str | None) -> None:
        async def fetch() -> PublicKeys:
            return read_keys(await _get(http, jwks_url))

        self._keys = KeyCache(fetch, lifetime=LIFETIME, unavailable=KeysUnavailable)
        self._issuer = issuer
        self._secret = secret

    async def verify(self, token: str, *, now: datetime) -> Mapping[str, object]:
        """The claims of a user's valid token. Raises `Refused` (401), and `KeysUnavailable`."""
        algorithm, kid = _read_header(token)
        key = await self._key(algorithm, kid, now)
        try:
            claims: dict[str, object] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=_AUDIENCE,
                issuer=self._issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "sub", "aud", "iss"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise _refused("it has expired: sign in again, or refresh the session") from error
        except jwt.InvalidTokenError as error:
            raise _refused("it is not one of this project's users") from error
        return _of_user(claims)

    async def _key(self, algorithm: str, kid: str, now: datetime) -> jwt.PyJWK | str:
        if algorithm == "HS256" and self._secret is not None:
            return self._secret
        if algorithm not in _ASYMMETRIC:
            raise _refused("its algorithm is not accepted")
        key = (await self._keys.current(now)).get(kid)
        if key is None:
            key = ((await self._keys.newer(now)) or {}).get(kid)
        if key is None or key.algorithm_name != algorithm:
            raise _refused("no key of this project made it")
        return key


def read_keys(document: object) -> PublicKeys:
    """The usable public keys of a JWK set (RFC 7517); others are passed over. Raises `KeysUnavailable`."""
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise KeysUnavailable("the project's key set is no JWK set")
    found = [key for entry in entries if isinstance(entry, dict) and (key := _read_key(entry)) is not None]
    return {str(key.key_id): key for key in found}


def _read_key(entry: dict[str, object]) -> jwt.PyJWK | None:
    # Symmetric keys have no business in a published set; whoever put one there must not sign tokens with it.
    if entry.get("kty") not in {"EC", "RSA"} or not isinstance(entry.get("kid"), str) or "d" in entry:
        return None
    try:
        key = jwt.PyJWK(entry)
    except (jwt.PyJWTError, ValueError):  # ValueError: coordinates that are no base64, or no point of the curve
        return None
    long_enough = entry["kty"] != "RSA" or key.key.key_size >= _SHORTEST_RSA
    return key if key.algorithm_name in _ASYMMETRIC and long_enough else None


def _read_header(token: str) -> tuple[str, str]:
    """Algorithm and key id as the token claims them. Raises `Refused`."""
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError as error:
        raise _refused("it is no access token") from error
    return str(header.get("alg")), str(header.get("kid"))


def _of_user(claims: dict[str, object]) -> Mapping[str, object]:
    """The claims, if they are a signed-in user's. A key of the API (role `anon`, `service_role`) has no user."""
    try:
        UUID(str(claims["sub"]))
    except ValueError as error:
        raise _refused("it names no user") from error
    if claims.get("role") != _AUDIENCE:
        raise _refused("it is no signed-in user's")
    return claims


async def _get(http: httpx.AsyncClient, url: str) -> object:
    """The JSON document there. Raises `KeysUnavailable`."""
    body = bytearray()
    try:
        async with http.stream("GET", url, timeout=_PATIENCE, follow_redirects=False) as response:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise KeysUnavailable(f"the project's key set is larger than {MOST_BYTES} bytes")
        if response.status_code != httpx.codes.OK:
            raise KeysUnavailable(f"the project's keys cannot be had: HTTP {response.status_code} from {url}")
        return json.loads(body)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise KeysUnavailable(f"the project's keys cannot be had ({type(error).__name__})") from error


def _refused(why: str) -> Refused:
    return Refused(401, "bad_token", f"the access token is not accepted: {why}")
