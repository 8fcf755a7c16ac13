"""v3.fal.media: takes uploads, whole or in parts. Reading is the same on every host, and not here."""

from typing import Annotated

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, Router

from local.fal import replies
from local.fal.account import Account
from local.fal.clock import Clock
from local.fal.files import Files, StoredFile
from local.fal.hosts.address import address_of
from local.fal.hosts.replying import parse, reply, reply_with
from local.fal.lifecycle import read_lifecycle
from local.fal.outcomes import platform_failure
from local.fal.parsing import whole_number
from local.fal.uploads import Part, Upload, Uploads
from pipeline.errors import BadRequest


class _NamedPart(BaseModel):
    number: Annotated[int, Field(ge=1, alias="partNumber")]
    etag: str


class _Completion(BaseModel):
    parts: list[_NamedPart]


class CdnHost:
    """One method per kind of URL.

    A whole upload asks for a token; the id of one that was initiated is a right to write by itself, for fal's
    JavaScript client sends no credentials there.
    """

    def __init__(self, *, account: Account, files: Files, uploads: Uploads, clock: Clock) -> None:
        self._account = account
        self._files = files
        self._uploads = uploads
        self._clock = clock

    def app(self) -> Router:
        """The host's app."""
        return Router(
            routes=[
                Route("/files/upload", self.upload, methods=["POST"]),
                Route("/files/upload/multipart", self.begin, methods=["POST"]),
                Route("/uploads/{upload_id}", self.put_whole, methods=["PUT"]),
                Route("/uploads/{upload_id}/complete", self.complete, methods=["POST"]),
                Route("/uploads/{upload_id}/{number}", self.put_part, methods=["PUT"]),
                *self.part_routes(),
            ],
            redirect_slashes=False,
        )

    def part_routes(self) -> tuple[BaseRoute, ...]:
        """Parts go to a path below the file that they will be, on whichever host that is read."""
        below = "/files/{name}/multipart/{upload_id}"
        return (
            Route(f"{below}/complete", self.complete, methods=["POST"]),
            Route(f"{below}/{{number}}", self.put_part, methods=["PUT"]),
        )

    async def upload(self, request: Request) -> Response:
        """A whole file in one request."""
        body = await request.body()
        file = self._reserve(request)
        if isinstance(file, Response):
            return file
        await self._files.fill(file, body)
        return reply({"access_url": f"{address_of(request)}/files/{file.name}"})

    async def begin(self, request: Request) -> Response:
        """The beginning of an upload in parts."""
        file = self._reserve(request)
        if isinstance(file, Response):
            return file
        address = f"{address_of(request)}/files/{file.name}"
        return reply({"access_url": address, "uploadId": self._uploads.begin(file, now=self._clock.now())})

    async def put_whole(self, request: Request) -> Response:
        """The content of an upload that was initiated."""
        body = await request.body()
        upload = self._find(request)
        if upload is None:
            return reply_with(replies.NOT_FOUND)
        await self._files.fill(upload.file, body)
        return reply({})

    async def put_part(self, request: Request) -> Response:
        """One part; its etag stands in a header and in the body, for clients look in one or the other."""
        body = await request.body()
        upload = self._find(request)
        if upload is None:
            return reply_with(replies.NOT_FOUND)
        try:
            part = await self._uploads.put(upload, whole_number(request.path_params["number"]) or 0, body)
        except BadRequest as error:
            return reply_with(platform_failure("bad_request", str(error)))
        return reply({"partNumber": part.number, "etag": part.etag}, 200, {"ETag": f'"{part.etag}"'})

    async def complete(self, request: Request) -> Response:
        """The end of an upload in parts."""
        body = await request.body()
        upload = self._find(request)
        if upload is None:
            return reply_with(replies.NOT_FOUND)
        try:
            named = [Part(part.number, part.etag) for part in parse(_Completion, body).parts]
            parts = self._uploads.complete(upload, named)
        except BadRequest as error:
            return reply_with(platform_failure("bad_request", str(error)))
        await self._files.join(upload.file, parts)
        return reply({"access_url": f"{address_of(request)}/files/{upload.file.name}"})

    def _find(self, request: Request) -> Upload | None:
        """The upload, if it is one of the file that the path names, where it names any."""
        upload = self._uploads.find(request.path_params["upload_id"], now=self._clock.now())
        named = request.path_params.get("name")
        return upload if upload is None or named in {None, upload.file.name} else None

    def _reserve(self, request: Request) -> StoredFile | Response:
        now = self._clock.now()
        refused = self._account.refusal_of_upload(request.headers, now=now)
        if refused is not None:
            return reply_with(refused)
        try:
            lifecycle = read_lifecycle(request.headers)
        except BadRequest as error:
            return reply_with(platform_failure("bad_request", str(error)))
        content_type = request.headers.get("content-type", "application/octet-stream")
        return self._files.reserve(content_type=content_type, lifecycle=lifecycle, now=now)
