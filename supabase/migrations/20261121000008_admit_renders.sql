-- Who may go to the provider next. One function, one transaction, for all processes and machines: it counts
-- what is in flight, takes the best of what waits, reserves the estimate and records the intent.

-- The turn of whoever was served last. Definer, as everything here that looks for the best of many: row security keeps its
-- statistics from the planner, which then reads them all.
create function storyreel.served_turn(p_provider text, p_priority integer) returns bigint
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(max(r.turn), 0) from storyreel.renders r
  where r.provider = p_provider and r.priority = p_priority and r.tries > 0 and r.status <> 'waiting';
$$;

-- The place of one more render among those that wait, so that owners take turns however much each has asked for: behind
-- its owner's others, but before none that was served already (start-time fair queueing, Goyal et al. 1996). All stories
-- without an owner count as one owner's. Two that are placed at the same moment may get the same turn; the older goes first.
create function storyreel.next_turn(p_provider text, p_priority integer, p_owner uuid) returns bigint
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select greatest(
    (select max(r.turn) from storyreel.renders r
     where r.provider = p_provider and r.priority = p_priority
       and coalesce(r.owner_id, '00000000-0000-0000-0000-000000000000')
         = coalesce(p_owner, '00000000-0000-0000-0000-000000000000')
       and (r.status = 'waiting' or r.tries > 0)) + 1,
    storyreel.served_turn(p_provider, p_priority));
$$;

-- What waited for something is in the running again. Others were served meanwhile: it takes turns with them from now on,
-- instead of going first with all it had.
create function storyreel.wake(p_renders uuid[]) returns integer
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  with woken as (
    update storyreel.renders r set waits_for = null, turn = greatest(r.turn, w.turn)
    from (
      select p.id, storyreel.served_turn(p.provider, p.priority) + row_number() over (
               partition by p.provider, p.priority, p.owner_id order by p.turn, p.created_at, p.id) - 1 as turn
      from storyreel.renders p where p.id = any (p_renders)
    ) w
    where r.id = w.id and r.waits_for is not null
    returning 1
  )
  select count(*)::integer from woken;
$$;

-- A render that waits for a slot while nobody waits for it any more is not made: true where it was withdrawn. Its take is
-- locked first, so that nobody begins to want it meanwhile; one that is in somebody's hands is left for the next time,
-- for that may be just what they do.
create function storyreel.withdraw_waiting(p_render uuid, p_take uuid, p_now timestamptz) returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
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

-- Who is to pay for a take: of those that wait for it the first who may and has a slot, so that one story's cap never costs
-- another its clip. Where nobody may, the first who may later, with the cap that stands in the way. Twenty are looked at.
create function storyreel.payer_with_room(
  p storyreel.providers, p_take uuid, p_amount numeric, p_at timestamptz, out video_id uuid, out owner_id uuid, out passed text, out has_slot boolean)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select w.video_id, w.owner_id, c.passed, o.has_slot
  from (
    select v.id as video_id, v.owner_id, r.created_at, r.id
    from storyreel.shots s
      join storyreel.revisions r on r.id = s.revision_id
      join storyreel.videos v on v.id = r.video_id
    where s.take_id = p_take and storyreel.moves_up(v.shows, v.shown_revision, s.shows, r.number)
    order by r.created_at, r.id limit 20
  ) w
    cross join lateral (select storyreel.cap_passed(p_amount, w.video_id, w.owner_id, p_at)) c (passed)
    cross join lateral (
      select w.owner_id is null or p.owner_slots is null or p.owner_slots > (
        select count(*) from storyreel.renders r
        where r.provider = p.name and r.owner_id = w.owner_id and r.status in ('admitted', 'submitted', 'unknown'))
    ) o (has_slot)
  order by c.passed is not null, c.passed in ('story', 'total'), not o.has_slot, w.created_at, w.id limit 1;
$$;

-- How many renders the provider takes now, and 0 while it is paused. After a pause one tries whether it goes again.
create function storyreel.free_slots(p storyreel.providers, p_now timestamptz) returns integer
language sql stable
set search_path = pg_catalog, pg_temp
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
set search_path = pg_catalog, pg_temp
as $$
  select case when p_rate_at is null or p_rate_at - (p.slots - 1) * gap <= p_now then greatest(p_rate_at, p_now) + gap end
  from (select interval '1 minute' / p.per_minute as gap) rate;
$$;

-- What came of a render that was looked at: `admitted`, or the cap that it would have passed.
create type storyreel.admission as (render_id uuid, take_id uuid, outcome text);

