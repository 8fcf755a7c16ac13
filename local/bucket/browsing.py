"""Sending an object to a browser, with byte ranges, so that a video can be sought in. Looks at no key.

Sends only what is an object of that bucket: no path leads out of it.
"""

import asyncio
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse

from local.bucket import replies
from pipeline.errors import BucketRefused
from pipeline.ports import StoredObject
from storage.buckets.folder import BucketFolder


async def send_object(request: Request, folder: BucketFolder, path: str) -> Response:
    """`GET`, `HEAD`: 200, 206 and 416 by RFC 9110, 304 for a known `ETag`. Raises `Refusal`."""
    file, stored = await asyncio.to_thread(_find, folder, path)
    headers = {
        # A browser asks again each time, and mostly hears 304: what stands at this port and path may
        # be another checkout's tomorrow. Hosted, the cache-control of the upload counts.
        "cache-control": "no-cache",
        "x-content-type-options": "nosniff",
    }
    status = await asyncio.to_thread(file.stat)
    response = FileResponse(file, headers=headers, media_type=stored.content_type, stat_result=status)
    if _knows(request, response.headers["etag"]):
        return NotModifiedResponse(response.headers)
    return response


def _find(folder: BucketFolder, path: str) -> tuple[Path, StoredObject]:
    try:
        stored = folder.find(path)
    except BucketRefused as error:
        raise replies.no_object() from error
    if stored is None:
        raise replies.no_object()
    return folder.file(path), stored


def _knows(request: Request, etag: str) -> bool:
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    return etag in known or "*" in known
