"""What S3Bucket does about the traps of Supabase's S3 endpoint, which moto does not have."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.errors import BucketRefused, BucketUnavailable, ObjectMissing
from storage.buckets.s3 import S3Bucket
from tests.storage.buckets.servers import serving

NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


class Endpoint:
    """Answers every request alike, and keeps what came in.

    But a HEAD with 404 unless it `exists`, and one without a key with 403 if it is `closed`.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.status, self.body = 200, ""
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.bodies: list[bytes] = []
        self.exists = True
        self.closed = False

    async def answer(self, request: Request) -> Response:
        self.bodies.append(await request.body())
        self.requests.append((request.method, request.url.path, dict(request.headers)))
        status = self.status if self.exists or request.method != "HEAD" else 404
        if self.closed and "authorization" not in request.headers:
            status = 403
        return Response(self.body, status, media_type="application/xml")


@pytest.fixture(scope="module")
async def opened() -> AsyncIterator[tuple[S3Bucket, Endpoint]]:
    """One client for all tests: making one takes 0.3 s."""
    endpoint = Endpoint()
    methods = ["GET", "PUT", "POST", "DELETE"]
    with serving(Starlette(routes=[Route("/{path:path}", endpoint.answer, methods=methods)])) as address:
        async with s3_bucket(address) as bucket:
            yield bucket, endpoint


@pytest.fixture
def endpoint(opened: tuple[S3Bucket, Endpoint]) -> Endpoint:
    opened[1].reset()
    return opened[1]


@pytest.fixture
def bucket(opened: tuple[S3Bucket, Endpoint]) -> S3Bucket:
    return opened[0]


def s3_bucket(
    address: str, *, region: str = "eu-central-1", public_base_url: str | None = "https://cdn.example"
) -> S3Bucket:
    return S3Bucket(
        "clips",
        endpoint=f"{address}/storage/v1/s3",
        region=region,
        access_key="a",
        secret_key="b",
        public_base_url=public_base_url,
    )


def private_bucket(address: str = "http://127.0.0.1:1") -> S3Bucket:
    """In the oldest region, in which boto3 still signs addresses in the older way unless it is told."""
    return s3_bucket(address, region="us-east-1", public_base_url=None)


async def test_delete_sends_a_content_type(bucket: S3Bucket, endpoint: Endpoint) -> None:
    """Supabase answers a DeleteObjects without one with InvalidRequest."""
    endpoint.body = f"<DeleteResult {NAMESPACE}/>"

    await bucket.delete(["a.mp4"])

    method, path, headers = endpoint.requests[0]
    assert (method, path) == ("POST", "/storage/v1/s3/clips")
    assert headers["content-type"] == "application/xml"


@pytest.mark.parametrize(
    ("code", "expected"), [("AccessDenied", BucketRefused), ("InternalError", BucketUnavailable)]
)
async def test_a_delete_that_failed_in_part_is_an_error(
    bucket: S3Bucket, endpoint: Endpoint, code: str, expected: type[Exception]
) -> None:
    """S3 reports single failures inside a 200."""
    error = f"<Error><Key>a.mp4</Key><Code>{code}</Code><Message>no</Message></Error>"
    endpoint.body = f"<DeleteResult {NAMESPACE}>{error}</DeleteResult>"

    with pytest.raises(expected, match=r"a\.mp4"):
        await bucket.delete(["a.mp4"])


async def test_put_sends_the_type_and_the_lifetime(bucket: S3Bucket, endpoint: Endpoint, tmp_path: Path) -> None:
    """A bucket may refuse by type, and browsers keep what never changes."""
    (tmp_path / "clip").write_bytes(b"clip")

    await bucket.put("a/ü.mp4", tmp_path / "clip", content_type="video/mp4")

    method, path, headers = endpoint.requests[0]
    assert (method, path) == ("PUT", "/storage/v1/s3/clips/a/ü.mp4")
    assert headers["content-type"] == "video/mp4"
    assert headers["cache-control"] == "public, max-age=31536000"


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (404, "NoSuchKey", ObjectMissing),
        (404, "NoSuchBucket", BucketRefused),
        (403, "SignatureDoesNotMatch", BucketRefused),
        (415, "InvalidMimeType", BucketRefused),
    ],
)
async def test_namespaced_errors_are_read(
    bucket: S3Bucket, endpoint: Endpoint, tmp_path: Path, status: int, code: str, expected: type[Exception]
) -> None:
    """Supabase's `<Error>` has a namespace, which hides the code from boto3."""
    endpoint.status = status
    endpoint.body = f"<Error {NAMESPACE}><Code>{code}</Code><Message>why</Message></Error>"

    with pytest.raises(expected, match=f"{code}: why"):
        await bucket.get("a.mp4", tmp_path / "fetched")


