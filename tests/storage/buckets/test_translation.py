"""What the services' error answers mean."""

import json

import pytest

from pipeline.errors import BucketError, BucketRefused, BucketUnavailable, ObjectMissing
from storage.buckets.translation import from_s3, from_storage3, from_supabase

# statusCode, error, code as Supabase Storage sends them, always over HTTP 400
SUPABASE = [
    ("404", "not_found", "NoSuchKey", ObjectMissing),
    ("404", "Bucket not found", "NoSuchBucket", BucketRefused),
    ("403", "Unauthorized", "AccessDenied", BucketRefused),
    ("400", "InvalidKey", "InvalidKey", BucketRefused),
    ("409", "Duplicate", "KeyAlreadyExists", BucketRefused),
    ("413", "Payload too large", "EntityTooLarge", BucketRefused),
    ("415", "invalid_mime_type", "InvalidMimeType", BucketRefused),
    ("423", "ResourceLocked", "ResourceLocked", BucketUnavailable),
    ("429", "too_many", "TooMany", BucketUnavailable),
    ("500", "Internal", "InternalError", BucketUnavailable),
    ("503", "acquiring_lock_timeout", "LockTimeout", BucketUnavailable),
    ("544", "database_timeout", "DatabaseTimeout", BucketUnavailable),
]


@pytest.mark.parametrize(("status", "error", "code", "expected"), SUPABASE)
def test_supabase_tells_the_truth_in_the_body(
    status: str, error: str, code: str, expected: type[BucketError]
) -> None:
    """HTTP 400 alone says nothing; both ways of reading the body agree."""
    body = json.dumps({"statusCode": status, "error": error, "code": code, "message": "why"})

    assert type(from_supabase(400, body, "putting 'a'")) is expected
    assert type(from_storage3(status, error, "why", "putting 'a'")) is expected
    assert "putting 'a'" in str(from_supabase(400, body, "putting 'a'"))
    assert "why" in str(from_supabase(400, body, "putting 'a'"))


@pytest.mark.parametrize("body", ["", "<html>", "null", "[]", '"text"'])
@pytest.mark.parametrize(
    ("status", "expected"), [(502, BucketUnavailable), (429, BucketUnavailable), (403, BucketRefused)]
)
def test_an_answer_that_is_not_supabases_counts_by_its_status(
    body: str, status: int, expected: type[BucketError]
) -> None:
    """A proxy in between speaks HTTP only."""
    assert type(from_supabase(status, body, "x")) is expected
    assert type(from_storage3(status, "InternalError", "Unable to parse", "x")) is expected


@pytest.mark.parametrize(
    "body", ["[" * 20_000, json.dumps({"statusCode": "9" * 5_000, "error": "x" * 5_000})], ids=len
)
def test_an_answer_that_parsers_choke_on_counts_by_its_status(body: str) -> None:
    """Brackets without end, a number of thousands of digits; of a long word a few hundred characters are told."""
    told = from_supabase(403, body, "x")

    assert type(told) is BucketRefused
    assert len(str(told)) < 1_000


S3 = [
    ({"Error": {"Code": "NoSuchKey"}, "ResponseMetadata": {"HTTPStatusCode": 404}}, ObjectMissing),
    ({"Error": {"Code": "404"}, "ResponseMetadata": {"HTTPStatusCode": 404}}, ObjectMissing),
    ({"Error": {"Code": ""}, "Code": "NoSuchKey"}, ObjectMissing),
    ({"Error": {"Code": ""}, "Code": "NoSuchBucket"}, BucketRefused),
    ({"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}, BucketRefused),
    ({"Error": {"Code": "SlowDown"}, "ResponseMetadata": {"HTTPStatusCode": 503}}, BucketUnavailable),
    ({"Error": {"Code": "RequestTimeout"}, "ResponseMetadata": {"HTTPStatusCode": 400}}, BucketUnavailable),
    ({"Error": {"Code": "Odd"}, "ResponseMetadata": {"HTTPStatusCode": 500}}, BucketUnavailable),
    ({}, BucketUnavailable),
]


@pytest.mark.parametrize(("response", "expected"), S3)
def test_s3_says_it_by_code_or_status(response: dict[str, object], expected: type[BucketError]) -> None:
    """Including Supabase's namespaced error, whose code boto3 leaves at the top."""
    assert type(from_s3(response, "x")) is expected