-- One lock for all providers, since they share the money; it ends with the transaction, so it also holds behind a
-- transaction pooler.
create function storyreel.admit(p_provider text, p_now timestamptz, p_lease interval) returns setof storyreel.admission
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
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
begin
  perform pg_advisory_xact_lock(hashtextextended('storyreel.admit', 0));
  select * into strict p from storyreel.providers q where q.name = p_provider;
  free := storyreel.free_slots(p, p_now);

  perform storyreel.wake(array(
    select w.id from storyreel.renders w
    where w.provider = p_provider and w.waits_for <> 'owner' and w.due_at <= p_now
    order by w.due_at limit most_dealt_with for update skip locked));

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

    select * into payer from storyreel.payer_with_room(p, next.take_id, next.estimate_usd, p_now);
    if not payer.has_slot then
      -- Until one of its owner's ends (storyreel.wake_one); should that be missed, reconcile finds it.
      update storyreel.renders r
      set waits_for = 'owner', owner_id = payer.owner_id, due_at = 'infinity' where r.id = next.id;
      dealt_with := dealt_with + 1;
      continue;
    end if;

    -- A render that was put back keeps the reservation it had, unless it was for another endpoint.
    if not exists (
      select from storyreel.ledger l where l.render_id = next.id and l.endpoint = next.endpoint and l.kind = 'reserved')
    then
      if payer.passed is not null then
        -- Until there is room (storyreel.wake_held), or the next day begins.
        update storyreel.renders r
        set waits_for = payer.passed, owner_id = payer.owner_id,
            due_at = (date_trunc('day', p_now at time zone 'UTC') + interval '1 day') at time zone 'UTC'
        where r.id = next.id;
        return next (next.id, next.take_id, payer.passed)::storyreel.admission;
        dealt_with := dealt_with + 1;
        if payer.passed = 'story' then
          woken := woken + storyreel.wake_one(p_provider, payer.owner_id);
        end if;
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

-- What nine in ten of the endpoint's last requests took at most, from submit to delivery; null until a few were seen. What
-- was found by asking was there before, so only what was delivered counts; and what was delivered after an outage of ours
-- took no ten minutes.
create function storyreel.usual_time(p_provider text, p_endpoint text) returns interval
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case when count(*) >= 3 then least(percentile_disc(0.9) within group (order by lately.took), interval '10 minutes') end
  from (
    select r.ended_at - r.submitted_at as took from storyreel.renders r
    where r.provider = p_provider and r.endpoint = p_endpoint and r.status = 'delivered' and r.submitted_at is not null
      and exists (select from storyreel.deliveries d where d.provider = r.provider and d.request_id = r.request_id)
    order by r.ended_at desc limit 20
  ) lately;
$$;

-- Stories that went, or went over to another owner, in the hour in which they count: else a quota would be no more than
-- as many stories at a time. Kept for that hour, and only where there is a quota.
create table storyreel.departed (
  owner_id  uuid not null,
  told_at   timestamptz not null,
  begun_at  timestamptz  -- null: it was never planned, and cost nothing
);
create index departed_owner on storyreel.departed (owner_id, told_at);
create index departed_old on storyreel.departed (told_at);
alter table storyreel.departed enable row level security;
grant select on storyreel.departed to storyreel;
create policy departed_worker on storyreel.departed for select to storyreel using (true);

create function storyreel.note_departure() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if old.owner_id is not null and old.created_at > now() - interval '1 hour'
     and exists (select from storyreel.limits l where l.owner_stories_per_hour is not null)
  then
    insert into storyreel.departed (owner_id, told_at, begun_at)
    select old.owner_id, old.created_at, r.planned_at
    from storyreel.revisions r where r.video_id = old.id and r.kind = 'first';
  end if;
  delete from storyreel.departed d where d.told_at < now() - interval '1 hour';
  return case tg_op when 'DELETE' then old else new end;
end
$$;
create trigger videos_deleted_are_counted before delete on storyreel.videos
  for each row execute function storyreel.note_departure();
create trigger videos_given_away_are_counted before update of owner_id on storyreel.videos
  for each row when (old.owner_id is distinct from new.owner_id) execute function storyreel.note_departure();