async def test_an_endpoint_in_trouble_is_unavailable(bucket: S3Bucket, endpoint: Endpoint, tmp_path: Path) -> None:
    """503 passes; so does a page that is no S3 at all."""
    endpoint.status, endpoint.body = 503, "<Error><Code>SlowDown</Code></Error>"
    with pytest.raises(BucketUnavailable):
        await bucket.head("a.mp4")

    endpoint.status, endpoint.body = 200, "<html>Welcome to our hotel"
    with pytest.raises(BucketUnavailable):
        await bucket.list("")


async def test_a_new_bucket_says_its_region(bucket: S3Bucket, endpoint: Endpoint) -> None:
    """Any but AWS's default region must be named when making one."""
    endpoint.exists = False

    await bucket.ensure()

    assert [method for method, *_ in endpoint.requests] == ["HEAD", "PUT"]
    assert b"<LocationConstraint>eu-central-1</LocationConstraint>" in endpoint.bodies[1]


async def test_urls_begin_with_the_public_base(bucket: S3Bucket) -> None:
    """No path of ours stands between."""
    assert bucket.url("a b.mp4") == "https://cdn.example/a%20b.mp4"


async def test_an_address_is_signed_without_a_request(endpoint: Endpoint) -> None:
    """In the newer way (SigV4), which all endpoints know; boto3 left to itself signs in the older."""
    async with private_bucket() as bucket:
        url = urlsplit(await bucket.sign("a b/ü+.mp4", seconds=600))

    given = dict(parse_qsl(url.query))
    assert url.path == "/storage/v1/s3/clips/a%20b/%C3%BC%2B.mp4"
    assert (given["X-Amz-Algorithm"], given["X-Amz-Expires"]) == ("AWS4-HMAC-SHA256", "600")
    assert given["X-Amz-SignedHeaders"] == "host"
    assert set(given) == {
        *("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires"),
        *("X-Amz-SignedHeaders", "X-Amz-Signature"),
    }
    assert endpoint.requests == []


async def test_copies_of_a_private_file_are_kept_by_its_reader_alone(
    opened: tuple[S3Bucket, Endpoint], endpoint: Endpoint, tmp_path: Path
) -> None:
    """A cache that others ask as well would serve them after the address has expired."""
    (tmp_path / "clip").write_bytes(b"clip")
    address = str(opened[0]._client.meta.endpoint_url).removesuffix("/storage/v1/s3")
    endpoint.closed = True
    async with private_bucket(address) as bucket:
        await bucket.put("a.mp4", tmp_path / "clip", content_type="video/mp4")

    assert endpoint.requests[0][2]["cache-control"] == "private, max-age=31536000"


async def test_a_private_bucket_is_asked_once_whether_strangers_read_it(
    opened: tuple[S3Bucket, Endpoint], endpoint: Endpoint, tmp_path: Path
) -> None:
    """After its first file, by a request that carries no key at all; not after each."""
    (tmp_path / "clip").write_bytes(b"clip")
    address = str(opened[0]._client.meta.endpoint_url).removesuffix("/storage/v1/s3")
    endpoint.closed = True
    async with private_bucket(address) as bucket:
        for path in ("a.mp4", "b.mp4"):
            await bucket.put(path, tmp_path / "clip", content_type="video/mp4")

    asked = [(method, path) for method, path, headers in endpoint.requests if "authorization" not in headers]
    assert asked == [("GET", "/storage/v1/s3/clips/a.mp4")]
    assert [method for method, *_ in endpoint.requests] == ["PUT", "GET", "PUT"]
