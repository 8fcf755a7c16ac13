"""What the storage services' error answers mean in our error tree. Pure.

All services say the same thing in several ways, so each answer is first boiled down to (HTTP-like status, word)
by `supabase_words` and `object_errors`, and then looked up: the word decides where it is known, else the status.
"""

from pipeline.errors import BucketError, BucketRefused, BucketUnavailable, ObjectMissing

# Supabase: the body's `error` and `code` (supabase/storage, src/internal/errors/codes.ts). "Bucket not found"
# is also its answer to a wrong key on reading, so it is a refusal and never a missing object.
# The others: the `Code` of the answer; "404" is all that Azure tells of an object it should delete.
_BY_WORD: dict[str, type[BucketError]] = {
    "not_found": ObjectMissing,
    "NoSuchKey": ObjectMissing,
    "404": ObjectMissing,
    "NotFound": ObjectMissing,
    "Bucket not found": BucketRefused,
    "NoSuchBucket": BucketRefused,
    # Azure's words for the object.
    "BlobNotFound": ObjectMissing,
    "ContainerBeingDeleted": BucketUnavailable,
    "OperationAborted": BucketUnavailable,  # S3's 409: something else is being done to the bucket
    "OperationTimedOut": BucketUnavailable,
    "ServerBusy": BucketUnavailable,
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
