"""Placeholders that the provider renders: through the pipeline, paid for once, whatever ends the build."""

import json
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from tests.cli.running import COMMAND, environment, running, storyreel
from tests.local.library.small import described

TEXT = """
[[theme]]
name = "ocean"
[[theme.clip]]
prompt = "A whale swims through a quiet lagoon"
seed = 7
"""


@dataclass(frozen=True)
class Place:
    """A folder in which a stack runs, and a library that is rendered there."""

    folder: Path
    library: Path
    owner_url: str

    def ask(self, query: LiteralString) -> list[tuple[object, ...]]:
        with psycopg.connect(self.owner_url, autocommit=True) as owner:
            return owner.execute(query).fetchall()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("stack")
    folder.chmod(0o755)  # as root, Postgres runs as somebody else below it
    for above in folder.parents[:2]:
        above.chmod(0o755)
    stack = folder / ".storyreel" / "stack.json"
    with running("up", "--latency", "1", settings={}, log=folder / "log", cwd=folder) as up:
        while not stack.exists():
            assert up.poll() is None, (folder / "log").read_text()
        library = described(folder / "clips", TEXT)
        yield Place(folder, library, json.loads(stack.read_text())["owner_url"])
        up.send_signal(signal.SIGINT)
        up.wait(30)


def test_a_build_that_was_ended_finds_its_clip_again(place: Place) -> None:
    """Ctrl-C while the provider works, and another build: one clip was rendered, and the loop is there."""
    build = subprocess.Popen(
        [*COMMAND, "placeholders", "build", str(place.library)],
        env=environment(),
        cwd=place.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with build:
        while place.ask("select count(*) from storyreel.renders where status = 'submitted'") == [(0,)]:
            assert build.poll() is None
        build.send_signal(signal.SIGINT)
        out, said = build.communicate(timeout=30)
    assert build.returncode == 130, said
    assert "theme 'ocean', clip 1, lightning: about $" in out
    assert "emulated: nothing is charged" in out

    again = storyreel("placeholders", "build", str(place.library), cwd=place.folder)

    assert again.code == 0, again.said
    assert "theme 'ocean', clip 1, lightning: rendered before, costs nothing" in again.out
    assert again.out.splitlines()[-1] == "1 built, 0 were there already"
    (row,) = json.loads(storyreel("placeholders", "list", str(place.library), "--json").out)
    assert (row["kind"], row["shape"], row["built"], row["emulated"]) == ("rendered", "square", True, True)
    assert row["seconds"] == pytest.approx(22 / 8)
    assert place.ask("select count(*), count(distinct take_id) from storyreel.renders") == [(1, 1)]
    assert place.ask("select count(*) from storyreel.videos where source_table = 'placeholders'") == [(1,)]


def test_a_build_whose_files_were_lost_pays_nothing(place: Place) -> None:
    """The clip is in the bucket still; the same bytes come out."""
    storyreel("placeholders", "build", str(place.library), cwd=place.folder)
    built = json.loads((place.library / "built" / "built.json").read_text())

    forced = storyreel("placeholders", "build", str(place.library), "--force", cwd=place.folder)

    assert forced.code == 0, forced.said
    assert json.loads((place.library / "built" / "built.json").read_text()) == built
    assert place.ask("select count(*) from storyreel.renders") == [(1,)]
