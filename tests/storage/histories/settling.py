"""How every history ends: an honest provider answers, time passes, the sweep comes by; then nothing waits.

What is asserted here is promised of the end alone: nobody is stuck, money adds up, and files of nobody go.
"""

from typing import LiteralString

from pipeline.lifecycle import Work
from pipeline.model import Clip, Failure
from tests.storage.builders import CLIP
from tests.storage.histories.deeds import BUCKET, Chore, Deeds
from tests.storage.histories.promises import GROUNDLESSLY_HELD
from tests.storage.histories.provider import Provider, Request

_CHORES: tuple[Chore, ...] = ("settle old", "lose answers", "silence", "begin again", "wake", "mend", "withdraw")
_ROUNDS = 12  # of seven hours; the longest wait for anything is a day
_WAITING: LiteralString = """
select 'revision', id from storyreel.revisions where planned_at is null
union all select 'render', id from storyreel.renders where due_at is not null or ask_at is not null
union all select 'take', id from storyreel.takes where due_at is not null or again_at is not null
"""
_UNSETTLED: LiteralString = """
select o.render_id, o.endpoint from storyreel.ledger o
where o.kind = 'reserved' and not exists (
  select from storyreel.ledger l
  where l.render_id = o.render_id and l.endpoint = o.endpoint and l.kind in ('settled', 'released'))
union all
select r.id, r.endpoint from storyreel.renders r where r.status = 'delivered' and not exists (
  select from storyreel.ledger l where l.render_id = r.id and l.endpoint = r.endpoint and l.kind = 'settled')
"""
# Of these nobody but a person can tell: they may never have reached the provider.
_UNKNOWN: LiteralString = """
select id from storyreel.renders
where status in ('lost', 'cancelled') and request_id is null and settled_at is null order by id
"""
_GROUNDLESS: LiteralString = """
select v.id from storyreel.videos v join storyreel.revisions r on r.video_id = v.id
where v.work = 'fallback' and storyreel.is_newest(v.id, r.number) and not exists (
  select from storyreel.shots s join storyreel.takes t on t.id = s.take_id
  where s.revision_id = r.id and s.shows = 'final' and t.status = 'failed')
"""
_FILES: LiteralString = """
select path from storyreel.objects union all select path from storyreel.renditions
union all select original_path from storyreel.takes where original_path is not null
"""
_AT_AN_END = {Work.IDLE, Work.FALLBACK, Work.REJECTED, Work.CANCELLED}


def settle_everything(deeds: Deeds, provider: Provider) -> None:
    """Lift every limit, let everything come to its end, and look at it."""
    deeds.owners("update storyreel.providers set slots = 5")
    deeds.limit(None)
    deeds.resume()
    rounds = 0
    while waiting := deeds.rows(_WAITING):
        assert rounds < _ROUNDS, f"nobody looks after {waiting}"
        rounds += 1
        _seven_hours(deeds, provider)
    for video, (shows, _, _, work) in deeds.memory.state.videos.items():
        assert Work(work) in _AT_AN_END, f"video {video} shows {shows} and is still {work}"
    assert not deeds.rows(_GROUNDLESS), "fallback, and nothing failed"

    deeds.clock.advance(days=2)
    deeds.chore("settle old")
    for (render,) in deeds.rows(_UNKNOWN):
        deeds.settle_by_hand(render)
    assert not deeds.rows(_UNSETTLED), "money was reserved that nobody accounts for"
    _forget_all_stories(deeds)


def _seven_hours(deeds: Deeds, provider: Provider) -> None:
    deeds.clock.advance(hours=7)
    sweep_all(deeds)
    deeds.poll(provider.requests)
    plan_all(deeds)
    while submit_all(deeds, provider):
        tell_all(deeds, provider, CLIP)
    tell_all(deeds, provider, CLIP)
    make_all(deeds)


def sweep_all(deeds: Deeds) -> None:
    """What reconcile does without asking the provider."""
    for chore in _CHORES:
        deeds.chore(chore)
        if chore == "mend":
            assert not deeds.rows(GROUNDLESSLY_HELD), "held, and nothing of it is"
    deeds.remove()


def plan_all(deeds: Deeds) -> None:
    """Whatever waits to be planned, is."""
    while plans := deeds.claim():
        for plan in plans:
            assert deeds.save(plan)


def plan_without_previews(deeds: Deeds) -> None:
    """The same once, where one take is enough."""
    for plan in deeds.claim():
        assert deeds.save(plan, preview=False)


def submit_all(deeds: Deeds, provider: Provider) -> list[Request]:
    """Whatever may go to the provider, goes, and is taken."""
    requests = provider.order(deeds.admit())
    for request in requests:
        assert request.take()
        assert deeds.submitted(request)
    deeds.give_up_over_cap()
    return requests


def tell_all(deeds: Deeds, provider: Provider, outcome: Clip | Failure) -> None:
    """Whatever the provider took, ends, and is told of."""
    for request in provider.requests.values():
        if request.taken and not request.told:
            request.told = True
            deeds.deliver(request.render.id, request, request.end(outcome))
            deeds.settle(request.render.id)


def make_all(deeds: Deeds, recipe: str = "1") -> None:
    """Whatever was delivered and is in nobody's hands, is fetched and finished."""
    for _, take in deeds.steps():
        if hand := deeds.take_in_hand("fetch", take):
            deeds.fetched(hand)
        if hand := deeds.take_in_hand("finish", take):
            deeds.finished(hand, recipe)


def _forget_all_stories(deeds: Deeds) -> None:
    deeds.owners("delete from public.stories")
    for _ in range(2):
        deeds.clock.advance(days=8)
        deeds.remove()
    assert not deeds.rows(_FILES), f"files of nobody stay in the bucket {BUCKET}"
