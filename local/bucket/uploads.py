"""Taking an upload's body: raw, or the file in a multipart form, as a stream either way. Stores nothing."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.requests import Request

from local.bucket import replies
from local.bucket.multipart import BadMultipart, MultipartReader, PartHead
from storage.buckets.content_types import UNKNOWN


@dataclass(frozen=True)
class Upload:
    """A file on its way in. `pieces` can be read once, and raises `Refusal` where the body is malformed."""

    content_type: str
    pieces: AsyncIterator[bytes]


async def read_upload(request: Request) -> Upload:
    """The file in the request. Raises `Refusal` when it carries none."""
    content_type = request.headers.get("content-type", UNKNOWN)
    if not content_type.startswith("multipart/form-data"):
        return Upload(content_type, request.stream())
    events = _events(request, content_type)
    async for event in events:
        # storage3 calls the file "file", supabase-js ""; both give it a content type and no other part one.
        if isinstance(event, PartHead) and event.content_type is not None:
            return Upload(event.content_type, _file(events))
    raise replies.bad_request("the form has no file")


async def _file(events: AsyncIterator[PartHead | bytes]) -> AsyncIterator[bytes]:
    """The bytes up to the next part; reads on to the end, since only there a cut-off body shows."""
    ended = False
    async for event in events:
        ended = ended or isinstance(event, PartHead)
        if isinstance(event, bytes) and not ended:
            yield event


async def _events(request: Request, content_type: str) -> AsyncIterator[PartHead | bytes]:
    try:
        reader = MultipartReader(content_type)
        async for chunk in request.stream():
            for event in reader.feed(chunk):
                yield event
        reader.close()
    except BadMultipart as error:
        raise replies.bad_request(str(error)) from error
