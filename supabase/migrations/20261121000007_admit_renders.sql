-- Who may go to the provider next. One function, one transaction, for all processes and machines: it counts
-- what is in flight, takes the best of what waits, reserves the estimate and records the intent.
--
-- The advisory lock makes the count and the choice one thing per provider; it ends with the transaction, so it
-- also holds behind a transaction pooler.
create function storyreel.admit(p_provider text, p_now timestamptz, p_lease interval)
returns setof storyreel.renders
language plpgsql volatile
set search_path = ''
as $$
declare
  free integer;
begin
  perform pg_advisory_xact_lock(hashtextextended('storyreel.admit:' || p_provider, 0));

  select p.slots - (
    select count(*) from storyreel.renders r
    where r.provider = p_provider and r.status in ('admitted', 'submitted', 'unknown'))
  into strict free
  from storyreel.providers p where p.name = p_provider;

  if free <= 0 then
    return;
  end if;

  return query
  with chosen as (
    select r.id from storyreel.renders r
    -- One that was due when it was made is due, whatever this machine's clock says.
    where r.provider = p_provider and r.status = 'waiting' and r.due_at <= greatest(p_now, r.created_at)
    order by r.priority desc, r.created_at, r.id
    limit free
    for update skip locked
  ),
  reserved as (
    -- A render that was put back keeps the reservation it had, unless it was for another endpoint.
    insert into storyreel.ledger (render_id, endpoint, kind, amount_usd, at)
    select r.id, r.endpoint, 'reserved', r.estimate_usd, p_now from storyreel.renders r join chosen using (id)
    on conflict on constraint ledger_once do nothing
  )
  update storyreel.renders r
  set status = 'admitted', tries = r.tries + 1, admitted_at = p_now, due_at = p_now + p_lease
  from chosen where r.id = chosen.id
  returning r.*;
end
$$;
revoke execute on function storyreel.admit from public, anon, authenticated;
grant execute on function storyreel.admit to storyreel, service_role;
