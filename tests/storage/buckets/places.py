"""The kinds of bucket that users have, each over a place of its own that tests can reach behind."""

import json
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import pytest
from starlette.applications import Starlette

from local.bucket.server import routes
from pipeline.ports import Bucket
from storage.buckets.azure import azure_bucket
from storage.buckets.disk import DiskBucket
from storage.buckets.gcs import gcs_bucket
from storage.buckets.objects import ObjectBucket
from storage.buckets.s3 import s3_bucket
from storage.buckets.signing import url_signer
from storage.buckets.supabase import SupabaseBucket
from tests.storage.buckets import azurite
from tests.storage.buckets.gates import ExpiringGate
from tests.storage.buckets.google import GoogleGate, ServiceAccount
from tests.storage.buckets.servers import moto, serving
from tests.storage.buckets.sigv4 import SigV4Gate

KEY = "sb_secret_test"
S3_SECRET = "b"
_AZURE = pytest.mark.needs("azurite")
PUBLIC = ["disk", "supabase", "s3", "gcs", pytest.param("azure", marks=_AZURE)]
PRIVATE = [
    "private disk",
    "private supabase",
    "private s3",
    "private gcs",
    pytest.param("private azure", marks=_AZURE),
]
OF_OBSTORE = ["s3", "gcs", pytest.param("azure", marks=_AZURE)]


class Watch:
    """The real time, which a test can set forward."""

    ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Places:
    """Where buckets are kept, and the clock by which the servers see addresses expire. Servers start when needed.

    `strict_s3` is the same S3 as `s3`, which minds the signatures of addresses as well; `gcs` stands on it, too.
    """

    def __init__(self, root: Path, servers: ExitStack) -> None:
        self.root, self._servers = root, servers
        self.clock = Watch()
        self.account = ServiceAccount()

    @cached_property
    def local(self) -> str:
        app = Starlette(routes=routes(self.root, secret=KEY, clock=self.clock))
        return self._servers.enter_context(serving(app))

    @cached_property
    def s3(self) -> str:
        return self._servers.enter_context(moto())

    @cached_property
    def strict_s3(self) -> str:
        gate = SigV4Gate(self.s3, secret_key=S3_SECRET, clock=self.clock)
        return self._servers.enter_context(serving(gate))

    @cached_property
    def gcs(self) -> str:
        return self._servers.enter_context(serving(GoogleGate(self.s3, self.account, clock=self.clock)))

    @cached_property
    def azure(self) -> str:
        return self._servers.enter_context(azurite.azurite())

    @cached_property
    def strict_azure(self) -> str:
        return self._servers.enter_context(serving(ExpiringGate(self.azure, clock=self.clock)))

    def bucket(self, kind: str, name: str) -> AbstractAsyncContextManager[Bucket]:
        is_public = not kind.startswith("private ")
        match kind.removeprefix("private "):
            case "disk":
                signer = None if is_public else url_signer(KEY, self.clock)
                return DiskBucket(self.root, name, public_base_url=self.local, signer=signer)
            case "supabase":
                return SupabaseBucket(self.local, KEY, name, is_public=is_public)
            case "gcs":
                return gcs_bucket(name, key=self.account.key, is_public=is_public, address=self.gcs)
            case "azure":
                return of_azure(self.azure if is_public else self.strict_azure, name, is_public=is_public)
            case _:
                return of_s3(self.s3 if is_public else self.strict_s3, name, is_public=is_public)

    def prepare(self, kind: str, name: str) -> None:
        """Make the bucket where we make none, as its owner would; open to everyone, if it is to be public."""
        is_public = not kind.startswith("private ")
        match kind.removeprefix("private "):
            case "gcs":
                with s3_client(self.s3) as client:
                    client.create_bucket(Bucket=name)
                if is_public:
                    let_everyone_read(self.s3, name)
            case "azure":
                azurite.make_container(self.azure, name, is_public=is_public)


@contextmanager
def open_places(root: Path) -> Iterator[Places]:
    with ExitStack() as servers:
        yield Places(root, servers)


def of_s3(endpoint: str, name: str, *, is_public: bool = True) -> ObjectBucket:
    return s3_bucket(
        name,
        endpoint=endpoint,
        region="us-east-1",
        access_key="a",
        secret_key=S3_SECRET,
        public_base_url=f"{endpoint}/{name}" if is_public else None,
    )


def of_azure(address: str, name: str, *, is_public: bool = True) -> ObjectBucket:
    return azure_bucket(
        name,
        account=azurite.ACCOUNT,
        key=azurite.KEY,
        endpoint=f"{address}/{azurite.ACCOUNT}",
        is_public=is_public,
    )


async def fill(places: Places, kind: str, bucket: Bucket, paths: list[str], source: Path) -> None:
    """Many one-byte objects, put there without going through the bucket where that takes seconds."""
    match kind:
        case "s3" | "gcs":
            with s3_client(places.s3) as client:
                for path in paths:
                    client.put_object(Bucket=bucket.name, Key=path, Body=b"x", ContentType="video/mp4")
        case "azure":
            source.write_bytes(b"x")
            for path in paths:
                await bucket.put(path, source, content_type="video/mp4")
        case _:
            for path in paths:
                file = places.root / bucket.name / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(b"x")


def let_everyone_read(endpoint: str, name: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    with s3_client(endpoint) as client:
        client.put_bucket_policy(Bucket=name, Policy=policy)


@contextmanager
def s3_client(endpoint: str) -> Iterator[Any]:
    with closing(
        boto3.session.Session().client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="a",
            aws_secret_access_key=S3_SECRET,
        )
    ) as client:
        yield client
