"""Resumable uploads by TUS 1.0 (tus.io/protocols/resumable-upload) as Supabase has them: begin, ask, send.

Errors are HTTP's own here, with a line of text (supabase/storage, src/http/routes/tus). No deferred lengths,
termination, checksums or concatenation.
"""

import asyncio
import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from local.bucket import buckets, replies
from local.bucket.partial import PartialUploads, Promised
from local.bucket.replies import Refusal
from local.bucket.uploads import checked_content_type, own_metadata_in
from pipeline.errors import BucketRefused
from storage.buckets.content_types import UNKNOWN
from storage.buckets.folder import BucketFolder
from storage.buckets.keys import checked_path

_VERSION = {"tus-resumable": "1.0.0"}
_NUMBER = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True)
class ResumableEndpoints:
    """`/upload/resumable` and `/upload/resumable/{id}`."""

    root: Path
    clock: Callable[[], datetime]
    _in_hand: set[str] = field(default_factory=set)
    """Uploads that bytes are arriving for: two senders would mix theirs."""

    async def begin(self, request: Request) -> Response:
        """`POST`, with the size and what is to become of it in headers: an address for the bytes."""
        _check_version(request)
        promised = self._promised(request)
        bucket = await asyncio.to_thread(buckets.find, self.root, promised.bucket)
        bucket.check_type(promised.content_type)
        bucket.check_size(promised.size)
        await asyncio.to_thread(self._check_free, request, promised)
        upload_id = await asyncio.to_thread(self._uploads.begin, promised)
        if promised.size == 0:
            await asyncio.to_thread(self._finish, request, upload_id, promised)
        headers = {
            **_VERSION,
            "location": f"{str(request.url.replace(query=None)).rstrip('/')}/{upload_id}",
            "upload-expires": format_datetime(datetime.fromtimestamp(promised.expires, UTC), usegmt=True),
        }
        return Response(status_code=201, headers=headers)

    async def ask(self, request: Request) -> Response:
        """`HEAD`: how far it has come."""
        _check_version(request)
        upload_id = request.path_params["id"]
        promised = await asyncio.to_thread(self._find, upload_id)
        offset = await asyncio.to_thread(self._uploads.offset, upload_id)
        headers = {"upload-offset": str(offset), "upload-length": str(promised.size), "cache-control": "no-store"}
        return Response(headers={**_VERSION, **headers})

    async def send(self, request: Request) -> Response:
        """`PATCH`: the bytes from the offset on. With the last one the upload becomes an object."""
        _check_version(request)
        if request.headers.get("content-type") != "application/offset+octet-stream":
            raise replies.bad_request("Invalid content-type")
        upload_id = request.path_params["id"]
        promised = await asyncio.to_thread(self._find, upload_id)
        if upload_id in self._in_hand:
            raise replies.locked()
        self._in_hand.add(upload_id)
        try:
            offset = await asyncio.to_thread(self._uploads.offset, upload_id)
            if offset != _number(request, "upload-offset"):
                raise replies.other_offset()
            async for piece in request.stream():
                if offset + len(piece) > promised.size:
                    raise replies.too_large()
                offset = await asyncio.to_thread(self._uploads.append, upload_id, piece)
            if offset == promised.size:
                await asyncio.to_thread(self._finish, request, upload_id, promised)
        finally:
            self._in_hand.remove(upload_id)
        return Response(status_code=204, headers={**_VERSION, "upload-offset": str(offset)})

    @property
    def _uploads(self) -> PartialUploads:
        return PartialUploads(self.root)

    def _finish(self, request: Request, upload_id: str, promised: Promised) -> None:
        self._check_free(request, promised)
        folder = BucketFolder(self.root, buckets.find(self.root, promised.bucket).name)
        with folder.begin(promised.path, promised.content_type, promised.own_metadata) as draft:
            self._uploads.fill(upload_id, draft)

    def _find(self, upload_id: str) -> Promised:
        promised = self._uploads.find(upload_id)
        if promised is None:
            raise replies.no_upload()
        if promised.expires <= self.clock().timestamp():
            raise replies.expired_upload()
        return promised

    def _check_free(self, request: Request, promised: Promised) -> None:
        if request.headers.get("x-upsert") == "true":
            return
        if BucketFolder(self.root, promised.bucket).find(promised.path) is not None:
            raise replies.duplicate("KeyAlreadyExists")

    def _promised(self, request: Request) -> Promised:
        told = _metadata(request.headers.get("upload-metadata", ""))
        try:
            path = checked_path(told.get("objectName", ""))
        except BucketRefused as error:
            raise replies.bad_key(told.get("objectName", "")) from error
        return Promised(
            bucket=told.get("bucketName", ""),
            path=path,
            size=_number(request, "upload-length"),
            content_type=checked_content_type(told.get("contentType") or UNKNOWN),
            own_metadata=own_metadata_in(told.get("metadata")),
            begun=self.clock().timestamp(),
        )


def as_tus(refusal: Refusal) -> Response:
    """The refusal as TUS has it."""
    return PlainTextResponse(refusal.message, refusal.status, headers=_VERSION)


def _check_version(request: Request) -> None:
    if request.headers.get("tus-resumable") != _VERSION["tus-resumable"]:
        raise Refusal(412, "Error", "TusError", "Tus-Resumable Required")


def _number(request: Request, header: str) -> int:
    told = request.headers.get(header, "")
    if not _NUMBER.fullmatch(told):
        raise replies.bad_request(f"{header} header required")
    return int(told)


def _metadata(header: str) -> dict[str, str]:
    """`name base64,name base64` (TUS, 5.1). Raises `Refusal`."""
    try:
        pairs = [pair.strip().partition(" ") for pair in header.split(",")]
        return {name: base64.b64decode(value, validate=True).decode() for name, _, value in pairs}
    except (binascii.Error, UnicodeDecodeError) as error:
        raise replies.bad_request("Upload-Metadata is invalid") from error
