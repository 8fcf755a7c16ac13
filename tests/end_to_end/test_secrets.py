"""No secret is printed, logged, stored in clear, shown in a process list, answered, or sent to whom it is none of.

All of these tests look at one run (full_run.py), each at another kind of place.
"""

import base64
import os
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.end_to_end.full_run import full_run
from tests.end_to_end.leaks import Caught, forms
from tests.end_to_end.recognisable import FAL_KEY, HOLDS_THE_KEY, SECRETS, Run

pytestmark = pytest.mark.timeout(360)  # the run is the first test's; it waits for twenty processes


@pytest.fixture(scope="module")
async def run() -> AsyncIterator[Run]:
    async with full_run() as made:
        yield made


def test_a_secret_is_found_in_whatever_form_it_stands() -> None:
    """The search itself: plain, escaped, in hex, in base64 with anything before it."""
    secret = SECRETS["owner-password"]
    caught = Caught({"it": secret})
    places = {
        "plain": secret.encode(),
        "escaped": f"x={quote(secret, safe='')}&".encode(),
        "hex": secret.encode().hex().encode(),
        **{f"base64 {shift}": base64.b64encode(b"k" * shift + secret.encode() + b":more") for shift in range(5)},
        **{f"url {shift}": base64.urlsafe_b64encode(b"k" * shift + secret.encode()) for shift in range(3)},
    }
    for name, raw in places.items():
        caught.add(name, b"before " + raw + b" after")

    assert caught.leaks("") == sorted(f"it in {name}" for name in places)
    caught.add("nothing", b"before after")
    assert "it in nothing" not in caught.leaks("")
    assert all(len(form) >= 12 for form in forms(secret))


def test_the_run_did_what_it_was_to_do(run: Run) -> None:
    """Otherwise nothing that is not found would mean anything."""
    done = (
        "db bootstrap",
        "db migrate",
        "costs",
        "limits",
        "models",
        "--help",
        "make",
        "rerender",
        "publish to S3",
    )
    assert {name: run.codes[name] for name in done} == dict.fromkeys(done, 0)
    refused = [name for name in run.codes if name.endswith((", mistaken", ", refused"))]
    assert len(refused) == 5
    assert {name: run.codes[name] for name in refused} == dict.fromkeys(refused, 2)
    assert b"401" in run.caught.seen["printed by status, paused"]
    assert b"Traceback" in run.caught.seen["file logs/worker.log"]
    assert b"Traceback" in run.caught.seen["file logs/functions.log"]
    for status in (b"202", b"401", b"404", b"422", b"500"):
        assert status in run.caught.seen["answers"]


def test_no_secret_is_printed(run: Run) -> None:
    """By no command, whether it does what it is told or says why not."""
    assert run.caught.leaks("printed by ") == []
    assert b"\x1b" not in b"".join(raw for where, raw in run.caught.seen.items() if where.startswith("printed"))


def test_no_secret_is_in_a_log_or_a_file(run: Run) -> None:
    """But for the files that hold the stack's own key and how to reach it, which nobody else may read."""
    assert run.caught.leaks("file ", "the database's log") == []
    assert {name: run.modes[name] for name in HOLDS_THE_KEY} == dict.fromkeys(HOLDS_THE_KEY, 0o600)
    assert not [name for name in run.modes if name.endswith(".draft")]


def test_no_secret_is_in_a_row(run: Run) -> None:
    """Of no table of any schema, the server's own and the engine's among them, nor in what the server shows."""
    assert run.caught.leaks("rows ") == []
    for table in ("storyreel.takes", "procrastinate.procrastinate_jobs", "pg_catalog.pg_proc", "pg_stat_activity"):
        assert f"rows of {table}" in run.caught.seen


def test_no_secret_is_in_the_arguments_of_a_process(run: Run) -> None:
    """Everybody on the machine may read those."""
    assert run.caught.leaks("arguments") == []
    assert b"cli.main" in run.caught.seen["arguments of processes"]


def test_no_secret_is_answered(run: Run) -> None:
    """To nobody, whatever they show."""
    assert run.caught.leaks("answers") == []


def test_each_outsider_is_shown_its_own_key_and_no_other(run: Run) -> None:
    """In the one header that is for it: fal on calls of its queue alone, and never in an address or a body."""
    for outside, its_own, header in (
        (run.fal, {"fal-id", "fal-secret"}, f"Authorization: Key {FAL_KEY}"),
        (run.moderation, {"moderation"}, f"Authorization: Bearer {SECRETS['moderation']}"),
        (run.bucket, {"service-key"}, SECRETS["service-key"]),
    ):
        heard = Caught(run.caught.secrets)
        assert any(header.lower().encode() in head.lower() for lines in outside.heads() for head in lines)
        for request in outside.heard:
            lines = request.split(b"\r\n")
            shown = [line for line in lines if line.lower().startswith((b"authorization:", b"apikey:"))]
            heard.add("shown", b"\n".join(shown) + b"\n")
            heard.add("elsewhere", b"\n".join(line for line in lines if line not in shown) + b"\n")
        assert heard.leaks("", but={"shown": its_own}) == []
    for lines in run.fal.heads():
        keyed = any(line.lower().startswith(b"authorization") for line in lines)
        assert keyed == (b" /fal-ai/" in lines[0]), lines[0]


def test_the_emulator_remembers_no_key(run: Run) -> None:
    """What it shows on its page is what it was sent, without that."""
    assert run.caught.leaks("the emulator") == []
    assert b"An owl in the rain" in run.caught.seen["the emulator's record"]


def test_a_process_of_ours_shows_its_settings_to_nobody_else() -> None:
    """The environment is where the secrets are: only we and root may read it."""
    mode = Path(f"/proc/{os.getpid()}/environ").stat().st_mode
    assert not mode & 0o077
