"""What is true of the rows whatever happened to them, read by the database's owner. Written from DESIGN.

`PROMISES` hold of every state by itself: each is a query for the rows that break it. `Memory` holds what is
promised about the way from one state to the next. Nothing here changes a row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString

import psycopg

from pipeline.lifecycle import RENDER, TAKE, WORK, RenderStatus, Shows, TakeStatus, Work
from pipeline.retry import MAX_RENDERS
from tests.storage.histories.caps import assert_no_cap_was_passed

_NEWEST: LiteralString = """
  select v.id, v.shows, v.shown_revision, v.work, v.reason, r.number, r.planned_at, r.kind,
         (select array_agg(t.status) from storyreel.shots s join storyreel.takes t on t.id = s.take_id
          where s.revision_id = r.id and s.shows = 'final') as takes
  from storyreel.videos v join storyreel.revisions r on r.video_id = v.id
  where r.number = (select max(l.number) from storyreel.revisions l where l.video_id = v.id)
"""

PROMISES: Mapping[str, LiteralString] = {
    "a video always has something that plays": """
      select v.id from storyreel.videos v
      where v.path is null or v.bucket is null or not exists (
        select from storyreel.placeholders p
        where v.shows = 'placeholder' and p.bucket = v.bucket and p.path = v.path
        union all
        select from storyreel.renditions d join storyreel.renditions o using (rendition_key)
        where v.shows <> 'placeholder' and d.kind = 'video' and d.bucket = v.bucket and d.path = v.path
          and (o.kind, o.path) in (('poster', v.poster_path), ('preview', v.preview_path))
        having count(*) = 2)
    """,
    "no file that plays, or that a revision can show, is removed": """
      with needed as (
        select v.bucket, f.path from storyreel.videos v
          cross join lateral (values (v.path), (v.poster_path), (v.preview_path)) as f(path)
        where v.shows <> 'placeholder'
        union
        select d.bucket, d.path from storyreel.renditions d join storyreel.revisions r using (rendition_key)
        union
        select t.bucket, t.original_path from storyreel.takes t
        where t.original_path is not null and exists (select from storyreel.shots s where s.take_id = t.id)
      )
      select n.path from needed n
      where not exists (
        select from storyreel.objects o where o.bucket = n.bucket and o.path = n.path and o.removing_at is null)
    """,
    "a final that plays is what its revision remembers to have shown": """
      select v.id from storyreel.videos v
        join storyreel.revisions r on r.video_id = v.id and r.number = v.shown_revision
        left join storyreel.renditions d on d.bucket = v.bucket and d.path = v.path
      where v.shows = 'final' and r.rendition_key is distinct from d.rendition_key
    """,
    "work is idle exactly where the newest revision is shown as final": f"""
      select id, work from ({_NEWEST}) n
      where (work = 'idle') <> (shows = 'final' and shown_revision = number)
    """,
    "work is rejected exactly where the newest revision was planned and has no shot": f"""
      select id, work from ({_NEWEST}) n
      where (work = 'rejected') <> (kind <> 'restore' and planned_at is not null and takes is null)
    """,
    "a video whose newest revision is not planned, is worked on, or waits for its owner's next hour": f"""
      select id, work, reason from ({_NEWEST}) n
      where planned_at is null and work <> 'working' and (work, reason) <> ('held', 'quota')
    """,
    "a video whose newest revision wants a take that failed, says so": f"""
      select id, work from ({_NEWEST}) n
      where 'failed' = any (takes)
        and not (work in ('fallback', 'cancelled') or shows = 'final' and shown_revision = number)
    """,
    # Where only the making anew failed, what was shown before plays on, and the video says so.
    "a video whose newest revision has all its takes, shows it": f"""
      select id, takes from ({_NEWEST}) n
      where 'ready' = all (takes) and not (shows = 'final' and shown_revision = number)
        and not (kind = 'rerender' and shows = 'final' and work = 'fallback')
    """,
    "a take has one live render at most, and only while it has no clip": """
      select r.take_id from storyreel.renders r join storyreel.takes t on t.id = r.take_id
      where r.status in ('waiting', 'admitted', 'submitted', 'unknown')
      group by r.take_id, t.status having count(*) > 1 or t.status <> 'rendering'
    """,
    "whoever waits for a take, waits for something that comes due": """
      select t.id, t.status from storyreel.takes t
      where storyreel.is_wanted(t.id) and (
        t.status = 'removed'
        or t.status = 'rendering' and not exists (
          select from storyreel.renders r where r.take_id = t.id and r.due_at is not null))
    """,
    "the files of a take that somebody asked for are not removed": """
      select t.id from storyreel.takes t join storyreel.shots s on s.take_id = t.id where t.status = 'removed'
    """,
    "whatever may be running at a provider has money reserved": """
      select r.id, r.status from storyreel.renders r
      where r.status in ('admitted', 'submitted', 'unknown') and not exists (
        select from storyreel.ledger l
        where l.render_id = r.id and l.endpoint = r.endpoint and l.kind = 'reserved')
    """,
    "money is settled or set free only where it was reserved": """
      select l.* from storyreel.ledger l
      where l.kind <> 'reserved' and not exists (
        select from storyreel.ledger o
        where o.render_id = l.render_id and o.endpoint = l.endpoint and o.kind = 'reserved')
    """,
    "money is settled or set free, not both; but a clip given up on is paid for when it comes": """
      select l.render_id from storyreel.ledger l
        join storyreel.ledger o on o.render_id = l.render_id and o.endpoint = l.endpoint
        join storyreel.renders r on r.id = l.render_id
      where l.kind = 'settled' and o.kind = 'released' and (r.status <> 'delivered' or l.id < o.id)
    """,
    # Of an owner's days, those that are over are forgotten.
    "the accounts are the sums of the ledger": """
      with line as (
        select l.video_id, l.owner_id, to_char(l.at at time zone 'UTC', 'YYYY-MM-DD') as day,
               case when l.kind = 'reserved' and not exists (
                 select from storyreel.ledger o
                 where o.render_id = l.render_id and o.endpoint = l.endpoint and o.kind <> 'reserved')
               then l.amount_usd else 0 end as reserved,
               case when l.kind = 'settled' then l.amount_usd else 0 end as spent
        from storyreel.ledger l
      ),
      due as (
        select d.scope, d.key, sum(d.reserved) as reserved, sum(d.spent) as spent
        from line l
          cross join lateral (values
            ('all', '', l.reserved, l.spent),
            ('day', l.day, 0, l.spent),
            ('owner', l.owner_id::text, l.reserved, l.spent),
            ('owner_day', l.day || ' ' || l.owner_id, 0, l.spent),
            ('story', l.video_id::text, l.reserved, l.spent)) d (scope, key, reserved, spent)
        where d.key is not null
        group by d.scope, d.key
      )
      select scope, key, d.reserved, d.spent, a.reserved_usd, a.spent_usd
      from due d full join storyreel.accounts a using (scope, key)
      where (coalesce(d.reserved, 0), coalesce(d.spent, 0))
         <> (coalesce(a.reserved_usd, 0), coalesce(a.spent_usd, 0))
        and not (scope = 'owner_day' and a.scope is null)
    """,
    "a render that failed for nothing costs nothing": """
      select r.id from storyreel.renders r
        join storyreel.ledger l on l.render_id = r.id and l.endpoint = r.endpoint and l.kind = 'reserved'
      where r.status = 'failed' and not r.billed and not exists (
        select from storyreel.ledger o
        where o.render_id = r.id and o.endpoint = r.endpoint and o.kind in ('released', 'settled'))
    """,
}

# After a look of reconcile's: in between, whoever frees one does not stop to tell its video.
GROUNDLESSLY_HELD: LiteralString = """
  select v.id, v.reason from storyreel.videos v join storyreel.revisions r on r.video_id = v.id
  where v.work = 'held' and storyreel.is_newest(v.id, r.number) and r.planned_at is not null and not exists (
    select from storyreel.shots s join storyreel.renders d on d.take_id = s.take_id
    where s.revision_id = r.id and s.shows = 'final' and d.waits_for in ('day', 'owner_day'))
