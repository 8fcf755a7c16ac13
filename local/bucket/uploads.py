"""Taking an upload's body: raw, or the file in a multipart form, as a stream either way. Stores nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from local.bucket import replies
from storage.buckets.content_types import UNKNOWN

_PIECE = 2**16


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
        yield Upload(content_type, request.stream())
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
        yield Upload(file.content_type or UNKNOWN, _pieces(file))
    finally:
        await form.close()


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(_PIECE):
        yield piece
