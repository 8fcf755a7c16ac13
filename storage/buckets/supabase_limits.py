"""What a bucket in Supabase Storage takes, what it should take, and how the two differ. Pure.

A difference is what keeps us from storing or showing a clip. A bucket that takes more than that is none: an app
may keep files of its own there.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from pipeline.ffmpeg.gate import MAX_BYTES

MIME_TYPES = ("image/jpeg", "image/webp", "video/mp4")
"""Posters; previews; originals, renditions and placeholders."""


@dataclass(frozen=True)
class Limits:
    """`file_size` in bytes, None for the project's own limit; types may end in `/*`, none at all for any."""

    file_size: int | None
    mime_types: tuple[str, ...]

    def refusal(self, size: int, content_type: str) -> str | None:
        """Why such a file is not taken, None where it is."""
        if not self.takes_size(size):
            return f"{size} bytes, and it takes {self.file_size}"
        return None if self.takes_type(content_type) else f"it does not take {content_type}"

    def takes_size(self, size: int) -> bool:
        """Whether a file of that many bytes is taken, as far as the bucket's own limit says."""
        return self.file_size is None or size <= self.file_size

    def takes_type(self, content_type: str) -> bool:
        """Whether files of that type are taken."""
        return not self.mime_types or any(fnmatchcase(content_type, allowed) for allowed in self.mime_types)

    def missing_types(self) -> tuple[str, ...]:
        """Those that we store and that are not taken."""
        return tuple(each for each in MIME_TYPES if not self.takes_type(each))

    def widened(self) -> "Limits":
        """The same, and all that we store besides."""
        size = None if self.file_size is None else max(self.file_size, MAX_BYTES)
        return Limits(size, (*self.mime_types, *self.missing_types()))


WANTED = Limits(MAX_BYTES, MIME_TYPES)
"""What a bucket of our own is made with: no larger file than the gate lets pass, and no other kind of file."""


@dataclass(frozen=True)
class Difference:
    """`what` is bucket, access, size or types. `mendable`: by us; else the sentence says who can mend it."""

    what: str
    sentence: str
    mendable: bool


def differences(name: str, found: Limits) -> list[Difference]:
    """In what the bucket takes less than it should."""
    differences = []
    if not found.takes_size(MAX_BYTES):
        sentence = (
            f"bucket {name!r} takes {found.file_size} bytes a file, and clips have up to {MAX_BYTES}; "
            "a bucket cannot take more than the project does (Storage settings)"
        )
        differences.append(Difference("size", sentence, mendable=True))
    if missing := found.missing_types():
        sentence = f"bucket {name!r} does not take {', '.join(missing)}; it takes {', '.join(found.mime_types)}"
        differences.append(Difference("types", sentence, mendable=True))
    return differences
