"""Strangers' text at a person's terminal: the `storyreel` command shows it, and it tells the terminal nothing."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from cli.wording.printable import printable
from storage.choices import Chosen, Wish
from storage.database import Database
from storage.rerenders import PostgresRerenders
from tests.cli.deployment import settings
from tests.cli.running import COMMAND, environment, storyreel
from tests.conftest import ROOT, Clock, DatabaseUrls
from tests.hostile_text.conftest import breaking, stores_on
from tests.hostile_text.corpus import SHORT, UNSTORABLE
from tests.hostile_text.looks import assert_only_shown
from tests.storage.builders import LEASE, shot
from tests.storage.world import World

WORDS = list(SHORT.values())
TABLE = SHORT["log_record"]
_OF_RICH = re.compile(r"\x1b\[(?:\?25[lh]|2K|1A|[0-9;]*m)|\r")
"""How the progress bar colours and redraws itself."""


def at_a_terminal(argv: Sequence[str], variables: Mapping[str, str], cwd: Path) -> str:
    """All that a program writes to its terminal, lines ended as programs end them."""
    person, terminal = pty.openpty()
    process = subprocess.Popen(argv, env=variables, cwd=cwd, stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    seen = b""
    try:
        while chunk := os.read(person, 65536):
            seen += chunk
    except OSError:  # the other end is closed (EIO on Linux)
        pass
    finally:
        os.close(person)
        process.wait(60)
    return seen.decode().replace("\r\n", "\n")


@pytest.fixture(scope="module")
async def told(own_database: DatabaseUrls, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A deployment in which everything that has a name is named by strangers; the settings that lead to it."""
    async with (
        Database(own_database.worker) as database,
        await psycopg.AsyncConnection.connect(own_database.owner, autocommit=True) as owner,
    ):
        await name_everything(database, World(stores_on(database), owner, Clock()))
    return settings(own_database, tmp_path_factory.mktemp("bucket"))


async def name_everything(database: Database, world: World) -> None:
    await world.owner.execute("update storyreel.providers set slots = 1000")
    for word in WORDS:
        await world.stores.stories.request(TABLE, word, "A whale")
        await world.plan(shot(word, endpoint=word))
    for render in await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE):
        await world.lose(render)
    await world.owner.execute("update storyreel.takes set model = take_key")
    rerenders, chosen = PostgresRerenders(database), [Chosen(word, None) for word in WORDS]
    ended = await rerenders.freeze(TABLE, Wish("rerender"), chosen, estimate=Decimal(0), now=world.clock())
    await world.owner.execute(
        """update storyreel.rerender_items set revision_id = gen_random_uuid(), outcome = 'failed', paid = false,
             reason = source_id, message = source_id"""
    )
    await rerenders.look(ended, now=world.clock())
    async with world.owner.cursor() as cursor:
        await cursor.executemany(
            """insert into storyreel.providers (name, paused_until, pause_code, pause_message, pauses)
               values (%s, 'infinity', 'overrun', %s, 1)""",
            [(word, word) for word in WORDS],
        )


async def test_whatever_is_named_by_strangers_is_shown_and_not_obeyed(
    told: dict[str, str], tmp_path: Path
) -> None:
    """By every command that names anything: on a terminal of a person's own, whole, and one line each."""
    commands: dict[tuple[str, ...], list[str]] = {
        ("status",): WORDS,
        ("costs",): WORDS[:20],  # the longest tables end in "and so many more"
        ("rerender", "--resume", "1"): WORDS,
        ("rerender", "--all"): [TABLE],
        ("resume",): WORDS,  # the last: it changes what status says
    }
    for arguments, words in commands.items():
        shown = _OF_RICH.sub("", at_a_terminal([*COMMAND, *arguments], environment(told), ROOT))

        assert_only_shown(shown)
        assert "Traceback" not in shown
        for word in words:
            assert printable(word) in shown, (arguments, word)
        assert not re.search(r"^(2026-11-21 12|pwned|Set-Cookie)", shown, re.MULTILINE), arguments


async def test_json_of_names_by_strangers_is_one_harmless_line(told: dict[str, str]) -> None:
    """And says the names as they are to whoever parses it."""
    ended = storyreel("costs", "--json", settings=told)

    assert_only_shown(ended.out)
    assert ended.out.count("\n") == 1
    said = json.dumps(json.loads(ended.out))
    for word in WORDS[:20]:
        assert json.dumps(word)[1:-1] in said


async def test_what_is_given_to_a_command_comes_back_as_a_sentence(told: dict[str, str]) -> None:
    """Names that nothing has, and bytes that are no text at all: refused, quoted harmlessly."""
    word = SHORT["title"] + SHORT["right_to_left"] + SHORT["rich_unopened"]
    for arguments in (
        ("rerender", word),
        ("rerender", "--all", "--table", word),
        ("limits", "set", "slots=1", "--provider", word),
        ("make", "A whale", "--model", word),
        (f"--{word}",),
        ("rerender", UNSTORABLE["not_utf8"]),
    ):
        ended = storyreel(*arguments, settings=told)

        assert (ended.code, ended.out) == (2, ""), arguments
        assert_only_shown(ended.said)
        assert "Traceback" not in ended.said


async def test_a_table_that_is_not_attached_comes_with_a_statement_to_paste(told: dict[str, str]) -> None:
    """In which its name is quoted."""
    ended = storyreel("rerender", "--all", "--table", SHORT["quote"], settings=told)

    assert "storyreel.attach('''; drop table storyreel.videos cascade; --', " in ended.said


async def test_the_stack_trace_of_a_fault_is_shown_and_not_obeyed(
    told: dict[str, str], own_database: DatabaseUrls
) -> None:
    """Of one that nobody foresaw, whose message is a stranger's."""
    with psycopg.connect(own_database.owner, autocommit=True) as owner:
        owner.execute(breaking("limits", before="update", message="\n".join(WORDS)))

    ended = storyreel("limits", "set", "day=1", settings=told)

    assert ended.code == 1
    assert "Traceback" in ended.said
    assert "RaiseException" in ended.said
    assert_only_shown(ended.said)


def test_a_progress_bar_shows_a_providers_words_and_obeys_none(tmp_path: Path) -> None:
    """Neither as orders to the terminal nor as markup of the library that draws it."""
    script = (
        "from cli.make import _progress\nfrom tests.hostile_text.corpus import SHORT\n"
        "for text in SHORT.values():\n"
        "  with _progress(quiet=False) as tell:\n"
        "    tell(0.5, 'begin ' + text + ' end')\n"
    )
    shown = at_a_terminal(
        [sys.executable, "-c", script], environment({"TERM": "xterm-256color", "COLUMNS": "2000"}), ROOT
    )

    assert "Traceback" not in shown
    rest = _OF_RICH.sub("", shown)
    assert_only_shown(rest)
    for text in SHORT.values():
        assert f"begin {printable(text)} end" in rest
