"""Reading a request safely: who may call, and a body of bounded size. No rules of the domain."""

import hmac
from collections.abc import Collection

from starlette.requests import Request

from functions.problems import Refused


async def read_body(request: Request, *, limit: int) -> bytes:
    """The body as it came. Raises `Refused` (413) past `limit` bytes, before the rest is read."""
    announced = request.headers.get("content-length", "0")
    if not announced.isdigit() or int(announced) > limit:
        raise Refused(413, "too_large", f"the body may have {limit} bytes at most")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise Refused(413, "too_large", f"the body may have {limit} bytes at most")
    return bytes(body)


def require_secret(request: Request, secrets: Collection[str]) -> None:
    """Raise `Refused` (401) unless the caller shows one of the secrets, as `apikey` or as a bearer token.

    Every secret is compared in constant time, so that several can be valid while one is replaced.
    """
    shown = request.headers.get("apikey") or request.headers.get("authorization", "").removeprefix("Bearer ")
    matches = [hmac.compare_digest(shown.encode(), secret.encode()) for secret in secrets]
    if not any(matches):
        raise Refused(401, "unauthorized", "send a valid secret key in the apikey header")
