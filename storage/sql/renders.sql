Statements of storage/renders.py: renders on their way to a provider and back.

-- name: admit
select render_id, take_id, outcome from storyreel.admit(%(provider)s, %(now)s, %(lease)s);

-- name: admitted
-- A statement of its own: the one above began before it waited for its turn, and would not see younger takes.
select r.id, r.tries, r.endpoint, r.priority, t.model, t.prompt, t.negative_prompt, t.seed, t.parameters,
       storyreel.usual_time(r.provider, r.endpoint) as usual
from storyreel.renders r join storyreel.takes t on t.id = r.take_id
where r.id = any (%(ids)s)
order by r.priority desc, r.turn, r.created_at, r.id;

-- name: over_cap
select id, waits_for from storyreel.renders where provider = %(provider)s and waits_for in ('story', 'total') limit 500;

-- name: hold_videos
select storyreel.hold_videos(%(takes)s, %(reason)s, %(message)s, %(now)s);

-- name: resume_videos
select storyreel.resume_videos(%(takes)s, %(now)s);

-- name: lock_provider
-- Those before the present one, where there is one.
select pauses - case when paused_until > %(now)s then 1 else 0 end as pauses
from storyreel.providers where name = %(provider)s for no key update;

-- name: pause
select storyreel.pause(%(provider)s, %(now)s, %(until)s, %(code)s, %(message)s);

-- name: end_pause
-- It was the one that tried whether it goes again: a pause that began since stays.
update storyreel.providers p
set paused_until = null, pause_code = null, pause_message = null, pauses = 0
from storyreel.renders r
where r.id = %(id)s and p.name = r.provider and p.paused_until <= r.admitted_at;

-- name: stop_on_overrun
select storyreel.stop_on_overrun(r.provider) from storyreel.renders r where r.id = %(id)s;

-- name: submitted
update storyreel.renders
set status = 'submitted', request_id = %(request_id)s, submitted_at = %(now)s, due_at = %(due_at)s,
    failure_code = null, failure_message = null
where id = %(id)s and status in ('admitted', 'unknown') and tries = %(tries)s;

-- name: note_request
-- The news outran the answer to the POST, or came after we had given up: keep the name, change nothing else.
-- Of one that nobody waits for any more it is asked how it ended, and at what cost.
update storyreel.renders
set request_id = coalesce(request_id, %(request_id)s), submitted_at = coalesce(submitted_at, %(now)s),
    ask_at = case when status in ('lost', 'cancelled') then %(now)s + interval '1 minute' else ask_at end
where id = %(id)s and tries = %(tries)s and status in ('delivered', 'failed', 'lost', 'cancelled');

-- name: put_back
update storyreel.renders
set status = 'waiting', admitted_at = null, due_at = %(due_at)s, waits_for = case when %(later)s then 'time' end,
    failure_code = %(code)s, failure_message = %(message)s
where id = %(id)s and status = 'admitted' and tries = %(tries)s;

-- name: readdress
update storyreel.renders set endpoint = %(endpoint)s, estimate_usd = %(estimate)s where id = %(id)s;

-- name: answer_lost
update storyreel.renders set status = 'unknown', due_at = %(due_at)s
where id = %(id)s and status = 'admitted' and tries = %(tries)s;

-- name: note_missing
insert into storyreel.missing_endpoints (provider, endpoint, noted_at)
values (%(provider)s, %(endpoint)s, %(now)s)
on conflict (provider, endpoint) do update set noted_at = excluded.noted_at;

-- name: lock_take
-- The take first: every transaction that touches both locks them in this order. A statement of its own, so that
-- the next one sees what was committed while this one waited.
select t.id from storyreel.takes t join storyreel.renders r on r.take_id = t.id
where r.id = %(id)s
for update of t;

-- name: lock_render
select r.id, r.take_id, r.status, r.provider, r.endpoint, r.priority, r.round, r.estimate_usd, r.waits_for,
       t.status as take_status, t.round as take_round, t.model, t.comebacks,
       (select max(o.attempt) from storyreel.renders o where o.take_id = t.id) as attempts,
       -- One that was withdrawn while it was not wanted uses up no try.
       (select count(*) from storyreel.renders o
        where o.take_id = t.id and o.round = t.round and o.status <> 'cancelled') as made,
       (select count(*) from storyreel.renders o
        where o.take_id = t.id and o.round = t.round and (o.status = 'lost' or o.billed)) as lost,
       (select count(*) from storyreel.renders o
        where o.take_id = t.id and (o.status = 'lost' or o.billed)) as ever_lost,
       exists (select from storyreel.renders o
               where o.take_id = t.id and o.id <> r.id
                 and o.status in ('waiting', 'admitted', 'submitted', 'unknown')) as rival
from storyreel.renders r join storyreel.takes t on t.id = r.take_id
where r.id = %(id)s
for update of r;

-- name: end_render
update storyreel.renders
set status = %(status)s, due_at = null, ended_at = %(now)s, waits_for = null,
    request_id = coalesce(request_id, %(request_id)s),
    failure_code = %(code)s, failure_message = %(message)s, billed = %(billed)s,
    -- A webhook does not tell what a failure cost, and it may have cost something.
    ask_at = case when %(status)s = 'failed' and %(request_id)s::text is not null then %(now)s + interval '1 minute' else ask_at end
where id = %(id)s;

-- name: release
-- Money is set free only where none can have flowed: what was delivered is settled instead, and what was lost
-- or cancelled under way may still be billed. What was settled because nobody could tell for long, stays so.
insert into storyreel.ledger (render_id, endpoint, kind, amount_usd, video_id, owner_id, at)
select render_id, endpoint, 'released', amount_usd, video_id, owner_id, %(now)s
from storyreel.ledger l
where l.render_id = %(id)s and l.kind = 'reserved' and not exists (
  select from storyreel.ledger s
  where s.render_id = l.render_id and s.endpoint = l.endpoint and s.kind = 'settled')
