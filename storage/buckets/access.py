"""Who may read a bucket's files and for how long: what is alike for all implementations. Pure."""

from pipeline.errors import BucketRefused

MAX_SECONDS = 604_800
"""Seven days: S3's signatures hold no longer (SigV4, X-Amz-Expires), and what goes on one bucket goes on each."""

CACHE_SECONDS = 31_536_000
"""A year: a path always stands for the same content."""


def no_public_address(name: str) -> BucketRefused:
    """The error for asking a private bucket for an address that anyone may use for ever."""
    return BucketRefused(f"bucket {name!r} is private, so its files have no public address: sign one")


def never_expires(name: str) -> BucketRefused:
    """The error for asking a public bucket for an address that expires: its file would be read all the same."""
    return BucketRefused(f"bucket {name!r} is public, so no address of its files expires: use the public one")


def checked_seconds(seconds: int) -> int:
    """For how long an address is signed, unchanged. Raises `BucketRefused`."""
    if not 1 <= seconds <= MAX_SECONDS:
        raise BucketRefused(f"an address can be signed for 1 to {MAX_SECONDS} seconds, and not for {seconds}")
    return seconds


def other_access(name: str, *, is_public: bool) -> BucketRefused:
    """The error for a bucket that is there and is public where it should be private, or the other way round."""
    if is_public:
        return BucketRefused(
            f"bucket {name!r} is public, and it should be private: everyone who knows an address reads its files. "
            "Make it private where it is kept, or name another one in STORYREEL_BUCKET"
        )
    return BucketRefused(
        f"bucket {name!r} is private, and it should be public: make it public where it is kept, name another one "
        "in STORYREEL_BUCKET, or set STORYREEL_BUCKET_ACCESS=private"
    )


def cache_control(*, is_public: bool) -> str:
    """How long copies may be kept; of a private file by its reader alone, not by a CDN that others ask as well.

    A CDN goes by this and not by the address's own expiry (RFC 9111, 4.2.1 and 5.2.2.7). Immutable (RFC 8246): who
    reloads a page does not ask again, since a path always stands for the same content.
    """
    return f"{'public' if is_public else 'private'}, max-age={CACHE_SECONDS}, immutable"
