"""Buckets of the local server: a folder each, as `DiskBucket` makes them too, and who may put what into them.

Blocking, but for the endpoints at the end.
"""

import asyncio
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local.bucket import replies
from pipeline.errors import BucketRefused
from storage.buckets.folder import BucketFolder
from storage.buckets.keys import checked_name


@dataclass(frozen=True)
class Bucket:
    """One bucket's settings. `file_size_limit` in bytes; types may end in `/*`; None means any."""

    name: str
    public: bool = True
    file_size_limit: int | None = None
    allowed_mime_types: list[str] | None = None

    def check_type(self, content_type: str) -> None:
        """Raises `Refusal` when objects of that type are not taken."""
        types = self.allowed_mime_types
        if types and not any(fnmatchcase(content_type, allowed) for allowed in types):
            raise replies.bad_type(content_type)

    def check_size(self, size: int) -> None:
        """Raises `Refusal` when objects of that many bytes are not taken."""
        if self.file_size_limit is not None and size > self.file_size_limit:
            raise replies.too_large()


def find(root: Path, name: str) -> Bucket:
    """The bucket of that name. Raises `Refusal` when there is none."""
    try:
        folder = BucketFolder(root, name)
    except BucketRefused as error:
        raise replies.no_bucket() from error
    if not folder.exists():
        raise replies.no_bucket()
    return Bucket(name, **folder.settings())


def create(root: Path, bucket: Bucket) -> None:
    """Make it. Raises `Refusal` when it is there."""
    folder = BucketFolder(root, bucket.name)
    if folder.exists():
        raise replies.duplicate("BucketAlreadyExists")
    settings = asdict(bucket)
    del settings["name"]
    folder.make(settings)


@dataclass(frozen=True)
class BucketEndpoints:
    """`/bucket` and `/bucket/{id}`."""

    root: Path

    async def create(self, request: Request) -> Response:
        """`POST /bucket {id, name, public, file_size_limit, allowed_mime_types}`, limit in bytes only."""
        bucket = _wanted(await json_object(request))
        await asyncio.to_thread(create, self.root, bucket)
        return JSONResponse({"name": bucket.name})

    async def update(self, request: Request) -> Response:
        """`PUT /bucket/{id} {public, file_size_limit, allowed_mime_types}`: what is left out stays."""
        found = await asyncio.to_thread(find, self.root, request.path_params["bucket"])
        body = await json_object(request)
        wanted = asdict(_wanted({**body, "id": found.name}))
        del wanted["name"]
        changed = {setting: value for setting, value in wanted.items() if setting in body}
        await asyncio.to_thread(BucketFolder(self.root, found.name).change, changed)
        return JSONResponse({"message": "Successfully updated"})

    async def get(self, request: Request) -> Response:
        """`GET /bucket/{id}`."""
        bucket = await asyncio.to_thread(find, self.root, request.path_params["bucket"])
        made = await asyncio.to_thread((self.root / bucket.name).stat)
        when = replies.timestamp(datetime.fromtimestamp(made.st_mtime, UTC))
        fixed = {"id": bucket.name, "owner": "", "created_at": when, "updated_at": when, "type": "STANDARD"}
        return JSONResponse(asdict(bucket) | fixed)


async def json_object(request: Request) -> dict[str, object]:
    """The body as a JSON object. Raises `Refusal`."""
    try:
        body = json.loads(await request.body())
    except ValueError as error:
        raise replies.bad_request("the body is not JSON") from error
    if not isinstance(body, dict):
        raise replies.bad_request("the body is not a JSON object")
    return body


def _wanted(body: dict[str, object]) -> Bucket:
    limit, types = body.get("file_size_limit"), body.get("allowed_mime_types")
    if limit is not None and not isinstance(limit, int):
        raise replies.bad_request("file_size_limit must be a number of bytes")
    if types is not None and not isinstance(types, list):
        raise replies.bad_request("allowed_mime_types must be a list")
    try:
        name = checked_name(str(body.get("id") or body.get("name")))
    except BucketRefused as error:
        raise replies.bad_request("Bucket name invalid") from error
    return Bucket(name, body.get("public") is True, limit, types)
