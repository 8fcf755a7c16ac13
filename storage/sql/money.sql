Statements of storage/money.py: the ledger as people read it, and what they settle.

-- name: costs
-- What was billed counts on the day of the bill, as the caps count it; what may yet be, on the day it was reserved. What
-- was released counts nowhere. `grouping` tells which of the tables a row belongs to.
with counted as (
  select s.render_id, s.endpoint, s.owner_id, s.at, s.amount_usd as billed,
         coalesce(o.amount_usd, s.amount_usd) as estimated, 0::numeric as reserved
  from storyreel.ledger s
    left join storyreel.ledger o on o.render_id = s.render_id and o.endpoint = s.endpoint and o.kind = 'reserved'
  where s.kind = 'settled' and s.at >= %(since)s
  union all
  select o.render_id, o.endpoint, o.owner_id, o.at, 0, 0, o.amount_usd
  from storyreel.ledger o
  where o.kind = 'reserved' and o.at >= %(since)s and not exists (
    select from storyreel.ledger e
    where e.render_id = o.render_id and e.endpoint = o.endpoint and e.kind in ('settled', 'released'))
),
-- Money outlives every row: whose render is gone belongs to no model.
known as (
  select c.*, storyreel.day_of(c.at) as day, t.model, coalesce(t.emulated, false) as emulated,
         r.billable_units is null and c.billed > 0 as untold
  from counted c
    left join storyreel.renders r on r.id = c.render_id
    left join storyreel.takes t on t.id = r.take_id
)
select case grouping(k.day, k.model, k.owner_id, k.endpoint)
         when 7 then 'day' when 11 then 'model' when 13 then 'owner' when 14 then 'endpoint' else 'total'
       end as by,
       coalesce(k.day, k.model, k.owner_id::text, k.endpoint) as key, k.emulated,
       count(*) as renders, sum(k.estimated) as estimated, sum(k.billed) as billed,
       sum(greatest(k.billed - k.estimated, 0)) as overrun,
       coalesce(sum(k.billed) filter (where k.untold), 0) as untold, sum(k.reserved) as reserved
from known k
group by grouping sets ((k.day, k.emulated), (k.model, k.emulated), (k.owner_id, k.emulated), (k.endpoint, k.emulated),
                        (k.emulated))
order by k.day desc, sum(k.billed) desc, key;

-- name: in_all
select reserved, spent from storyreel.account('all', '');

-- name: waiting_for_a_person
-- They end at no delivery and no poll: the provider never named them, and nobody waits for them.
select r.id, r.provider, r.endpoint, l.amount_usd as reserved, r.admitted_at as since, count(*) over () as of
from storyreel.renders r
  join storyreel.ledger l on l.render_id = r.id and l.endpoint = r.endpoint and l.kind = 'reserved'
where r.status in ('lost', 'cancelled') and r.settled_at is null and r.request_id is null
  and not exists (select from storyreel.ledger f
                  where f.render_id = r.id and f.endpoint = r.endpoint and f.kind = 'released')
order by r.ended_at limit %(limit)s;

-- name: to_settle
select r.status, r.settled_at, r.cost_usd,
       (select l.amount_usd from storyreel.ledger l
        where l.render_id = r.id and l.endpoint = r.endpoint and l.kind = 'reserved') as reserved,
       exists (select from storyreel.ledger l
               where l.render_id = r.id and l.endpoint = r.endpoint and l.kind = 'released') as released
from storyreel.renders r where r.id = %(id)s for update;
