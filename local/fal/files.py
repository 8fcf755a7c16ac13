"""The files that fal's CDN would hold: what models made and what callers uploaded. Knows no HTTP.

A file is readable by anyone who has its name, as at fal, unless its lifecycle says otherwise or has ended it.
"""

import asyncio
import mimetypes
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local.fal.lifecycle import Access, Lifecycle


@dataclass(frozen=True)
class StoredFile:
    """One file; `size` in bytes, `expires_at` in Unix seconds, None for never."""

    name: str
    path: Path
    content_type: str
    size: int
    access: Access
    expires_at: float | None


class Files:
    """Keeps files in a folder that its maker removes."""

    def __init__(self, folder: Path, *, new_id: Callable[[], str]) -> None:
        self._folder = folder
        self._new_id = new_id
        self._files: dict[str, StoredFile] = {}

    async def keep(self, content: bytes, *, content_type: str, lifecycle: Lifecycle, now: float) -> StoredFile:
        """Store the content under a new name that ends as its type does."""
        name = f"{self._new_id()}{mimetypes.guess_extension(content_type) or '.bin'}"
        path = self._folder / name
        await asyncio.to_thread(path.write_bytes, content)
        lasts = lifecycle.expiration_duration_seconds
        self._files[name] = StoredFile(
            name=name,
            path=path,
            content_type=content_type,
            size=len(content),
            access=lifecycle.initial_acl,
            expires_at=None if lasts is None else now + lasts,
        )
        return self._files[name]

    def find(self, name: str, *, now: float) -> StoredFile | None:
        """The file of that name; None if there never was one, or if it has expired."""
        file = self._files.get(name)
        if file is None or (file.expires_at is not None and file.expires_at <= now):
            return None
        return file
