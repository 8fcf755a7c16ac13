"""A folder on this machine's disk for the files of one step; and the removal of those that killed workers left.

Each folder is locked as long as its process lives; the lock goes with the process, however that ends, and is seen
across containers that share the disk. Holds no file that is not in the bucket or at the provider as well.
"""

import fcntl
import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

_PREFIX = "storyreel-step-"
_LOCK = "lock"
_SETTLED = 60.0  # seconds; between making a folder and locking it nobody may take it for abandoned


@contextmanager
def workspace() -> Iterator[Path]:
    """An empty folder, removed with all it holds when the block ends."""
    with (
        TemporaryDirectory(prefix=_PREFIX) as made,
        (Path(made) / _LOCK).open("w") as lock,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = Path(made) / "files"
        folder.mkdir()
        yield folder


def clear_abandoned_workspaces() -> int:
    """Remove the folders of processes that have ended without; how many."""
    found = [folder for folder in Path(gettempdir()).glob(f"{_PREFIX}*") if _is_ours_and_old(folder)]
    return sum(_remove_if_abandoned(folder) for folder in found)


def _is_ours_and_old(folder: Path) -> bool:
    """Everybody may make a folder of that name below the temporary one, and links in it."""
    try:
        seen = folder.lstat()
    except FileNotFoundError:  # its step has just ended
        return False
    return stat.S_ISDIR(seen.st_mode) and seen.st_uid == os.getuid() and seen.st_mtime < time.time() - _SETTLED


def _remove_if_abandoned(folder: Path) -> bool:
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:  # killed before it could lock, or its step has just ended
        pass
    else:
        with os.fdopen(lock) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False  # its process lives
    shutil.rmtree(folder, ignore_errors=True)  # another worker may be removing it, too
    return True
