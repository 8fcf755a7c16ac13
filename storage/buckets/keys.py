"""Which object paths and bucket names exist, and how they stand in a URL. Pure.

The rules are the strictest of the three implementations together: Supabase Storage's own (the characters S3
says to avoid, invisible characters, 1024 bytes in UTF-8) and a file system's (no empty part, none longer than
a file name). Everything refused here is refused before any I/O.
"""

import re
from urllib.parse import quote

from pipeline.errors import BucketRefused

MAX_PATH_BYTES = 1024
"""S3's limit for a key, in UTF-8."""

MAX_PART_BYTES = 200
"""Of one `/`-separated part. File names end at 255 bytes, and a temporary file adds 17 to the name."""

# Supabase Storage (src/storage/limits.ts, VALID_OBJECT_KEY): control characters, S3's "characters to avoid",
# and invisible or direction-changing ones. Surrogates have no UTF-8. `~` among them is what lets DiskBucket
# keep files of its own beside the objects without ever meeting an object of that name.
_FORBIDDEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f#\[\]{}^`\"<>\\|%~"
    r"\u034f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)

# S3's bucket names with capitals and `_`, which Supabase allows and S3 refuses by itself.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def checked_name(name: str) -> str:
    """The bucket name, unchanged. Raises `BucketRefused`."""
    if not _NAME.fullmatch(name):
        raise BucketRefused(f"{name!r} cannot be the name of a bucket")
    return name


def checked_path(path: str) -> str:
    """The path of one object, unchanged. Raises `BucketRefused`."""
    parts = path.split("/")
    if "" in parts:
        raise BucketRefused(f"bad object path {path!r}: it is empty or has an empty part")
    _check(path, parts)
    return path


def checked_prefix(prefix: str) -> str:
    """A start of object paths, unchanged; may be empty or end anywhere in one. Raises `BucketRefused`."""
    *whole, last = prefix.split("/")
    if "" in whole:
        raise BucketRefused(f"bad prefix {prefix!r}: it has an empty part")
    _check(prefix, whole)
    _check_bytes(prefix, [last])
    return prefix


def is_path(path: str) -> bool:
    """Whether an object can have this path."""
    try:
        checked_path(path)
    except BucketRefused:
        return False
    return True


def escaped(path: str) -> str:
    """The path for use in a URL: all but letters, digits, `-._` and `/` as percent escapes of UTF-8.

    `+` is escaped though RFC 3986 allows it in a path, because S3 reads it as a space.
    """
    return quote(path, safe="/")


def base_url(host: str, name: str, *, is_public: bool) -> str:
    """What stands before an object's path where Supabase serves it; `host` is scheme and host.

    The local server has the same layout, so that the two differ by `host` alone.
    """
    return f"{host.rstrip('/')}/storage/v1/object/{'public' if is_public else 'sign'}/{checked_name(name)}"


def unsigned(address: str) -> str:
    """Where everyone would read the object of that signed address, were its bucket public.

    Of Supabase's layout the public address: the one that was signed says 400 without a token of any bucket.
    """
    return address.partition("?")[0].replace("/storage/v1/object/sign/", "/storage/v1/object/public/", 1)


def object_url(base: str, path: str) -> str:
    """The address of the object in the bucket that is served there. Raises `BucketRefused`."""
    return f"{base}/{escaped(checked_path(path))}"


def _check(path: str, parts: list[str]) -> None:
    if "." in parts or ".." in parts:
        raise BucketRefused(f"bad object path {path!r}: '.' and '..' name no object")
    _check_bytes(path, parts)


def _check_bytes(path: str, parts: list[str]) -> None:
    if found := _FORBIDDEN.search(path):
        raise BucketRefused(f"bad object path {path!r}: {found.group()!r} is not allowed")
    if len(path.encode()) > MAX_PATH_BYTES:
        raise BucketRefused(f"bad object path: longer than {MAX_PATH_BYTES} bytes")
    if any(len(part.encode()) > MAX_PART_BYTES for part in parts):
        raise BucketRefused(f"bad object path: a part is longer than {MAX_PART_BYTES} bytes")