"""

_BROKEN: LiteralString = " union all ".join(
    "select %s::text, array_agg(q::text) from (" + query + ") q having count(*) > 0" for query in PROMISES.values()
)
_STATE: LiteralString = """
select
  (select json_object_agg(v.id, json_build_array(v.shows, v.shown_revision, v.path, v.work))
   from storyreel.videos v),
  (select json_object_agg(t.id, json_build_array(t.status, t.failure_permanent, t.round, t.attempt))
   from storyreel.takes t),
  (select json_object_agg(r.id, json_build_array(r.status, r.take_id, r.round, r.attempt, r.tries, r.billed))
   from storyreel.renders r),
  (select json_agg(to_json(l) order by l.id) from storyreel.ledger l),
  (select slots from storyreel.providers where name = 'fal'),
  (select json_build_array(l.total_usd, l.day_usd, l.owner_day_usd, l.story_usd) from storyreel.limits l)
"""


@dataclass(frozen=True)
class State:
    """The rows as far as they are remembered: by id, and the ledger as it stands."""

    videos: Mapping[str, Sequence[Any]]
    takes: Mapping[str, Sequence[Any]]
    renders: Mapping[str, Sequence[Any]]
    ledger: Sequence[Any]
    slots: int
    caps: Sequence[float | None]  # total, day, owner's day, story


NOTHING = State({}, {}, {}, [], 2, [None] * 4)


@dataclass
class Memory:
    """The last state, and what of earlier ones still matters."""

    state: State = NOTHING
    allowed: int = 0  # in flight: the slots, or what was there when they became fewer
    withdrawn: set[str] = field(default_factory=set)

    def look(self, owner: psycopg.Connection) -> None:
        """Read every row and fail where a promise is broken."""
        broken = owner.execute(_BROKEN, list(PROMISES)).fetchall()
        assert not broken, broken
        row = owner.execute(_STATE).fetchone()
        assert row
        videos, takes, renders, ledger, slots, caps = row
        now = State(videos or {}, takes or {}, renders or {}, ledger or [], slots, caps)
        before, self.state = self.state, now
        _only_moves_up(before, now)
        _follows_the_tables(before, now)
        _never_goes_back(before, now)
        _is_not_rendered_by_itself(before, now)
        assert now.ledger[: len(before.ledger)] == before.ledger, "the ledger was changed"
        assert_no_cap_was_passed(now.ledger, now.caps, new=now.ledger[len(before.ledger) :])
        self._in_flight(now)
        self._tries(now)

    def _in_flight(self, now: State) -> None:
        flying = sum(row[0] in {"admitted", "submitted", "unknown"} for row in now.renders.values())
        assert flying <= max(now.slots, self.allowed), "more at the provider than there are slots"
        self.allowed = max(now.slots, flying)

    def _tries(self, now: State) -> None:
        """Those that were withdrawn had no say; after one that may have been paid for nothing, one more."""
        self.withdrawn |= {render for render, row in now.renders.items() if row[0] == RenderStatus.CANCELLED}
        rounds: dict[tuple[str, int], list[Sequence[Any]]] = {}
        for render, row in sorted(now.renders.items(), key=lambda item: int(item[1][3])):
            if render not in self.withdrawn:
                rounds.setdefault((row[1], row[2]), []).append(row)
        for made in rounds.values():
            assert len(made) <= MAX_RENDERS, "a fault that does not pass is tried again and again"
            lost = [number for number, row in enumerate(made) if row[0] == RenderStatus.LOST or row[5]]
            assert not lost or len(made) - lost[0] <= 2, (
                "a third render after one that may have been paid for nothing"
            )


def _only_moves_up(before: State, now: State) -> None:
    rank = list(Shows)
    for video in before.videos.keys() & now.videos.keys():
        old, new = before.videos[video], now.videos[video]
        was, is_ = (rank.index(old[0]), old[1]), (rank.index(new[0]), new[1])
        assert is_ >= was, f"video {video} moved down from {old} to {new}"
        assert is_ > was or old[2] == new[2], f"video {video} plays another file and did not move up"


def _follows_the_tables(before: State, now: State) -> None:
    for take in before.takes.keys() & now.takes.keys():
        old, new = TakeStatus(before.takes[take][0]), TakeStatus(now.takes[take][0])
        assert old is new or new in TAKE[old].values(), f"a take went from {old} to {new}"
    for render in before.renders.keys() & now.renders.keys():
        was, is_ = RenderStatus(before.renders[render][0]), RenderStatus(now.renders[render][0])
        assert was is is_ or is_ in RENDER[was].values(), f"a render went from {was} to {is_}"
    for video in before.videos.keys() & now.videos.keys():
        work, then = Work(before.videos[video][3]), Work(now.videos[video][3])
        assert work is then or then in WORK[work].values(), f"work went from {work} to {then}"


def _never_goes_back(before: State, now: State) -> None:
    for take, row in before.takes.items():
        assert [*now.takes[take][2:]] >= [*row[2:]], "a take was deleted, or its attempts went back"
    for render, row in before.renders.items():
        assert [*now.renders[render][1:5]] >= [*row[1:5]], "a render was deleted, or its tries went back"


def _is_not_rendered_by_itself(before: State, now: State) -> None:
    new = {now.renders[render][1] for render in now.renders.keys() - before.renders.keys()}
    for take, row in before.takes.items():
        assert not (row[1] and take in new), f"take {take} failed for good and is rendered again"
