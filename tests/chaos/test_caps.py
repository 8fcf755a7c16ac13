"""The auditor of a run's money finds every reservation that passed a cap, and no other."""

import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from tests.chaos.caps import Cap, Line, caps_of, passed, promised
from tests.chaos.events import Event

TOTAL = Cap("total", Decimal(10), since=0.0)
STORY = Cap("story", Decimal(3), since=0.0)
ONE, OTHER = UUID(int=1), UUID(int=2)


def line(kind: str, amount: int, *, render: int = 1, video: UUID | None = None) -> Line:
    return Line(UUID(int=render), "endpoint", kind, Decimal(amount), video, 0.0, 0.0)


def found(lines: Sequence[Line], cap: Cap = TOTAL) -> int:
    return len(list(passed(lines, [cap])))


def test_what_fills_a_cap_has_not_passed_it() -> None:
    assert found([line("reserved", 9), line("reserved", 1, render=2)]) == 0
    assert found([line("reserved", 9), line("reserved", 2, render=2)]) == 1


def test_a_settled_render_counts_once_and_at_its_bill() -> None:
    cheaper = [line("reserved", 9), line("settled", 8), line("reserved", 2, render=2)]
    dearer = [line("reserved", 2), line("settled", 9), line("reserved", 2, render=2)]

    assert (found(cheaper), found(dearer)) == (0, 1)


def test_a_released_render_counts_no_more_until_its_bill_comes_all_the_same() -> None:
    released = [line("reserved", 9), line("released", 9)]

    assert found([*released, line("reserved", 9, render=2)]) == 0
    assert found([*released, line("settled", 9), line("reserved", 9, render=2)]) == 1


def test_another_endpoint_of_a_render_is_another_reservation() -> None:
    both = [line("reserved", 6), replace(line("reserved", 6), endpoint="dearer")]

    assert found(both) == 1


def test_a_bill_above_its_estimate_is_no_reservation() -> None:
    """It passes the cap, and what is reserved after it is what must not be."""
    assert found([line("reserved", 5), line("settled", 50)]) == 0
    assert found([line("reserved", 5), line("settled", 50), line("reserved", 1, render=2)]) == 1


@pytest.mark.parametrize(
    ("asked_at", "at", "count"), [(4.0, 4.0, 0), (4.0, 6.0, 0), (5.0, 5.0, 1), (7.0, 8.0, 1), (8.0, 9.0, 0)]
)
def test_a_cap_holds_from_when_it_is_set_until_it_is_lifted(asked_at: float, at: float, count: int) -> None:
    """Whoever began before it was set need not know it, and who was kept waiting may find it lifted."""
    events = [Event(5.0, "cap", "day", 8.5), Event(6.0, "memory", "worker-1", 1), Event(9.0, "lift", "day")]
    reserved = replace(line("reserved", 9), asked_at=asked_at, at=at)

    assert caps_of(events) == [Cap("day", Decimal("8.5"), since=5.0, until=9.0)]
    assert found([reserved], *caps_of(events)) == count


def test_a_cap_that_nobody_lifts_holds_for_ever() -> None:
    assert caps_of([Event(5.0, "cap", "total", 10)]) == [Cap("total", Decimal(10), since=5.0, until=math.inf)]


def test_a_storys_cap_is_its_own() -> None:
    one, other = line("reserved", 2, video=ONE), line("reserved", 2, render=2, video=OTHER)
    again = line("reserved", 2, render=3, video=ONE)

    assert found([one, other], STORY) == 0
    assert found([one, other, again], STORY) == 1
    assert promised([one, other, again]) == {ONE: 4, OTHER: 2}
