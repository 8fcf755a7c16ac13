"""A bucket that is a folder on this machine: `DiskBucket`. Holds no network and serves no HTTP.

Whoever mounts the local bucket server over the same root, with the same secret, makes `url` and `sign` work.
"""

import asyncio
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from pipeline.errors import BucketRefused, BucketUnavailable, ObjectMissing
from pipeline.ports import StoredObject
from storage.buckets.access import checked_seconds, never_expires, no_public_address, other_access
from storage.buckets.folder import BucketFolder
from storage.buckets.keys import base_url, checked_path, object_url
from storage.buckets.signing import UrlSigner
from storage.buckets.transfer import PIECE_BYTES, receiving


class DiskBucket:
    """The `Bucket` port over `root/name`. An async context manager that has nothing to close.

    A path that cannot name an object is `BucketRefused`; so is one on which a folder stands (a file system
    cannot hold both `a` and `a/b`, S3 can). OSErrors of the caller's own file are passed on as they are.
    """

    def __init__(self, root: Path, name: str, *, public_base_url: str, signer: UrlSigner | None = None) -> None:
        """`public_base_url`: scheme and host of the server. With a signer the bucket is private, else public."""
        self.name = name
        self.is_public = signer is None
        self.base_url = base_url(public_base_url, name, is_public=self.is_public)
        self._folder = BucketFolder(root, name)
        self._signer = signer

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def ensure(self) -> None:
        """See the port."""
        with _disk_errors():
            await asyncio.to_thread(self._ensure)

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
        """See the port. Supabase's layout."""
        if not self.is_public:
            raise no_public_address(self.name)
        return object_url(self.base_url, path)

    async def sign(self, path: str, *, seconds: int) -> str:
        """See the port. Supabase's layout."""
        if self._signer is None:
            raise never_expires(self.name)
        token = self._signer.token(self.name, path, seconds=checked_seconds(seconds))
        if await self.head(path) is None:
            raise ObjectMissing(f"no object at {path!r} in bucket {self.name!r}")
        return f"{object_url(self.base_url, path)}?token={token}"

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

    def _ensure(self) -> None:
        self._folder.make({} if self.is_public else {"public": False})
        if self._folder.is_public() != self.is_public:
            raise other_access(self.name, is_public=not self.is_public)

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
