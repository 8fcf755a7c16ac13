"""What buckets of S3 do about endpoints that moto is not: Supabase's, slow ones, failing ones, the wrong ones."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.errors import BucketRefused, BucketUnavailable, ObjectMissing
from storage.buckets.objects import PART_BYTES, ObjectBucket, Patience
from storage.buckets.s3 import s3_bucket
from tests.storage.buckets.servers import serving, silent_address

NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
SECRET = "the-secret-key-1"
IMPATIENT = Patience(repeats=0)
EMPTY = f"<ListBucketResult {NAMESPACE}><Name>clips</Name></ListBucketResult>"
BEGUN = f"<InitiateMultipartUploadResult {NAMESPACE}><UploadId>u-1</UploadId></InitiateMultipartUploadResult>"


class Endpoint:
    """Keeps what comes in, and answers by the method: with a status and a body."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.answers: dict[str, tuple[int, str]] = {}
        self.requests: list[Request] = []
        self.bodies: list[bytes] = []
        self.closed = False
        self.to_strangers: dict[str, int] = {}

    async def answer(self, request: Request) -> Response:
        self.requests.append(request)
        self.bodies.append(await request.body())
        status, body = self.answers.get(request.method, (200, ""))
        if self.closed and "authorization" not in request.headers:
            status = 403
        if "authorization" not in request.headers:
            status = self.to_strangers.get(request.url.path, status)
        return Response(body, status, headers={"etag": '"1"'}, media_type="application/xml")

    @property
    def methods(self) -> list[str]:
        return [request.method for request in self.requests]


@pytest.fixture(scope="module")
def opened() -> Iterator[tuple[str, Endpoint]]:
    endpoint = Endpoint()
    methods = ["GET", "PUT", "POST", "DELETE"]
    with serving(Starlette(routes=[Route("/{path:path}", endpoint.answer, methods=methods)])) as address:
        yield address, endpoint


@pytest.fixture
def address(opened: tuple[str, Endpoint]) -> str:
    return opened[0]


@pytest.fixture
def endpoint(opened: tuple[str, Endpoint]) -> Endpoint:
    opened[1].reset()
    return opened[1]


@pytest.fixture
async def bucket(address: str) -> AsyncIterator[ObjectBucket]:
    async with of_supabase(address) as bucket:
        yield bucket


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    (tmp_path / "clip").write_bytes(b"clip")
    return tmp_path / "clip"


def of_supabase(
    address: str,
    *,
    public_base_url: str | None = "https://cdn.example",
    session_token: str | None = None,
    patience: Patience = IMPATIENT,
) -> ObjectBucket:
    return s3_bucket(
        "clips",
        endpoint=f"{address}/storage/v1/s3",
        region="eu-central-1",
        access_key="a",
        secret_key=SECRET,
        session_token=session_token,
        public_base_url=public_base_url,
        patience=patience,
    )


def error(code: str, message: str = "why") -> str:
    """With a namespace, as Supabase writes it."""
    return f"<Error {NAMESPACE}><Code>{code}</Code><Message>{message}</Message></Error>"


async def test_each_object_is_deleted_for_itself(bucket: ObjectBucket, endpoint: Endpoint) -> None:
    """Supabase answers DeleteObjects in its own way. Its 404 for one that is not there is passed over."""
    endpoint.answers["DELETE"] = 404, error("NoSuchKey")

    await bucket.delete(["a.mp4", "b/ü.mp4"])

    assert sorted((each.method, each.url.path, each.url.query) for each in endpoint.requests) == [
        ("DELETE", "/storage/v1/s3/clips/a.mp4", ""),
        ("DELETE", "/storage/v1/s3/clips/b/ü.mp4", ""),
    ]


@pytest.mark.parametrize(
    ("status", "code", "expected"), [(403, "AccessDenied", BucketRefused), (503, "", BucketUnavailable)]
)
async def test_a_delete_that_failed_in_part_is_an_error(
    bucket: ObjectBucket, endpoint: Endpoint, status: int, code: str, expected: type[Exception]
) -> None:
    """And names the object that is still there."""
    endpoint.answers["DELETE"] = status, error(code)

    with pytest.raises(expected, match=r"a\.mp4"):
        await bucket.delete(["a.mp4"])


