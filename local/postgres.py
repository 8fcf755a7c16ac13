"""An embedded Postgres in a folder: the binaries come with a Python package, so nothing need be installed.

Starts and stops one server that listens on a Unix socket only, trusting whoever can reach that socket: nobody but
its own user can. It must not read settings, and it must not create what a hosted Supabase has (that is
`bootstrap.sql`).
"""

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from local.postgres_place import SOCKET_NAME, PostgresFailedError, choose_place

__all__ = ["EmbeddedPostgres", "PostgresFailedError"]

_START_SECONDS = 30
_CONFIG = """\
# Small and quiet: one laptop, one user.
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 64MB
log_checkpoints = off
"""


class EmbeddedPostgres:
    """A server in `folder`, made on first use. A context manager: leaving it stops the server.

    A server left behind by a killed process is taken over. Two at once on one folder are the caller's to
    prevent (`local.stack` holds a lock).
    """

    def __init__(self, folder: Path, *, binaries: Path | None = None) -> None:
        """`binaries` holds another Postgres's programs; None means the one that came with us."""
        self._place = choose_place(folder.absolute(), binaries)

    def url(self, *, user: str = "postgres", database: str = "postgres") -> str:
        """A connection URL. Password-less: the socket is the key."""
        return f"postgresql://{user}@/{database}?host={quote(str(self._place.sockets), safe='')}"

    def start(self) -> Self:
        """Start the server, or find it running. Raises `PostgresFailedError`."""
        self._place.make(self._place.sockets)  # below the temporary directory it may have been swept away
        if not (self._place.data / "PG_VERSION").exists():
            self._initialise()
        if not self._answers() and not self._comes_up():
            self._run(
                ["pg_ctl", "-w", "-t", str(_START_SECONDS), "-D", str(self._place.data),
                 "-l", str(self._server_log()), "-o", f"-k {shlex.quote(str(self._place.sockets))}", "start"]
            )  # fmt: skip
        return self

    def stop(self) -> None:
        """Stop the server, closing its connections. Harmless when it is not running."""
        if self._answers():
            argv = ["pg_ctl", "-w", "-t", str(_START_SECONDS), "-m", "fast", "-D", str(self._place.data), "stop"]
            self._run(argv)

    def discard(self) -> None:
        """Stop the server and remove everything it kept."""
        self.stop()
        for folder in (self._place.data, self._place.sockets, self._place.aside):
            if folder:
                shutil.rmtree(folder, ignore_errors=True)

    def kill(self) -> None:
        """Stop it as a power cut would (for tests of recovery)."""
        if pid := self._pid():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT)
            while self._is_ours(pid):
                time.sleep(0.01)

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
        self._place.make(draft)
        self._run(["initdb", "--auth=trust", "--encoding=utf8", "--locale=C.UTF-8", "--no-sync",
                   "-U", "postgres", "-D", str(draft)])  # fmt: skip
        with (draft / "postgresql.conf").open("a") as config:
            config.write(_CONFIG)
        draft.rename(self._place.data)

    def _answers(self) -> bool:
        """Whether a server takes connections. Its pid file would not tell: numbers are used again."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self._place.sockets / SOCKET_NAME))
            except OSError:
                return False
        return True

    def _comes_up(self) -> bool:
        """Wait for a server of ours that is starting or recovering; clear away the pid file of one that is not."""
        while (pid := self._pid()) and self._is_ours(pid):
            if self._answers():
                return True
            time.sleep(0.1)  # bounded: a server that cannot come up ends
        with contextlib.suppress(FileNotFoundError):
            (self._place.data / "postmaster.pid").unlink()
        return False

    def _pid(self) -> int | None:
        try:
            return int((self._place.data / "postmaster.pid").read_text().split()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None

    def _is_ours(self, pid: int) -> bool:
        """Whether the process is a server on this data; where there is no /proc, whether it lives and is ours."""
        command = Path(f"/proc/{pid}/cmdline")
        try:
            if Path("/proc/self").exists():
                return os.fsencode(self._place.data) in command.read_bytes()  # empty for one that has ended
            os.kill(pid, 0)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return False
        return True

    def _server_log(self) -> Path:
        return self._place.data / "server.log"

    def _run(self, argv: list[str]) -> None:
        code, said = self._command(argv)
        if code:
            log = self._server_log()
            tail = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            raise PostgresFailedError(f"the embedded Postgres: {argv[0]} failed: {said.strip()[-1000:]}\n{tail}")

    def _command(self, argv: list[str]) -> tuple[int, str]:
        """Exit code and output. Through a file: a daemon that inherits a pipe would keep it open for ever."""
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
                start_new_session=True,  # Ctrl-C is for us, not for a server half started
                check=False,
            ).returncode
            output.seek(0)
            return code, output.read()
