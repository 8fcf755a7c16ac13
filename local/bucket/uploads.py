"""Taking an upload's body: raw, or the file in a multipart form, as a stream either way. Stores nothing."""

import base64
import binascii
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from local.bucket import replies
from storage.buckets.content_types import UNKNOWN

_PIECE = 2**16
_IN_A_HEADER = re.compile(r"[!-~]([ -~]*[!-~])?")
"""What a content type must be: it goes out in one again (RFC 9110, 5.5)."""


@dataclass(frozen=True)
class Upload:
    """A file on its way in. `pieces` can be read once; `own_metadata` is a JSON object, if there is any."""

    content_type: str
    pieces: AsyncIterator[bytes]
    own_metadata: str | None


@asynccontextmanager
async def read_upload(request: Request) -> AsyncIterator[Upload]:
    """The file in the request. Raises `Refusal` when it carries none, or is malformed."""
    content_type = request.headers.get("content-type", UNKNOWN)
    if not content_type.startswith("multipart/form-data"):
        yield Upload(checked_content_type(content_type), request.stream(), _in_header(request))
        return
    try:
        form = await request.form(max_files=1)
    except HTTPException as error:
        raise replies.bad_request(error.detail) from error
    try:
        # storage3 calls the file "file", supabase-js "".
        file = next((value for value in form.values() if isinstance(value, UploadFile)), None)
        if file is None:
            raise replies.bad_request("the form has no file")
        told = form.get("metadata")
        own_metadata = own_metadata_in(told if isinstance(told, str) else None)
        yield Upload(checked_content_type(file.content_type or UNKNOWN), _pieces(file), own_metadata)
    finally:
        await form.close()


def checked_content_type(content_type: str) -> str:
    """The content type, unchanged. Raises `Refusal`."""
    if not _IN_A_HEADER.fullmatch(content_type):
        raise replies.bad_request("the content type is not fit for a header")
    return content_type


def own_metadata_in(told: str | None) -> str | None:
    """What an uploader gave along, if it is a JSON object: anything else is passed over, as Supabase does."""
    try:
        return json.dumps(found) if isinstance(found := json.loads(told or ""), dict) else None
    except (ValueError, RecursionError):
        return None


def _in_header(request: Request) -> str | None:
    try:
        told = base64.b64decode(request.headers.get("x-metadata", ""), validate=True).decode()
    except (binascii.Error, UnicodeError):
        return None
    return own_metadata_in(told)


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(_PIECE):
        yield piece
