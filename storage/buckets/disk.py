"""A bucket that is a folder on this machine: `DiskBucket`. Holds no network and serves no HTTP.

Whoever mounts the local bucket server over the same root makes `url` work.
"""

import asyncio
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from pipeline.errors import BucketRefused, BucketUnavailable
from pipeline.ports import StoredObject
from storage.buckets.folder import BucketFolder
from storage.buckets.keys import checked_path, public_url
from storage.buckets.transfer import PIECE_BYTES, receiving


class DiskBucket:
    """The `Bucket` port over `root/name`. An async context manager that has nothing to close.

    A path that cannot name an object is `BucketRefused`; so is one on which a folder stands (a file system
    cannot hold both `a` and `a/b`, S3 can). OSErrors of the caller's own file are passed on as they are.
    """

    def __init__(self, root: Path, name: str, *, public_base_url: str) -> None:
        self.name = name
        self._folder = BucketFolder(root, name)
        self._public_base_url = public_base_url

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def ensure(self) -> None:
        """Make the bucket unless it is there."""
        with _disk_errors():
            await asyncio.to_thread(self._folder.make)

    async def put(self, path: str, file: Path, *, content_type: str) -> None:
        """See the port. Written beside the target, synced, renamed: seen whole or not at all."""
        await asyncio.to_thread(self._put, path, file, content_type)

    async def get(self, path: str, file: Path) -> None:
        """See the port."""
        await asyncio.to_thread(self._get, path, file)

    async def head(self, path: str) -> StoredObject | None:
        """See the port."""
        with _disk_errors():
            return await asyncio.to_thread(self._folder.find, path)

    def url(self, path: str) -> str:
        """See the port. Supabase's layout under `public_base_url`."""
        return public_url(self._public_base_url, self.name, path)

    async def delete(self, paths: Sequence[str]) -> None:
        """See the port."""
        for path in paths:
            checked_path(path)
        with _disk_errors():
            await asyncio.to_thread(lambda: [self._folder.remove(path) for path in paths])

    async def list(self, prefix: str) -> list[StoredObject]:
        """See the port."""
        with _disk_errors():
            return list(await asyncio.to_thread(self._list, prefix))

    def _put(self, path: str, file: Path, content_type: str) -> None:
        checked_path(path)
        with file.open("rb") as source, _disk_errors():
            self._require_bucket()
            with self._folder.begin(path, content_type) as draft:
                shutil.copyfileobj(source, draft, PIECE_BYTES)
                draft.commit()

    def _get(self, path: str, file: Path) -> None:
        with _disk_errors():
            self._require_bucket()
            source = self._folder.open(path)
        with source, receiving(file) as target:
            shutil.copyfileobj(source, target, PIECE_BYTES)

    def _list(self, prefix: str) -> Sequence[StoredObject]:
        self._require_bucket()
        return self._folder.objects(prefix)

    def _require_bucket(self) -> None:
        if not self._folder.exists():
            raise BucketRefused(f"there is no bucket {self.name!r}")


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except (PermissionError, IsADirectoryError, NotADirectoryError, FileExistsError) as error:
        raise BucketRefused(f"the disk refused: {error}") from error
    except OSError as error:  # full, read-only, gone: may be mended
        raise BucketUnavailable(f"the disk failed: {error}") from error
