"""Endpoints of the local server that need the key: upload, download, sign, info, delete and the two listings.

An upload is streamed into the folder and becomes an object only when its last byte has come, so a client
that is cut off leaves nothing.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from local.bucket import buckets, replies
from local.bucket.buckets import Bucket, json_object
from local.bucket.listing import flat_page, folder_entries
from local.bucket.replies import Described
from local.bucket.uploads import Upload, read_upload
from pipeline.errors import BucketRefused
from storage.buckets.folder import BucketFolder
from storage.buckets.keys import checked_path
from storage.buckets.signing import UrlSigner


@dataclass(frozen=True)
class ObjectEndpoints:
    """`/object/…`, but for those that browsers read."""

    root: Path
    signer: UrlSigner

    async def create(self, request: Request) -> Response:
        """`POST /object/{bucket}/{path}`, multipart or raw; replaces only with `x-upsert: true`."""
        upsert = request.headers.get("x-upsert", "false").lower() == "true"
        if not upsert and await self._look(request) is not None:
            raise replies.duplicate("KeyAlreadyExists")
        return await self.replace(request)

    async def replace(self, request: Request) -> Response:
        """`PUT /object/{bucket}/{path}`."""
        bucket = await asyncio.to_thread(buckets.find, self.root, request.path_params["bucket"])
        path = self._path(request)
        async with read_upload(request) as upload:
            bucket.check_type(upload.content_type)
            await _store(BucketFolder(self.root, bucket.name), path, upload, bucket)
        described = await self._described(request)
        return JSONResponse({"Key": f"{bucket.name}/{path}", "Id": described.id})

    async def download(self, request: Request) -> Response:
        """`GET /object/{bucket}/{path}`."""
        described = await self._described(request)
        file = BucketFolder(self.root, described.bucket).file(described.stored.path)
        return FileResponse(file, media_type=described.stored.content_type)

    async def sign(self, request: Request) -> Response:
        """`POST /object/sign/{bucket}/{path} {expiresIn}`: an address that needs no key, for so many seconds."""
        seconds = _expires_in(await json_object(request))
        described = await self._described(request)
        bucket, path = described.bucket, described.stored.path
        token = self.signer.token(bucket, path, seconds=seconds)
        # The path as it is, as Supabase does: the clients escape it.
        return JSONResponse({"signedURL": f"/object/sign/{bucket}/{path}?token={token}"})

    async def info(self, request: Request) -> Response:
        """`GET /object/info/{bucket}/{path}`."""
        return JSONResponse((await self._described(request)).info())

    async def remove(self, request: Request) -> Response:
        """`DELETE /object/{bucket} {prefixes: [path]}`: whole paths, for all their name."""
        bucket = await asyncio.to_thread(buckets.find, self.root, request.path_params["bucket"])
        wanted = (await json_object(request)).get("prefixes")
        if not isinstance(wanted, list) or not wanted:
            raise replies.bad_request("body must have a list 'prefixes'")
        folder = BucketFolder(self.root, bucket.name)
        paths = [_checked(str(path)) for path in wanted]
        removed = await asyncio.to_thread(lambda: [path for path in paths if folder.remove(path)])
        return JSONResponse([{"bucket_id": bucket.name, "name": path} for path in removed])

    async def list_flat(self, request: Request) -> Response:
        """`POST /object/list-v2/{bucket} {prefix, limit, cursor}`; folders (`with_delimiter`) not served."""
        body = await json_object(request)
        if body.get("with_delimiter"):
            raise replies.bad_request("with_delimiter is not served here")
        found = await self._found(request, str(body.get("prefix") or ""))
        cursor = body.get("cursor")
        limit = _number(body, "limit", 1000)
        try:
            page = flat_page(sorted(found), cursor=None if cursor is None else str(cursor), limit=limit)
        except ValueError as error:
            raise replies.bad_request("Invalid Parameter continuation token") from error
        objects = [found[path].entry(path) for path in page.paths]
        more = {"hasNext": page.cursor is not None, "nextCursor": page.cursor}
        return JSONResponse({**more, "folders": [], "objects": objects})

    async def list_folder(self, request: Request) -> Response:
        """`POST /object/list/{bucket} {prefix, search, limit, offset}`: one folder, sorted by name.

        Unlike Supabase's it minds upper and lower case, and sorts in no other way.
        """
        body = await json_object(request)
        folder = str(body.get("prefix") or "").strip("/")
        folder = f"{folder}/" if folder else ""
        found = await self._found(request, folder + str(body.get("search") or ""))
        names = folder_entries(sorted(found), folder)
        start = _number(body, "offset", 0)
        shown = names[start : start + _number(body, "limit", 100)]
        nothing = dict.fromkeys(("id", "updated_at", "created_at", "last_accessed_at", "metadata"))
        entries = [
            {"name": name.rstrip("/"), **nothing} if name.endswith("/") else found[folder + name].entry(name)
            for name in shown
        ]
        return JSONResponse(entries)

    def _folder(self, request: Request) -> BucketFolder:
        return BucketFolder(self.root, buckets.find(self.root, request.path_params["bucket"]).name)

    def _path(self, request: Request) -> str:
        return _checked(request.path_params["path"])

    async def _look(self, request: Request) -> Described | None:
        folder = await asyncio.to_thread(self._folder, request)
        return await asyncio.to_thread(_look, folder, self._path(request))

    async def _described(self, request: Request) -> Described:
        found = await self._look(request)
        if found is None:
            raise replies.no_object()
        return found

    async def _found(self, request: Request, prefix: str) -> dict[str, Described]:
        folder = await asyncio.to_thread(self._folder, request)
        paths = [each.path for each in await asyncio.to_thread(folder.objects, prefix)]
        described = await asyncio.to_thread(lambda: [_look(folder, path) for path in paths])
        return {each.stored.path: each for each in described if each is not None}


def _number(body: Mapping[str, object], key: str, otherwise: int) -> int:
    value = body.get(key, otherwise)
    if not isinstance(value, int) or value < 0:
        raise replies.bad_request(f"body/{key} must be a whole number")
    return value


def _expires_in(body: Mapping[str, object]) -> int:
    """`expiresIn` in seconds: a number, or as the Python client sends it, one in a string."""
    told = str(body.get("expiresIn"))
    if not re.fullmatch(r"[1-9]\d{0,9}", told, re.ASCII):
        raise replies.bad_request("body/expiresIn must be a whole number of at least 1")
    return int(told)


def _checked(path: str) -> str:
    try:
        return checked_path(path)
    except BucketRefused as error:
        raise replies.bad_key(path) from error


def _look(folder: BucketFolder, path: str) -> Described | None:
    stored = folder.find(path)
    if stored is None:
        return None
    modified = datetime.fromtimestamp(folder.file(path).stat().st_mtime, UTC)
    return Described(folder.name, stored, modified, folder.own_metadata(path))


async def _store(folder: BucketFolder, path: str, upload: Upload, bucket: Bucket) -> None:
    draft = await asyncio.to_thread(folder.begin, path, upload.content_type, upload.own_metadata)
    size = 0
    with draft:
        async for piece in upload.pieces:
            size += len(piece)
            bucket.check_size(size)
            await asyncio.to_thread(draft.write, piece)
        await asyncio.to_thread(draft.commit)
