-- Who may go to the provider next. One function, one transaction, for all processes and machines: it counts
-- what is in flight, takes the best of what waits, reserves the estimate and records the intent.

-- The place of one more render among those that wait, so that owners take turns however much each has asked for: behind
-- its owner's others, but before none that was served already (start-time fair queueing, Goyal et al. 1996). All stories
-- without an owner count as one owner's. Two that are placed at the same moment may get the same turn; the older goes first.
create function storyreel.next_turn(p_provider text, p_priority integer, p_owner uuid) returns bigint
language sql stable
set search_path = ''
as $$
  select greatest(
    (select max(r.turn) from storyreel.renders r
     where r.provider = p_provider and r.priority = p_priority
       and coalesce(r.owner_id, '00000000-0000-0000-0000-000000000000')
         = coalesce(p_owner, '00000000-0000-0000-0000-000000000000')
       and (r.status = 'waiting' or r.tries > 0)) + 1,
    (select max(r.turn) from storyreel.renders r
     where r.provider = p_provider and r.priority = p_priority and r.tries > 0),
    0);
$$;

-- A render that waits for a slot while nobody waits for it any more is not made: true where it was withdrawn. Its take is
-- locked first, so that nobody begins to want it meanwhile; one that is in somebody's hands is left for the next time,
-- for that may be just what they do.
create function storyreel.withdraw_waiting(p_render uuid, p_take uuid, p_now timestamptz) returns boolean
language plpgsql volatile
set search_path = ''
as $$
begin
  perform from storyreel.takes t where t.id = p_take for update skip locked;
  if not found or storyreel.is_wanted(p_take) then
    return false;
  end if;
  update storyreel.renders r set status = 'cancelled', due_at = null, ended_at = p_now, waits_for = null
  where r.id = p_render and r.status = 'waiting';
  -- One that was put back holds a reservation, and nothing can have flowed.
  insert into storyreel.ledger (render_id, endpoint, kind, amount_usd, video_id, owner_id, at)
  select l.render_id, l.endpoint, 'released', l.amount_usd, l.video_id, l.owner_id, p_now
  from storyreel.ledger l where l.render_id = p_render and l.kind = 'reserved'
  on conflict on constraint ledger_once do nothing;
  return true;
end
$$;

-- How many renders the provider takes now, and 0 while it is paused. After a pause one tries whether it goes again.
create function storyreel.free_slots(p storyreel.providers, p_now timestamptz) returns integer
language sql stable
set search_path = ''
as $$
  select case
    when p.paused_until > p_now then 0
    when p.paused_until is null then p.slots - count(*)::integer
    else least(1 - count(*) filter (where r.status = 'admitted'), p.slots - count(*))::integer
  end
  from storyreel.renders r
  where r.provider = p.name and r.status in ('admitted', 'submitted', 'unknown');
$$;

-- When the next render may begin at the provider's rate, after one begins now; null where that is too soon. Up to as many
-- as there are slots are saved up in a quiet time.
create function storyreel.after_one(p storyreel.providers, p_rate_at timestamptz, p_now timestamptz) returns timestamptz
language sql immutable
set search_path = ''
as $$
  select case when p_rate_at is null or p_rate_at - (p.slots - 1) * gap <= p_now then greatest(p_rate_at, p_now) + gap end
  from (select interval '1 minute' / p.per_minute as gap) rate;
$$;

-- What came of a render that was looked at: `admitted`, or the cap that it would have passed.
create type storyreel.admission as (render_id uuid, take_id uuid, outcome text);

-- One lock for all providers, since they share the money; it ends with the transaction, so it also holds behind a
-- transaction pooler.
create function storyreel.admit(p_provider text, p_now timestamptz, p_lease interval) returns setof storyreel.admission
language plpgsql volatile
set search_path = ''
as $$
declare
  -- Others wait for this transaction: a table of stories that was emptied leaves thousands, a spent budget holds them.
  most_dealt_with constant integer := 500;
  dealt_with integer := 0;
  woken      integer := 0;
  admitted   integer := 0;
  alone      boolean;
  p          storyreel.providers;
  free       integer;
  next       storyreel.renders;
  payer      record;
  passed     text;
