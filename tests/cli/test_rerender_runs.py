"""`storyreel rerender` on the real stack: what was reckoned happens, and once, whoever is cut off; and goes back.

One stack for all; each test has a table of its own.
"""

import json
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from local.postgres import EmbeddedPostgres
from tests.cli.running import Ended, running, storyreel
from tests.end_to_end.conftest import Stack, running_stack

_ENDS = 60  # seconds, far more than it takes
_numbers = count(1)


@dataclass(frozen=True)
class Library:
    """An app's table of stories on the running stack, and a connection of its owner."""

    stack: Stack
    owner: psycopg.Connection
    table: str

    def tell(self, *texts: str) -> list[str]:
        """Insert stories, and wait until nothing more is being done for any."""
        insert = sql.SQL("insert into {} (body) select unnest(%s::text[]) returning id::text")
        rows = self.owner.execute(insert.format(sql.Identifier(*self.table.split("."))), (list(texts),)).fetchall()
        self.come_to_rest()
        return [row[0] for row in rows]

    def tell_nobody(self, text: str) -> str:
        """Insert a story that gets no video, as one that was there before its table was attached."""
        with self.owner.transaction():
            self.owner.execute("set local session_replication_role = replica")  # no trigger runs
            insert = sql.SQL("insert into {} (body) values (%s) returning id::text")
            row = self.owner.execute(insert.format(sql.Identifier(*self.table.split("."))), (text,)).fetchone()
        assert row
        return str(row[0])

    def come_to_rest(self) -> None:
        """Until no video of the table is being worked on."""
        while self.rows("select from storyreel.videos where source_table = %s and work = 'working'", self.table):
            self.owner.execute("select pg_sleep(0.1)")

    def rows(self, query: LiteralString, *arguments: object) -> list[tuple[Any, ...]]:
        return self.owner.execute(query, arguments).fetchall()

    def rerender(self, *arguments: str) -> Ended:
        return storyreel("rerender", "--table", self.table, *arguments, settings=self.stack.info.settings)

    def as_json(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """The one object that was printed, and nothing else."""
        ended = self.rerender(*arguments, "--json")
        assert (ended.code, ended.said) == (code, ""), ended
        found: dict[str, Any] = json.loads(ended.out)
        assert ended.out == json.dumps(found, ensure_ascii=False) + "\n"
        return found

    def videos(self) -> list[tuple[str, str, int, str]]:
        """Of each story what plays, of which revision, and how the work stands; in the order they were told."""
        return self.rows(
            "select path, shows, shown_revision, work from storyreel.videos where source_table = %s"
            " order by source_id::int",
            self.table,
        )

    def revisions(self) -> list[tuple[str, str]]:
        """Every revision but the first ones: which story's, of what kind."""
        return self.rows(
            "select v.source_id, r.kind from storyreel.revisions r join storyreel.videos v on v.id = r.video_id"
            " where v.source_table = %s and r.number > 1 order by v.source_id::int, r.number",
            self.table,
        )

    def renders(self) -> list[Decimal]:
        """The estimates of every render that went to the provider for a video of the table."""
        rows = self.rows(
            "select distinct d.id, d.estimate_usd from storyreel.renders d"
            " join storyreel.shots s on s.take_id = d.take_id join storyreel.revisions r on r.id = s.revision_id"
            " join storyreel.videos v on v.id = r.video_id"
            " where v.source_table = %s and d.admitted_at is not null",
            self.table,
        )
        return [estimate for _, estimate in rows]


@pytest.fixture(scope="module")
async def stack() -> AsyncIterator[Stack]:
    folder = Path(tempfile.mkdtemp(prefix="storyreel-stack-"))
    folder.chmod(0o755)
    async with running_stack(folder) as running:
        yield running
    EmbeddedPostgres(folder / "postgres").discard()


@pytest.fixture
def library(stack: Stack) -> Iterator[Library]:
    table = f"public.library_{next(_numbers)}"
    with psycopg.connect(stack.info.owner_url, autocommit=True) as owner:
        owner.execute(f"create table {table} (id serial primary key, body text)".encode())
        owner.execute("select storyreel.attach(%s, 'body')", (table,))
        yield Library(stack, owner, table)


def test_the_default_is_free_and_remakes_the_files(library: Library) -> None:
    """Each gets a further revision that shows the same clip; nothing is rendered, and the command says so."""
    library.tell("A whale is remade", "A fox is remade")
    before, paid = library.videos(), library.renders()

    found = library.as_json("--all")
    said = library.rerender("--all")

    assert {name: found[name] for name in ("videos", "done", "free", "paid", "failed", "cost_usd")} == {
        "videos": 2, "done": 2, "free": 2, "paid": 0, "failed": [], "cost_usd": 0.0,
    }  # fmt: skip
    assert said.code == 0
    assert "free: its files are made anew from the original that is kept" in said.out
    assert "2 of 2 videos done (2 free)" in said.out
    assert "2 of 2" in said.said, "lines, where there is no terminal"
    assert library.renders() == paid
    assert library.videos() == [(path, shows, 3, "idle") for path, shows, _, _ in before]


def test_what_a_dry_run_says_then_happens(library: Library) -> None:
    """The same counts and the same estimate: free, shared, paid, refused.

    A preview is made for the story that has no video yet, and of none whose old final would go on playing.
    """
    ready, *others = library.tell("A whale that was there", "Twins at sea", "Twins at sea", "Alone at sea", "???")
    wish = ("--new-take", "--seed", "7", "--preview")
    assert library.as_json(ready, *wish)["paid"] == 1
    everything = (ready, *others, library.tell_nobody("A fox without a video"), *wish)
    dry_run = library.as_json(*everything, "--dry-run")
    before = library.renders()
    assert library.as_json(*everything, "--dry-run") == dry_run

    found = library.as_json(*everything, code=1)

    groups = {name: dry_run[name] for name in ("videos", "free", "in_flight", "paid", "gone")}
    assert groups == {"videos": 6, "free": 1, "in_flight": 1, "paid": 3, "gone": 0}
    assert {model: bill["clips"] for model, bill in dry_run["models"].items()} == {"lightning": 3, "preview": 1}
    assert (found["free"], found["paid"]) == (dry_run["free"] + dry_run["in_flight"], dry_run["paid"])
    assert [(one["story_id"], one["reason"]) for one in found["failed"]] == [
        (one["story_id"], one["reason"]) for one in dry_run["refused"]
    ]
    assert len(library.renders()) - len(before) == 4
    assert float(sum(library.renders()) - sum(before)) == pytest.approx(dry_run["estimate_usd"])
    assert found["estimate_usd"] == pytest.approx(dry_run["estimate_usd"])
    assert 0 < found["cost_usd"] < 1


def test_the_old_video_plays_until_the_new_one_is_ready(library: Library, tmp_path: Path) -> None:
    """Whoever looks meanwhile sees a final clip: the old one, and then the new one."""
    library.tell("A whale that plays on")
    [(old, *_)] = library.videos()
    settings = library.stack.info.settings
    arguments = ("rerender", "--table", library.table, "--all", "--new-take")
    seen = []
    with running(*arguments, settings=settings, log=tmp_path / "log") as process:
        while process.poll() is None:
            seen += library.videos()

    [(new, *_)] = library.videos()
    assert process.returncode == 0
    assert new != old
    assert {(path, shows) for path, shows, _, _ in seen} <= {(old, "final"), (new, "final")}
    assert (old, "final", 1, "working") in seen


def test_undo_takes_all_back_at_once_and_again_nothing(library: Library) -> None:
    """What was shown before, as a further revision; a dry run counts the same and leaves all as it is."""
    stories = library.tell("A whale goes back", "A fox goes back", "An owl has nothing")
    before = library.videos()
    assert library.rerender(*stories[:2], "--new-take").code == 0
    changed = library.videos()

    tried = library.as_json("--all", "--undo", "--dry-run")
    assert library.videos() == changed
    said = library.rerender("--all", "--undo")

    assert (tried["videos"], tried["restored"], tried["nothing_before"]) == (3, 2, 1)
    assert said.code == 0
    assert "2 of 3 videos went back" in said.out
    assert "1 had nothing to go back to" in said.out
    assert [path for path, *_ in library.videos()] == [path for path, *_ in before]
    assert library.revisions() == [(story, kind) for story in stories[:2] for kind in ("new_take", "restore")]
    assert library.as_json("--all", "--undo")["restored"] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
def test_whoever_is_cut_off_goes_on_and_asks_nothing_twice(
    library: Library, tmp_path: Path, number: signal.Signals
) -> None:
    """Told to stop, it says how to go on; killed, it goes on all the same: one new revision for each story."""
    stories = library.tell(*(f"Otter {kind} {number.name}" for kind in range(4)))
    before, log = len(library.renders()), tmp_path / "log"
    settings = library.stack.info.settings
    arguments = ("rerender", "--table", library.table, "--all", "--new-take", "--at-once", "1")
    with running(*arguments, settings=settings, log=log) as process:
        _until_asked(library, process, log, 2)
        process.send_signal(number)
        code = process.wait(_ENDS)

    assert code == (-signal.SIGKILL if number == signal.SIGKILL else 130)
    assert "Traceback" not in log.read_text()
    assert ("--resume" in log.read_text()) == (number != signal.SIGKILL)
    assert len(library.revisions()) < len(stories), "it was cut off in the middle"
    ended = storyreel("rerender", "--resume", "--json", settings=settings)
    assert ended.code == 0, ended
    found = json.loads(ended.out)
    assert (found["table"], found["videos"], found["done"], found["paid"]) == (library.table, 4, 4, 4)
    assert library.revisions() == [(story, "new_take") for story in stories]
    assert len(library.renders()) - before == len(stories)
    again = storyreel("rerender", "--resume", str(found["rerender"]), "--json", settings=settings)
    assert json.loads(again.out) == found
    assert len(library.revisions()) == len(stories)


def _until_asked(library: Library, process: subprocess.Popen[bytes], log: Path, revisions: int) -> None:
    while len(library.revisions()) < revisions:
        assert process.poll() is None, log.read_text()


def test_what_failed_is_listed_and_the_code_says_so(library: Library) -> None:
    """The rest is done all the same; its old video plays on."""
    blank, fine = library.tell("A whale that is emptied", "A fox that stays")
    [(old, *_), _] = library.videos()
    library.owner.execute(f"update {library.table} set body = ' ' where id = {blank}".encode())

    said = library.rerender("--all", "--new-take")
    found = library.as_json(blank, code=1)

    assert said.code == 1
    assert "1 of 2 videos done (1 paid), 1 failed" in said.out
    assert f"{blank}  blank: The story is empty." in said.out.split("done")[1]
    assert found["failed"] == [{"story_id": blank, "reason": "blank", "message": "The story is empty."}]
    assert library.videos()[0] == (old, "final", 1, "rejected")
    assert library.revisions().count((fine, "new_take")) == 1


def test_another_model_and_parameters_are_asked(library: Library) -> None:
    """And kept for the next time: the same recipe again is free."""
    library.tell("A whale of another model")

    found = library.as_json("--all", "--use-model", "frugal", "--param", "fps=6")
    again = library.as_json("--model", "frugal")

    assert (found["paid"], found["kind"]) == (1, "rerender")
    assert (again["videos"], again["free"]) == (1, 1)
    assert library.rows(
        "select r.model, r.parameters from storyreel.revisions r join storyreel.videos v on v.id = r.video_id"
        " where v.source_table = %s order by r.number",
        library.table,
    ) == [(None, None), ("frugal", {"fps": 6}), ("frugal", {"fps": 6})]


def test_without_settings_it_works_on_this_folders_own_stack(tmp_path: Path) -> None:
    """As `make` does: one is started for the purpose, and ends with it."""
    tmp_path.chmod(0o755)
    try:
        ended = storyreel("rerender", "--all", "--dry-run", "--json", cwd=tmp_path)
        assert ended.code == 0, ended
        assert json.loads(ended.out)["videos"] == 0
        assert not (tmp_path / ".storyreel" / "stack.json").exists()
    finally:
        EmbeddedPostgres(tmp_path / ".storyreel" / "postgres").discard()
