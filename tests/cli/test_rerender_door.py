"""`storyreel rerender` up to the moment at which it asks: what it chooses, reckons, refuses, and asks a person.

No worker runs and no provider is there: nothing here needs one.
"""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.cli.running import Ended, assert_sentence, running, storyreel
from tests.cli.terminal import at_a_terminal, interrupt, read_until
from tests.conftest import DatabaseUrls

ANN = "00000000-0000-0000-0000-00000000000a"
_ENDS = 30  # seconds, far more than it takes


@pytest.fixture
def settings(database_urls: DatabaseUrls, tmp_path: Path) -> dict[str, str]:
    """An emulator that nobody listens at."""
    return {
        "SUPABASE_URL": "http://127.0.0.1:1",
        "SUPABASE_DB_URL": database_urls.worker,
        "SUPABASE_SECRET_KEY": "sb_secret_for_tests_only_0123456789",
        "STORYREEL_BUCKET_FOLDER": str(tmp_path),
        "STORYREEL_FAL_QUEUE_URL": "http://127.0.0.1:9",
        "STORYREEL_PATIENCE": "0.01",  # six tenths of a second for a worker to move something
        "FAL_KEY": "id:secret",
    }


@pytest.fixture
def real(settings: dict[str, str]) -> dict[str, str]:
    """fal itself, where clips cost money; nothing here ever gets so far as to ask it."""
    return {name: value for name, value in settings.items() if name != "STORYREEL_FAL_QUEUE_URL"}


@pytest.fixture
def owner(database_urls: DatabaseUrls) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_urls.owner, autocommit=True) as connection:
        yield connection


def told(owner: psycopg.Connection, *texts: str) -> list[str]:
    """Insert stories, and return their ids."""
    rows = [
        owner.execute("insert into public.stories (text) values (%s) returning id::text", (text,)).fetchone()
        for text in texts
    ]
    return [row[0] for row in rows if row]


def asked(owner: psycopg.Connection) -> int:
    """How many revisions there are beside the first ones."""
    row = owner.execute("select count(*) from storyreel.revisions where number > 1").fetchone()
    assert row
    return int(row[0])


def as_json(ended: Ended) -> dict[str, Any]:
    """The one object that was printed, and nothing else."""
    assert ended.code == 0, ended
    found: dict[str, Any] = json.loads(ended.out)
    assert ended.out == json.dumps(found, ensure_ascii=False) + "\n"
    return found


def test_every_selector_chooses_and_they_combine(owner: psycopg.Connection, settings: dict[str, str]) -> None:
    """Counted by a dry run, which asks for nothing."""
    whale, fox, owl = told(owner, "A whale", "A fox", "An owl")
    owner.execute("insert into storyreel.themes values ('sea')")
    change = "update storyreel.videos set {} where source_id = %s"
    for what, story in {
        f"owner_id = '{ANN}', theme = 'sea'": whale,
        f"owner_id = '{ANN}', created_at = now() - interval '9 days'": fox,
        "work = 'rejected', reason = 'x', message = 'x'": owl,
    }.items():
        owner.execute(change.format(what).encode(), (story,))
    owner.execute("update storyreel.revisions set model = 'wan' where story = 'An owl'")

    for arguments, expected in {
        ("--all",): 3,
        (whale,): 1,
        (whale, owl, whale): 2,
        ("--status", "rejected"): 1,
        ("--status", "rejected", "--status", "working"): 3,
        ("--status", "ready"): 0,
        ("--since", "3d"): 2,
        ("--model", "wan"): 1,
        ("--model", "lightning"): 2,
        ("--theme", "sea", "--theme", "dream"): 3,
        ("--owner", ANN): 2,
        ("--owner", ANN, "--theme", "dream"): 1,
        (whale, fox, "--since", "3d"): 1,
        ("--all", "--table", "public.stories"): 3,
    }.items():
        found = as_json(storyreel("rerender", *arguments, "--dry-run", "--json", settings=settings))
        assert found["videos"] == expected, arguments
    assert asked(owner) == 0


