"""What obstore's errors mean, beyond what test servers can be made to say."""

import pytest

from pipeline.errors import BucketError, BucketRefused, BucketUnavailable, ObjectMissing
from storage.buckets.object_errors import BucketMissing, from_answer, from_object_store

SECRET = "a-secret-key-of-ours"
DEBUG = (
    f"\n\nDebug source:\nGeneric {{ Authorization: {SECRET}, inner: Http( HttpError {{ kind: Connect, x }} ) }}"
)
ASKED = "Generic S3 error: Error performing GET http://h/clips/a in 1.2ms"

SAID = [
    (f"{ASKED} - HTTP error: error sending request", BucketUnavailable, "no usable answer (Connect)"),
    (f"{ASKED} - Server returned non-2xx status code: 503 Service Unavailable: ", BucketUnavailable, "503"),
    (
        f"{ASKED} - Server returned non-2xx status code: 409 Conflict: <Code>OperationAborted</Code>",
        BucketUnavailable,
        "409 OperationAborted",
    ),
    (f"{ASKED} - Server returned non-2xx status code: 404 Not Found: ", ObjectMissing, "404"),
    (f"{ASKED} - Server returned non-2xx status code: 404 Not Found: <html>", BucketRefused, "404 <html>"),
    (f"{ASKED} - Server returned non-2xx status code: 403 Forbidden: {SECRET}", BucketRefused, "403 [key]"),
    (
        f"{ASKED} - Received redirect without LOCATION, this normally indicates an incorrectly configured region",
        BucketRefused,
        "look at STORYREEL_S3_REGION",
    ),
    (
        "Object at location a: b not found: Bulk delete request failed for key a: b: It is not there. (code: 404)",
        ObjectMissing,
        "404 It is not there.",
    ),
    ("Generic GCS error: Got invalid list response: missing field `x`", BucketUnavailable, "missing field"),
]


@pytest.mark.parametrize(("said", "expected", "told"), SAID)
def test_an_error_of_obstores_is_told_in_a_few_words(said: str, expected: type[BucketError], told: str) -> None:
    """By the status and the store's own words; never what the library knows of the request, nor the key."""
    error = from_object_store(said + DEBUG, "getting 'a'", secret=SECRET)

    assert type(error) is expected
    assert str(error).startswith("getting 'a': ")
    assert told in str(error)
    assert SECRET not in str(error)
    assert "Debug" not in str(error)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (404, "BlobNotFound", ObjectMissing),
        (404, "ContainerNotFound", BucketMissing),
        (404, "NoSuchBucket", BucketMissing),
        (409, "ContainerBeingDeleted", BucketUnavailable),
        (403, "AuthenticationFailed", BucketRefused),
        (500, "OperationTimedOut", BucketUnavailable),
        (503, "ServerBusy", BucketUnavailable),
        (400, "RequestTimeout", BucketUnavailable),
        (500, "Odd", BucketUnavailable),
    ],
)
def test_every_vendors_words_are_known(status: int, code: str, expected: type[BucketError]) -> None:
    """The word decides where it is known, else the status."""
    assert type(from_answer(status, f"<Error><Code>{code}</Code></Error>", "x")) is expected


@pytest.mark.parametrize("body", ["<Code>" * 50_000, "<Message>" + "x" * 1_000_000, "\x00\u202e" * 9_000], ids=len)
def test_a_body_without_end_is_cut_short(body: str) -> None:
    """A stranger's prose, made fit for a row and a terminal."""
    told = str(from_answer(400, body, "x"))

    assert len(told) < 1_000
    assert told.isprintable()