on conflict on constraint ledger_once do nothing;

-- name: cancel_rivals
with rival as (
  select id, status from storyreel.renders
  where take_id = %(take_id)s and id <> %(id)s and status = any (%(statuses)s)
),
-- One that was put back holds a reservation, and nothing can have flowed.
released as (
  insert into storyreel.ledger (render_id, endpoint, kind, amount_usd, video_id, owner_id, at)
  select l.render_id, l.endpoint, 'released', l.amount_usd, l.video_id, l.owner_id, %(now)s
  from rival join storyreel.ledger l on l.render_id = rival.id and l.kind = 'reserved'
  where rival.status = 'waiting'
  on conflict on constraint ledger_once do nothing
)
update storyreel.renders r
set status = 'cancelled', due_at = null, ended_at = %(now)s, waits_for = null,
    ask_at = case when r.request_id is not null then %(now)s + interval '1 minute' end  -- what became of it, and its cost
from rival where r.id = rival.id;

-- name: take_clip
update storyreel.takes
set status = 'fetching', tries = 0, failures = 0, due_at = %(now)s, render_id = %(id)s, clip_url = %(url)s, delivered_at = %(now)s,
    again_at = null, failed_at = null, failure_code = null, failure_message = null, failure_permanent = null
where id = %(take_id)s;

-- name: fail_take
update storyreel.takes
set status = 'failed', due_at = null, failed_at = %(now)s, again_at = %(again_at)s,
    failure_code = %(code)s, failure_message = %(message)s, failure_permanent = %(permanent)s
where id = %(take_id)s;

-- name: ask_result
-- The provider says it is done and not with what: the next poll, at once, asks.
update storyreel.renders
set status = 'submitted', request_id = coalesce(request_id, %(gateway_id)s),
    submitted_at = coalesce(submitted_at, %(now)s),
    due_at = %(now)s - interval '1 minute'  -- due on every machine, whatever its clock says
where id = %(id)s and status in ('admitted', 'submitted', 'unknown');

-- name: ask_anyway
-- Of one that nobody waits for: it may have been paid for.
update storyreel.renders
set request_id = coalesce(request_id, %(gateway_id)s), ask_at = %(now)s
where id = %(id)s and status in ('waiting', 'failed', 'lost', 'cancelled');

-- name: hint_reconcile
select storyreel.hint('reconcile');

-- name: fall_back
select storyreel.fall_back(%(take_id)s, %(code)s, %(message)s, %(now)s);

-- name: hint_fetch
select storyreel.hint('fetch', %(take_id)s);

-- name: hint_admit
select storyreel.hint('admit') where exists (select from storyreel.renders where status = 'waiting');

-- name: record_delivery
-- As stale until it is known what it is; the constraint tells a repetition.
insert into storyreel.deliveries (provider, request_id, body_sha256, body, render_id, outcome, received_at)
values (%(provider)s, %(request_id)s, %(digest)s, %(body)s, %(id)s, 'stale', %(now)s)
on conflict on constraint deliveries_once do nothing;

-- name: is_another_request
-- Only the provider could send this, and only to an address of ours; still, news of one request must not count for the
-- render of another.
select true as yes from storyreel.renders
where provider = %(provider)s
  and ((id <> %(id)s and request_id in (%(request_id)s, %(gateway_id)s))
       or (id = %(id)s and request_id not in (%(request_id)s, %(gateway_id)s))
       -- One that the provider refused, or never heard of, has no request: whatever comes is somebody else's.
       or (id = %(id)s and request_id is null and status = 'failed'));

-- name: mark_delivery
update storyreel.deliveries
set outcome = %(outcome)s,
    cost_usd = case when %(outcome)s = 'orphan' then
      -- The last one: those of endpoints that were missing are released.
      (select l.amount_usd from storyreel.ledger l where l.render_id = %(id)s and l.kind = 'reserved'
       order by l.id desc limit 1)
    end
where provider = %(provider)s and request_id = %(request_id)s and body_sha256 = %(digest)s and render_id = %(id)s;

-- name: withdrawn
select id, provider, endpoint, request_id, coalesce(submitted_at, created_at) as since from storyreel.renders
where take_id = %(take_id)s and status = 'cancelled' and request_id is not null;

-- name: unsettled
select id, provider, endpoint, request_id, coalesce(submitted_at, created_at) as since from storyreel.renders
where id = %(id)s and status = 'delivered' and settled_at is null and request_id is not null;

-- name: unbilled
-- Of one that was given up: the provider says that it made nothing of it, and billed nothing.
update storyreel.renders set cost_usd = 0, settled_at = %(now)s
where id = %(id)s and settled_at is null and status in ('cancelled', 'lost');

-- name: settle
update storyreel.renders
set billable_units = %(units)s, cost_usd = coalesce(%(cost)s, estimate_usd), settled_at = %(now)s,
    billed = billed or (status = 'failed' and coalesce(%(units)s::numeric, 0) > 0)
where id = %(id)s and settled_at is null;

-- name: record_cost
-- Whose money was reserved, his is spent.
insert into storyreel.ledger (render_id, endpoint, kind, amount_usd, video_id, owner_id, at)
select r.id, r.endpoint, 'settled', r.cost_usd, l.video_id, l.owner_id, %(now)s
from storyreel.renders r
  left join storyreel.ledger l on l.render_id = r.id and l.endpoint = r.endpoint and l.kind = 'reserved'
where r.id = %(id)s and r.settled_at is not null
on conflict on constraint ledger_once do nothing;
