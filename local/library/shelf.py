"""What of a library is built: the files in its folder `built`, and the record of them, `built.json`.

The record is written last and counts only where the files are still as it says, so that a build which was killed
anywhere leaves nothing that could be taken for built. Builds nothing, and removes nothing that it did not record
itself.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from local.library.description import BUILT, BadLibrary
from pipeline.boxes import Shape

RECORD = "built.json"
TEMPORARY = ".storyreel-"
"""What the names of files and folders begin with that are of no use once their build has ended."""

_Name = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,60}$")]
_Side = Annotated[int, Field(gt=0, le=16_384)]
_FileName = Annotated[str, Field(pattern=r"^[a-z0-9-]+/[a-z0-9_-]+\.[a-z0-9]+$")]
_BlurHash = Annotated[str, Field(pattern=r"^[0-9A-Za-z#$%*+,\-.:;=?@\[\]^_{|}~]{6,166}$")]


class BuiltFile(BaseModel):
    """One file. `path` is inside the folder `built`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: _FileName
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    bytes: Annotated[int, Field(gt=0, le=2**40)]


class Built(BaseModel):
    """A loop that is built; `digest` as in `loops.Loop`. `emulated`: its clip came from an emulated provider."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    theme: _Name
    label: _Name
    shape: Shape
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    width: _Side
    height: _Side
    seconds: Annotated[float, Field(gt=0, le=3600)]
    blurhash: _BlurHash
    emulated: bool
    video: BuiltFile
    poster: BuiltFile
    preview: BuiltFile

    @property
    def files(self) -> tuple[BuiltFile, ...]:
        """All three; the video last, so that whoever finds it finds its poster too."""
        return self.poster, self.preview, self.video

    @property
    def bytes(self) -> int:
        """Of all files together."""
        return sum(file.bytes for file in self.files)


class _Record(BaseModel):
    built: tuple[Built, ...]


class Shelf:
    """The built loops of one library, by theme and digest."""

    def __init__(self, folder: Path) -> None:
        """Read what is there. Raises `BadLibrary`."""
        self.folder = folder / BUILT
        self._record = self.folder / RECORD
        recorded = self._read()
        self._refuse_others()
        self._built = {(built.theme, built.digest): built for built in recorded if self._is_whole(built)}
        self._recorded = {file.path for built in recorded for file in built.files}

    @classmethod
    @contextmanager
    def locked(cls, folder: Path) -> Iterator[Self]:
        """What is there, for whoever builds: nobody else does until the block ends. Raises `BadLibrary`."""
        own = folder / BUILT
        _refuse_link(own)
        try:
            own.mkdir(exist_ok=True)
            handle = os.open(own, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError as error:
            raise BadLibrary(f"{own} cannot be written: {error.strerror}") from error
        try:
            _lock(handle, own)
            shelf = cls(folder)
            if not shelf._record.exists():
                shelf._write()  # from now on the folder is ours
            yield shelf
        finally:
            os.close(handle)

    def find(self, theme: str, digest: str) -> Built | None:
        """The loop, where all its files are as they were made."""
        return self._built.get((theme, digest))

    def file(self, built: BuiltFile) -> Path:
        """Where the file lies."""
        return self.folder / built.path

    def put(self, built: Built, made: Mapping[str, Path]) -> None:
        """Move the files in, `video`, `poster` and `preview`, and write the record."""
        for kind, file in made.items():
            target = self.folder / getattr(built, kind).path
            target.parent.mkdir(exist_ok=True)
            file.replace(target)
        self._built[built.theme, built.digest] = built
        self._recorded |= {file.path for file in built.files}
        self._write()

    def keep_only(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Forget what is not among these themes and digests, and remove its files, and what killed builds left.

        Whatever else lies in the folder stays.
        """
        self._built = {key: self._built[key] for key in wanted if key in self._built}
        kept = {file.path for built in self._built.values() for file in built.files}
        gone = [self.folder / path for path in sorted(self._recorded - kept)]
        for file in gone:
            file.unlink(missing_ok=True)
        self._write()  # after it: killed before, the next one finds in the record what is left to remove
        for folder in {file.parent for file in gone}:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        for entry in self.folder.glob(f"{TEMPORARY}*"):
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()

    def _read(self) -> tuple[Built, ...]:
        try:
            return _Record.model_validate_json(self._record.read_bytes()).built
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise BadLibrary(f"{self._record} cannot be read: {error.strerror}") from error
        except ValidationError as error:
            raise BadLibrary(f"{self._record} is damaged; remove {self.folder} and build again") from error

    def _refuse_others(self) -> None:
        """A folder that is somebody else's is neither written to nor cleaned up."""
        _refuse_link(self.folder)
        if not self.folder.is_dir():
            return
        entries = list(self.folder.iterdir())
        for entry in entries:
            _refuse_link(entry)
        others = sorted(entry.name for entry in entries if not entry.name.startswith(TEMPORARY))
        if others and RECORD not in others:
            raise BadLibrary(
                f"{self.folder} holds {others[0][:60]!r} but no {RECORD}, so Storyreel did not make it: "
                "move it elsewhere, for what is built goes there"
            )

    def _is_whole(self, built: Built) -> bool:
        return all(_is_there(self.file(file), file.sha256) for file in built.files)

    def _write(self) -> None:
        record = _Record(built=tuple(sorted(self._built.values(), key=lambda built: built.video.path)))
        draft = self.folder / f"{TEMPORARY}record"
        with draft.open("w") as stream:
            stream.write(record.model_dump_json(indent=1) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(self._record)


def _lock(handle: int, folder: Path) -> None:
    """Until the handle is closed, or its process has ended."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BadLibrary(f"another build works in {folder}; try again once it is done") from error


def _refuse_link(path: Path) -> None:
    if path.is_symlink():
        raise BadLibrary(f"{path} is a link to somewhere else, where nothing may be changed; remove the link")


def sha256_of(file: Path) -> str:
    """Of the file's content, in hex. Placeholders are small: read at once."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _is_there(file: Path, sha256: str) -> bool:
    try:
        return sha256_of(file) == sha256
    except (FileNotFoundError, NotADirectoryError):
        return False
