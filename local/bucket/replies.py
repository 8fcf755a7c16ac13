"""Supabase Storage's answers: its error shape, and what it says of a bucket or an object. Pure.

Sources: supabase/storage, src/internal/errors/codes.ts, src/http/error-handler.ts and src/http/routes/object.
Every error but an internal one is HTTP 400; the status that counts stands in the body, as a string.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from starlette.responses import JSONResponse

from pipeline.ports import StoredObject


class Refusal(Exception):
    """A request that is answered with an error; `status` goes into the body."""

    def __init__(self, status: int, error: str, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.error, self.code, self.message = status, error, code, message

    def response(self) -> JSONResponse:
        """The answer as Supabase gives it."""
        body = {
            "statusCode": str(self.status),
            "error": self.error,
            "message": self.message.encode(errors="replace").decode(),  # a path in JSON may have halves of pairs
            "code": self.code,
        }
        return JSONResponse(body, 500 if self.status == 500 else 400)


def no_object() -> Refusal:
    """There is nothing at that path."""
    return Refusal(404, "not_found", "NoSuchKey", "Object not found")


def no_bucket() -> Refusal:
    """There is no such bucket, or it is not for you."""
    return Refusal(404, "Bucket not found", "NoSuchBucket", "Bucket not found")


def bad_key(path: str) -> Refusal:
    """No object can have that path."""
    return Refusal(400, "InvalidKey", "InvalidKey", f"Invalid key: {path}")


def bad_request(message: str) -> Refusal:
    """The request makes no sense."""
    return Refusal(400, "InvalidRequest", "InvalidRequest", message)


def duplicate(code: str) -> Refusal:
    """It is there already; `code` is `KeyAlreadyExists` or `BucketAlreadyExists`."""
    return Refusal(409, "Duplicate", code, "The resource already exists")


def unauthorized() -> Refusal:
    """The key is not the secret."""
    return Refusal(403, "Unauthorized", "AccessDenied", "Invalid Compact JWS")


def no_token() -> Refusal:
    """A signed address without its signature."""
    return Refusal(400, "Error", "InvalidRequest", "querystring must have required property 'token'")


def bad_token(why: str) -> Refusal:
    """A signature that is none of ours, or no longer good."""
    return Refusal(400, "InvalidJWT", "InvalidJWT", why)


def other_token() -> Refusal:
    """A good signature of another object."""
    return Refusal(400, "InvalidSignature", "InvalidSignature", "Invalid signature")


def too_large() -> Refusal:
    """The object is beyond the bucket's limit."""
    return Refusal(413, "Payload too large", "EntityTooLarge", "The object exceeded the maximum allowed size")


def bad_type(content_type: str) -> Refusal:
    """The bucket does not take that content type."""
    message = f"mime type {content_type} is not supported"
    return Refusal(415, "invalid_mime_type", "InvalidMimeType", message)


def no_upload() -> Refusal:
    """There is no such resumable upload."""
    return Refusal(404, "Error", "TusError", "The file for this url was not found")


def expired_upload() -> Refusal:
    """There was one."""
    return Refusal(410, "Error", "TusError", "The file for this url no longer exists")


def other_offset() -> Refusal:
    """The bytes sent are not the next ones."""
    return Refusal(409, "Error", "TusError", "Upload-Offset conflict")


def locked() -> Refusal:
    """Somebody else is sending bytes for it."""
    return Refusal(423, "ResourceLocked", "ResourceLocked", "The resource is locked")


@dataclass(frozen=True)
class Described:
    """An object as info and listings tell of it. Times are those of the file, for want of better."""

    bucket: str
    stored: StoredObject
    modified: datetime
    own_metadata: Any = None
    """What its uploader gave along, as JSON."""

    @property
    def id(self) -> str:
        """The same for the same path, where Supabase draws a new one for each object."""
        return str(uuid5(NAMESPACE_URL, f"{self.bucket}/{self.stored.path}"))

    def info(self) -> dict[str, object]:
        """The answer of `GET /object/info`."""
        return {
            "id": self.id,
            "name": self.stored.path,
            "bucket_id": self.bucket,
            "size": self.stored.size,
            "content_type": self.stored.content_type,
            "metadata": self.own_metadata,
            "last_modified": timestamp(self.modified),
            "created_at": timestamp(self.modified),
        }

    def entry(self, name: str) -> dict[str, object]:
        """One entry of a listing, which says `name` (in the older list relative to the folder)."""
        when = timestamp(self.modified)
        return {
            "id": self.id,
            "name": name,
            "updated_at": when,
            "created_at": when,
            "last_accessed_at": when,
            "metadata": {"size": self.stored.size, "mimetype": self.stored.content_type},
        }


def timestamp(moment: datetime) -> str:
    """As Supabase writes times: UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
