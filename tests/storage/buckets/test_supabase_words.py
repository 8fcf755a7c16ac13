"""What Supabase Storage's error answers mean."""

import json

import pytest

from pipeline.errors import BucketError, BucketRefused, BucketUnavailable, ObjectMissing
from storage.buckets.supabase_words import NO_BUCKET, read_error

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
@pytest.mark.parametrize("has_code", [True, False])
def test_supabase_tells_the_truth_in_the_body(
    status: str, error: str, code: str, expected: type[BucketError], has_code: bool
) -> None:
    """HTTP 400 alone says nothing; a server of before 2024 says the older word alone."""
    body = {"statusCode": status, "error": error, "message": "why"} | ({"code": code} if has_code else {})
    told = read_error(400, json.dumps(body)).meant("putting 'a'")

    assert type(told) is expected
    assert str(told) == f"putting 'a': {status} {code if has_code else error}: why"


@pytest.mark.parametrize("code", ["SlowDown", "ResourceLocked", "LockTimeout", "DatabaseTimeout", "InternalError"])
def test_the_stable_code_decides(code: str) -> None:
    """Whatever status and older word stand beside it."""
    body = {"statusCode": "400", "error": "Error", "message": "why", "code": code}

    assert type(read_error(400, json.dumps(body)).meant("x")) is BucketUnavailable


def test_a_missing_bucket_is_known_by_either_word() -> None:
    """It can be made."""
    for body in ({"error": "Bucket not found"}, {"error": "x", "code": "NoSuchBucket"}):
        assert read_error(400, json.dumps(body)).says(NO_BUCKET)
    assert not read_error(404, json.dumps({"error": "not_found", "code": "NoSuchKey"})).says(NO_BUCKET)


def test_when_to_come_back_is_passed_on() -> None:
    """The step waits so long."""
    assert read_error(429, "{}", retry_after=7.0).meant("x").retry_after == 7.0


@pytest.mark.parametrize("body", ["", "<html>", "null", "[]", '"text"', "Upload-Offset conflict\n"])
@pytest.mark.parametrize(
    ("status", "expected"), [(502, BucketUnavailable), (429, BucketUnavailable), (403, BucketRefused)]
)
def test_an_answer_that_is_not_supabases_counts_by_its_status(
    body: str, status: int, expected: type[BucketError]
) -> None:
    """A proxy in between speaks HTTP only, and TUS a line of text."""
    told = read_error(status, body).meant("x")

    assert type(told) is expected
    assert "<" not in str(told)
    assert ("Upload-Offset conflict" in str(told)) is body.startswith("Upload")


@pytest.mark.parametrize(
    "body",
    ["[" * 20_000, json.dumps({"statusCode": "9" * 5_000, "error": "x" * 5_000}), "x\x1b[2J" * 20],
    ids=len,
)
def test_an_answer_that_parsers_choke_on_counts_by_its_status(body: str) -> None:
    """Brackets without end, a number of thousands of digits; of a long word a few hundred characters are told."""
    told = read_error(403, body).meant("x")

    assert type(told) is BucketRefused
    assert len(str(told)) < 1_000
    assert "\x1b" not in str(told)
