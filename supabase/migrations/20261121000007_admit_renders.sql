-- Who may go to the provider next. One function, one transaction, for all processes and machines: it counts
-- what is in flight, takes the best of what waits, reserves the estimate and records the intent.

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
  update storyreel.renders r set status = 'cancelled', due_at = null, ended_at = p_now
  where r.id = p_render and r.status = 'waiting';
  -- One that was put back holds a reservation, and nothing can have flowed.
  insert into storyreel.ledger (render_id, endpoint, kind, amount_usd, video_id, owner_id, at)
  select l.render_id, l.endpoint, 'released', l.amount_usd, l.video_id, l.owner_id, p_now
  from storyreel.ledger l where l.render_id = p_render and l.kind = 'reserved'
  on conflict on constraint ledger_once do nothing;
  return true;
end
$$;

-- The advisory lock makes the count and the choice one thing per provider; it ends with the transaction, so it
-- also holds behind a transaction pooler.
create function storyreel.admit(p_provider text, p_now timestamptz, p_lease interval)
returns setof storyreel.renders
language plpgsql volatile
set search_path = ''
as $$
declare
  -- A table of stories that was emptied leaves thousands: so many at a time, for others wait for this transaction.
  most_withdrawn constant integer := 500;
  withdrawn integer := 0;
  free      integer;
  next      storyreel.renders;
begin
  perform pg_advisory_xact_lock(hashtextextended('storyreel.admit:' || p_provider, 0));

  select p.slots - (
    select count(*) from storyreel.renders r
    where r.provider = p_provider and r.status in ('admitted', 'submitted', 'unknown'))
  into strict free
  from storyreel.providers p where p.name = p_provider;

  -- Read once, and each locked when its turn comes: what this transaction has dealt with is not met again.
  for next in
    select r.* from storyreel.renders r
    -- One that was due when it was made is due, whatever this machine's clock says.
    where r.provider = p_provider and r.status = 'waiting' and r.due_at <= greatest(p_now, r.created_at)
    order by r.priority desc, r.created_at, r.id
    limit 1000  -- a number that the planner knows: without it, it would sort all that waits
  loop
    exit when free <= 0 or withdrawn = most_withdrawn;
    perform from storyreel.renders r where r.id = next.id and r.status = 'waiting' for update skip locked;
    continue when not found;
    if not storyreel.is_wanted(next.take_id) then
      withdrawn := withdrawn + storyreel.withdraw_waiting(next.id, next.take_id, p_now)::integer;
      continue;
    end if;

    -- A render that was put back keeps the reservation it had, unless it was for another endpoint.
    insert into storyreel.ledger (render_id, endpoint, kind, amount_usd, video_id, owner_id, at)
    select next.id, next.endpoint, 'reserved', next.estimate_usd, payer.video_id, payer.owner_id, p_now
    from storyreel.payer_of(next.take_id) payer
    on conflict on constraint ledger_once do nothing;

    return query
    update storyreel.renders r
    set status = 'admitted', tries = r.tries + 1, admitted_at = p_now, due_at = p_now + p_lease
    where r.id = next.id
    returning r.*;
    free := free - 1;
  end loop;

  if withdrawn = most_withdrawn then
    perform storyreel.hint('admit');
  end if;
end
$$;
revoke execute on function storyreel.withdraw_waiting, storyreel.admit from public, anon, authenticated;
grant execute on function storyreel.withdraw_waiting, storyreel.admit to storyreel, service_role;
