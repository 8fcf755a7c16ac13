"""Uploads under way, whole or in parts: which there are, and what has come of them. Knows no HTTP.

Parts lie on disk beside the file that they will be. What nobody completes is forgotten, parts and all.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from local.fal.files import StoredFile
from pipeline.errors import BadRequest

LASTS = 24 * 3600.0
"""Seconds; how long fal's last is not documented."""

MOST = 1000
"""Uploads under way; of more, those that began first are forgotten."""

MOST_PARTS = 10_000
"""Of one upload, numbered from 1; as S3 has it."""


@dataclass(frozen=True)
class Part:
    """A part that was sent, or that a caller says was."""

    number: int
    etag: str


@dataclass
class Upload:
    """One upload under way, the file that it will fill, and the etags of its parts by their numbers."""

    id: str
    file: StoredFile
    expires_at: float
    etags: dict[int, str] = field(default_factory=dict)

    @property
    def parts(self) -> list[Path]:
        """Where the parts lie, in order."""
        return [self.part(number, self.etags[number]) for number in sorted(self.etags)]

    def part(self, number: int, etag: str) -> Path:
        """Where a part lies; another one of the same number elsewhere, so that neither can spoil the other."""
        return self.file.path.with_name(f".{self.id}.{number}.{etag}")


class Uploads:
    """All uploads under way, by an id that is the right to write to them."""

    def __init__(self, *, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._uploads: dict[str, Upload] = {}

    def begin(self, file: StoredFile, *, now: float) -> str:
        """The id of a new upload."""
        upload = Upload(self._new_id(), file, now + LASTS)
        self._uploads[upload.id] = upload
        self._forget_old(now=now)
        return upload.id

    def find(self, upload_id: str, *, now: float) -> Upload | None:
        """The upload, or None if there is none (any more)."""
        self._forget_old(now=now)
        return self._uploads.get(upload_id)

    async def put(self, upload: Upload, number: int, content: bytes) -> Part:
        """Take a part, in the place of an earlier one of that number. Raises `BadRequest` for a number too high
        or too low.
        """
        if not 1 <= number <= MOST_PARTS:
            raise BadRequest(f"parts are numbered from 1 to {MOST_PARTS}")
        etag = hashlib.sha256(content).hexdigest()
        await asyncio.to_thread(upload.part(number, etag).write_bytes, content)
        earlier = upload.etags.get(number, etag)
        upload.etags[number] = etag
        if earlier != etag:
            upload.part(number, earlier).unlink(missing_ok=True)
        return Part(number, etag)

    def complete(self, upload: Upload, named: Sequence[Part]) -> list[Path]:
        """The parts in order, for the caller to take away; the upload is over. Raises `BadRequest`, and it is not,
        where the parts named are not those that came.
        """
        for part in named:
            if upload.etags.get(part.number) != part.etag.strip('"'):
                raise BadRequest(f"part {part.number} with etag {part.etag!r} was not uploaded")
        if not named or sorted(part.number for part in named) != sorted(upload.etags):
            raise BadRequest(
                f"parts {sorted(upload.etags)} were uploaded, and not all of them, or none, are named"
            )
        self._uploads.pop(upload.id, None)
        return upload.parts

    def _forget_old(self, *, now: float) -> None:
        # a dict keeps their order, and all last equally long
        while self._uploads:
            oldest = next(iter(self._uploads.values()))
            if len(self._uploads) <= MOST and now < oldest.expires_at:
                return
            del self._uploads[oldest.id]
            for part in oldest.parts:
                part.unlink(missing_ok=True)