def test_a_dry_run_tells_every_group(owner: psycopg.Connection, settings: dict[str, str]) -> None:
    """What is paid by model, what shares a clip, what would be refused; equal texts share."""
    told(owner, "A whale", "A whale", "  ", "A fox")

    found = as_json(storyreel("rerender", "--all", "--preview", "--dry-run", "--json", settings=settings))
    said = storyreel("rerender", "--all", "--preview", "--dry-run", settings=settings)

    assert {name: found[name] for name in ("videos", "free", "in_flight", "paid", "gone", "emulated")} == {
        "videos": 4, "free": 0, "in_flight": 1, "paid": 2, "gone": 0, "emulated": True,
    }  # fmt: skip
    assert [(one["reason"], one["message"]) for one in found["refused"]] == [("blank", "The story is empty.")]
    assert {model: bill["clips"] for model, bill in found["models"].items()} == {"lightning": 2, "preview": 2}
    assert found["estimate_usd"] == pytest.approx(sum(bill["estimate_usd"] for bill in found["models"].values()))
    for words in ("4 videos of public.stories", "2 of lightning for about $0.4", "blank: The story", "in all"):
        assert words in said.out
    assert asked(owner) == 0


def test_a_dry_run_reckons_with_the_text_as_it_is_now(owner: psycopg.Connection, settings: dict[str, str]) -> None:
    """A story that was edited since would be another clip."""
    [story] = told(owner, "A whale")
    owner.execute("update public.stories set text = '???' where id = %s", (story,))

    found = as_json(storyreel("rerender", story, "--dry-run", "--json", settings=settings))

    assert [one["reason"] for one in found["refused"]] == ["no_words"]


def test_a_dry_run_knows_what_the_rules_would_refuse(owner: psycopg.Connection, settings: dict[str, str]) -> None:
    """Without asking anybody: an endpoint that is configured hears of it when it is planned."""
    [story] = told(owner, "Write to jane.miller@gmail.com")
    nobody = {"STORYREEL_MODERATION_URL": "http://127.0.0.1:9/v1"}  # nobody listens on "discard"

    found = as_json(storyreel("rerender", story, "--dry-run", "--json", settings=settings | nobody))

    assert [one["reason"] for one in found["refused"]] == ["content_rejected"]
    assert "e-mail" in found["refused"][0]["message"]


@pytest.mark.parametrize("more", [[], ["--undo"], ["--new-take", "--yes"]], ids=" ".join)
def test_nothing_chosen_is_nothing_to_do(
    owner: psycopg.Connection, settings: dict[str, str], more: list[str]
) -> None:
    """Code 0, so that a nightly run need not know whether there is anything; and it says so."""
    told(owner, "A whale")

    found = as_json(storyreel("rerender", "--status", "fallback", *more, "--json", settings=settings))
    said = storyreel("rerender", "--status", "fallback", *more, settings=settings)

    assert found["videos"] == 0
    assert said.code == 0
    assert "0 of 0" in said.out if more == ["--undo"] else "No video of public.stories" in said.out
    assert owner.execute("select from storyreel.rerenders").fetchone() is None


def test_a_story_that_is_not_there_is_named(owner: psycopg.Connection, settings: dict[str, str]) -> None:
    """And nothing is asked for the others, which may be half of what was meant."""
    [story] = told(owner, "A whale")

    assert_sentence(storyreel("rerender", story, "no-such-id", settings=settings), "no-such-id", "public.stories")
    assert asked(owner) == 0


@pytest.mark.parametrize("table", ["public.nothing", "public.stories; drop table x"])
def test_a_table_that_is_not_attached_is_a_sentence(settings: dict[str, str], table: str) -> None:
    """As at the other doors: how to attach it; and which there are."""
    ended = storyreel("rerender", "--all", "--table", table, settings=settings)

    assert_sentence(ended, "storyreel.attach", "public.stories")


def test_of_several_tables_one_must_be_named(owner: psycopg.Connection, settings: dict[str, str]) -> None:
    """The list has them all, and what stands in none."""
    owner.execute("create table public.poems (id serial primary key, body text)")
    owner.execute("select storyreel.attach('public.poems', 'body')")
    owner.execute("insert into public.poems (body) values ('A whale')")
    owner.execute(
        "select storyreel.request_videos('generate-video', array['a'], array['A fox'], array[null::uuid])"
    )

    ended = storyreel("rerender", "--all", settings=settings)

    assert_sentence(ended, "--table", "public.poems", "public.stories", "generate-video")
    for table in ("public.poems", "generate-video"):
        arguments = ("rerender", "--all", "--table", table, "--dry-run", "--json")
        assert as_json(storyreel(*arguments, settings=settings))["videos"] == 1


