"""The judge of a run sees what must not be: each kind of loss, double payment and waste, and nothing else."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from tests.chaos.caps import Cap, Line
from tests.chaos.events import Event, recoveries
from tests.chaos.facts import Facts, Render, Request, Take, Video
from tests.chaos.judgement import Cause, Judgement, judge

STORY, TAKE = UUID(int=1), UUID(int=2)
SEEN = Video(STORY, "final", "idle", None, plays=True)
READY = Take(TAKE, "ready", None, wanted=False)
FAILED = Take(TAKE, "failed", "clip_lost", wanted=True)


def render(number: int, *history: str) -> Render:
    return Render(UUID(int=100 + number), TAKE, number, history[-1], named=True, history=history)


def request(number: int, of: Render, *, paid: bool = True, good: bool = True) -> Request:
    return Request(number, of.id, paid, paid and good, ["200"], {})


def facts(
    *, video: Video = SEEN, take: Take = READY, renders: Sequence[Render], requests: Sequence[Request]
) -> Facts:
    return Facts([video], [take], renders, requests, [], 0.0, 0, {}, {}, [], Decimal(0), 0)


DELIVERED = render(1, "admitted", "submitted", "delivered")
SILENT = render(1, "admitted", "unknown", "lost", "delivered")
REFUSED = render(1, "admitted", "submitted", "failed")
WITHDRAWN = render(1, "admitted", "submitted", "cancelled")
SECOND = render(2, "admitted", "submitted", "delivered")
THIRD = render(3, "admitted", "submitted", "delivered")
CAPS = [Cap("total", Decimal(8), since=0.0), Cap("story", Decimal(3), since=0.0)]
CLEAN = facts(renders=[DELIVERED], requests=[request(1, DELIVERED)])


def judged(found: Facts) -> Judgement:
    return judge(found, [STORY], CAPS)


def test_a_run_in_which_all_went_well_has_no_defect() -> None:
    found = judged(CLEAN)

    assert (found.ready, found.lost, found.thrown_away, found.defects) == (1, [], [], [])
    assert found.accepted == {1: 1}


@pytest.mark.parametrize(
    "video",
    [
        replace(SEEN, story=UUID(int=9)),
        replace(SEEN, work="working"),
        replace(SEEN, work="held"),
        replace(SEEN, shows="preview"),
        replace(SEEN, plays=False),
        replace(SEEN, shows="placeholder", work="fallback", reason="unusable_clip", plays=False),
    ],
)
def test_a_story_without_an_end_or_without_something_that_plays_is_lost(video: Video) -> None:
    found = judged(replace(CLEAN, videos=[video]))

    assert found.lost == [STORY]
    assert str(STORY) in found.defects[0]


def test_a_story_that_fell_back_to_something_that_plays_is_not_lost() -> None:
    video = replace(SEEN, shows="placeholder", work="fallback", reason="unusable_clip")
    found = judged(replace(CLEAN, videos=[video]))

    assert (found.lost, found.fallback) == ([], {"unusable_clip": 1})


@pytest.mark.parametrize(
    ("first", "paid", "cause"),
    [
        (SILENT, True, Cause.UNKNOWABLE),
        (REFUSED, False, Cause.REFUSED),
        (WITHDRAWN, True, Cause.UNWANTED),
        (DELIVERED, True, Cause.NONE),
        (REFUSED, True, Cause.NONE),
    ],
)
def test_every_further_submit_has_its_cause(first: Render, paid: bool, cause: Cause) -> None:
    """Only a silent provider, its own failure or an owner who went away may cause one."""
    requests = [request(1, first, paid=paid), request(2, SECOND)]
    found = judged(facts(renders=[first, SECOND], requests=requests))

    assert found.again == {cause: 1}
    assert bool(found.defects) == (cause is Cause.NONE)


def test_one_attempt_that_was_accepted_twice_is_a_defect() -> None:
    requests = [request(1, SILENT), request(2, SILENT)]

    assert judged(facts(renders=[SILENT], requests=requests)).defects


def test_a_third_payment_is_a_defect_whatever_its_cause() -> None:
    renders = [SILENT, replace(SECOND, history=SILENT.history), THIRD]
    found = judged(facts(renders=renders, requests=[request(n, one) for n, one in enumerate(renders)]))

    assert found.again == {Cause.UNKNOWABLE: 2}
    assert "paid 3 times" in found.defects[0]


def test_a_good_clip_of_a_take_that_is_not_ready_was_thrown_away() -> None:
    found = judged(replace(CLEAN, takes=[FAILED]))

    assert found.thrown_away == [TAKE]
    assert "clip_lost" in found.defects[0]


@pytest.mark.parametrize(("named", "answers", "thrown_away"), [
    (False, [], []),
    (False, ["ConnectError", "503"], []),
    (True, [], [TAKE]),
    (False, ["503", "200"], [TAKE]),
])  # fmt: skip
def test_a_clip_that_nobody_told_us_of_is_not_ours_to_keep(
    named: bool, answers: Sequence[str], thrown_away: Sequence[UUID]
) -> None:
    """Neither the answer to its submit nor its webhook ever came."""
    silent = replace(SILENT, named=named)
    requests = [replace(request(1, silent), answers=answers)]
    found = judged(facts(take=FAILED, renders=[silent], requests=requests))

    assert found.thrown_away == thrown_away
    assert found.never_told == 1 - len(thrown_away)


def test_a_webhook_that_we_refuse_is_a_defect() -> None:
    """Whoever is away or busy may be asked again; a refusal is meant."""
    busy, refusing = (replace(request(1, DELIVERED), answers=[answer, "200"]) for answer in ("503", "401"))

    assert not judged(replace(CLEAN, requests=[busy])).defects
    assert "401" in judged(replace(CLEAN, requests=[refusing])).defects[0]


def test_a_damaged_clip_is_no_loss() -> None:
    found = judged(facts(take=FAILED, renders=[DELIVERED], requests=[request(1, DELIVERED, good=False)]))

    assert (found.thrown_away, found.defects) == ([], [])


@pytest.mark.parametrize(("wanted", "thrown_away"), [(False, []), (True, [TAKE])])
def test_a_clip_that_was_withdrawn_is_no_loss_unless_somebody_waits(
    wanted: bool, thrown_away: Sequence[UUID]
) -> None:
    take = Take(TAKE, "rendering", None, wanted)
    found = judged(facts(take=take, renders=[WITHDRAWN], requests=[request(1, WITHDRAWN)]))

    assert found.thrown_away == thrown_away
    assert found.for_nobody == 1 - len(thrown_away)


def test_a_reservation_over_a_cap_is_a_defect_and_so_are_sums_that_are_wrong() -> None:
    line = Line(DELIVERED.id, "endpoint", "reserved", Decimal(9), STORY, 0.0, 0.0)
    over = judged(replace(CLEAN, ledger=[line], promised=Decimal(9)))
    wrong = judged(replace(CLEAN, ledger=[replace(line, amount=Decimal(2))], promised=Decimal(1)))

    assert len(over.over_caps) == len(over.defects) == 2  # the total and the story's
    assert "accounts" in wrong.defects[0]


def test_a_bill_that_was_never_read_is_a_defect() -> None:
    assert judged(replace(CLEAN, unread_bills=1)).defects


def test_recovery_is_the_time_from_a_kill_to_the_next_clip() -> None:
    """By kind of process; the last kill, after which nothing came, counts nowhere."""
    events = [
        Event(10.0, "kill", "worker-2"),
        Event(11.0, "memory", "worker-1", 1),
        Event(12.0, "kill", "worker-3"),
        Event(20.0, "kill", "postgres"),
        Event(99.0, "kill", "functions-1"),
    ]

    assert recoveries(events, [9.0, 11.5, 15.0, 26.0]) == {"worker": [1.5, 3.0], "postgres": [6.0]}
