"""Folders of steps: whose process was killed leaves one behind, which the next worker removes."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.workspace import clear_abandoned_workspaces, workspace

_OTHER = """
import sys
from pipeline.workspace import workspace
with workspace() as folder:
    (folder / "original.mp4").write_bytes(b"film")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for temporary files that no other worker has."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


@pytest.fixture
def other() -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another worker in the middle of a step, and the step's folder, which is not new."""
    argv = [sys.executable, "-c", _OTHER]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        folder = Path(process.stdout.readline().strip()).parent
        age(folder)
        yield process, folder
        process.kill()


def age(folder: Path) -> None:
    """As if it had been made an hour ago."""
    then = folder.stat().st_mtime - 3600
    os.utime(folder, (then, then))


def test_a_folder_goes_with_its_step(disk: Path) -> None:
    """With all it holds, also where the step fails."""

    def fail() -> None:
        with workspace() as folder:
            (folder / "original.mp4").write_bytes(b"film")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert list(disk.iterdir()) == []


def test_a_killed_workers_folder_is_removed(other: tuple[subprocess.Popen[str], Path]) -> None:
    """Else every crash would cost disk for ever."""
    process, folder = other
    process.send_signal(signal.SIGKILL)
    process.wait()

    assert clear_abandoned_workspaces() == 1
    assert not folder.exists()


def test_a_live_workers_folder_is_left_alone(other: tuple[subprocess.Popen[str], Path]) -> None:
    """However old it is."""
    _, folder = other

    assert clear_abandoned_workspaces() == 0
    assert (folder / "files" / "original.mp4").exists()


def test_a_folder_that_has_no_lock_yet_is_left_alone(disk: Path) -> None:
    """Between making and locking it; an old one was left by whoever was killed there."""
    fresh, old = disk / "storyreel-step-fresh", disk / "storyreel-step-old"
    fresh.mkdir()
    old.mkdir()
    age(old)

    assert clear_abandoned_workspaces() == 1
    assert (fresh.exists(), old.exists()) == (True, False)
