"""rest.fal.ai: short-lived tokens for direct calls and for the CDN, and the beginning of uploads."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AliasChoices, BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from local.fal.account import Account
from local.fal.clock import Clock
from local.fal.files import Files, StoredFile
from local.fal.hosts.address import address_of
from local.fal.hosts.replying import parse, reply, reply_with
from local.fal.lifecycle import read_lifecycle
from local.fal.outcomes import platform_failure
from local.fal.parsing import LONGEST
from local.fal.uploads import Uploads
from pipeline.errors import BadRequest

CDN_TOKEN_LASTS = 3600.0
"""Seconds; how long fal's last is not documented, and its client asks for another in time."""


class _TokenRequest(BaseModel):
    """As the clients ask, and as fal's pages on realtime do."""

    allowed_apps: Annotated[list[str], Field(min_length=1)]
    seconds: Annotated[
        float, Field(gt=0, le=LONGEST, validation_alias=AliasChoices("token_expiration", "duration"))
    ] = 120


class _UploadRequest(BaseModel):
    file_name: str = "upload.bin"
    content_type: Annotated[str, Field(pattern=r"^([!-~]([ -~]*[!-~])?)?$")] = "application/octet-stream"
    """Fit for a header (RFC 9110, 5.5)."""


class RestHost:
    """One method per kind of URL; all ask for the account's key."""

    def __init__(self, *, account: Account, files: Files, uploads: Uploads, clock: Clock) -> None:
        self._account = account
        self._files = files
        self._uploads = uploads
        self._clock = clock

    def app(self) -> Router:
        """The host's app."""
        return Router(
            routes=[
                Route("/tokens", self.token, methods=["POST"]),
                Route("/tokens/realtime", self.token, methods=["POST"]),
                Route("/storage/auth/token", self.cdn_token, methods=["POST"]),
                Route("/storage/upload/initiate", self.initiate, methods=["POST"]),
                Route("/storage/upload/initiate-multipart", self.initiate, methods=["POST"]),
            ],
            redirect_slashes=False,
        )

    async def token(self, request: Request) -> Response:
        """A token for direct calls of some apps, as a bare JSON string."""
        body = await request.body()
        if (refused := self._account.refusal(request.headers)) is not None:
            return reply_with(refused)
        try:
            asked = parse(_TokenRequest, body)
        except BadRequest as error:
            return reply_with(platform_failure("bad_request", str(error)))
        return reply(self._account.issue_token(asked.allowed_apps, seconds=asked.seconds, now=self._clock.now()))

    async def cdn_token(self, request: Request) -> Response:
        """A token for uploads to the CDN, and where that is."""
        if (refused := self._account.refusal(request.headers)) is not None:
            return reply_with(refused)
        now = self._clock.now()
        return reply(
            {
                "token": self._account.issue_upload_token(seconds=CDN_TOKEN_LASTS, now=now),
                "token_type": "Bearer",
                "base_url": f"{address_of(request)}/cdn",
                "expires_at": datetime.fromtimestamp(now + CDN_TOKEN_LASTS, UTC).isoformat(),
            }
        )

    async def initiate(self, request: Request) -> Response:
        """Where to PUT a file, whole or in parts, and where it can be read then."""
        body = await request.body()
        if (refused := self._account.refusal(request.headers)) is not None:
            return reply_with(refused)
        try:
            file = self._reserve(parse(_UploadRequest, body), request)
        except BadRequest as error:
            return reply_with(platform_failure("bad_request", str(error)))
        address, upload_id = address_of(request), self._uploads.begin(file, now=self._clock.now())
        return reply(
            {"upload_url": f"{address}/cdn/uploads/{upload_id}", "file_url": f"{address}/files/{file.name}"}
        )

    def _reserve(self, asked: _UploadRequest, request: Request) -> StoredFile:
        lifecycle = read_lifecycle(request.headers)
        return self._files.reserve(content_type=asked.content_type, lifecycle=lifecycle, now=self._clock.now())
