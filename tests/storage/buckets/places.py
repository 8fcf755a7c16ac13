"""The kinds of bucket that users have, each over a place of its own that tests can reach behind."""

import json
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from starlette.applications import Starlette

from local.bucket.server import routes
from pipeline.ports import Bucket
from storage.buckets.disk import DiskBucket
from storage.buckets.s3 import S3Bucket
from storage.buckets.signing import url_signer
from storage.buckets.supabase import SupabaseBucket
from tests.storage.buckets.servers import moto, serving
from tests.storage.buckets.sigv4 import Gate

KEY = "sb_secret_test"
S3_SECRET = "b"
PUBLIC = ["disk", "supabase", "s3"]
PRIVATE = ["private disk", "private supabase", "private s3"]


class Watch:
    """The real time, which a test can set forward."""

    ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True)
class Places:
    """Where buckets are kept, and the clock by which the servers see addresses expire.

    `strict_s3` is that same S3, which minds the signatures of addresses as well.
    """

    root: Path
    local: str
    s3: str
    strict_s3: str
    clock: Watch = field(default_factory=Watch)

    def bucket(self, kind: str, name: str) -> AbstractAsyncContextManager[Bucket]:
        is_public = kind in PUBLIC
        match kind.removeprefix("private "):
            case "disk":
                signer = None if is_public else url_signer(KEY, self.clock)
                return DiskBucket(self.root, name, public_base_url=self.local, signer=signer)
            case "supabase":
                return SupabaseBucket(self.local, KEY, name, is_public=is_public)
            case _:
                return s3_bucket(self.s3 if is_public else self.strict_s3, name, is_public=is_public)


@contextmanager
def open_places(root: Path) -> Iterator[Places]:
    """All of them, running."""
    clock = Watch()
    local = Starlette(routes=routes(root, secret=KEY, clock=clock))
    with (
        moto() as s3,
        serving(local) as local_address,
        serving(Gate(s3, secret_key=S3_SECRET, clock=clock)) as strict_s3,
    ):
        yield Places(root, local_address, s3, strict_s3, clock)


def s3_bucket(endpoint: str, name: str, *, is_public: bool = True) -> S3Bucket:
    return S3Bucket(
        name,
        endpoint=endpoint,
        region="us-east-1",
        access_key="a",
        secret_key=S3_SECRET,
        public_base_url=f"{endpoint}/{name}" if is_public else None,
    )


async def fill(places: Places, kind: str, name: str, paths: list[str]) -> None:
    """Many one-byte objects, put there without going through the bucket: a thousand puts take seconds."""
    if kind == "s3":
        client = s3_client(places.s3)
        for path in paths:
            client.put_object(Bucket=name, Key=path, Body=b"x", ContentType="video/mp4")
        client.close()
        return
    for path in paths:
        file = places.root / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")


def let_everyone_read(endpoint: str, name: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    client = s3_client(endpoint)
    client.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    client.close()


def s3_client(endpoint: str) -> Any:
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key=S3_SECRET,
    )
