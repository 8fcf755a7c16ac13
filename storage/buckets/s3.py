"""A bucket behind an S3 endpoint (AWS, R2, MinIO, Supabase's), by boto3 in threads: `S3Bucket`.

Uses put, get, head, list and delete of objects only, and signs by itself. Traps of Supabase's endpoint that
forbid more: it ignores `IfNoneMatch`, and takes PutObjectTagging and PutObjectAcl for PutObject, replacing the
object.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ValidationError,
)
from botocore.parsers import ResponseParserError

from pipeline.errors import BucketRefused, BucketUnavailable, ObjectMissing
from pipeline.ports import StoredObject
from storage.buckets.access import cache_control, checked_seconds, never_expires, no_public_address, other_access
from storage.buckets.content_types import UNKNOWN, by_suffix
from storage.buckets.keys import checked_name, checked_path, checked_prefix, object_url
from storage.buckets.stranger import is_open
from storage.buckets.transfer import PIECE_BYTES, receiving
from storage.buckets.translation import from_s3

DELETE_BATCH = 1000
"""DeleteObjects takes no more keys."""

_Answer = TypeVar("_Answer")


class S3Bucket:
    """The `Bucket` port over S3. An async context manager: entering makes the client, leaving closes it.

    A path that cannot name an object is `BucketRefused`. `list` tells content types by suffix, since S3's
    listing does not carry them; `head` tells the stored one. A put is one request, at most 5 GB.
    """

    def __init__(
        self,
        name: str,
        *,
        endpoint: str | None,
        region: str,
        access_key: str,
        secret_key: str,
        public_base_url: str | None,
        connect_timeout: float = 5.0,
        read_timeout: float = 60.0,
    ) -> None:
        """`endpoint` None is AWS itself. `public_base_url` is what stands before the path in a public URL, the
        bucket's own domain or the endpoint with the bucket's name; None says that the bucket is private. Timeouts
        in seconds.
        """
        self.name = checked_name(name)
        own_address = f"{endpoint or f'https://s3.{region}.amazonaws.com'}/{name}"
        self.is_public = public_base_url is not None
        self.base_url = (public_base_url or own_address).rstrip("/")
        self._closed_to_strangers = False  # as far as is known yet
        self._make_client = partial(
            _make_client,
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=Config(
                connect_timeout=connect_timeout,
                read_timeout=read_timeout,
                retries={"total_max_attempts": 2, "mode": "standard"},
                s3={"addressing_style": "path"},
                # For `sign`: left to itself, boto3 signs addresses in the older way, which many endpoints refuse.
                signature_version="s3v4",
                # Checksums by default (boto3 1.36) break endpoints that do not know aws-chunked trailers.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    async def __aenter__(self) -> Self:
        # In a thread: boto3 reads its service models, which takes 100 ms.
        self._client = await self._ask(f"opening bucket {self.name!r}", self._make_client)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self._client.close)

    async def ensure(self) -> None:
        """See the port. New buckets are private; who may read a public one is set with the vendor.

        No call of S3's that all vendors know tells who may read. So a private bucket is asked for one of its
        objects without a key; an empty one, for the first that is put. Another door that a vendor has (a public
        domain of R2's, the public addresses of a bucket of Supabase's) is not seen.
        """
        await self._ask(f"making bucket {self.name!r}", self._ensure)
        if not self.is_public:
            first = partial(self._client.list_objects_v2, Bucket=self.name, MaxKeys=1)
            for each in (await self._ask(f"looking into bucket {self.name!r}", first)).get("Contents", []):
                await self._refuse_open(each["Key"])

    async def put(self, path: str, file: Path, *, content_type: str) -> None:
        """See the port. The type is always sent: Supabase refuses by it."""
        checked_path(path)
        await self._ask(f"putting {path!r}", partial(self._put, path, file, content_type))
        if not (self.is_public or self._closed_to_strangers):
            try:
                await self._refuse_open(path)
            except BucketRefused:
                await self.delete([path])
                raise

    async def get(self, path: str, file: Path) -> None:
        """See the port."""
        checked_path(path)
        await self._ask(f"getting {path!r}", partial(self._get, path, file))

    async def head(self, path: str) -> StoredObject | None:
        """See the port. A missing bucket looks like a missing object: HEAD answers carry no body."""
        checked_path(path)
        ask = partial(self._client.head_object, Bucket=self.name, Key=path)
        try:
            found = await self._ask(f"looking for {path!r}", ask)
        except ObjectMissing:
            return None
        return StoredObject(path, found["ContentLength"], found.get("ContentType", UNKNOWN))

    def url(self, path: str) -> str:
        """See the port."""
        if not self.is_public:
            raise no_public_address(self.name)
        return object_url(self.base_url, path)

    async def sign(self, path: str, *, seconds: int) -> str:
        """See the port. SigV4 in the query: a GET of this object, without any other parameter. Asks nobody."""
        if self.is_public:
            raise never_expires(self.name)
        return await self._ask(
            f"signing {path!r}", partial(self._sign, checked_path(path), checked_seconds(seconds))
        )

    async def delete(self, paths: Sequence[str]) -> None:
        """See the port."""
        wanted = [{"Key": checked_path(path)} for path in paths]
        for start in range(0, len(wanted), DELETE_BATCH):
            batch = {"Objects": wanted[start : start + DELETE_BATCH], "Quiet": True}
            what = f"deleting from {self.name!r}"
            answer = await self._ask(what, partial(self._client.delete_objects, Bucket=self.name, Delete=batch))
            for failed in answer.get("Errors", []):
                # Without a status of its own: 400 leaves the verdict to the code.
                answered = {"Error": failed, "ResponseMetadata": {"HTTPStatusCode": 400}}
                raise from_s3(answered, f"{what}: {failed.get('Key')!r}")

    async def list(self, prefix: str) -> list[StoredObject]:
        """See the port."""
        checked_prefix(prefix)
        found = await self._ask(f"listing {prefix!r}", partial(self._list, prefix))
        return sorted(found, key=lambda each: each.path)

    def _ensure(self) -> None:
        try:
            self._client.head_bucket(Bucket=self.name)
        except ClientError as error:
            if not isinstance(from_s3(error.response, "HEAD"), ObjectMissing):
                raise
        else:
            return
        region = self._client.meta.region_name
        # AWS refuses its own default region as a constraint, and demands every other one.
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        try:
            self._client.create_bucket(Bucket=self.name, **place)
        except self._client.exceptions.BucketAlreadyOwnedByYou:  # another worker was first
            return

    def _put(self, path: str, file: Path, content_type: str) -> None:
        with file.open("rb") as source:
            self._client.put_object(
                Bucket=self.name,
                Key=path,
                Body=source,
                ContentType=content_type,
                CacheControl=cache_control(is_public=self.is_public),
            )

    def _sign(self, path: str, seconds: int) -> str:
        wanted = {"Bucket": self.name, "Key": path}
        return str(self._client.generate_presigned_url("get_object", Params=wanted, ExpiresIn=seconds))

    async def _refuse_open(self, path: str) -> None:
        """Raise `BucketRefused` where the object at that path is read without a key."""
        signed = await self._ask(f"signing {path!r}", partial(self._sign, path, 1))
        if await is_open(signed.partition("?")[0]):
            raise other_access(self.name, is_public=True)
        self._closed_to_strangers = True

    def _get(self, path: str, file: Path) -> None:
        answer = self._client.get_object(Bucket=self.name, Key=path)
        with closing(answer["Body"]) as source, receiving(file) as target:
            for piece in source.iter_chunks(PIECE_BYTES):
                target.write(piece)

    def _list(self, prefix: str) -> Sequence[StoredObject]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return [
            StoredObject(each["Key"], each["Size"], by_suffix(each["Key"]))
            for page in pages
            for each in page.get("Contents", [])
        ]

    async def _ask(self, what: str, call: Callable[[], _Answer]) -> _Answer:
        with _s3_errors(what):
            return await asyncio.to_thread(call)


def _make_client(**options: Any) -> Any:  # noqa: ANN401 - boto3 builds its clients at run time, untyped
    client = boto3.session.Session().client("s3", **options)
    client.meta.events.register("before-sign.s3.DeleteObjects", _say_xml)
    return client


def _say_xml(request: Any, **_: object) -> None:  # noqa: ANN401 - botocore is untyped
    """Supabase answers a DeleteObjects without a content type with `InvalidRequest`, and boto3 sends none."""
    request.headers["Content-Type"] = "application/xml"


@contextmanager
def _s3_errors(what: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise from_s3(error.response, what) from error
    except (ParamValidationError, ValidationError, NoCredentialsError, PartialCredentialsError) as error:
        raise BucketRefused(f"{what}: {error}") from error  # our own arguments; nothing was sent
    except (BotoCoreError, ResponseParserError) as error:
        raise BucketUnavailable(f"{what}: no usable answer ({error})") from error
