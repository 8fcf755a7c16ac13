Statements of storage/sweep.py: rows compared with the clock.

-- name: clock
select clock_timestamp() as now;

-- name: adopt_next
select tried, adopted from storyreel.adopt_next(%(before)s);

-- name: unplanned
select count(*) as found from (
  (select from storyreel.revisions
   where planned_at is null and attempt = 0 and due_at <= %(now)s and (held_until is null or held_until <= %(now)s)
   limit 1000)
  union all
  (select from storyreel.revisions where planned_at is null and attempt > 0 and due_at <= %(now)s limit 1000)
  limit 1000) r;

-- name: waiting
select count(*) as found from (
  select from storyreel.renders
  where status = 'waiting' and (waits_for is null or waits_for in ('story', 'total') or waits_for <> 'owner' and due_at <= %(now)s)
  limit 1000) r;

-- name: hint
select storyreel.hint(%(step)s);

-- name: hint_takes
-- But for those whose hint still waits for a worker: a backlog must not grow with every look.
with overdue as (
  select id, case status when 'fetching' then 'fetch' else 'finish' end as step from storyreel.takes
  where due_at <= %(now)s and status in ('fetching', 'finishing')
  order by due_at limit 500
),
hinted as (
  select j.task_name as step, j.args ->> 'take_id' as id from procrastinate.procrastinate_jobs j
  where j.status = 'todo' and j.priority in (storyreel.step_priority('fetch'), storyreel.step_priority('finish'))
)
select o.step, count(*) as found, count(case when h.id is null then storyreel.hint(o.step, o.id)::text end) as hints
from overdue o left join hinted h on h.step = o.step and h.id = o.id::text
group by o.step;

-- name: lose_answers
-- Waits for nobody: whoever has one in hand may want another of them. It is looked at again in a minute.
update storyreel.renders r
set status = 'unknown', due_at = %(now)s + %(patience)s + coalesce(storyreel.usual_time(r.provider, r.endpoint), %(usual)s)
from (
  select id from storyreel.renders where status = 'admitted' and due_at <= %(now)s for update skip locked
) late
where r.id = late.id;

-- name: silent
select id from storyreel.renders where status = 'unknown' and due_at <= %(now)s order by due_at limit %(limit)s;

-- name: wake_held
select storyreel.wake_held(%(now)s) as woken;

-- name: advance_held
select storyreel.advance_held(%(now)s) as moved;

-- name: mend_held
select storyreel.mend_held(%(now)s) as mended;

-- name: unmarked
-- Takes that are held, and of whose videos one says that it is being worked on: somebody had it in hand just then.
select w.take_id from (
  select r.take_id from storyreel.renders r where r.waits_for = %(cap)s order by r.created_at desc limit 2000
) w
where exists (
  select from storyreel.shots s join storyreel.revisions r on r.id = s.revision_id join storyreel.videos v on v.id = r.video_id
  where s.take_id = w.take_id and s.shows = 'final' and v.work = 'working' and storyreel.is_newest(v.id, r.number))
limit 500;

-- name: hold_videos
select storyreel.hold_videos(%(takes)s, %(reason)s, %(message)s, %(now)s);

-- name: forget_days
-- Yesterday's may still be wanted where clocks differ.
delete from storyreel.accounts
where scope = 'owner_day' and key < storyreel.day_of(%(now)s - interval '2 days');

-- name: note_findings
insert into storyreel.findings as f (day, kind, found, last_at)
select (%(now)s at time zone 'UTC')::date, n.kind, n.found, %(now)s from unnest(%(kinds)s::text[], %(counts)s::bigint[]) as n(kind, found)
order by n.kind
on conflict (day, kind) do update set found = f.found + excluded.found, last_at = greatest(f.last_at, excluded.last_at);

-- name: claim_overdue
-- Claimed until `due_at`: two sweeps never ask about the same one. Materialized as in plans.sql.
with due as materialized (
  select id from storyreel.renders
  where (status = 'submitted' and due_at <= %(now)s) or ask_at <= %(now)s
  order by due_at
  limit %(limit)s
  for update skip locked
)
update storyreel.renders r
set due_at = case when r.status = 'submitted' then %(due_at)s else r.due_at end,
    ask_at = case when r.ask_at is not null then %(due_at)s end
from due where r.id = due.id
returning r.id, r.provider, r.endpoint, r.request_id, coalesce(r.submitted_at, r.created_at) as since,
          r.status = 'cancelled' as cancelled;

-- name: asked
update storyreel.renders set ask_at = null where id = %(id)s and ask_at is not null;

-- name: unsettled
select id, provider, endpoint, request_id, coalesce(submitted_at, created_at) as since from storyreel.renders
where status = 'delivered' and settled_at is null and ended_at <= %(before)s and request_id is not null
order by ended_at limit %(limit)s;

