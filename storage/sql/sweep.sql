Statements of storage/sweep.py: rows compared with the clock.

-- name: adopt_missed
select storyreel.adopt_missed() as adopted;

-- name: unplanned
select count(*) as found from (
  select from storyreel.revisions where planned_at is null and due_at <= %(now)s limit 1000) r;

-- name: waiting
select count(*) as found from (
  select from storyreel.renders where status = 'waiting' and due_at <= %(now)s limit 1000) r;

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
update storyreel.renders set status = 'unknown', due_at = %(due_at)s
where status = 'admitted' and due_at <= %(now)s;

-- name: silent
select id from storyreel.renders where status = 'unknown' and due_at <= %(now)s order by due_at limit %(limit)s;

-- name: claim_overdue
-- Claimed until `due_at`: two sweeps never ask about the same one.
update storyreel.renders r
set due_at = case when r.status = 'submitted' then %(due_at)s else r.due_at end,
    ask_at = case when r.ask_at is not null then %(due_at)s end
from (
  select id from storyreel.renders
  where (status = 'submitted' and due_at <= %(now)s) or ask_at <= %(now)s
  order by due_at
  limit %(limit)s
  for update skip locked
) due
where r.id = due.id
returning r.id, r.provider, r.endpoint, r.request_id, coalesce(r.submitted_at, r.created_at) as since;

-- name: asked
update storyreel.renders set ask_at = null where id = %(id)s and ask_at is not null;

-- name: unsettled
select id, provider, endpoint, request_id, coalesce(submitted_at, created_at) as since from storyreel.renders
where status = 'delivered' and settled_at is null and ended_at <= %(before)s and request_id is not null
order by ended_at limit %(limit)s;

-- name: settle_old
-- What nobody could tell for so long is settled at its estimate, so that the ledger adds up: delivered clips, and
-- what may have been billed though it brought nothing. What was never handed over holds no reservation.
with old as (
  update storyreel.renders r
  set cost_usd = r.estimate_usd, settled_at = %(now)s
  where r.status in ('delivered', 'lost', 'cancelled') and r.settled_at is null and r.ended_at <= %(before)s
    and exists (select from storyreel.ledger l
                where l.render_id = r.id and l.endpoint = r.endpoint and l.kind = 'reserved')
    and not exists (select from storyreel.ledger l
                    where l.render_id = r.id and l.endpoint = r.endpoint and l.kind = 'released')
  returning r.id, r.endpoint, r.cost_usd
)
insert into storyreel.ledger (render_id, endpoint, kind, amount_usd, at)
select id, endpoint, 'settled', cost_usd, %(now)s from old
on conflict on constraint ledger_once do nothing;