begin
  perform pg_advisory_xact_lock(hashtextextended('storyreel.admit', 0));
  select * into strict p from storyreel.providers q where q.name = p_provider;
  free := storyreel.free_slots(p, p_now);

  update storyreel.renders r set waits_for = null
  where r.id in (
    select w.id from storyreel.renders w where w.provider = p_provider and w.waits_for is not null and w.due_at <= p_now
    order by w.due_at limit most_dealt_with for update skip locked);

  -- Read once, and each locked when its turn comes: what this transaction has dealt with is not met again.
  for next in
    select r.* from storyreel.renders r
    where r.provider = p_provider and r.status = 'waiting' and r.waits_for is null
    order by r.priority desc, r.turn, r.created_at, r.id
    limit 1000  -- a number that the planner knows: without it, it would sort all that waits
  loop
    exit when free <= 0 or dealt_with = most_dealt_with
      or (p.per_minute is not null and storyreel.after_one(p, p.rate_at, p_now) is null);
    perform from storyreel.renders r where r.id = next.id and r.status = 'waiting' for update skip locked;
    continue when not found;
    if not storyreel.is_wanted(next.take_id) then
      if storyreel.withdraw_waiting(next.id, next.take_id, p_now) then
        dealt_with := dealt_with + 1;
        woken := woken + storyreel.wake_one(p_provider, next.owner_id);
      end if;
      continue;
    end if;

    -- The last one's answer was lost: whatever killed its submitter must not take others along again. It goes alone.
    alone := exists (
      select from storyreel.renders o where o.take_id = next.take_id and o.round = next.round and o.status = 'lost');
    continue when alone and admitted > 0;

    select * into payer from storyreel.payer_of(next.take_id);
    if payer.owner_id is not null and p.owner_slots <= (
      select count(*) from storyreel.renders r
      where r.provider = p_provider and r.owner_id = payer.owner_id and r.status in ('admitted', 'submitted', 'unknown'))
    then
      -- Until one of its owner's ends (storyreel.wake_one); should that be missed, until it is looked at anyway.
      update storyreel.renders r
      set waits_for = 'owner', owner_id = payer.owner_id, due_at = p_now + interval '10 minutes' where r.id = next.id;
      dealt_with := dealt_with + 1;
      continue;
    end if;

    -- A render that was put back keeps the reservation it had, unless it was for another endpoint.
    if not exists (
      select from storyreel.ledger l where l.render_id = next.id and l.endpoint = next.endpoint and l.kind = 'reserved')
    then
      passed := storyreel.cap_passed(next.estimate_usd, payer.video_id, payer.owner_id, p_now);
      if passed is not null then
        -- Until there is room (storyreel.wake_held), or the next day begins.
        update storyreel.renders r
        set waits_for = passed, owner_id = payer.owner_id,
            due_at = (date_trunc('day', p_now at time zone 'UTC') + interval '1 day') at time zone 'UTC'
        where r.id = next.id;
        return next (next.id, next.take_id, passed)::storyreel.admission;
        dealt_with := dealt_with + 1;
        woken := woken + storyreel.wake_one(p_provider, payer.owner_id);
        continue;
      end if;
      insert into storyreel.ledger (render_id, endpoint, kind, amount_usd, video_id, owner_id, at)
      values (next.id, next.endpoint, 'reserved', next.estimate_usd, payer.video_id, payer.owner_id, p_now);
    end if;

    if p.per_minute is not null then
      p.rate_at := storyreel.after_one(p, p.rate_at, p_now);
    end if;
    update storyreel.renders r
    set status = 'admitted', tries = r.tries + 1, admitted_at = p_now, due_at = p_now + p_lease, owner_id = payer.owner_id
    where r.id = next.id;
    return next (next.id, next.take_id, 'admitted')::storyreel.admission;
    free := free - 1;
    admitted := admitted + 1;
    exit when alone;
  end loop;

  if p.per_minute is not null then
    update storyreel.providers q set rate_at = p.rate_at where q.name = p_provider;
  end if;
  if dealt_with = most_dealt_with or woken > 0 then
    perform storyreel.hint('admit');
  end if;
end
$$;

-- What nine in ten of the endpoint's last requests took at most, from submit to delivery; null until a few were seen.
create function storyreel.usual_time(p_provider text, p_endpoint text) returns interval
language sql stable
set search_path = ''
as $$
  select case when count(*) >= 3 then percentile_disc(0.9) within group (order by lately.took) end
  from (
    select r.ended_at - r.submitted_at as took from storyreel.renders r
    where r.provider = p_provider and r.endpoint = p_endpoint and r.status = 'delivered' and r.submitted_at is not null
    order by r.ended_at desc limit 20
  ) lately;
$$;

-- How long an owner who would tell one more story has to wait before it may be told: null where it may be now, or was
-- before. For doors that can say so; a row that is inserted is held instead (storyreel.hold_over_quota).
create function storyreel.quota_wait(p_owner uuid, p_table text, p_id text, p_now timestamptz) returns interval
language plpgsql volatile
set search_path = ''
as $$
declare
  quota constant integer := (select l.owner_stories_per_hour from storyreel.limits l);
begin
  if quota is null or p_owner is null then
    return null;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('storyreel.quota:' || p_owner, 0));
  if exists (select from storyreel.videos v where v.source_table = p_table and v.source_id = p_id) then
    return null;
  end if;
  return (
    select v.created_at + interval '1 hour' - p_now from storyreel.videos v
    where v.owner_id = p_owner and v.created_at > p_now - interval '1 hour'
    order by v.created_at desc offset quota - 1 limit 1);
end
$$;

-- Stories of owners who have asked for more in an hour than they may are planned later: returns those of the given
-- revisions that are held. They are locked: whoever calls has just claimed them.
create function storyreel.hold_over_quota(p_revisions uuid[], p_message text, p_now timestamptz) returns setof uuid
language plpgsql volatile
set search_path = ''
as $$
declare
  quota constant integer := (select l.owner_stories_per_hour from storyreel.limits l);
  next  record;
  begun record;
  ahead bigint;