-- How long an owner who would tell one more story has to wait before it may be told: null where it may be now, or was
-- before. For doors that can say so; a row that is inserted is held instead (storyreel.hold_over_quota).
create function storyreel.quota_wait(p_owner uuid, p_table text, p_id text, p_now timestamptz) returns interval
language plpgsql volatile
set search_path = pg_catalog, pg_temp
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
    select t.told_at + interval '1 hour' - p_now from (
      select v.created_at as told_at from storyreel.videos v where v.owner_id = p_owner
      union all
      select d.told_at from storyreel.departed d where d.owner_id = p_owner
    ) t
    where t.told_at > p_now - interval '1 hour'
    order by t.told_at desc offset quota - 1 limit 1);
end
$$;

-- Stories of owners who have asked for more in an hour than they may are planned later: returns those of the given
-- revisions that are held. They are locked: whoever calls has just claimed them.
create function storyreel.hold_over_quota(p_revisions uuid[], p_message text, p_now timestamptz) returns setof uuid
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  quota  constant integer := (select l.owner_stories_per_hour from storyreel.limits l);
  owner  uuid;
  starts timestamptz[];
  free   integer;
begin
  if quota is null then
    return;
  end if;
  for owner in
    select distinct v.owner_id from storyreel.revisions r join storyreel.videos v on v.id = r.video_id
    where r.id = any (p_revisions) and r.kind = 'first' and v.owner_id is not null
    order by v.owner_id
  loop
    -- Two planners may not both take the owner's last; nor wait for each other crosswise, by the order above.
    perform pg_advisory_xact_lock(hashtextextended('storyreel.quota:' || owner, 0));
    -- What was begun in the last hour, and what was claimed to be: by others, or once before.
    starts := array(
      select coalesce(r.planned_at, p_now) as at
      from storyreel.videos v join storyreel.revisions r on r.video_id = v.id and r.kind = 'first'
      where v.owner_id = owner
        and (r.planned_at > p_now - interval '1 hour'
             or r.planned_at is null and (r.attempt > 1 or r.attempt = 1 and r.id <> all (p_revisions)))
      union all
      select d.begun_at from storyreel.departed d
      where d.owner_id = owner and d.begun_at > p_now - interval '1 hour'
      order by at desc limit quota);
    starts := array(select s from unnest(starts) s order by s);
    free := quota - cardinality(starts);
    starts := starts || array_fill(p_now, array[free]);

    -- All that the owner has beyond it, claimed or not, in the order they were told: each may begin an hour after the one
    -- that it follows. Others are not kept waiting while they are claimed and held one batch after the other.
    return query
    with beyond as materialized (
      select r.id, r.video_id, r.created_at
      from storyreel.revisions r join storyreel.videos v on v.id = r.video_id
      where v.owner_id = owner and r.kind = 'first' and r.planned_at is null
        and (r.attempt = 0 or r.attempt = 1 and r.id = any (p_revisions))
      order by r.created_at, r.id
      offset free
      for update of r skip locked
    ),
    placed as (
      select b.id, b.video_id, (row_number() over (order by b.created_at, b.id) - 1)::integer as place from beyond b
    ),
    held as (
      update storyreel.revisions r
      set attempt = 0, due_at = p_now, held_until = starts[1 + p.place % quota] + interval '1 hour' * (1 + p.place / quota)
      from placed p where r.id = p.id
      returning r.id
    ),
    -- Waits for no lock of a video: whoever deletes it waits for its revisions.
    watched as materialized (
      select v.id from storyreel.videos v where v.id in (select p.video_id from placed p) and v.work = 'working'
      order by v.id for update skip locked
    ),
    told as (
      update storyreel.videos v set work = 'held', reason = 'quota', message = p_message, updated_at = p_now
      from watched w where v.id = w.id
    )
    select h.id from held h where h.id = any (p_revisions);
  end loop;
end
$$;

-- Where there is room in an owner's hour, those of the owner's stories that are held go on at once: one that was to go
-- before them was deleted. How many.
create function storyreel.advance_held(p_now timestamptz) returns integer
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  with owners as (
    select o.owner_id, l.owner_stories_per_hour - (
        select count(*) from storyreel.videos v join storyreel.revisions r on r.video_id = v.id and r.kind = 'first'
        where v.owner_id = o.owner_id and (r.planned_at > p_now - interval '1 hour' or r.planned_at is null and (
          r.attempt > 0 or r.held_until is null or r.held_until <= p_now))) as free
    from storyreel.limits l, (
      select distinct v.owner_id from storyreel.revisions r join storyreel.videos v on v.id = r.video_id
      where r.held_until > p_now limit 1000) o
  ),
  held as (
    select r.id, o.free, row_number() over (partition by v.owner_id order by r.created_at, r.id) as place
    from owners o join storyreel.videos v on v.owner_id = o.owner_id
      join storyreel.revisions r on r.video_id = v.id and r.held_until > p_now
    where o.free > 0
  ),
  ready as materialized (
    select r.id from storyreel.revisions r
    where r.held_until > p_now and r.id in (select h.id from held h where h.place <= h.free)
    for update skip locked
  ),
  moved as (
    update storyreel.revisions r set held_until = p_now from ready h where r.id = h.id returning 1
  )
  select count(*)::integer from moved;
