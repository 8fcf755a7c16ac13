"""Verifies the access token of a signed-in user of the app: a JWT by Supabase Auth. Decides nothing about rows.

The algorithm is chosen from a list of ours, never by the token alone: ES256 and RS256 by the public key that its
`kid` names, HS256 only where the project's legacy secret is configured. A token must name a user (`sub`), whom it
is for, who made it and until when. Format: RFC 7519; Supabase's page "JSON Web Tokens".
"""

import asyncio
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

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

_FARTHEST = 2**40  # seconds; the year 36812
_SECONDS = 8.0  # for all of a key set, however it drips
_PATIENCE = httpx.Timeout(5.0, connect=3.0)
_PLAIN = {"accept-encoding": "identity"}  # nothing is unpacked: a small answer stays small
_ASYMMETRIC = frozenset({"ES256", "RS256"})
_AUDIENCE = "authenticated"
_SUBJECT = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
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
                # Times are judged below, by our clock.
                options={
                    "require": ["exp", "sub", "aud", "iss"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except jwt.InvalidTokenError as error:
            raise _refused("it is not one of this project's users") from error
        _check_times(claims, now)
        return _of_user(claims)

    async def _key(self, algorithm: str, kid: str, now: datetime) -> jwt.PyJWK | str:
        if algorithm == "HS256" and self._secret is not None:
            return self._secret
        if algorithm not in _ASYMMETRIC:
            raise _refused("its algorithm is not accepted")
        keys = await self._keys.current(now)
        if kid not in keys:
            keys = await self._keys.newer(keys, now) or keys
        key = keys.get(kid)
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
    kind, kid = entry.get("kty"), entry.get("kid")
    if not isinstance(kind, str) or kind not in {"EC", "RSA"} or not isinstance(kid, str) or "d" in entry:
        return None
    try:
        key = jwt.PyJWK(entry)
    # ValueError: coordinates that are no base64, or no point of the curve. NotImplementedError: other algorithms.
    except (jwt.PyJWTError, ValueError, TypeError, NotImplementedError):
        return None
    long_enough = kind != "RSA" or key.key.key_size >= _SHORTEST_RSA
    return key if key.algorithm_name in _ASYMMETRIC and long_enough else None


def _read_header(token: str) -> tuple[str, str]:
    """Algorithm and key id as the token claims them. Raises `Refused`."""
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError as error:
        raise _refused("it is no access token") from error
    return str(header.get("alg")), str(header.get("kid"))


def _check_times(claims: Mapping[str, object], now: datetime) -> None:
    """Raise `Refused` for a token that is not valid at that time (RFC 7519, 4.1.4 to 4.1.6)."""
    if _moment(claims, "exp") <= (now - LEEWAY).timestamp():
        raise _refused("it has expired: sign in again, or refresh the session")
    if any(_moment(claims, name) > (now + LEEWAY).timestamp() for name in ("nbf", "iat") if name in claims):
        raise _refused("it is not valid yet; one of the clocks is wrong")


def _moment(claims: Mapping[str, object], name: str) -> float:
    """Seconds since 1970. Raises `Refused` for what is no such number."""
    value = claims[name]
    # The bounds leave out NaN as well, and whole numbers that no float can hold.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -_FARTHEST < value < _FARTHEST:
        raise _refused(f"its {name} is no time")
    return value


def _of_user(claims: dict[str, object]) -> Mapping[str, object]:
    """The claims, if they are a signed-in user's. A key of the API (role `anon`, `service_role`) has no user."""
    if not _SUBJECT.fullmatch(str(claims["sub"])):
        raise _refused("it names no user")
    if claims.get("role") != _AUDIENCE:
        raise _refused("it is no signed-in user's")
    if not _is_storable(claims):
        raise _refused("it holds what no database can")
    return claims


def _is_storable(claims: Mapping[str, object]) -> bool:
    """Whether Postgres reads them as JSON: finite numbers, and texts without NUL and halves of characters."""
    try:
        json.dumps(claims, allow_nan=False, ensure_ascii=False).encode()
        return not _has_nul(claims)
    except (ValueError, RecursionError):  # the latter: nested hundreds deep
        return False


def _has_nul(value: object) -> bool:
    match value:
        case str():
            return "\0" in value
        case Mapping():
            return any(_has_nul(part) for item in value.items() for part in item)
        case list():
            return any(_has_nul(part) for part in value)
        case _:
            return False


async def _get(http: httpx.AsyncClient, url: str) -> object:
    """The JSON document there. Raises `KeysUnavailable`."""
    body = bytearray()
    try:
        async with (
            asyncio.timeout(_SECONDS),
            http.stream("GET", url, headers=_PLAIN, timeout=_PATIENCE, follow_redirects=False) as response,
        ):
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise KeysUnavailable(f"the project's key set is larger than {MOST_BYTES} bytes")
        if response.status_code != httpx.codes.OK:
            raise KeysUnavailable(f"the project's keys cannot be had: HTTP {response.status_code} from {url}")
        return json.loads(body)
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError, RecursionError) as error:
        raise KeysUnavailable(f"the project's keys cannot be had ({type(error).__name__})") from error


def _refused(why: str) -> Refused:
    return Refused(401, "bad_token", f"the access token is not accepted: {why}")
