"""The three kinds of bucket that users have, each over a place of its own that tests can reach behind."""

import json
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import boto3

from pipeline.ports import Bucket
from storage.buckets.disk import DiskBucket
from storage.buckets.s3 import S3Bucket
from storage.buckets.supabase import SupabaseBucket

KEY = "sb_secret_test"


class Opened(Bucket, Protocol):
    """A bucket of ours: the port, and making it."""

    async def ensure(self) -> None: ...


@dataclass(frozen=True)
class Places:
    """Where the three kinds of bucket are kept."""

    root: Path
    local: str
    s3: str

    def bucket(self, kind: str, name: str) -> AbstractAsyncContextManager[Opened]:
        if kind == "disk":
            return DiskBucket(self.root, name, public_base_url=self.local)
        if kind == "supabase":
            return SupabaseBucket(self.local, KEY, name)
        return s3_bucket(self.s3, name)


def s3_bucket(endpoint: str, name: str) -> S3Bucket:
    return S3Bucket(
        name,
        endpoint=endpoint,
        region="us-east-1",
        access_key="a",
        secret_key="b",
        public_base_url=f"{endpoint}/{name}",
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
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
