"""Objects without the key: those of public buckets, and any other with an address that was signed for it."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from local.bucket import buckets, replies
from local.bucket.browsing import send_object
from pipeline.errors import BucketRefused
from storage.buckets.folder import BucketFolder
from storage.buckets.signing import UrlSigner


@dataclass(frozen=True)
class PublicEndpoint:
    """`/object/public/{bucket}/{path}`."""

    root: Path

    async def get(self, request: Request) -> Response:
        """`GET`, `HEAD`. A private bucket looks as if it were not there."""
        bucket = await asyncio.to_thread(buckets.find, self.root, request.path_params["bucket"])
        if not bucket.public:
            raise replies.no_bucket()
        return await send_object(request, BucketFolder(self.root, bucket.name), request.path_params["path"])


@dataclass(frozen=True)
class SignedEndpoint:
    """`/object/sign/{bucket}/{path}?token=…`."""

    root: Path
    signer: UrlSigner

    async def get(self, request: Request) -> Response:
        """`GET`, `HEAD` of the very object that the token was made for, until it expires."""
        name, path = request.path_params["bucket"], request.path_params["path"]
        token = request.query_params.get("token")
        if token is None:
            raise replies.no_token()
        try:
            signed_for = self.signer.object_of(token)
        except BucketRefused as error:
            raise replies.bad_token(str(error)) from error
        if signed_for != f"{name}/{path}":
            raise replies.other_token()
        bucket = await asyncio.to_thread(buckets.find, self.root, name)
        return await send_object(request, BucketFolder(self.root, bucket.name), path)