def poems(owner: psycopg.Connection, *texts: str) -> list[str]:
    """A second table of an app, and the ids of its stories."""
    owner.execute("create table public.poems (id serial primary key, body text)")
    owner.execute("select storyreel.attach('public.poems', 'body')")
    rows = [
        owner.execute("insert into public.poems (body) values (%s) returning id::text", (text,)).fetchone()
        for text in texts
    ]
    return [row[0] for row in rows if row]


def called(owner: psycopg.Connection, story_id: str) -> None:
    """A story by the door of callers."""
    owner.execute(
        "select storyreel.request_videos('generate-video', array[%s], array['A fox'], array[null::uuid])",
        (story_id,),
    )


def test_an_id_finds_its_table(owner: psycopg.Connection, settings: dict[str, str]) -> None:
    """Where no other has it; also where an attached table was dropped."""
    [whale] = told(owner, "A whale")
    [poem] = poems(owner, "A poem")
    called(owner, "a")

    for story, table in {whale: "public.stories", poem: "public.poems", "a": "generate-video"}.items():
        found = as_json(storyreel("rerender", story, "--dry-run", "--json", settings=settings))
        assert (found["table"], found["videos"]) == (table, 1)
    owner.execute("drop table public.poems")
    assert storyreel("rerender", whale, "--dry-run", settings=settings).code == 0


def test_ids_that_mean_no_one_table_are_refused(owner: psycopg.Connection, settings: dict[str, str]) -> None:
    """One that stands in two, two that stand in one each, one that stands in none: the tables are named."""
    [whale] = told(owner, "A whale")
    first, second = poems(owner, "A poem", "Another")
    called(owner, first)

    for stories, words in {
        (first,): ["'1'", "in public.poems and in generate-video", "--table"],
        (whale, second): ["several tables", f"'{whale}' of public.stories", "'2' of public.poems"],
        (whale, "nobody"): ["'nobody'", "public.poems", "public.stories", "generate-video"],
    }.items():
        assert_sentence(storyreel("rerender", *stories, "--undo", settings=settings), *words)
    one = as_json(
        storyreel("rerender", first, "--table", "public.poems", "--dry-run", "--json", settings=settings)
    )
    assert one["videos"] == 1


@pytest.mark.parametrize("more", [[], ["--undo"], ["--dry-run"]], ids=" ".join)
def test_where_none_was_chosen_it_says_what_else_has_videos(
    owner: psycopg.Connection, settings: dict[str, str], more: list[str]
) -> None:
    """A video that was made with a model of its own stands in no table."""
    called(owner, "a")

    said = storyreel("rerender", "--all", *more, settings=settings)

    assert said.code == 0
    assert "There are videos of other tables: --table generate-video." in said.out


def test_a_name_that_no_video_can_have_is_a_slip(owner: psycopg.Connection, settings: dict[str, str]) -> None:
    """A theme, a model; one of an earlier release still has its videos."""
    told(owner, "A whale")
    owner.execute("insert into storyreel.themes values ('ocean')")
    owner.execute("update storyreel.revisions set model = 'bygone'")

    slip = storyreel("rerender", "--theme", "ocaen", settings=settings)
    assert_sentence(slip, "'ocaen'", "did you mean ocean", "dream, ocean")
    assert_sentence(storyreel("rerender", "--model", "klng", settings=settings), "did you mean kling")
    for known, count in {"bygone": 1, "kling": 0, "fal-ai/other": 0}.items():
        found = as_json(storyreel("rerender", "--model", known, "--dry-run", "--json", settings=settings))
        assert found["videos"] == count


def test_a_parameter_that_does_not_suit_a_chosen_video_is_refused(
    owner: psycopg.Connection, settings: dict[str, str]
) -> None:
    """Before anything is asked: the model is named, with how many of the chosen are of it."""
    told(owner, "A whale", "A fox", "An owl")
    owner.execute("update storyreel.revisions set model = 'wan' where story = 'An owl'")

    ended = storyreel("rerender", "--all", "--param", "num_frames=7", settings=settings)

    assert_sentence(ended, "num_frames", "wan", "1 of the chosen")
    assert asked(owner) == 0


