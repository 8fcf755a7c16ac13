Statements of storage/rerenders.py: what was frozen, what is asked next, and how far it is.

-- name: freeze
insert into storyreel.rerenders (source_table, kind, model, parameters, preview, estimate_usd, created_at)
values (%(table)s, %(kind)s, %(model)s, %(parameters)s, %(preview)s, %(estimate)s, %(now)s)
returning id;

-- name: freeze_items
insert into storyreel.rerender_items (rerender_id, number, source_id, seed)
select %(id)s, c.place, c.id, c.seed
from unnest(%(ids)s::text[], %(seeds)s::bigint[]) with ordinality as c(id, seed, place);

-- name: lock
-- Whoever asks or counts does so alone: two processes together keep to one bound.
select source_table, kind, model, parameters, preview from storyreel.rerenders where id = %(id)s for update;

-- name: next
select i.number, i.source_id, i.seed
from storyreel.rerender_items i
where i.rerender_id = %(id)s and i.outcome is null and i.revision_id is null
  and (select count(*) from storyreel.rerender_items f
       where f.rerender_id = %(id)s and f.outcome is null and f.revision_id is not null) < %(at_once)s
order by i.number limit 1;

-- name: ask
select revision_id
from storyreel.ask_again(
  %(source_table)s, %(source_id)s, %(kind)s, %(model)s, %(seed)s, %(parameters)s, %(preview)s);

-- name: mark_asked
update storyreel.rerender_items set revision_id = %(revision_id)s
where rerender_id = %(id)s and number = %(number)s;

-- name: mark_gone
update storyreel.rerender_items set outcome = 'gone', paid = false
where rerender_id = %(id)s and number = %(number)s;

-- name: note_ends
-- Of a revision that is not the newest any more only its clip is waited for, and that as long as it would be shown. A
-- render was begun by a plan where it was made at the very moment of it; one withdrawn before its turn cost nothing.
with asked as (
  select i.number, r.id as revision_id, r.planned_at, r.rendition_key, v.work, v.reason, v.message,
         storyreel.is_newest(v.id, r.number) as newest,
         storyreel.moves_up(v.shows, v.shown_revision, 'final', r.number) as wanted,
         (select bool_or(t.status = 'failed') from storyreel.shots s join storyreel.takes t on t.id = s.take_id
          where s.revision_id = r.id and s.shows = 'final') as failed  -- null: it has no shots
  from storyreel.rerender_items i
    left join storyreel.revisions r on r.id = i.revision_id
    left join storyreel.videos v on v.id = r.video_id
  where i.rerender_id = %(id)s and i.outcome is null and i.revision_id is not null
),
ended as (
  select a.*, case
    when a.revision_id is null then 'gone'
    when a.rendition_key is not null then 'done'
    when a.newest and a.work in ('fallback', 'rejected', 'cancelled') then 'failed'
    when not a.newest and (not a.wanted or a.planned_at is not null and coalesce(a.failed, true)) then 'overtaken'
  end as outcome
  from asked a
)
update storyreel.rerender_items i
set outcome = e.outcome,
    reason = case when e.outcome = 'failed' then e.reason end,
    message = case when e.outcome = 'failed' then e.message end,
    paid = exists (
      select from storyreel.shots s join storyreel.renders d on d.take_id = s.take_id
      where s.revision_id = e.revision_id and d.created_at = e.planned_at and d.admitted_at is not null)
from ended e
where i.rerender_id = %(id)s and i.number = e.number and e.outcome is not null;

-- name: end
update storyreel.rerenders r set ended_at = %(now)s
where r.id = %(id)s and r.ended_at is null
  and not exists (select from storyreel.rerender_items i where i.rerender_id = r.id and i.outcome is null);

-- name: count
select count(*) as stories,
       count(*) filter (where i.outcome is null and i.revision_id is null) as waiting,
       count(*) filter (where i.outcome is null and i.revision_id is not null) as in_flight,
       count(r.planned_at) as planned,
       count(*) filter (where i.outcome = 'done' and i.paid) as paid,
       count(*) filter (where i.outcome = 'done' and not i.paid) as free,
       count(*) filter (where i.outcome = 'failed') as failed,
       count(*) filter (where i.outcome = 'gone') as gone,
       count(*) filter (where i.outcome = 'overtaken') as overtaken
from storyreel.rerender_items i
  left join storyreel.revisions r on i.outcome is null and r.id = i.revision_id
where i.rerender_id = %(id)s;

-- name: cost
-- Of the renders that this re-render's plans began, and of those tried after them: what is settled, else reserved.
with begun as (
  select s.take_id, min(d.attempt) as attempt
  from storyreel.rerender_items i
    join storyreel.revisions r on r.id = i.revision_id
    join storyreel.shots s on s.revision_id = r.id
    join storyreel.renders d on d.take_id = s.take_id and d.created_at = r.planned_at
  where i.rerender_id = %(id)s
  group by s.take_id
),
costs as (
  select d.status = 'delivered' and d.settled_at is null as unsettled, coalesce(
      sum(l.amount_usd) filter (where l.kind = 'settled'),
      sum(case l.kind when 'reserved' then l.amount_usd when 'released' then -l.amount_usd end), 0) as usd
  from begun b
    join storyreel.renders d on d.take_id = b.take_id and d.attempt >= b.attempt
    left join storyreel.ledger l on l.render_id = d.id
  group by d.id
)
select coalesce(sum(usd), 0) as cost_usd, coalesce(bool_or(unsettled), false) as unsettled from costs;

-- name: failures
select source_id, reason, message from storyreel.rerender_items
where rerender_id = %(id)s and outcome = 'failed' order by number;

-- name: read
-- One of them, or with null the last ones.
select r.id, r.source_table, r.kind, r.estimate_usd, r.created_at, r.ended_at,
       (select count(*) from storyreel.rerender_items i where i.rerender_id = r.id) as stories,
       (select count(*) from storyreel.rerender_items i where i.rerender_id = r.id and i.outcome is not null) as ended
from storyreel.rerenders r
where %(id)s::bigint is null or r.id = %(id)s::bigint
order by r.id desc limit 20;

-- name: last_open
select id from storyreel.rerenders where ended_at is null order by id desc limit 1;

-- name: worker_runs
-- The engine's workers sign in every ten seconds; one that is silent for thirty is dead.
select exists (
  select from procrastinate.procrastinate_workers where last_heartbeat > now() - interval '30 seconds') as runs;
