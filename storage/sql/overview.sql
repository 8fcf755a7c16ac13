Statements of storage/overview.py: one look at a deployment.

-- name: providers
select p.name, p.slots, p.owner_slots, p.per_minute, flying.in_flight, flying.unanswered,
       p.pause_code, p.pause_message, coalesce(p.paused_until = 'infinity', false) as until_resumed,
       case when p.paused_until < 'infinity' then p.paused_until end as paused_until
from storyreel.providers p
  cross join lateral (
    select count(*) as in_flight, count(*) filter (where r.status = 'unknown') as unanswered
    from storyreel.renders r where r.provider = p.name and r.status in ('admitted', 'submitted', 'unknown')
  ) flying
order by p.name;

-- name: waiting
select provider, coalesce(waits_for, 'turn') as reason, count(*) as renders from storyreel.renders
where status = 'waiting' group by 1, 2 order by 3 desc, 2;

-- name: budget
-- `passed`: there is no room for the cheapest of the last clips any more.
select l.day_usd as day_cap, l.total_usd as total_cap, everything.reserved, everything.spent, today.spent as spent_today,
       storyreel.cap_passed(coalesce(lately.cheapest, 0), null, null, %(now)s) as passed
from storyreel.limits l,
  storyreel.account('all', '') everything, storyreel.account('day', storyreel.day_of(%(now)s)) today,
  (select min(l.amount_usd) as cheapest from (
     select r.amount_usd from storyreel.ledger r where r.kind = 'reserved' order by r.id desc limit 20) l) lately;

-- name: postponed
-- Stories that no moderator could be asked about, by the error's code.
select postponed_for as why, count(*) as stories from storyreel.revisions
where planned_at is null and attempt > 0 and postponed > 0 group by 1 order by 2 desc, 1;

-- name: videos
select work, reason, count(*) as videos from storyreel.videos group by work, reason order by 3 desc, 2;

-- name: findings
select day, kind, found, last_at from storyreel.findings
where day >= (%(now)s at time zone 'UTC')::date - 1 order by day desc, found desc, kind;

-- name: late
-- What should have been moved, the longest first. What waits for its turn is late only where it could go: a slot is
-- free, the provider is not paused, and its rate allows one.
select late.what, late.due_at as since from (
  (select 'plan' as what, due_at from storyreel.revisions
   where planned_at is null and due_at <= %(before)s and (held_until is null or held_until <= %(before)s)
   order by due_at limit 1)
  union all
  (select case status when 'fetching' then 'fetch' else 'finish' end, due_at from storyreel.takes
   where due_at <= %(before)s order by due_at limit 1)
  union all
  (select status, due_at from storyreel.renders
   where status in ('admitted', 'submitted', 'unknown') and due_at <= %(before)s order by due_at limit 1)
  union all
  (select 'admit', r.due_at from storyreel.renders r join storyreel.providers p on p.name = r.provider
   where r.status = 'waiting' and (r.waits_for is null or r.waits_for = 'time') and r.due_at <= %(before)s
     and (p.rate_at is null or p.rate_at <= %(before)s) and storyreel.free_slots(p, %(before)s) > 0
   order by r.due_at limit 1)
) late
order by late.due_at limit 1;

-- name: workers
-- Workers sign in every ten seconds; one that is silent for thirty is dead. Whoever runs the steps, for a minute only
-- too, has the engine begin a reconcile each minute.
select (select count(*) from procrastinate.procrastinate_workers
        where last_heartbeat > now() - interval '30 seconds') as alive,
       (select to_timestamp(max(defer_timestamp)) from procrastinate.procrastinate_periodic_defers
        where task_name = 'reconcile') as looked_at;