def test_what_was_unsuitable_before_is_told_and_stops_nobody(
    owner: psycopg.Connection, settings: dict[str, str]
) -> None:
    """A model of an earlier release: its own videos would be rejected, the others are fine."""
    told(owner, "A whale", "A fox")
    owner.execute("update storyreel.revisions set model = 'bygone' where story = 'A fox'")

    found = as_json(storyreel("rerender", "--all", "--dry-run", "--json", settings=settings))

    assert (found["paid"], [one["reason"] for one in found["refused"]]) == (1, ["unknown_model"])


def test_without_a_worker_it_says_so_and_keeps_to_its_bound(
    owner: psycopg.Connection, settings: dict[str, str], tmp_path: Path
) -> None:
    """Of eight stories three are asked; then nothing moves. Ctrl-C tells how to go on."""
    told(owner, *(f"Fox {number}" for number in range(8)))
    log = tmp_path / "log"
    with running("rerender", "--all", "--at-once", "3", settings=settings, log=log) as process:
        while "no worker seems to run" not in log.read_text():
            assert process.poll() is None, log.read_text()
        process.send_signal(signal.SIGINT)

        assert process.wait(_ENDS) == 130
    assert asked(owner) == 3
    assert "--resume 1" in log.read_text()
    assert log.read_text().count("no worker") == 1
    assert "Traceback" not in log.read_text()


def test_it_spends_nothing_without_a_word(owner: psycopg.Connection, real: dict[str, str]) -> None:
    """With nobody to ask it refuses, naming the estimate; free things need no word."""
    told(owner, "A whale", "A fox")

    ended = storyreel("rerender", "--all", "--json", settings=real)

    assert_sentence(ended, "2 clips", "$0.4", "--yes", "--dry-run")
    assert ended.out == ""
    assert asked(owner) == 0
    assert owner.execute("select from storyreel.rerenders").fetchone() is None


@pytest.mark.parametrize("answer", [b"n\n", b"\n", None], ids=["no", "nothing", "ctrl-c"])
def test_a_person_who_does_not_agree_has_asked_for_nothing(
    owner: psycopg.Connection, real: dict[str, str], answer: bytes | None
) -> None:
    """The question names the estimate; Ctrl-C ends it at once."""
    told(owner, "A whale")
    with at_a_terminal("rerender", "--all", settings=real) as (process, person):
        assert "1 clip for about $0.2" in read_until(person, "[y/N]")
        if answer:
            os.write(person, answer)
        else:
            interrupt(process)

        assert process.wait(_ENDS) == 130
    assert asked(owner) == 0
    assert owner.execute("select from storyreel.rerenders").fetchone() is None


def test_a_person_who_agrees_sees_a_bar_and_may_leave(owner: psycopg.Connection, real: dict[str, str]) -> None:
    """What was asked is asked, at low priority; the terminal is left as it was."""
    told(owner, "A whale", "A fox")
    with at_a_terminal("rerender", "--all", "--new-take", "--at-once", "1", settings=real) as (process, person):
        read_until(person, "[y/N]")
        os.write(person, b"y\n")
        read_until(person, "0/2")
        read_until(person, "no worker")
        process.send_signal(signal.SIGINT)
        end = read_until(person, "--resume 1")

        assert process.wait(_ENDS) == 130
    assert "\x1b[?25h" in end, "the cursor is shown again"
    assert asked(owner) == 1
    assert owner.execute("select kind, priority from storyreel.revisions where number > 1").fetchall() == [
        ("new_take", 0)
    ]


def test_what_is_to_be_resumed_must_be_there(owner: psycopg.Connection, settings: dict[str, str]) -> None:
    """Without any, it says so; else there is a list."""
    assert_sentence(storyreel("rerender", "--resume", settings=settings), "no re-render", "none was ever begun")
    owner.execute(
        "insert into storyreel.rerenders (source_table, kind, estimate_usd, created_at)"
        " values ('public.stories', 'new_take', 0, '2026-11-20 18:30+00')"
    )

    ended = storyreel("rerender", "--resume", "7", settings=settings)

    assert_sentence(ended, "no re-render 7", "2026-11-20 18:30 UTC  new take of 0 videos of public.stories")
