"""What a file's suffix says of its content type. Pure.

A table of our own: the standard library's differs between Python versions and reads the machine's files.
"""

from pathlib import PurePosixPath

UNKNOWN = "application/octet-stream"

_BY_SUFFIX = {
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".mov": "video/quicktime",
    ".mp4": "video/mp4",
    ".png": "image/png",
    ".txt": "text/plain",
    ".webm": "video/webm",
    ".webp": "image/webp",
}


def by_suffix(path: str) -> str:
    """The content type that the last suffix stands for, `UNKNOWN` for any other."""
    return _BY_SUFFIX.get(PurePosixPath(path).suffix.lower(), UNKNOWN)
