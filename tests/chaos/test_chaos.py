"""The small version of `make chaos`: a hundred stories, all goes wrong, and nothing is lost or overspent."""

import asyncio
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.postgres import EmbeddedPostgres
from tests.chaos.outside import Outside

_RUN = [sys.executable, "-m", "tests.chaos", "--stories", "100", "--seed", "7", "--minutes", "2.5", "--folder"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that Postgres can reach, also as another user; nothing lives on in it."""
    made = Path(tempfile.mkdtemp(prefix="storyreel-chaos-"))
    made.chmod(0o755)
    yield made
    EmbeddedPostgres(made / "postgres").discard()
    if (note := made / "outside.json").exists():
        Outside(**json.loads(note.read_text())).end()
    shutil.rmtree(made)


async def _start(folder: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *_RUN, str(folder), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )


async def _until_some_ended(run: asyncio.subprocess.Process) -> None:
    assert run.stdout is not None
    async for line in run.stdout:
        said = line.decode()
        if "ended" in said and " 0 ended" not in said:
            return
    raise AssertionError("the run ended too soon")


async def test_nothing_is_lost_and_nothing_overspent_whatever_goes_wrong(folder: Path) -> None:
    """Killed processes, restarts of the database, a provider and a bucket that fail: every story ends, and plays;
    no clip is paid for twice without need, and none thrown away. The run itself is killed once, and goes on.
    """
    first = await _start(folder)
    await _until_some_ended(first)
    first.send_signal(signal.SIGKILL)
    await first.wait()
    second = await _start(folder)
    said, _ = await second.communicate()

    assert second.returncode == 0, said.decode()
    report = json.loads((folder / "report.json").read_text())
    assert report["failures"] == []
    assert int(report["rows"]["ready"]) >= 75
    for kind in ("worker", "functions", "postgres"):
        assert report["rows"][f"kills: {kind}"], "nobody was killed, and nothing is proven"