-- name: settle_old
-- What nobody could tell for so long is settled at its estimate, so that the ledger adds up. Only what the provider is
-- known to have had: what may never have reached it keeps its reservation until a delivery or a person tells.
with old as (
  update storyreel.renders r
  set cost_usd = r.estimate_usd, settled_at = %(now)s
  where r.status in ('delivered', 'lost', 'cancelled') and r.request_id is not null
    and r.settled_at is null and r.ended_at <= %(before)s
    and exists (select from storyreel.ledger l
                where l.render_id = r.id and l.endpoint = r.endpoint and l.kind = 'reserved')
    and not exists (select from storyreel.ledger l
                    where l.render_id = r.id and l.endpoint = r.endpoint and l.kind = 'released')
  returning r.id, r.endpoint, r.cost_usd
)
insert into storyreel.ledger (render_id, endpoint, kind, amount_usd, video_id, owner_id, at)
select old.id, old.endpoint, 'settled', old.cost_usd, l.video_id, l.owner_id, %(now)s
from old left join storyreel.ledger l on l.render_id = old.id and l.endpoint = old.endpoint and l.kind = 'reserved'
on conflict on constraint ledger_once do nothing;

-- name: lock_failed
select id from storyreel.takes where again_at <= %(now)s
order by again_at limit %(limit)s for update skip locked;

-- name: read_failed
select t.id, t.status, t.round, t.original_path, t.clip_url, t.failure_code, t.comebacks, last.*,
       -- Not by itself where one of its renders failed and was billed all the same.
       case when not exists (select from storyreel.renders b where b.take_id = t.id and b.billed)
         then storyreel.comeback_priority(t.id) end as priority
from storyreel.takes t
  join lateral (
    select r.attempt as attempts, r.provider, r.endpoint, r.estimate_usd
    from storyreel.renders r where r.take_id = t.id order by r.attempt desc limit 1
  ) last on true
where t.id = %(id)s;

-- name: stay_failed
update storyreel.takes set again_at = null where id = %(id)s;

-- name: lock_unwanted
-- Only what is at a provider: what waits is withdrawn when its turn comes (storyreel.admit). One whose answer was lost
-- cannot be cancelled, and may be paid: it is waited for as any other.
select t.id from storyreel.takes t
where t.id in (select r.take_id from storyreel.renders r where r.status = 'submitted')
  and not storyreel.is_wanted(t.id)
order by t.id for update skip locked;

-- name: withdraw
-- A statement of its own: somebody may have begun to want it before it was locked.
update storyreel.renders r
set status = 'cancelled', due_at = null, ended_at = %(now)s, ask_at = %(now)s + interval '1 minute'
where r.take_id = any (%(takes)s) and r.status = 'submitted' and not storyreel.is_wanted(r.take_id)
returning r.id, r.provider, r.endpoint, r.request_id, coalesce(r.submitted_at, r.created_at) as since;

-- name: look_at_files
-- Returns those that have been unused for long enough. All are looked at once a day, an unused one when its time is up.
with due as materialized (
  select bucket, path from storyreel.objects where bucket = %(bucket)s and due_at <= %(now)s
  order by due_at limit %(limit)s for update skip locked
),
seen as (
  select d.*, storyreel.is_used(d.bucket, d.path) as used from due d
),
looked_at as (
  update storyreel.objects o
  set unused_since = case when not s.used then coalesce(o.unused_since, %(now)s) end,
      due_at = least(%(now)s + interval '1 day', case when not s.used then
        coalesce(o.unused_since, %(now)s) + (%(now)s - %(before)s::timestamptz) end)
  from seen s where o.bucket = s.bucket and o.path = s.path
  returning o.path, o.unused_since
)
select path from looked_at where unused_since <= %(before)s;

-- name: lock_takes
-- Nobody is waited for, so nobody waits for each other: whoever has one in hand may just begin to need its files.
select t.id from storyreel.takes t
where t.id in (
  select f from unnest(%(paths)s::text[]) as path cross join storyreel.takes_of(%(bucket)s, path) f)
for update skip locked;

-- name: mark_removing
-- A statement of its own: somebody may have begun to need them before the takes were locked. A remover has ten minutes
-- (pipeline/reconcile.py takes less): then they are another's.
update storyreel.objects o set removing_at = %(now)s, due_at = %(now)s + interval '10 minutes'
where o.bucket = %(bucket)s and o.path = any (%(paths)s)
  and not storyreel.is_used(o.bucket, o.path)
  and not exists (select from storyreel.takes_of(o.bucket, o.path) f where f <> all (%(takes)s))
returning o.path;

-- name: remove_takes
-- Of a take whose files go one by one nothing may be shown any more; the others go in their turn. One that failed
-- stays so: what fails for good is not paid for again.
update storyreel.takes t
set status = case t.status when 'ready' then 'removed' else t.status end,
    original_path = null, original_sha256 = null, rendition_key = null, clip_url = null, ready_at = null
where t.id in (
  select f from unnest(%(paths)s::text[]) as path cross join storyreel.takes_of(%(bucket)s, path) f);

-- name: remove_renditions
delete from storyreel.renditions g
where g.rendition_key in (
  select d.rendition_key from storyreel.renditions d where d.bucket = %(bucket)s and d.path = any (%(paths)s));

-- name: removed
-- Only where nobody has taken over from this remover.
delete from storyreel.objects
where bucket = %(bucket)s and path = any (%(paths)s) and removing_at = %(marked_at)s;

-- name: not_removed
update storyreel.objects set removing_at = null, due_at = %(due_at)s
where bucket = %(bucket)s and path = any (%(paths)s) and removing_at = %(marked_at)s;