$$;

-- A slot of an owner is free, or was not used: the best of those that wait for it is looked at again; how many, 0 or 1.
create function storyreel.wake_one(p_provider text, p_owner uuid) returns integer
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select storyreel.wake(array(
    select w.id from storyreel.renders w
    where w.provider = p_provider and w.owner_id = p_owner and w.waits_for = 'owner'
    order by w.priority desc, w.turn, w.created_at limit 1 for update skip locked));
$$;

create function storyreel.wake_owner() returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
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

-- Of those that wait for room in a budget, the best few that have it are looked at again; and of each owner that has a
-- free slot, the best that waits for it, should nobody have been told of that. How many.
create function storyreel.wake_held(p_now timestamptz) returns integer
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  with room as (
    select least(l.day_usd - everything.reserved - today.spent, l.total_usd - everything.reserved - everything.spent) as usd
    from storyreel.limits l, storyreel.account('all', '') everything,
      storyreel.account('day', storyreel.day_of(p_now)) today
  ),
  -- Once for each owner: a thousand rows of one that has no room are not gone through.
  owners as (
    select o.owner_id, l.owner_day_usd - owner.reserved - today.spent as usd
    from storyreel.limits l
      cross join lateral (
        select distinct w.owner_id from storyreel.renders w
        where l.owner_day_usd is not null and w.waits_for in ('day', 'owner_day') and w.owner_id is not null) o,
      storyreel.account('owner', o.owner_id::text) owner,
      storyreel.account('owner_day', storyreel.day_of(p_now) || ' ' || o.owner_id) today
  ),
  best as (
    select w.id, w.estimate_usd, room.usd as room, w.owner_id, o.usd as owner_room, w.priority, w.turn, w.created_at
    from storyreel.renders w cross join room left join owners o on o.owner_id = w.owner_id
    where w.waits_for in ('day', 'owner_day')
      and w.estimate_usd <= coalesce(room.usd, w.estimate_usd) and w.estimate_usd <= coalesce(o.usd, w.estimate_usd)
    order by w.priority desc, w.turn, w.created_at, w.id limit 100
  ),
  -- Those that fit one by one are not woken for room for one.
  adding_up as (
    select b.*, sum(b.estimate_usd) over (order by b.priority desc, b.turn, b.created_at, b.id) as together,
           sum(b.estimate_usd) over (
             partition by b.owner_id order by b.priority desc, b.turn, b.created_at, b.id) as owner_together
    from best b
  ),
  idle as (
    select distinct on (w.provider, w.owner_id) w.id
    from storyreel.renders w join storyreel.providers p on p.name = w.provider
    where w.waits_for = 'owner' and (p.owner_slots is null or p.owner_slots > (
      select count(*) from storyreel.renders o
      where o.provider = w.provider and o.owner_id = w.owner_id and o.status in ('admitted', 'submitted', 'unknown')))
    order by w.provider, w.owner_id, w.priority desc, w.turn, w.created_at
  )
  select storyreel.wake(array(
    select a.id from adding_up a
    where a.together <= coalesce(a.room, a.together) and a.owner_together <= coalesce(a.owner_room, a.owner_together)
    union all
    select i.id from idle i));
$$;

revoke execute on function
  storyreel.served_turn, storyreel.next_turn, storyreel.wake, storyreel.withdraw_waiting, storyreel.payer_with_room, storyreel.free_slots, storyreel.after_one, storyreel.admit,
  storyreel.usual_time, storyreel.note_departure, storyreel.quota_wait, storyreel.hold_over_quota, storyreel.advance_held,
  storyreel.wake_one, storyreel.wake_owner, storyreel.wake_held
  from public, anon, authenticated;
grant execute on function
  storyreel.served_turn, storyreel.next_turn, storyreel.wake, storyreel.withdraw_waiting, storyreel.payer_with_room, storyreel.free_slots, storyreel.after_one, storyreel.admit,
  storyreel.usual_time, storyreel.quota_wait, storyreel.hold_over_quota, storyreel.advance_held, storyreel.wake_one,
  storyreel.wake_held
  to storyreel;
