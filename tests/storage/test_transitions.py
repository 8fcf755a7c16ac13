"""Every status of a render, of a take and of a video's work meets every event, through the real stores, twice.

What follows is `pipeline.lifecycle`'s for renders, and written out here for takes, of which a status is several
cases, and for work. A pair that is not there is impossible: the store that is told of it changes nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product

import pytest

from local.postgres import EmbeddedPostgres
from pipeline.lifecycle import RENDER, RenderEvent, RenderStatus, TakeStatus, Work
from tests.storage.builders import CLIP, PASSING, PERMANENT
from tests.storage.histories.deeds import Deeds, on_a_database
from tests.storage.histories.settling import make_all, plan_without_previews
from tests.storage.histories.subject import Subject, second_try

R, T = RenderStatus, TakeStatus
Deed = Callable[[Subject], None]


def void(_: object) -> None:
    """What it said does not matter here: the rows are looked at."""


@pytest.fixture(scope="module")
def one_database(postgres: EmbeddedPostgres, _template: str) -> Iterator[Deeds]:
    """One for all pairs: making one takes longer than all that happens to a pair."""
    with on_a_database(postgres, _template) as deeds:
        yield deeds


@pytest.fixture
def subject(one_database: Deeds) -> Subject:
    """As if the database were new."""
    one_database.begin()
    return second_try(one_database)


RENDERS: Mapping[RenderStatus, Deed] = {
    R.WAITING: lambda it: void(it.deeds.put_back(it.second.render)),
    R.ADMITTED: void,
    R.SUBMITTED: lambda it: void(it.deeds.submitted(it.second)),
    R.UNKNOWN: lambda it: void(it.deeds.answer_lost(it.second.render)),
    R.DELIVERED: lambda it: it.bring(CLIP),
    R.FAILED: lambda it: it.bring(PASSING),
    R.LOST: Subject.lose,
    R.CANCELLED: Subject.withdraw,
}
RENDER_EVENTS: Mapping[RenderEvent, Deed] = {
    RenderEvent.ADMITTED: lambda it: void(it.deeds.admit()),
    RenderEvent.PUT_BACK: lambda it: void(it.deeds.put_back(it.second.render)),
    RenderEvent.SUBMITTED: lambda it: void(it.deeds.submitted(it.second)),
    RenderEvent.ANSWER_LOST: lambda it: void(it.deeds.answer_lost(it.second.render)),
    RenderEvent.CLIP: lambda it: void(it.deeds.deliver(it.second.render.id, it.second, CLIP)),
    RenderEvent.ERROR: lambda it: void(it.deeds.deliver(it.second.render.id, it.second, PERMANENT)),
    RenderEvent.SILENCE: lambda it: it.deeds.silence(it.second.render.id),
    RenderEvent.WITHDRAWN: lambda it: void(it.deeds.deliver(it.first.render.id, it.first, CLIP)),
}


# A take whose render is taken back is one that nobody waited for (tests/pipeline/steps/test_leaving.py).
TOLD = [event for event in RenderEvent if event is not RenderEvent.TAKEN_BACK]


@pytest.mark.parametrize(("status", "event"), [*product(RenderStatus, TOLD)])
def test_a_render_follows_the_table(subject: Subject, status: RenderStatus, event: RenderEvent) -> None:
    """The second time, and by another way where there is one, nothing changes any more."""
    RENDERS[status](subject)
    assert subject.render == status
    subject.deeds.clock.advance(minutes=1)

    RENDER_EVENTS[event](subject)

    assert subject.render == (RENDER[status].get(event) or status)
    before = subject.deeds.memory.state
    RENDER_EVENTS[event](subject)
    if event in {RenderEvent.CLIP, RenderEvent.ERROR}:
        subject.deeds.conclude(subject.second.render.id, CLIP if event is RenderEvent.CLIP else PERMANENT)
    assert subject.deeds.memory.state == before


TAKES: Mapping[str, tuple[TakeStatus, Sequence[Deed]]] = {
    "rendering": (T.RENDERING, [lambda it: void(it.deeds.submitted(it.second))]),
    "fetching": (T.FETCHING, [Subject.begin_fetch]),
    "finishing": (T.FINISHING, [Subject.begin_finish]),
    "ready": (T.READY, [Subject.make]),
    "failed": (T.FAILED, [lambda it: it.bring(PASSING)]),
    "failed for good": (T.FAILED, [lambda it: it.bring(PERMANENT)]),
    "failed to be fetched": (T.FAILED, [Subject.begin_fetch, Subject.give_up]),
    "failed to be finished": (T.FAILED, [Subject.begin_finish, Subject.give_up]),
    "removed": (T.REMOVED, [Subject.remove]),
}


def fetched(it: Subject) -> None:
    if it.hand:
        it.deeds.fetched(it.hand)


def finished(it: Subject) -> None:
    if it.hand:
        it.deeds.finished(it.hand)


def gave_up(it: Subject) -> None:
    if it.hand:
        it.give_up()
    else:
        it.bring(PERMANENT)


def asked(it: Subject) -> None:
    it.deeds.insert("whale")
    plan_without_previews(it.deeds)


def asked_anew(it: Subject) -> None:
    it.deeds.revise(it.story, "rerender")
    plan_without_previews(it.deeds)


def come_back(it: Subject) -> None:
    it.deeds.clock.advance(hours=1)
    it.deeds.chore("begin again")


TAKE_EVENTS: Mapping[str, Deed] = {
    "delivered": lambda it: void(it.deeds.deliver(it.first.render.id, it.first, CLIP)),
    "fetched": fetched,
    "finished": finished,
    "gave up": gave_up,
    "asked": asked,
    "asked anew": asked_anew,
    "come back": come_back,
    "unused": Subject.leave_unused,
}
FOLLOWS: Mapping[str, Mapping[str, TakeStatus]] = {
    "rendering": {"delivered": T.FETCHING, "gave up": T.FAILED},
    "fetching": {"fetched": T.FINISHING, "gave up": T.FAILED},
    "finishing": {"finished": T.READY, "gave up": T.FAILED},
    "ready": {"asked anew": T.FINISHING, "unused": T.REMOVED},
    "failed": {"delivered": T.FETCHING, "asked": T.RENDERING, "asked anew": T.RENDERING},
    "failed for good": {"delivered": T.FETCHING},
    "failed to be fetched": {
        "delivered": T.FETCHING, "asked": T.FETCHING, "asked anew": T.FETCHING, "come back": T.FETCHING,
    },
    "failed to be finished": {
        "delivered": T.FETCHING, "asked": T.FINISHING, "asked anew": T.FINISHING, "come back": T.FINISHING,
    },
    "removed": {"delivered": T.FETCHING, "asked": T.RENDERING},
}  # fmt: skip
NEEDS_THE_STORY = {"asked anew", "unused"}


@pytest.mark.parametrize(
    ("case", "event"),
    [pair for pair in product(TAKES, TAKE_EVENTS) if not (pair[0] == "removed" and pair[1] in NEEDS_THE_STORY)],
)
def test_a_take_follows_its_table(subject: Subject, case: str, event: str) -> None:
    """Only what asks for it twice is allowed to begin a second revision."""
    status, way = TAKES[case]
    for deed in way:
        deed(subject)
    assert subject.take == status

    TAKE_EVENTS[event](subject)

    assert subject.take == FOLLOWS[case].get(event, status)
    if event not in NEEDS_THE_STORY:
        before = subject.deeds.memory.state
        TAKE_EVENTS[event](subject)
        after = subject.deeds.memory.state
        assert (after.takes, after.renders, after.ledger) == (before.takes, before.renders, before.ledger)


def arranged(work: Work) -> Deed:
    """As a person, or a budget, brings it about."""
    return lambda it: void(
        it.deeds.owners("update storyreel.videos set work = %s, reason = 'r', message = 'm'", str(work))
    )


def finally_shown(it: Subject) -> None:
    it.deeds.deliver(it.first.render.id, it.first, CLIP)
    make_all(it.deeds)


WORKS: Mapping[Work, Deed] = {
    Work.WORKING: void,
    Work.HELD: arranged(Work.HELD),
    Work.IDLE: Subject.make,
    Work.FALLBACK: lambda it: it.bring(PERMANENT),
    Work.REJECTED: Subject.reject,
    Work.CANCELLED: arranged(Work.CANCELLED),
}
WORK_EVENTS: Mapping[str, Deed] = {
    "asked": lambda it: it.deeds.revise(it.story, "rerender"),
    "final shown": finally_shown,
    "gave up": lambda it: it.bring(PERMANENT),
    "rejected": Subject.reject,
}
WORK_FOLLOWS: Mapping[Work, Mapping[str, Work]] = {
    Work.WORKING: {"final shown": Work.IDLE, "gave up": Work.FALLBACK, "rejected": Work.REJECTED},
    Work.HELD: {
        "asked": Work.WORKING, "final shown": Work.IDLE, "gave up": Work.FALLBACK, "rejected": Work.REJECTED,
    },
    Work.IDLE: {"asked": Work.WORKING, "rejected": Work.REJECTED},
    Work.FALLBACK: {"asked": Work.WORKING, "final shown": Work.IDLE, "rejected": Work.REJECTED},
    # Its newest revision is no video's yet: what an older one brings plays, and the work is what it was.
    Work.REJECTED: {"asked": Work.WORKING},
    Work.CANCELLED: {"asked": Work.WORKING, "final shown": Work.IDLE, "rejected": Work.REJECTED},
}  # fmt: skip


@pytest.mark.parametrize(("work", "event"), [*product(Work, WORK_EVENTS)])
def test_work_follows_its_table(subject: Subject, work: Work, event: str) -> None:
    """A revision is rejected after it was asked for, so every work may come to that."""
    WORKS[work](subject)
    assert subject.work == work

    for _ in range(2):
        WORK_EVENTS[event](subject)
        assert subject.work == WORK_FOLLOWS[work].get(event, work)
