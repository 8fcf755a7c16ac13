"""Writing one object of a bucket folder: whole or not at all, with its content type. Blocking.

A content type is kept by the suffix where the suffix says it, as it does for nearly everything stored, and
otherwise in a small file beside the object. So the folder stays a folder of ordinary files, and one dropped
in by hand is an object. (Extended attributes would keep it too, but not on every file system.)
"""

import os
import secrets
from pathlib import Path
from typing import Self

from storage.buckets.content_types import by_suffix


class Draft:
    """A file beside the object's, in whose place `commit` puts it. Leaving the block without removes it.

    A kill leaves a file that no listing shows, and what was there before.
    """

    def __init__(self, target: Path, path: str, content_type: str, own_metadata: str | None = None) -> None:
        self._target, self._path, self._content_type = target, path, content_type
        self._own_metadata = own_metadata
        self._temporary = _beside(target)
        self._file = self._temporary.open("xb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._temporary.unlink(missing_ok=True)

    def write(self, piece: bytes) -> int:
        """Append."""
        return self._file.write(piece)

    def commit(self) -> None:
        """Make it the object, on disk for good, in one step for whoever looks."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        # The type stands before the object it belongs to. A kill between the two leaves the old bytes under
        # the new type; harmless, since a path always stands for the same content.
        self._keep_type()
        # What was given along says what the bytes are, so it never stands beside others: gone before, back after.
        metadata_file(self._target).unlink(missing_ok=True)
        self._temporary.replace(self._target)
        _sync_folder(self._target.parent)
        if self._own_metadata is not None:
            write_whole(metadata_file(self._target), self._own_metadata)

    def _keep_type(self) -> None:
        if self._content_type == by_suffix(self._path):
            type_file(self._target).unlink(missing_ok=True)
            return
        write_whole(type_file(self._target), self._content_type)


def write_whole(file: Path, text: str) -> None:
    """Write a small file, seen whole or not at all, on disk for good."""
    temporary = _beside(file)
    with temporary.open("x", encoding="utf-8") as writing:
        writing.write(text)
        writing.flush()
        os.fsync(writing.fileno())
    temporary.replace(file)
    _sync_folder(file.parent)


def make_folders(folder: Path) -> None:
    """Make the folder and those above it that are not there, on disk for good as well."""
    if folder.is_dir():
        return
    make_folders(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def type_file(file: Path) -> Path:
    """Where the content type of the object in `file` stands, if its suffix does not tell."""
    return file.with_name(f"{file.name}~type")


def metadata_file(file: Path) -> Path:
    """Where that stands which an uploader gave along with the object in `file`."""
    return file.with_name(f"{file.name}~metadata")


def type_of(file: Path, path: str) -> str:
    """The content type of the object in `file`."""
    try:
        return type_file(file).read_text(encoding="utf-8")
    except FileNotFoundError:
        return by_suffix(path)


def _beside(target: Path) -> Path:
    return target.with_name(f"{target.name}~{secrets.token_hex(8)}")


def _sync_folder(folder: Path) -> None:
    """Make a rename outlive a power cut: on POSIX the directory is a file of its own to be synced."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