begin
  if quota is null then
    return;
  end if;
  for next in
    select r.id, r.created_at, v.id as video_id, v.owner_id from storyreel.revisions r join storyreel.videos v on v.id = r.video_id
    where r.id = any (p_revisions) and r.kind = 'first' and v.owner_id is not null
    order by v.owner_id, r.created_at, r.id
  loop
    -- Two planners may not both take the owner's last; nor wait for each other crosswise, by the order above.
    perform pg_advisory_xact_lock(hashtextextended('storyreel.quota:' || next.owner_id, 0));
    select count(*) as stories, min(coalesce(r.planned_at, p_now)) as since into begun
    from storyreel.videos v join storyreel.revisions r on r.video_id = v.id and r.kind = 'first'
    where v.owner_id = next.owner_id and r.held_until is null
      and (r.planned_at > p_now - interval '1 hour'
           or r.planned_at is null and r.attempt > 0 and (r.created_at, r.id) < (next.created_at, next.id));
    continue when begun.stories < quota;

    select count(*) into ahead
    from storyreel.videos v join storyreel.revisions r on r.video_id = v.id
    where v.owner_id = next.owner_id and r.held_until is not null;
    update storyreel.revisions r
    set attempt = 0, due_at = p_now, held_until = begun.since + interval '1 hour' * (1 + ahead / quota)
    where r.id = next.id;
    update storyreel.videos v set work = 'held', reason = 'quota', message = p_message, updated_at = p_now
    where v.id = next.video_id and v.work in ('working', 'held');
    return next next.id;
  end loop;
end
$$;

-- A slot of an owner is free, or was not used: the best of those that wait for it is looked at again; how many, 0 or 1.
create function storyreel.wake_one(p_provider text, p_owner uuid) returns integer
language sql volatile
set search_path = ''
as $$
  with best as (
    select w.id from storyreel.renders w
    where w.provider = p_provider and w.owner_id = p_owner and w.waits_for = 'owner'
    order by w.priority desc, w.turn, w.created_at limit 1 for update skip locked
  ),
  woken as (
    update storyreel.renders r set waits_for = null where r.id in (select b.id from best b) returning 1
  )
  select count(*)::integer from woken;
$$;

create function storyreel.wake_owner() returns trigger
language plpgsql volatile
set search_path = ''
as $$
begin
  perform storyreel.wake_one(new.provider, new.owner_id);
  return null;
end
$$;
create trigger renders_owner_slot_free after update of status on storyreel.renders
  for each row
  when (new.owner_id is not null
        and old.status in ('admitted', 'submitted', 'unknown') and new.status not in ('admitted', 'submitted', 'unknown'))
  execute function storyreel.wake_owner();

-- Of those that wait for room in a budget, the best few that have it are looked at again; how many.
create function storyreel.wake_held(p_now timestamptz) returns integer
language sql volatile
set search_path = ''
as $$
  with roomy as (
    -- Once for each owner: a thousand rows of one that has no room are not gone through.
    select o.owner_id from (select distinct w.owner_id from storyreel.renders w where w.waits_for = 'owner_day') o
    where storyreel.cap_passed(0.000001, null, o.owner_id, p_now) is null
  ),
  best as materialized (
    select w.id, w.estimate_usd, w.owner_id,
           -- What all before it and it would come to: a hundred that fit one by one are not woken for room for one.
           sum(w.estimate_usd) over (order by w.priority desc, w.turn, w.created_at, w.id) as together
    from storyreel.renders w
    where storyreel.cap_passed(0.000001, null, null, p_now) is null
      and (w.waits_for = 'day' or w.waits_for = 'owner_day' and w.owner_id in (select r.owner_id from roomy r))
    order by w.priority desc, w.turn, w.created_at, w.id limit 100
  ),
  fitting as (
    select b.id from best b, storyreel.limits l,
      storyreel.account('all', '') everything, storyreel.account('day', storyreel.day_of(p_now)) today
    where (l.day_usd is null or everything.reserved + today.spent + b.together <= l.day_usd)
      and storyreel.cap_passed(b.estimate_usd, null, b.owner_id, p_now) is null
  ),
  woken as (
    update storyreel.renders r set waits_for = null from fitting f where r.id = f.id returning 1
  )
  select count(*)::integer from woken;
$$;

revoke execute on function
  storyreel.next_turn, storyreel.withdraw_waiting, storyreel.free_slots, storyreel.after_one, storyreel.admit,
  storyreel.usual_time, storyreel.quota_wait, storyreel.hold_over_quota, storyreel.wake_one,
  storyreel.wake_owner, storyreel.wake_held
  from public, anon, authenticated;
grant execute on function
  storyreel.next_turn, storyreel.withdraw_waiting, storyreel.free_slots, storyreel.after_one, storyreel.admit,
  storyreel.usual_time, storyreel.quota_wait, storyreel.hold_over_quota, storyreel.wake_one,
  storyreel.wake_held
  to storyreel, service_role;
