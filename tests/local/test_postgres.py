"""The embedded Postgres: from any folder, as any user, taken over after any death, and gone when stopped."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from local.postgres import EmbeddedPostgres, PostgresFailedError


@pytest.fixture(scope="module")
def base() -> Iterator[Path]:
    """A folder that every user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="storyreel-tests-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def used(base: Path) -> Iterator[EmbeddedPostgres]:
    """A server that was started once, holds a row, and is stopped."""
    server = EmbeddedPostgres(base / "used")
    with server, psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("create table kept as select 7 as n")
    yield server
    server.discard()


def processes(server: EmbeddedPostgres) -> list[int]:
    """The server's process and its children."""
    first = int((server._place.data / "postmaster.pid").read_text().split()[0])
    with psycopg.connect(server.url()) as connection:
        rows = connection.execute("select pid from pg_stat_activity where pid <> pg_backend_pid()").fetchall()
    return [first, *(pid for (pid,) in rows)]


def living(pids: list[int]) -> list[int]:
    """Those that still run; one that only waits for its parent to notice its end does not."""
    found = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z":
            found.append(pid)
    return found


def wait_until_gone(pids: list[int]) -> None:
    """Until not even their numbers are left: one that is dead and not yet buried still counts as running."""
    until = time.monotonic() + 20
    while left := [pid for pid in pids if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() < until, f"still running: {left}"


def give(folder: Path, server: EmbeddedPostgres) -> None:
    """To the user that the server runs as."""
    if server._place.user:
        owner = f"{server._place.user.pw_uid}:{server._place.user.pw_gid}"
        subprocess.run(["chown", "-R", owner, str(folder)], check=True)


def copied(server: EmbeddedPostgres, data: Path) -> None:
    """The data of a stopped server at another place: quicker than making new ones."""
    server.stop()
    shutil.copytree(server._place.data, data)
    data.chmod(0o700)
    give(data, server)


def test_starting_twice_is_starting_once(used: EmbeddedPostgres) -> None:
    """The second start, also by another object on the same folder, finds it running."""
    used.start()
    before = processes(used)[0]
    used.start()
    other = EmbeddedPostgres(used._place.data.parent).start()

    assert other.url() == used.url()
    assert processes(other)[0] == before
    used.stop()


def test_stop_leaves_no_process_and_keeps_the_data(used: EmbeddedPostgres) -> None:
    """Stopping once more, or what never ran, is harmless."""
    used.start()
    pids = processes(used)
    used.stop()
    used.stop()

    assert living(pids) == []
    with used, psycopg.connect(used.url()) as connection:
        assert connection.execute("select n from kept").fetchone() == (7,)


def test_stop_does_not_wait_for_those_who_are_connected(used: EmbeddedPostgres) -> None:
    """Open connections are closed."""
    with used.start(), psycopg.connect(used.url()) as connection:
        used.stop()

        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")


def test_a_running_server_of_a_killed_process_is_taken_over(used: EmbeddedPostgres) -> None:
    """Whoever started it was killed without a word; the next start uses it, and its stop ends it."""
    script = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom local.postgres import EmbeddedPostgres\n"
        f"EmbeddedPostgres(Path({str(used._place.data.parent)!r})).start()\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert done.returncode == -signal.SIGKILL
    pids = processes(used)

    with used, psycopg.connect(used.url()) as connection:
        assert connection.execute("select n from kept").fetchone() == (7,)
        assert processes(used)[0] == pids[0]
    assert living(pids) == []


def test_a_server_that_was_killed_starts_again(used: EmbeddedPostgres) -> None:
    """SIGKILL leaves its files behind, as a power cut does; nothing that was committed is lost."""
    used.start()
    with psycopg.connect(used.url(), autocommit=True) as connection:
        connection.execute("insert into kept values (8)")
    pids = processes(used)
    os.kill(pids[0], signal.SIGKILL)
    wait_until_gone(pids)

    with used, psycopg.connect(used.url(), autocommit=True) as connection:
        assert connection.execute("select n from kept order by n").fetchall() == [(7,), (8,)]
        connection.execute("delete from kept where n = 8")


def test_a_folder_for_sockets_that_was_swept_away_is_made_again(used: EmbeddedPostgres) -> None:
    """For long paths it lies below the temporary directory, which a reboot empties."""
    shutil.rmtree(used._place.sockets)

    with used, psycopg.connect(used.url()) as connection:
        assert connection.execute("select n from kept").fetchone() == (7,)


FOLDERS = [
    "with spaces in it",
    "it's",
    "50%off",
    "a&b=c#d?e",
    "wöchentlich 🐳",
    "x" * 120,
]


@pytest.mark.parametrize("name", FOLDERS)
def test_any_folder_will_do(base: Path, used: EmbeddedPostgres, name: str) -> None:
    """Spaces, quotes, signs that mean something in a URL or a shell, and names too long for a socket's address."""
    folder = base / name
    server = EmbeddedPostgres(folder)
    copied(used, folder / "data")
    server._place.sockets.mkdir(parents=True)
    give(server._place.sockets, used)
    try:
        with server:
            pids = processes(server)
            with psycopg.connect(server.url(user="postgres")) as connection:
                assert connection.execute("select n from kept").fetchone() == (7,)
        wait_until_gone(pids)
    finally:
        server.discard()


def test_a_folder_that_nobody_else_may_enter_will_do() -> None:
    """A checkout in somebody's home, also root's: made, used, stopped and discarded without a trace."""
    folder = Path(tempfile.mkdtemp(prefix="storyreel-tests-"))
    folder.chmod(0o700)
    server = EmbeddedPostgres(folder / "postgres")
    try:
        with server, psycopg.connect(server.url()) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        assert folder.stat().st_mode & 0o777 == 0o700
    finally:
        aside = server._place.aside
        server.discard()
        shutil.rmtree(folder)
    assert aside is None or not aside.exists()


def test_a_first_start_that_was_interrupted_is_begun_again(base: Path) -> None:
    """A kill in the middle of making the data leaves a draft, which the next start replaces."""
    folder = base / "interrupted"
    (folder / "data.draft" / "base").mkdir(parents=True)
    (folder / "data.draft" / "PG_VERSION").write_text("18\n")
    server = EmbeddedPostgres(folder)
    try:
        with server, psycopg.connect(server.url()) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        assert not (folder / "data.draft").exists()
    finally:
        server.discard()


def test_a_server_that_cannot_start_says_why(base: Path, used: EmbeddedPostgres) -> None:
    """The error ends with the server's own log."""
    folder = base / "broken"
    copied(used, folder / "data")
    with (folder / "data" / "postgresql.conf").open("a") as config:
        config.write("\nno_such_setting = 1\n")

    with pytest.raises(PostgresFailedError, match="no_such_setting"):
        EmbeddedPostgres(folder).start()
