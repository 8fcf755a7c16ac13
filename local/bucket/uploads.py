"""Taking an upload's body: raw, or the file in a multipart form, as a stream either way. Stores nothing."""

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
    """A file on its way in. `pieces` can be read once."""

    content_type: str
    pieces: AsyncIterator[bytes]


@asynccontextmanager
async def read_upload(request: Request) -> AsyncIterator[Upload]:
    """The file in the request. Raises `Refusal` when it carries none, or is malformed."""
    content_type = request.headers.get("content-type", UNKNOWN)
    if not content_type.startswith("multipart/form-data"):
        yield Upload(_checked(content_type), request.stream())
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
        yield Upload(_checked(file.content_type or UNKNOWN), _pieces(file))
    finally:
        await form.close()


def _checked(content_type: str) -> str:
    if not _IN_A_HEADER.fullmatch(content_type):
        raise replies.bad_request("the content type is not fit for a header")
    return content_type


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(_PIECE):
        yield piece
