"""The long-running commands: they serve, and end quickly and quietly when told to or when their parent is gone."""

import signal
import subprocess
from pathlib import Path

import psycopg
import pytest

from tests.cli.running import free_port, running, wait_until_served
from tests.conftest import DatabaseUrls

_ENDS = 15  # seconds, far more than it takes; a worker's own grace is 20


def settings_for(worker_url: str, folder: Path) -> dict[str, str]:
    return {
        "SUPABASE_URL": "http://127.0.0.1:1",
        "SUPABASE_DB_URL": worker_url,
        "SUPABASE_SECRET_KEY": "sb_secret_for_tests_only_0123456789",
        "STORYREEL_BUCKET_FOLDER": str(folder / "bucket"),
        "STORYREEL_FAL_QUEUE_URL": "http://127.0.0.1:9",
        "FAL_KEY": "id:secret",
    }


def wait_until_working(owner_url: str, process: subprocess.Popen[bytes]) -> None:
    """Until the engine has a worker and has run what it was hinted to run."""
    query = """
        select (select count(*) from procrastinate.procrastinate_workers) > 0
           and (select count(*) from procrastinate.procrastinate_jobs where task_name = 'reconcile') = 0
    """
    with psycopg.connect(owner_url, autocommit=True) as connection:
        while connection.execute(query).fetchone() != (True,):
            assert process.poll() is None, f"it ended with {process.returncode}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=str)
def test_serve_ends_when_told_to(database_urls: DatabaseUrls, tmp_path: Path, number: signal.Signals) -> None:
    """Code 0 and no trace: being told to stop is no error."""
    port, log = free_port(), tmp_path / "log"
    settings = settings_for(database_urls.worker, tmp_path)
    with running("serve", "--port", str(port), settings=settings, log=log) as process:
        answer = wait_until_served(f"http://127.0.0.1:{port}/functions/v1/health", process)
        process.send_signal(number)

        assert process.wait(_ENDS) == (0 if number == signal.SIGTERM else process.returncode)
        assert process.returncode in {0, 130}
    assert answer.status_code == 200
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=str)
def test_a_worker_ends_when_told_to(database_urls: DatabaseUrls, tmp_path: Path, number: signal.Signals) -> None:
    """Code 0 and no trace, and no worker is left in the engine's list."""
    log = tmp_path / "log"
    settings = settings_for(database_urls.worker, tmp_path)
    with running("worker", settings=settings, log=log) as process:
        wait_until_working(database_urls.owner, process)
        process.send_signal(number)

        assert process.wait(_ENDS) == 0
    assert "Traceback" not in log.read_text()
    with psycopg.connect(database_urls.owner) as connection:
        assert connection.execute("select count(*) from procrastinate.procrastinate_workers").fetchone() == (0,)


@pytest.mark.parametrize("name", ["serve", "worker", "emulator"])
def test_a_child_ends_with_its_parent(database_urls: DatabaseUrls, tmp_path: Path, name: str) -> None:
    """A parent that was killed can tell nobody; its end of the pipe closes."""
    port, log = free_port(), tmp_path / "log"
    options = {"worker": [], "serve": ["--port", str(port)], "emulator": ["--port", str(port), "--no-tls"]}[name]
    settings = settings_for(database_urls.worker, tmp_path)
    command = ("--end-with-parent", name, *options)
    with running(*command, settings=settings, log=log, stdin=subprocess.PIPE) as process:
        if name == "worker":
            wait_until_working(database_urls.owner, process)
        else:
            wait_until_served(f"http://127.0.0.1:{port}/", process)
        assert process.stdin is not None
        process.stdin.close()

        assert process.wait(_ENDS) == 0
    assert "Traceback" not in log.read_text()