async def test_put_sends_the_type_and_the_lifetime(bucket: ObjectBucket, endpoint: Endpoint, clip: Path) -> None:
    """A bucket may refuse by type, and browsers keep what never changes. Nothing else is set: no ACL, no tags."""
    await bucket.put("a/ü.mp4", clip, content_type="video/mp4")

    (request,) = endpoint.requests
    assert (request.method, request.url.path) == ("PUT", "/storage/v1/s3/clips/a/ü.mp4")
    assert request.headers["content-type"] == "video/mp4"
    assert request.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert not {"if-none-match", "x-amz-acl", "x-amz-tagging"} & set(request.headers)
    assert endpoint.bodies == [b"clip"]


async def test_a_large_file_goes_up_in_parts_and_is_given_up_whole(
    bucket: ObjectBucket, endpoint: Endpoint, tmp_path: Path
) -> None:
    """The type is sent with the beginning; where a part fails, what is there already is removed."""
    endpoint.answers.update(POST=(200, BEGUN), PUT=(400, error("InvalidPart")))
    with (tmp_path / "large").open("wb") as writing:
        writing.truncate(PART_BYTES + 1)

    with pytest.raises(BucketRefused, match=r"putting 'large.mp4': 400 InvalidPart: why"):
        await bucket.put("large.mp4", tmp_path / "large", content_type="video/mp4")

    first, *_, last = endpoint.requests
    assert (first.method, first.url.query, first.headers["content-type"]) == ("POST", "uploads=", "video/mp4")
    assert first.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (last.method, last.url.query) == ("DELETE", "uploadId=u-1")
    assert max(map(len, endpoint.bodies)) <= PART_BYTES


@pytest.mark.parametrize(
    ("status", "code", "expected", "said"),
    [
        (404, "NoSuchKey", ObjectMissing, "NoSuchKey: why"),
        (404, "NoSuchBucket", BucketRefused, "NoSuchBucket: why"),
        (
            403,
            "SignatureDoesNotMatch",
            BucketRefused,
            r"SignatureDoesNotMatch: why \[key\]; look at the secret key, and at",
        ),
        (403, "InvalidAccessKeyId", BucketRefused, "look at STORYREEL_S3_ACCESS_KEY"),
        (400, "ExpiredToken", BucketRefused, "STORYREEL_S3_SESSION_TOKEN has expired"),
        (400, "AuthorizationHeaderMalformed", BucketRefused, "look at STORYREEL_S3_REGION"),
        (403, "RequestTimeTooSkewed", BucketUnavailable, "look at this machine's clock"),
        (301, "PermanentRedirect", BucketRefused, "look at STORYREEL_S3_REGION"),
        (415, "InvalidMimeType", BucketRefused, "InvalidMimeType: why"),
        (429, "SlowDown", BucketUnavailable, "SlowDown: why"),
    ],
)
async def test_a_refusal_says_what_to_look_at(
    bucket: ObjectBucket,
    endpoint: Endpoint,
    tmp_path: Path,
    status: int,
    code: str,
    expected: type[Exception],
    said: str,
) -> None:
    """Also where the error has a namespace, as Supabase's have; and never with the key that it sends back."""
    endpoint.answers["GET"] = status, error(code, f"why {SECRET}")

    with pytest.raises(expected, match=said) as caught:
        await bucket.get("a.mp4", tmp_path / "fetched")

    assert SECRET not in str(caught.value)
    assert "Debug" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert not (tmp_path / "fetched").exists()


async def test_an_endpoint_in_trouble_is_asked_thrice(address: str, endpoint: Endpoint) -> None:
    """A 503 passes; and then it is for the next attempt of the whole step."""
    endpoint.answers["HEAD"] = 503, ""
    async with of_supabase(address, patience=Patience()) as patient:
        with pytest.raises(BucketUnavailable, match="503"):
            await patient.head("a.mp4")

    assert endpoint.methods == ["HEAD"] * 3


