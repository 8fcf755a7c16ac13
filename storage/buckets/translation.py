"""What the storage services' error answers mean in our error tree. Pure: tables and parsing, no I/O.

Both services say the same thing in several ways, so each answer is first boiled down to (HTTP-like status,
word) and then looked up: the word decides where it is known, else the status. What they say beside it is a
stranger's prose, and perhaps a proxy's.
"""

import json
from collections.abc import Mapping
from typing import Any

from pipeline.errors import BucketError, BucketRefused, BucketUnavailable, ObjectMissing
from pipeline.prose import clean

# Supabase: the body's `error` and `code` (supabase/storage, src/internal/errors/codes.ts). "Bucket not found"
# is also its answer to a wrong key on reading, so it is a refusal and never a missing object.
# S3: the `Code` of the answer; "404" and "NotFound" are what is left of it on HEAD, which has no body.
_BY_WORD: dict[str, type[BucketError]] = {
    "not_found": ObjectMissing,
    "NoSuchKey": ObjectMissing,
    "404": ObjectMissing,
    "NotFound": ObjectMissing,
    "Bucket not found": BucketRefused,
    "NoSuchBucket": BucketRefused,
    "DatabaseTimeout": BucketUnavailable,
    "InternalError": BucketUnavailable,
    "LockTimeout": BucketUnavailable,
    "RequestTimeout": BucketUnavailable,
    "RequestTimeTooSkewed": BucketUnavailable,
    "ResourceLocked": BucketUnavailable,
    "ServiceUnavailable": BucketUnavailable,
    "SlowDown": BucketUnavailable,
}

_PASSING = frozenset({408, 423, 425, 429})
"""Statuses below 500 that ask to come back; every one from 500 on does, Supabase's 544 among them."""


def meaning(status: int, *words: str) -> type[BucketError]:
    """The error that an answer stands for."""
    for word in words:
        if word in _BY_WORD:
            return _BY_WORD[word]
    return BucketUnavailable if status >= 500 or status in _PASSING else BucketRefused


def from_supabase(http_status: int, body: str, what: str) -> BucketError:
    """The error in an answer of Supabase Storage: nearly always HTTP 400 with the truth in the JSON body.

    The body is `{"statusCode": "404", "error": "not_found", "message": …, "code": "NoSuchKey"}`; one that is
    something else comes from a proxy, and then the HTTP status counts.
    """
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):  # no JSON, or brackets without end
        told = None
    if not isinstance(told, dict):
        return meaning(http_status)(f"{what}: HTTP {http_status}, no JSON in the answer")
    status = _number(told.get("statusCode"), http_status)
    words = [str(told.get(key, "")) for key in ("code", "error")]
    message = told.get("message", "no message")
    return meaning(status, *words)(f"{what}: {status} {_said(words[0] or words[1], message)}")


def from_storage3(status: object, error: object, message: object, what: str) -> BucketError:
    """The error in a `StorageApiError`, whose `.status` is a str or an int and whose `.code` is `error`.

    Where the package could not read the body, it says `InternalError` with the HTTP status; that word is no
    news then, and only the status counts.
    """
    number = _number(status, 500)
    words = [] if error == "InternalError" else [str(error)]
    return meaning(number, *words)(f"{what}: {number} {_said(error, message)}")


def from_s3(response: Mapping[str, Any], what: str) -> BucketError:
    """The error in `ClientError.response`.

    Supabase's S3 endpoint puts a namespace on `<Error>`, which leaves `["Error"]["Code"]` empty and the code
    at the top.
    """
    nested = response.get("Error", {})
    word = str(nested.get("Code") or response.get("Code") or "")
    message = nested.get("Message") or response.get("Message") or "no message"
    status = _number(response.get("ResponseMetadata", {}).get("HTTPStatusCode"), 500)
    return meaning(status, word)(f"{what}: {status} {_said(word, message)}")


def _said(word: object, message: object) -> str:
    return clean(f"{word}: {message}")


def _number(value: object, otherwise: int) -> int:
    """A status of HTTP's; whatever has more digits is none."""
    return int(str(value)) if str(value).isdecimal() and len(str(value)) <= 3 else otherwise
