"""`storyreel status`: a healthy deployment is told in a few lines, and what a person must do stands first."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from cli.wording.needs import Need, needs
from cli.wording.status import status_lines
from pipeline.errors import GeneratorBusy, GeneratorKeyRefused, ModerationKeyRefused, ModerationUnavailable
from storage.money import ManyUnanswered, Unanswered
from storage.overview import Budget, Finding, Late, Overview, ProviderSeen, VideosSeen
from tests.cli.deployment import Deployment
from tests.cli.running import assert_sentence, storyreel
from tests.storage.builders import LEASE, PERMANENT

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOBODY = ManyUnanswered(0, [])
FAL = ProviderSeen("fal", 2, None, None, 0, 0, {}, None, None, until_resumed=False, paused_until=None)
HEALTHY = Overview(
    providers=[FAL],
    budget=Budget(None, None, Decimal(0), Decimal("1.5"), Decimal(0), None),
    videos=[VideosSeen("idle", None, 1)],
    findings=[],
    late=None,
    workers=2,
    looked_at=NOW - timedelta(seconds=40),
)


async def test_a_healthy_deployment_is_told_in_a_few_lines(deployment: Deployment) -> None:
    """Exit code 0, and nothing that would make anybody look twice."""
    await deployment.world.ready()
    await deployment.world.owner.execute("insert into procrastinate.procrastinate_workers default values")

    ended = deployment.run("status", emulated=True)

    assert (ended.code, ended.said) == (0, "")
    head, _, *lines = ended.out.splitlines()
    assert head == "All is well."
    assert [line.split("   ")[0] for line in lines] == ["fal (emulated)", "budget", "videos", "workers", "found"]
    assert "0 of 2 renders in flight; none waits" in ended.out
    assert "1 ready" in ended.out
    assert "1 runs" in ended.out


async def test_all_that_goes_on_and_waits_is_counted_with_its_reason(deployment: Deployment) -> None:
    """Renders in flight, unanswered and waiting; videos; money against its caps; what was mended."""
    world = deployment.world
    await world.ready("there")
    await world.failed(PERMANENT, "refused")
    await world.owner.execute("update storyreel.providers set slots = 3, owner_slots = 2, per_minute = 60")
    for key in ("silent", "sent"):
        await world.waiting(key, estimate="0.01")
    silent, sent = await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE)
    await world.answer_lost(silent)
    await world.submit(sent, "r2")
    await world.owner.execute("update storyreel.limits set day_usd = 0.05, total_usd = 10")
    await world.waiting("dear", estimate="0.04")
    assert not await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE)
    await world.waiting("next")
    await world.stores.sweep.note({"missed": 3}, now=world.clock())

    found = deployment.as_json("status")

    assert found["needs"] == []
    assert found["providers"]["fal"] == {
        "emulated": False,
        "slots": 3,
        "owner_slots": 2,
        "per_minute": 60,
        "in_flight": 2,
        "unanswered": 1,
        "waiting": {"day": 1, "turn": 1},
        "paused": None,
    }
    reserved = {"reserved_usd": 0.03, "spent_usd": 0.0, "spent_today_usd": 0.0}
    assert found["budget"] == reserved | {"day_usd": 0.05, "total_usd": 10.0}
    works = {(seen["work"], seen["reason"]): seen["videos"] for seen in found["videos"]}
    assert works.pop(("working", None)) == 3
    assert works == {("idle", None): 1, ("fallback", "no_clip"): 1, ("held", "budget"): 1}
    assert [(seen["kind"], seen["found"]) for seen in found["found"]] == [("missed", 3)]
    assert found["workers"] == 0


async def test_a_moderation_key_that_is_refused_is_for_a_person(deployment: Deployment) -> None:
    """Told from the rows: whoever looks need not be the worker whose key it is."""
    world = deployment.world
    await world.story()
    (revision,) = await world.claim()
    why, now = ModerationKeyRefused("no"), world.clock()
    assert await world.stores.plans.postpone(revision, why=why, due_at=now + LEASE, now=now)

    ended = deployment.run("status")

    assert ended.code == 1
    assert "The moderation endpoint refuses the workers' key: 1 story waits to be checked." in ended.out
    assert "1 held (1 moderation)" in ended.out


async def test_what_a_person_must_do_stands_first_with_the_command_for_it(deployment: Deployment) -> None:
    """Exit code 1. What is told to do, works: afterwards all is well."""
    world = deployment.world
    render = await world.admitted()
    await world.lose(render)
    await world.owner.execute("select storyreel.pause('fal', now(), 'infinity', 'overrun', 'bills are odd')")

    ended = deployment.run("status")

    assert ended.code == 1
    assert ended.out.startswith("2 things are for you to do:\n  1. Nothing is begun at fal: bills are odd.\n")
    commands = [line.split() for line in ended.out.splitlines() if line.strip().startswith("storyreel ")]
    assert commands == [
        ["storyreel", "resume", "fal", "(once", "you", "know", "why)"],
        ["storyreel", "settle", str(render.id), "--nothing", "(or", "--usd", "0.01)"],
    ]
    assert "bills are odd" in deployment.run("resume", "fal").out
    assert deployment.run("settle", str(render.id), "--nothing").code == 0
    assert deployment.run("status").out.startswith("All is well.")


def test_in_a_folder_where_nothing_ran_nothing_is_begun(tmp_path: Path) -> None:
    """Whoever looks in the wrong folder hears so, and finds no database there afterwards."""
    assert_sentence(storyreel("status", cwd=tmp_path), "SUPABASE_URL", "storyreel up")
    assert list(tmp_path.iterdir()) == []


PAUSED = replace(
    FAL, pause_code=GeneratorKeyRefused.code, pause_message="HTTP 401. Set FAL_KEY", paused_until=NOW + LEASE
)
LONG = timedelta(minutes=6)
LATE = Late("admit", NOW - timedelta(minutes=5))
LOST = Unanswered(UUID(int=7), "fal", "fal-ai/one", Decimal("0.050000"), NOW)


@pytest.mark.parametrize(
    ("seen", "unanswered", "words"),
    [
        (
            replace(HEALTHY, providers=[PAUSED]),
            NOBODY,
            ("refuses the workers' key", "HTTP 401. Set FAL_KEY", "12:01"),
        ),
        (
            replace(HEALTHY, late=LATE, workers=0, looked_at=NOW - LONG),
            NOBODY,
            ("5 minutes", "no worker seems to run", "start"),
        ),
        (
            replace(HEALTHY, budget=replace(HEALTHY.budget, passed="total")),
            NOBODY,
            ("placeholders", "storyreel limits set total="),
        ),
        (
            replace(HEALTHY, postponed={ModerationKeyRefused.code: 1}),
            NOBODY,
            ("1 story waits", "STORYREEL_MODERATION_KEY"),
        ),
        (HEALTHY, ManyUnanswered(1, [LOST]), ("answer of a render was lost", f"settle {LOST.id}", "--usd 0.05)")),
        (HEALTHY, ManyUnanswered(1200, [LOST]), ("answers of 1,200 renders", "`storyreel costs` lists")),
    ],
    ids=["key", "worker", "total", "moderation key", "one lost answer", "many"],
)
def test_what_does_not_come_right_by_itself_is_for_a_person(
    seen: Overview, unanswered: ManyUnanswered, words: tuple[str, ...]
) -> None:
    """Each says what is the matter and what to do."""
    [need] = needs(seen, unanswered, now=NOW)

    for word in words:
        assert word in f"{need.what}\n{need.do}"


@pytest.mark.parametrize(
    "seen",
    [
        replace(HEALTHY, workers=0),
        replace(HEALTHY, late=LATE, looked_at=NOW - LONG),
        replace(HEALTHY, late=LATE, workers=0),
        replace(HEALTHY, budget=replace(HEALTHY.budget, passed="day")),
        replace(HEALTHY, providers=[replace(PAUSED, pause_code=GeneratorBusy.code)]),
        replace(HEALTHY, postponed={ModerationUnavailable.code: 12}),
    ],
    ids=["idle", "slow", "run-jobs", "day", "busy", "moderation"],
)
def test_what_comes_right_by_itself_calls_nobody(seen: Overview) -> None:
    """No worker between two runs of run-jobs; a backlog; a day's budget; a provider that is busy."""
    assert needs(seen, NOBODY, now=NOW) == []


