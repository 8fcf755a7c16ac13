"""An S3 that looks at the signatures of addresses, as AWS does and moto does not: a gate in front of moto.

Written by AWS's description ("Authenticating Requests: Using Query Parameters (AWS Signature Version 4)"), without
botocore, which signs in what is tested. Requests that are signed in a header, or not at all, moto judges.
"""

import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import httpx
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

_HOP = {"connection", "keep-alive", "transfer-encoding"}


class Gate:
    """Lets through to moto what is signed in no query, and what is signed well there and not too long ago."""

    def __init__(self, moto: str, *, secret_key: str, clock: Callable[[], datetime]) -> None:
        self._moto, self._secret_key, self._clock = moto, secret_key, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if refused := self._refusal(request):
            await Response(f"<Error><Code>{refused}</Code></Error>", 403)(scope, receive, send)
            return
        async with AsyncExitStack() as stack:
            # Without certificates, which take longer to load than the rest.
            client = await stack.enter_async_context(httpx.AsyncClient(timeout=60, verify=False, trust_env=False))
            asked = client.build_request(
                request.method,
                self._moto + _target(request),
                headers=[(name, value) for name, value in request.headers.raw if name.decode() not in _HOP],
                content=request.stream() if "content-length" in request.headers else None,
            )
            answer = await client.send(asked, stream=True)
            stack.push_async_callback(answer.aclose)
            headers = {name: value for name, value in answer.headers.items() if name not in _HOP}
            reply = StreamingResponse(_pieces(answer), answer.status_code, headers)
            await reply(scope, receive, send)

    def _refusal(self, request: Request) -> str | None:
        given = _query(request)
        if "X-Amz-Signature" not in given:
            return None
        made = datetime.strptime(given["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        seconds = int(given["X-Amz-Expires"])
        if not hmac.compare_digest(given["X-Amz-Signature"], self._signature(request, given)):
            return "SignatureDoesNotMatch"
        if seconds > 604_800:
            return "AuthorizationQueryParametersError"
        return "AccessDenied" if self._clock() > made + timedelta(seconds=seconds) else None

    def _signature(self, request: Request, given: dict[str, str]) -> str:
        signed = given["X-Amz-SignedHeaders"].replace("%3B", ";")
        query = "&".join(f"{name}={value}" for name, value in sorted(given.items()) if name != "X-Amz-Signature")
        headers = "".join(f"{name}:{request.headers[name]}\n" for name in signed.split(";"))
        path = request.scope["raw_path"].decode()
        canonical = f"{request.method}\n{path}\n{query}\n{headers}\n{signed}\nUNSIGNED-PAYLOAD"
        scope = given["X-Amz-Credential"].split("%2F", 1)[1].replace("%2F", "/")
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        key = f"AWS4{self._secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        text = "\n".join(["AWS4-HMAC-SHA256", given["X-Amz-Date"], scope, digest])
        return hmac.digest(key, text.encode(), "sha256").hex()


def _query(request: Request) -> dict[str, str]:
    """The parameters, escaped as they came."""
    return dict(re.findall(r"([^&=]+)=?([^&]*)", request.scope["query_string"].decode()))


def _target(request: Request) -> str:
    query = request.scope["query_string"].decode()
    return str(request.scope["raw_path"].decode() + (f"?{query}" if query else ""))


async def _pieces(answer: httpx.Response) -> AsyncIterator[bytes]:
    async for piece in answer.aiter_raw():
        yield piece
