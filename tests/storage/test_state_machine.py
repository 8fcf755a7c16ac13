"""Random histories of a whole database, in which no promise of DESIGN breaks, and after which nothing is stuck.

The machine stands in `histories/`: what everybody does (`deeds`), what must hold (`promises`), how it ends
(`settling`), and the rules (`machine`). STORYREEL_HISTORIES=2000 runs that many instead of a few; with
--hypothesis-show-statistics, every status is listed with what it met. Below it is what the machine, or writing it,
has found.
"""

import os
from collections.abc import Iterator
from decimal import Decimal
from typing import LiteralString

import pytest
from hypothesis import HealthCheck, settings

from local.postgres import EmbeddedPostgres
from tests.storage.builders import CLIP, PASSING, PERMANENT
from tests.storage.histories.deeds import Deeds, on_a_database
from tests.storage.histories.machine import Histories
from tests.storage.histories.provider import Provider, Request
from tests.storage.histories.settling import make_all, plan_all, plan_without_previews, submit_all, tell_all

_HISTORIES = int(os.environ.get("STORYREEL_HISTORIES", "20"))

pytestmark = pytest.mark.timeout(max(180, _HISTORIES * 2))  # seconds


@pytest.fixture(scope="module", autouse=True)
def one_database(postgres: EmbeddedPostgres, _template: str) -> Iterator[Deeds]:
    """One for all histories."""
    with on_a_database(postgres, _template) as Histories.deeds:
        yield Histories.deeds


@pytest.fixture
def deeds(one_database: Deeds) -> Deeds:
    """As if it were new."""
    one_database.begin()
    return one_database


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=_HISTORIES,
    stateful_step_count=50,
    deadline=None,
    # Every rule is transactions of a real database.
    suppress_health_check=[HealthCheck.too_slow],
)


def test_shots_that_want_the_same_take_render_it_once(deeds: Deeds) -> None:
    """A text may say the same thing twice."""
    deeds.insert("fox fox")

    plan_all(deeds)

    assert len(deeds.admit()) == 2, "a preview and a final"


def test_a_revision_waits_for_its_second_shot_though_its_first_is_ready(deeds: Deeds) -> None:
    """A take that is there already completes nothing but its own shot."""
    provider = Provider()
    deeds.insert("fox")
    go_all_the_way(deeds, provider)
    story = deeds.insert("fox whale")

    plan_all(deeds)

    (shown,) = deeds.rows("select shows, work from storyreel.videos where source_id = %s", story)
    assert shown == ("placeholder", "working")
    go_all_the_way(deeds, provider)
    (shown,) = deeds.rows("select shows, work from storyreel.videos where source_id = %s", story)
    assert shown == ("final", "idle")


def test_money_that_was_accounted_for_is_not_set_free_afterwards(deeds: Deeds) -> None:
    """A render was lost, and a person settled it; days later the provider says that it had failed."""
    request = lost(deeds, Provider())
    deeds.clock.advance(days=2)
    settle = deeds.stores.renders.settle
    deeds.do(settle(request.render.id, units=None, cost=Decimal("0.01"), now=deeds.clock()))

    deeds.deliver(request.render.id, request, PERMANENT)

    kinds = deeds.rows("select kind from storyreel.ledger where render_id = %s order by id", request.render.id)
    assert kinds == [("reserved",), ("settled",)]


def test_a_worker_that_had_ended_is_fenced_off_when_the_take_is_begun_again(deeds: Deeds) -> None:
    """Its answer comes twice, the second time after somebody asked for other renditions."""
    provider = Provider()
    story = deeds.insert("fox")
    plan_without_previews(deeds)
    (request,) = submit_all(deeds, provider)
    tell_all(deeds, provider, CLIP)
    take = deeds.take_of(request.render.id)
    hand = deeds.take_in_hand("fetch", take)
    assert hand
    assert deeds.fetched(hand)
    hand = deeds.take_in_hand("finish", take)
    assert hand
    assert deeds.finished(hand, "old")
    deeds.revise(story, "rerender")
    plan_without_previews(deeds)

    assert not deeds.finished(hand, "old")
    assert not deeds.give_up(hand, PASSING)


def test_a_render_that_was_withdrawn_uses_up_no_try(deeds: Deeds) -> None:
    """Twice somebody thought better of it; the third time the provider fails once, and it is tried again."""
    for _ in range(2):
        story = deeds.insert("fox")
        plan_without_previews(deeds)
        deeds.delete(story)
        assert deeds.admit() == []
    deeds.insert("fox")
    plan_without_previews(deeds)
    (render,) = deeds.admit()

    deeds.conclude(render.id, PASSING)

    assert deeds.rows("select count(*) from storyreel.renders where status = 'waiting'") == [(1,)]


def test_renditions_made_anew_leave_what_others_show_alone(deeds: Deeds) -> None:
    """Two stories share a take, one is remade by a new recipe: the other plays its old files, and for good."""
    provider = Provider()
    other, story = deeds.insert("fox"), deeds.insert("fox")
    go_all_the_way(deeds, provider)
    shown: LiteralString = "select path, shown_revision from storyreel.videos where source_id = %s"
    before = deeds.rows(shown, other)
    deeds.revise(story, "rerender")
    plan_without_previews(deeds)

    make_all(deeds, "2")

    assert deeds.rows(shown, story) != before
    for _ in range(2):
        deeds.clock.advance(days=8)
        deeds.remove()
    assert deeds.rows(shown, other) == before
    deeds.restore(story)
    assert deeds.rows(shown, story) == [(before[0][0], 3)]


def lost(deeds: Deeds, provider: Provider) -> Request:
    """A render that was taken, whose answer was lost, and which nobody heard of for too long."""
    deeds.insert("fox")
    plan_without_previews(deeds)
    (request,) = provider.order(deeds.admit())
    assert request.take()
    deeds.answer_lost(request.render)
    deeds.silence(request.render.id)
    return request


def go_all_the_way(deeds: Deeds, provider: Provider) -> None:
    plan_all(deeds)
    while submit_all(deeds, provider):
        tell_all(deeds, provider, CLIP)
    make_all(deeds)
