"""Lambda on this machine: one instance that is given events, and a gateway that makes them of HTTP requests.

The instance is a process of AWS's own runtime client, with a bare environment and a working folder that is not
ours; freezing it is a SIGSTOP. What that client is answered, and what API Gateway and EventBridge send, is written
from AWS's pages, and not from the adapter that reads it.
"""

import asyncio
import base64
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.conftest import ROOT
from tests.functions.serving import address, listener, serving

Event = dict[str, Any]

# As EventBridge sends it for a rule (docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html).
SCHEDULED: Event = {
    "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "detail-type": "Scheduled Event",
    "source": "aws.events", "account": "123456789012", "time": "2026-11-21T23:59:00Z", "region": "eu-central-1",
    "resources": ["arn:aws:events:eu-central-1:123456789012:rule/storyreel-run-jobs"], "detail": {},
}  # fmt: skip
_VERSION = "/2018-06-01/runtime"
_SECONDS = 60  # of the function's time-out
_TEXTS = ("text/", "application/json", "application/javascript", "application/xml")


@dataclass
class Instance:
    """Running. `log`: what it writes, which Lambda would send to CloudWatch."""

    process: asyncio.subprocess.Process
    log: Path
    _events: asyncio.Queue[Event] = field(default_factory=asyncio.Queue)
    _answers: asyncio.Queue[Event] = field(default_factory=asyncio.Queue)
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def invoke(self, event: Event) -> Event:
        """The handler's answer, or what it raised, as Lambda reports it."""
        async with self._one_at_a_time, asyncio.timeout(60):
            await self._events.put(event)
            return await self._answers.get()


class RuntimeApi:
    """What Lambda's runtime client asks for its next event, and tells what came of it.

    Source: docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.
    """

    def __init__(self) -> None:
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self.answers: asyncio.Queue[Event] = asyncio.Queue()

    def app(self) -> Starlette:
        answers = ("invocation/{id}/response", "invocation/{id}/error", "init/error")
        return Starlette(
            routes=[
                Route(f"{_VERSION}/invocation/next", self._next),
                *(Route(f"{_VERSION}/{name}", self._answered, methods=["POST"]) for name in answers),
            ]
        )

    async def _next(self, _: Request) -> Response:
        event = await self.events.get()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": str(uuid4()),
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + _SECONDS) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:123456789012:function:storyreel",
        }
        return JSONResponse(event, headers=headers)

    async def _answered(self, request: Request) -> Response:
        await self.answers.put(await request.json())
        return JSONResponse({"status": "OK"}, 202)


@asynccontextmanager
async def instance(settings: Mapping[str, str], folder: Path) -> AsyncIterator[Instance]:
    """For the length of the block; in the folder are its /tmp and its log."""
    (folder / "tmp").mkdir()
    api, bound, log = RuntimeApi(), listener(), folder / "log"
    environment = {
        **settings,
        "AWS_LAMBDA_RUNTIME_API": address(bound).removeprefix("http://"),
        "AWS_LAMBDA_LOG_LEVEL": "INFO",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(folder / "tmp"),
    }
    async with serving(api.app(), bound):
        with log.open("wb") as said:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "awslambdaric", "functions.aws_lambda.handler"),
                cwd="/", env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=said, stderr=said,
            )  # fmt: skip
        try:
            yield Instance(process, log, api.events, api.answers)
        finally:
            process.kill()
            await process.wait()
            await api.events.put({})  # the question that it died over is still being answered


def http_event(method: str, path: str, *, headers: Mapping[str, str], query: str = "", body: bytes = b"") -> Event:
    """A request in payload format 2.0, which HTTP APIs and function URLs share.

    A body of another type than text, or none that is text, comes in base64
    (docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html).
    """
    lower = {name.lower(): value for name, value in headers.items()}
    is_text = lower.get("content-type", "").startswith(_TEXTS)
    return {
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
        "headers": {**lower, "host": "abc.lambda-url.eu-central-1.on.aws", "x-forwarded-proto": "https"},
        "requestContext": {
            "accountId": "anonymous", "apiId": "abc", "domainName": "abc.lambda-url.eu-central-1.on.aws",
            "domainPrefix": "abc", "requestId": "id", "routeKey": "$default", "stage": "$default",
            "time": "21/Nov/2026:23:59:00 +0000", "timeEpoch": 1795305540000,
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "x",
            },
        },
        **({"body": body.decode() if is_text else base64.b64encode(body).decode()} if body else {}),
        "isBase64Encoded": bool(body) and not is_text,
    }  # fmt: skip


def gateway(running: Instance) -> Starlette:
    """HTTP in front of the instance."""

    async def passed_on(request: Request) -> Response:
        answer = await running.invoke(
            http_event(
                request.method,
                request.url.path,
                headers=request.headers,
                query=request.url.query,
                body=await request.body(),
            )
        )
        body = str(answer.get("body", ""))
        content = base64.b64decode(body) if answer["isBase64Encoded"] else body
        return Response(content, answer["statusCode"], answer["headers"])

    return Starlette(routes=[Route("/{path:path}", passed_on, methods=["GET", "POST", "OPTIONS"])])