@pytest.mark.parametrize("status", [200, 404])
async def test_a_page_that_is_no_s3s_is_no_answer(bucket: ObjectBucket, endpoint: Endpoint, status: int) -> None:
    """A hotel's, or a proxy's that knows no such path: no listing is empty and no object missing by that."""
    endpoint.answers["GET"] = status, "<html>Welcome to our hotel"

    with pytest.raises((BucketUnavailable, BucketRefused), match="listing"):
        await bucket.list("")
    if status == 404:
        with pytest.raises(BucketRefused, match="hotel"):
            await bucket.get("a.mp4", Path("/nowhere"))


@pytest.mark.parametrize(
    ("patience", "said"),
    [(Patience(silence=0.05, total=5.0), "Timeout"), (Patience(total=0.05), "within 0.05 seconds")],
)
async def test_an_endpoint_that_keeps_silent_is_waited_for_no_longer_than_said(
    clip: Path, patience: Patience, said: str
) -> None:
    """Between two bytes, and in all."""

    async def keep_silent(request: Request) -> Response:
        await request.is_disconnected()
        while not await request.is_disconnected():
            await request.receive()
        return Response()

    with serving(Starlette(routes=[Route("/{path:path}", keep_silent, methods=["PUT"])])) as silent:
        async with of_supabase(silent, patience=patience) as bucket:
            with pytest.raises(BucketUnavailable, match=f"putting 'a.mp4'.*{said}"):
                await bucket.put("a.mp4", clip, content_type="video/mp4")


async def test_a_new_bucket_says_its_region(bucket: ObjectBucket, endpoint: Endpoint) -> None:
    """Any but AWS's default region must be named when making one. Made by an address that is signed for it."""
    endpoint.answers["GET"] = 404, error("NoSuchBucket")

    await bucket.ensure()

    assert endpoint.methods == ["GET", "PUT"]
    assert endpoint.requests[1].url.path == "/storage/v1/s3/clips/"
    assert "X-Amz-Signature" in endpoint.requests[1].query_params
    assert b"<LocationConstraint>eu-central-1</LocationConstraint>" in endpoint.bodies[1]


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (409, "BucketAlreadyOwnedByYou", None),
        (409, "BucketAlreadyExists", "BucketAlreadyExists"),
        (503, "x", "503"),
    ],
)
async def test_a_bucket_that_cannot_be_made_says_why(
    bucket: ObjectBucket, endpoint: Endpoint, status: int, code: str, said: str | None
) -> None:
    """Somebody else has one of that name; that another worker of ours was first is no failure."""
    endpoint.answers.update(GET=(404, error("NoSuchBucket")), PUT=(status, error(code)))

    if said is None:
        await bucket.ensure()
        return
    with pytest.raises((BucketRefused, BucketUnavailable), match=f"making bucket 'clips': .*{said}"):
        await bucket.ensure()


async def test_urls_begin_with_the_public_base(bucket: ObjectBucket) -> None:
    """No path of ours stands between."""
    assert bucket.url("a b.mp4") == "https://cdn.example/a%20b.mp4"


async def test_aws_itself_needs_no_endpoint() -> None:
    """Its own in the region, path-style, over TLS."""
    bucket = s3_bucket(
        "clips", endpoint=None, region="eu-west-1", access_key="a", secret_key=SECRET, public_base_url=None
    )

    signed = await bucket.sign("a.mp4", seconds=60)

    assert signed.startswith("https://s3.eu-west-1.amazonaws.com/clips/a.mp4?X-Amz-Algorithm=AWS4-HMAC-SHA256&")


async def test_an_address_is_signed_without_a_request(address: str, endpoint: Endpoint) -> None:
    """With SigV4 over the host alone, so that a browser needs no header."""
    async with of_supabase(address, public_base_url=None) as bucket:
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


