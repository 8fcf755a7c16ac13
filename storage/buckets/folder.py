"""How objects lie on disk: `root/bucket/path`, a plain file each. Blocking; callers bring the threads.

Shared by `DiskBucket` and the local bucket server, which may work on one folder at once. Beside the objects
lie files of ours, told by a `~`, which no object path can contain: `clip.mp4~<hex>` is a put under way or cut
short, `clip~type` holds a content type, `clip~metadata` what an uploader gave along; and beside the bucket
`bucket~bucket.json`, where it is not as usual, public and without limits. Never follows a symbolic link below the
root, and never names a path outside the bucket.
"""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from pipeline.errors import BucketRefused, ObjectMissing
from pipeline.ports import StoredObject
from storage.buckets.draft import Draft, make_folders, metadata_file, type_file, type_of, write_whole
from storage.buckets.keys import checked_name, checked_path, checked_prefix, is_path


@dataclass(frozen=True)
class BucketFolder:
    """The folder of one bucket. Methods raise `BucketRefused` for paths outside it, and OSError."""

    root: Path
    name: str

    def __post_init__(self) -> None:
        checked_name(self.name)

    @property
    def base(self) -> Path:
        """Where the objects lie."""
        return self.root / self.name

    def exists(self) -> bool:
        """Whether the bucket was made."""
        return self.base.is_dir() and not self.base.is_symlink()

    def make(self, settings: Mapping[str, object]) -> None:
        """Create the bucket unless it is there. `settings` are those in which it is not as usual."""
        if self.exists():
            return
        self.root.mkdir(parents=True, exist_ok=True)
        # Before the bucket itself, so that a private one is at no moment public; what a kill leaves is replaced.
        if settings:
            write_whole(self._settings, json.dumps(settings))
        else:
            self._settings.unlink(missing_ok=True)
        self.base.mkdir(exist_ok=True)

    def change(self, settings: Mapping[str, object]) -> None:
        """Change some of its settings. Two at once may lose one's: the last one writes what it read."""
        write_whole(self._settings, json.dumps({**self.settings(), **settings}))

    def settings(self) -> dict[str, Any]:
        """In what the bucket is not as usual: `public`, `file_size_limit`, `allowed_mime_types`."""
        try:
            told = json.loads(self._settings.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise BucketRefused(f"{self._settings.name} holds no JSON: mend it, or remove it") from error
        if not isinstance(told, dict):
            raise BucketRefused(f"{self._settings.name} holds no JSON object: mend it, or remove it")
        if not isinstance(told.get("public", True), bool):
            raise BucketRefused(
                f"{self._settings.name} says neither true nor false of `public`: mend it, or remove it"
            )
        return told

    def is_public(self) -> bool:
        """Whether everyone may read the objects."""
        return bool(self.settings().get("public", True))

    def find(self, path: str) -> StoredObject | None:
        """What is at the path, or None."""
        return self._describe(self._locate(path), path)

    def open(self, path: str) -> BinaryIO:
        """The object's bytes. Raises `ObjectMissing`."""
        file = self._locate(path)
        if self._describe(file, path) is None:
            raise ObjectMissing(f"no object at {path!r} in bucket {self.name!r}")
        return file.open("rb")

    def file(self, path: str) -> Path:
        """The object's own file, for whoever serves it; it may not exist."""
        return self._locate(path)

    def own_metadata(self, path: str) -> Any:  # noqa: ANN401 - parsed JSON
        """What its uploader gave along with the object: a JSON object, or None."""
        try:
            return json.loads(metadata_file(self._locate(path)).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None

    def begin(self, path: str, content_type: str, own_metadata: str | None = None) -> Draft:
        """A draft of the object, which is nothing to anyone until it is committed."""
        target = self._locate(path)
        make_folders(target.parent)
        return Draft(target, path, content_type, own_metadata)

    def remove(self, path: str) -> bool:
        """Remove the object; whether it was there."""
        file = self._locate(path)
        if self._describe(file, path) is None:
            return False
        file.unlink(missing_ok=True)
        type_file(file).unlink(missing_ok=True)
        metadata_file(file).unlink(missing_ok=True)
        return True

    def objects(self, prefix: str) -> list[StoredObject]:
        """Every object whose path starts with the prefix, sorted by path."""
        folder = checked_prefix(prefix).rpartition("/")[0]
        start = self._below_base(folder.split("/") if folder else [])
        if not start.is_dir():
            return []
        found = (self._describe(file, path) for file, path in self._files(start, prefix))
        return sorted((each for each in found if each is not None), key=lambda each: each.path)

    @property
    def _settings(self) -> Path:
        return self.root / f"{self.name}~bucket.json"

    def _files(self, start: Path, prefix: str) -> Iterator[tuple[Path, str]]:
        for folder, _, names in os.walk(start, onerror=_raise):
            for name in names:
                file = Path(folder, name)
                path = file.relative_to(self.base).as_posix()
                if path.startswith(prefix) and is_path(path):
                    yield file, path

    def _describe(self, file: Path, path: str) -> StoredObject | None:
        try:
            status = file.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        return StoredObject(path, status.st_size, type_of(file, path))

    def _locate(self, path: str) -> Path:
        return self._below_base(checked_path(path).split("/"))

    def _below_base(self, parts: list[str]) -> Path:
        place = self.base
        for part in ["", *parts]:
            place = place / part
            if place.is_symlink():
                raise BucketRefused(f"{place.name!r} in bucket {self.name!r} is a symbolic link")
        return place


def _raise(error: OSError) -> NoReturn:
    raise error
