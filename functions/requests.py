"""Reading a request safely: who may call, and a body of bounded size. No rules of the domain."""

import hmac
from collections.abc import Collection

from starlette.requests import ClientDisconnect, Request

from functions.problems import Refused


async def read_body(request: Request, *, limit: int) -> bytes:
    """The body as it came. Raises `Refused` (413) past `limit` bytes, before the rest is read."""
    announced = request.headers.get("content-length", "0")
    if not announced.isdigit() or int(announced) > limit:
        raise Refused(413, "too_large", f"the body may have {limit} bytes at most")
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise Refused(413, "too_large", f"the body may have {limit} bytes at most")
    except ClientDisconnect as error:
        raise Refused(400, "hung_up", "the body broke off") from error
    return bytes(body)


def require_secret(request: Request, secrets: Collection[str]) -> None:
    """Raise `Refused` (401) unless the caller shows one of the secrets, as `apikey` or as a bearer token.

    Every secret is compared in constant time, so that several can be valid while one is replaced.
    """
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    # Both: Supabase's clients always send an apikey, and some deployments keep the secret in the other.
    shown = [request.headers.get("apikey", ""), bearer.strip() if scheme.lower() == "bearer" else ""]
    matches = [
        hmac.compare_digest(candidate.encode(), secret.encode()) for candidate in shown for secret in secrets
    ]
    if not any(matches):
        raise Refused(401, "unauthorized", "send a valid secret key in the apikey header")
