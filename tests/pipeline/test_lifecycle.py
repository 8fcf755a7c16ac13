"""The tables of what may follow what: complete, closed, and drawn in the docs as they are."""

import itertools
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs.draw_lifecycle import page
from pipeline.lifecycle import (
    ENDED,
    RENDER,
    TAKE,
    WORK,
    RenderEvent,
    RenderStatus,
    Shows,
    TakeEvent,
    TakeStatus,
    Work,
    WorkEvent,
    moves_up,
    render_after,
    take_after,
    work_after,
)

ROOT = Path(__file__).parents[2]

# Table, what reads it, its words, and where each life begins.
Machine = tuple[Mapping[Any, Mapping[Any, Any]], Callable[[Any, Any], Any], type[StrEnum], type[StrEnum], Any]
MACHINES: dict[str, Machine] = {
    "take": (TAKE, take_after, TakeStatus, TakeEvent, TakeStatus.RENDERING),
    "render": (RENDER, render_after, RenderStatus, RenderEvent, RenderStatus.WAITING),
    "work": (WORK, work_after, Work, WorkEvent, Work.WORKING),
}


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest) -> Machine:
    return MACHINES[request.param]


def test_every_pair_gives_a_status_or_none_or_is_impossible(machine: Machine) -> None:
    """The function says what the table says, and KeyError for each pair that the table does not list."""
    table, after, statuses, events, _ = machine
    for status, event in itertools.product(statuses, events):
        if event in table[status]:
            assert after(status, event) == table[status][event]
        else:
            with pytest.raises(KeyError):
                after(status, event)


def test_something_is_impossible(machine: Machine) -> None:
    """A table that allows everything would check nothing."""
    table, _, statuses, events, _ = machine

    assert any(event not in table[status] for status in statuses for event in events)


def test_every_status_has_its_row_and_every_event_moves_something(machine: Machine) -> None:
    """No word is left over on either side."""
    table, _, statuses, events, _ = machine

    assert set(table) == set(statuses)
    assert {event for row in table.values() for event, to in row.items() if to is not None} == set(events)


def test_every_status_is_reachable(machine: Machine) -> None:
    """From where each life begins."""
    table, _, statuses, _, start = machine
    reached, fresh = {start}, {start}
    while fresh:
        fresh = {to for status in fresh for to in table[status].values() if to is not None} - reached
        reached |= fresh

    assert reached == set(statuses)


@pytest.mark.parametrize("table", [TAKE, RENDER], ids=["take", "render"])
def test_no_event_leads_to_where_one_is(table: Mapping[Any, Mapping[Any, Any]]) -> None:
    """News that changes nothing is None, so that nobody writes a row for it."""
    assert all(to != status for status, row in table.items() for to in row.values())


def test_an_ended_render_moves_for_paid_news_only() -> None:
    """A clip is used whenever it comes; beside it, a lost render learns its end, a withdrawn one is taken back."""
    for status in ENDED:
        moves = {event: to for event, to in RENDER[status].items() if to is not None}
        allowed = {} if status is RenderStatus.DELIVERED else {RenderEvent.CLIP: RenderStatus.DELIVERED}
        if status is RenderStatus.LOST:
            allowed[RenderEvent.ERROR] = RenderStatus.FAILED
        if status is RenderStatus.CANCELLED:
            allowed[RenderEvent.TAKEN_BACK] = RenderStatus.SUBMITTED
        assert moves == allowed


def test_a_clip_is_impossible_nowhere() -> None:
    """Paid work is never thrown away: every status of a render, and of a take, knows what a clip means."""
    assert all(RenderEvent.CLIP in row for row in RENDER.values())
    assert all(TakeEvent.DELIVERED in row for row in TAKE.values())


def test_a_failure_is_impossible_nowhere() -> None:
    """A provider may say no at any moment."""
    assert all(RenderEvent.ERROR in row for row in RENDER.values())


def test_silence_may_be_concluded_whatever_became_of_an_unknown_render() -> None:
    """Reconcile reads `unknown` and decides under a lock a moment later; news in between must not upset it."""
    became = {to for to in RENDER[RenderStatus.UNKNOWN].values() if to is not None}

    assert {status for status in became if RenderEvent.SILENCE not in RENDER[status]} == set()


def test_a_ready_take_stays_ready() -> None:
    """No news takes back what can be watched: only who asks for it anew, or removes its files, moves it."""
    moves = {event: to for event, to in TAKE[TakeStatus.READY].items() if to is not None}

    assert moves == {TakeEvent.REMADE: TakeStatus.FINISHING, TakeEvent.REMOVED: TakeStatus.REMOVED}


def test_only_what_is_at_rest_is_removed() -> None:
    """A take in hand keeps its files."""
    removable = {status for status, row in TAKE.items() if TakeEvent.REMOVED in row}

    assert removable == {TakeStatus.READY, TakeStatus.FAILED, TakeStatus.REMOVED}


def test_a_final_that_is_shown_ends_all_work() -> None:
    """However the work stands, even given up or rejected: a clip that turned up makes it idle."""
    outcomes = {work: row[WorkEvent.FINAL_SHOWN] for work, row in WORK.items()}

    assert set(outcomes.values()) == {Work.IDLE}


def test_work_at_rest_can_always_be_asked_for_again() -> None:
    """No video is stuck for ever."""
    for work in set(Work) - {Work.WORKING}:
        assert WORK[work][WorkEvent.ASKED] is Work.WORKING


shown = st.tuples(st.sampled_from(Shows), st.integers(0, 50))


@given(shown, shown, shown)
def test_moves_up_is_a_strict_order(a: tuple[Shows, int], b: tuple[Shows, int], c: tuple[Shows, int]) -> None:
    """Nothing replaces itself, no two replace each other, and of two different ones exactly one wins."""
    assert not moves_up(a, a)
    assert not (moves_up(a, b) and moves_up(b, a))
    assert a == b or moves_up(a, b) or moves_up(b, a)
    assert not (moves_up(a, b) and moves_up(b, c)) or moves_up(a, c)


@pytest.mark.parametrize(
    ("seen", "offered", "moves"),
    [
        ((Shows.PLACEHOLDER, 0), (Shows.PREVIEW, 1), True),
        ((Shows.PREVIEW, 3), (Shows.FINAL, 1), True),
        ((Shows.FINAL, 1), (Shows.PREVIEW, 3), False),
        ((Shows.FINAL, 2), (Shows.FINAL, 3), True),
        ((Shows.FINAL, 3), (Shows.FINAL, 2), False),
    ],
)
def test_final_before_preview_then_the_higher_revision(
    seen: tuple[Shows, int], offered: tuple[Shows, int], moves: bool
) -> None:
    """The rule in its own words."""
    assert moves_up(seen, offered) is moves


def test_the_drawn_document_is_up_to_date() -> None:
    """`make docs` was run after the last change of the tables."""
    assert (ROOT / "docs" / "lifecycle.md").read_text() == page()


def test_the_drawn_document_draws_every_move() -> None:
    """Each table has a section with exactly its arrows, and each status a sentence of its own there."""
    sections = page().split("\n## ")[1:]
    for section, (table, *_) in zip(sections, MACHINES.values(), strict=True):
        arrows = {
            f"    {status} --> {to}: {event}" for status, row in table.items() for event, to in row.items() if to
        }
        assert {line for line in section.splitlines() if "-->" in line and "[*]" not in line} == arrows
        sentences = re.findall(r"^\| `(\w+)` \| (.+?) \|", section, re.MULTILINE)
        assert [status for status, _ in sentences] == [str(status) for status in table]
        assert len({sentence for _, sentence in sentences}) == len(table)
