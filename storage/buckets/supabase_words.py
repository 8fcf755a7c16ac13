"""What Supabase Storage says when it says no, read from the bodies of its answers. Pure."""

import json
from dataclasses import dataclass

from pipeline.errors import BucketError
from pipeline.prose import clean
from storage.buckets.translation import meaning

NO_BUCKET = ("NoSuchBucket", "Bucket not found")
"""Also what a key hears that may not see it."""

TAKEN = ("BucketAlreadyExists", "Duplicate")
DENIED = ("AccessDenied", "Unauthorized")
TOO_LARGE = ("EntityTooLarge", "Payload too large")

_LINE = 200
"""Characters of an answer that is a sentence and no page."""


@dataclass(frozen=True)
class SupabaseError:
    """An answer that is no success.

    `code` is the stable word for it (`NoSuchKey`), empty from servers older than that, and `word` the older one
    (`not_found`); see supabase/storage, src/internal/errors/codes.ts. `retry_after` in seconds, where it was said.
    """

    status: int
    code: str
    word: str
    message: str
    retry_after: float | None = None

    def says(self, words: tuple[str, ...]) -> bool:
        """Whether it is one of these, by either word."""
        return self.code in words or self.word in words

    def meant(self, what: str) -> BucketError:
        """The error it stands for; `what` was being done."""
        said = clean(": ".join(filter(None, (self.code or self.word, self.message))))
        return meaning(self.status, self.code, self.word)(
            f"{what}: {self.status} {said}", retry_after=self.retry_after
        )


def read_error(http_status: int, body: str, *, retry_after: float | None = None) -> SupabaseError:
    """Reads `{"statusCode": "404", "error": "not_found", "message": …, "code": "NoSuchKey"}`.

    Nearly always that comes with HTTP 400, and the truth is inside. Of any other body the HTTP status counts: a
    short line is TUS's, and the rest a proxy's.
    """
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):  # no JSON, or brackets without end
        told = None
    if not isinstance(told, dict):
        line = body.strip()
        is_sentence = 0 < len(line) <= _LINE and "<" not in line
        return SupabaseError(http_status, "", "", line if is_sentence else "no JSON in the answer", retry_after)
    return SupabaseError(
        status=_number(told.get("statusCode"), http_status),
        code=str(told.get("code", "")),
        word=str(told.get("error", "")),
        message=str(told.get("message", "no message")),
        retry_after=retry_after,
    )


def _number(value: object, otherwise: int) -> int:
    """A status of HTTP's; whatever has more digits is none."""
    return int(str(value)) if str(value).isdecimal() and len(str(value)) <= 3 else otherwise
