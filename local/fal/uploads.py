"""Uploads in parts: what has come so far, and whether the parts that a caller names are those. Pure."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from local.fal.files import StoredFile
from pipeline.errors import BadRequest


@dataclass(frozen=True)
class Part:
    """What a caller says of a part it has sent."""

    number: int
    etag: str


@dataclass
class Upload:
    """One upload under way, and the file that it will fill."""

    file: StoredFile
    parts: dict[int, bytes] = field(default_factory=dict)


class Uploads:
    """All uploads under way, by an id that is the right to write to them."""

    def __init__(self, *, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._uploads: dict[str, Upload] = {}

    def begin(self, file: StoredFile) -> str:
        """The id of a new upload."""
        upload_id = self._new_id()
        self._uploads[upload_id] = Upload(file)
        return upload_id

    def find(self, upload_id: str) -> Upload | None:
        """The upload, or None if there is none (any more)."""
        return self._uploads.get(upload_id)

    def put(self, upload: Upload, number: int, content: bytes) -> Part:
        """Take a part, in the place of an earlier one of that number."""
        upload.parts[number] = content
        return Part(number, _etag(content))

    def complete(self, upload_id: str, named: Sequence[Part]) -> tuple[StoredFile, list[bytes]]:
        """The file and its content in order; the upload is over. Raises `BadRequest`, and it is not, where the
        parts named are not those that came.
        """
        upload = self._uploads[upload_id]
        for part in named:
            content = upload.parts.get(part.number)
            if content is None or _etag(content) != part.etag.strip('"'):
                raise BadRequest(f"part {part.number} with etag {part.etag!r} was not uploaded")
        if not named or [part.number for part in sorted(named, key=_number)] != sorted(upload.parts):
            raise BadRequest(
                f"parts {sorted(upload.parts)} were uploaded, and not all of them, or none, are named"
            )
        del self._uploads[upload_id]
        return upload.file, [upload.parts[number] for number in sorted(upload.parts)]


def _number(part: Part) -> int:
    return part.number


def _etag(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