def told(seen: Overview, *todo: Need) -> str:
    return "\n".join(status_lines(seen, todo, now=NOW, emulated=None))


def test_a_pause_says_until_when_and_why() -> None:
    """A time; what comes after it; or that a person is waited for."""
    busy = replace(FAL, pause_code="generator_busy", pause_message="HTTP 429", paused_until=NOW + LEASE)

    assert "paused until 2026-11-21 12:01 UTC: HTTP 429" in told(replace(HEALTHY, providers=[busy]))
    over = replace(busy, paused_until=NOW - LEASE)
    assert "paused until one render gets through: HTTP 429" in told(replace(HEALTHY, providers=[over]))
    stopped = replace(busy, paused_until=None, until_resumed=True)
    assert "paused until you resume it" in told(replace(HEALTHY, providers=[stopped]))


def test_every_reason_to_wait_is_a_phrase() -> None:
    """Never a word of ours."""
    waiting = dict.fromkeys(("turn", "time", "owner", "day", "owner_day", "story", "total"), 2)

    text = told(replace(HEALTHY, providers=[replace(FAL, waiting=waiting)]))

    assert "14 wait: 2 for their turn" in text
    assert "owner_day" not in text


def test_findings_tell_the_day_and_the_last_time() -> None:
    """Of today and of yesterday."""
    days = [NOW, NOW - timedelta(days=1)]
    found = [Finding(day.date(), "submitted", 1234, day) for day in days]

    lines = told(replace(HEALTHY, findings=found)).splitlines()[-2:]

    assert [" ".join(line.split()) for line in lines] == [
        "found today 1,234 silent renders asked about, last at 12:00 UTC",
        "yesterday 1,234 silent renders asked about, last at 12:00 UTC",
    ]