@pytest.mark.parametrize("token", [None, "a-users-jwt"])
async def test_only_what_is_said_counts_whatever_aws_has_set(
    address: str, endpoint: Endpoint, clip: Path, monkeypatch: pytest.MonkeyPatch, token: str | None
) -> None:
    """Lambda sets AWS's variables for another account; obstore would take a token from them to our key."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.setenv(name, silent_address())
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION"):
        monkeypatch.setenv(name, "lambdas")
    for name in (
        "SKIP_SIGNATURE",
        "VIRTUAL_HOSTED_STYLE_REQUEST",
        "REQUEST_PAYER",
        "S3_EXPRESS",
        "UNSIGNED_PAYLOAD",
    ):
        monkeypatch.setenv(f"AWS_{name}", "true")

    async with of_supabase(address, session_token=token) as bucket:
        await bucket.put("a.mp4", clip, content_type="video/mp4")

    (request,) = endpoint.requests
    assert request.url.path == "/storage/v1/s3/clips/a.mp4"
    assert re.search(r"Credential=a/\d+/eu-central-1/s3/aws4_request", request.headers["authorization"])
    assert request.headers.get("x-amz-security-token") == token
    assert "x-amz-request-payer" not in request.headers
    assert "x-amz-s3session-token" not in request.headers
    assert request.headers["x-amz-content-sha256"] != "UNSIGNED-PAYLOAD"


async def test_what_the_client_cannot_be_made_of_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no error of a package of which nobody has heard."""
    monkeypatch.setenv("AWS_CONDITIONAL_PUT", "nonsense")

    with pytest.raises(BucketRefused, match=r"STORYREEL_S3_ENDPOINT.*AWS_"):
        of_supabase("http://127.0.0.1:1")


async def test_copies_of_a_private_file_are_kept_by_its_reader_alone(
    address: str, endpoint: Endpoint, clip: Path
) -> None:
    """A cache that others ask as well would serve them after the address has expired."""
    endpoint.closed = True
    async with of_supabase(address, public_base_url=None) as bucket:
        await bucket.put("a.mp4", clip, content_type="video/mp4")

    assert endpoint.requests[0].headers["cache-control"] == "private, max-age=31536000, immutable"


async def test_a_private_bucket_is_asked_once_whether_strangers_read_it(
    address: str, endpoint: Endpoint, clip: Path
) -> None:
    """After the first file in each folder at the top, by a request that carries no key at all; not after each."""
    endpoint.closed = True
    async with of_supabase(address, public_base_url=None) as bucket:
        for path in ("clips/a.mp4", "clips/deep/b.mp4", "stills/a.webp"):
            await bucket.put(path, clip, content_type="video/mp4")

    asked = [each for each in endpoint.requests if "authorization" not in each.headers]
    assert [(each.method, each.url.path, each.url.query) for each in asked] == [
        ("GET", "/storage/v1/s3/clips/clips/a.mp4", ""),
        ("GET", "/storage/v1/s3/clips/stills/a.webp", ""),
    ]
    assert endpoint.methods == ["PUT", "GET", "PUT", "PUT", "GET"]


@pytest.mark.parametrize("status", [403, 404])
async def test_a_no_for_what_others_put_there_proves_nothing_of_ours(
    address: str, endpoint: Endpoint, clip: Path, status: int
) -> None:
    """A folder's marker is closed, or what was listed is gone: the first file of ours is asked for as well."""
    found = "<Contents><Key>aaa</Key><Size>0</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>"
    endpoint.answers["GET"] = 200, EMPTY.replace("</Name>", f"</Name>{found}")
    endpoint.to_strangers["/storage/v1/s3/clips/aaa"] = status
    async with of_supabase(address, public_base_url=None) as bucket:
        await bucket.ensure()

        with pytest.raises(BucketRefused, match="is public, and it should be private"):
            await bucket.put("clips/a.mp4", clip, content_type="video/mp4")


async def test_a_file_of_ours_that_is_gone_proves_nothing(address: str, endpoint: Endpoint, clip: Path) -> None:
    """Deleted before a stranger asked for it, it leaves the question for the next one."""
    endpoint.to_strangers["/storage/v1/s3/clips/a.mp4"] = 404
    async with of_supabase(address, public_base_url=None) as bucket:
        await bucket.put("a.mp4", clip, content_type="video/mp4")

        with pytest.raises(BucketRefused, match="is public, and it should be private"):
            await bucket.put("b.mp4", clip, content_type="video/mp4")


async def test_an_object_that_others_put_at_no_path_of_ours_is_named(
    bucket: ObjectBucket, endpoint: Endpoint
) -> None:
    """Consoles make folders; a listing that would leave something out is refused."""
    found = "<Contents><Key>a//b</Key><Size>1</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>"
    endpoint.answers["GET"] = 200, EMPTY.replace("</Name>", f"</Name>{found}")

    with pytest.raises(BucketRefused, match=r"a//b.*Remove that object"):
        await bucket.list("")
