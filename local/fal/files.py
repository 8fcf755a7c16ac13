"""The files that fal's CDN would hold: what models made and what callers uploaded. Knows no HTTP.

A file is readable by anyone who has its name, as at fal, unless its lifecycle says otherwise or has ended it.
"""

import asyncio
import heapq
import mimetypes
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.fal.lifecycle import Access, Lifecycle


@dataclass(frozen=True)
class StoredFile:
    """One file; `expires_at` in Unix seconds, None for never."""

    name: str
    path: Path
    content_type: str
    access: Access
    expires_at: float | None

    @property
    def size(self) -> int:
        """Bytes on disk; 0 while nothing was written."""
        return self.path.stat().st_size if self.path.exists() else 0


class Files:
    """Keeps files in a folder that its maker removes."""

    def __init__(self, folder: Path, *, new_id: Callable[[], str]) -> None:
        self._folder = folder
        self._new_id = new_id
        self._files: dict[str, StoredFile] = {}
        self._expiries: list[tuple[float, str]] = []

    async def keep(self, content: bytes, *, content_type: str, lifecycle: Lifecycle, now: float) -> StoredFile:
        """Store the content under a new name that ends as its type does."""
        file = self.reserve(content_type=content_type, lifecycle=lifecycle, now=now)
        await self.fill(file, content)
        return file

    def reserve(self, *, content_type: str, lifecycle: Lifecycle, now: float) -> StoredFile:
        """A new name, under which nothing can be found before it is filled."""
        self._remove_expired(now=now)
        name = f"{self._new_id()}{mimetypes.guess_extension(content_type.partition(';')[0]) or '.bin'}"
        lasts = lifecycle.expiration_duration_seconds
        file = StoredFile(
            name=name,
            path=self._folder / name,
            content_type=content_type,
            access=lifecycle.initial_acl,
            expires_at=None if lasts is None else now + lasts,
        )
        self._files[name] = file
        if file.expires_at is not None:
            heapq.heappush(self._expiries, (file.expires_at, name))
        return file

    async def fill(self, file: StoredFile, content: bytes) -> None:
        """Write the file. Readers see all of it or nothing."""
        await asyncio.to_thread(_write, file.path, content)

    async def join(self, file: StoredFile, parts: Sequence[Path]) -> None:
        """Write the file from its parts, in their order, and remove them. Readers see all of it or nothing."""
        await asyncio.to_thread(_join, file.path, parts)

    def find(self, name: str, *, now: float) -> StoredFile | None:
        """The file of that name; None if there never was one, if nothing was written, or if it has expired."""
        file = self._files.get(name)
        if file is None or not file.path.exists() or (file.expires_at is not None and file.expires_at <= now):
            return None
        return file

    def _remove_expired(self, *, now: float) -> None:
        while self._expiries and self._expiries[0][0] <= now:
            _, name = heapq.heappop(self._expiries)
            self._files.pop(name).path.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    half = path.with_name(f".{path.name}")
    half.write_bytes(content)
    half.replace(path)


def _join(path: Path, parts: Sequence[Path]) -> None:
    half = path.with_name(f".{path.name}")
    with half.open("wb") as out:
        for part in parts:
            with part.open("rb") as content:
                shutil.copyfileobj(content, out)
    half.replace(path)
    for part in parts:
        part.unlink()
