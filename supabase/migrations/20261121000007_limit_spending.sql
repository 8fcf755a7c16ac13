-- What may be spent, and what has been: caps, and the accounts that they are held against.

-- One row. Null: no cap. Days are those of UTC.
create table storyreel.limits (
  only_row                boolean primary key default true,
  -- What would pass these waits, and goes on when there is room.
  day_usd                 numeric(12, 6),
  owner_day_usd           numeric(12, 6),
  -- What would pass these is not made.
  story_usd               numeric(12, 6),
  total_usd               numeric(12, 6),
  -- Stories of one owner that are begun in an hour; a story without an owner counts nowhere.
  owner_stories_per_hour  integer,
  -- Nothing more is begun at a provider whose last bills, so many of them, came to more than so many times what was
  -- expected. A few must have come at least.
  overrun_factor          numeric default 3,
  overrun_bills           integer not null default 20,
  constraint limits_one_row check (only_row),
  constraint limits_not_negative check (least(day_usd, owner_day_usd, story_usd, total_usd) >= 0),
  constraint limits_stories_positive check (owner_stories_per_hour > 0),
  constraint limits_overrun_sensible check (overrun_factor >= 1 and overrun_bills > 0)
);
insert into storyreel.limits default values;

-- The ledger's sums, so that holding a cap never means adding up years. Kept by a trigger on the ledger, and by nothing
-- else. `reserved` is what may yet be billed, whenever it was reserved; `spent` what was.
create table storyreel.accounts (
  scope         text not null,
  -- all: ''; day: 2026-11-21; owner and story: the id; owner_day: the day, a blank and the id.
  key           text not null,
  reserved_usd  numeric(14, 6) not null default 0,
  spent_usd     numeric(14, 6) not null default 0,
  primary key (scope, key),
  constraint accounts_scope_known check (scope in ('all', 'day', 'owner', 'owner_day', 'story'))
);
insert into storyreel.accounts (scope, key) values ('all', '');

-- What reconcile found, by day: what a healthy deployment finds little of.
create table storyreel.findings (
  day      date not null,
  kind     text not null,
  found    bigint not null,
  last_at  timestamptz not null,
  primary key (day, kind)
);

alter table storyreel.limits enable row level security;
alter table storyreel.accounts enable row level security;
alter table storyreel.findings enable row level security;
grant select, update on storyreel.limits to storyreel;
grant select, delete on storyreel.accounts to storyreel;
grant select, insert, update on storyreel.findings to storyreel;
create policy findings_worker on storyreel.findings to storyreel using (true) with check (true);
create policy limits_worker on storyreel.limits to storyreel using (true) with check (true);
create policy accounts_worker on storyreel.accounts to storyreel using (true) with check (true);

create function storyreel.day_of(at timestamptz) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select to_char(at at time zone 'UTC', 'YYYY-MM-DD');
$$;

-- Book new lines of the ledger. A settled render's reservation is over, unless it was released before: the bill of one
-- that was given up then counts all the same. Accounts are locked in one order for everybody.
create function storyreel.book_ledger() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into storyreel.accounts as a (scope, key, reserved_usd, spent_usd)
  select account.scope, account.key, sum(account.reserved), sum(account.spent)
  from (
    select n.video_id, n.owner_id, storyreel.day_of(n.at) as day,
           case n.kind
             when 'reserved' then n.amount_usd
             when 'released' then -n.amount_usd
             else -coalesce((
               select r.amount_usd from storyreel.ledger r
               where r.render_id = n.render_id and r.endpoint = n.endpoint and r.kind = 'reserved'
                 and not exists (
                   select from storyreel.ledger f
                   where f.render_id = n.render_id and f.endpoint = n.endpoint and f.kind = 'released')), 0)
           end as reserved,
           case n.kind when 'settled' then n.amount_usd else 0 end as spent
    from booked n
  ) line
    cross join lateral (values
      ('all', '', line.reserved, line.spent),
      ('day', line.day, 0, line.spent),
      ('owner', line.owner_id::text, line.reserved, line.spent),
      ('owner_day', line.day || ' ' || line.owner_id, 0, line.spent),
      ('story', line.video_id::text, line.reserved, line.spent)
    ) account (scope, key, reserved, spent)
  where account.key is not null and (account.reserved <> 0 or account.spent <> 0)
  group by account.scope, account.key
  order by account.scope, account.key
  on conflict (scope, key) do update
    set reserved_usd = a.reserved_usd + excluded.reserved_usd, spent_usd = a.spent_usd + excluded.spent_usd;
  return null;
end
$$;
create trigger ledger_booked after insert on storyreel.ledger referencing new table as booked
  for each statement execute function storyreel.book_ledger();

create function storyreel.account(scope text, key text, out reserved numeric, out spent numeric)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(sum(a.reserved_usd), 0), coalesce(sum(a.spent_usd), 0)
  from storyreel.accounts a where a.scope = account.scope and a.key = account.key;
$$;

-- The cap that one more clip of that price would pass, null where there is room: total, story, day, owner_day. The
-- gravest first: what passes total or story is not made, and need not wait for the others.
create function storyreel.cap_passed(p_amount numeric, p_video uuid, p_owner uuid, p_at timestamptz) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when (everything.reserved + everything.spent + p_amount) > l.total_usd then 'total'
    when (story.reserved + story.spent + p_amount) > l.story_usd then 'story'
    when (everything.reserved + today.spent + p_amount) > l.day_usd then 'day'
    when p_owner is not null and (owner.reserved + owner_today.spent + p_amount) > l.owner_day_usd then 'owner_day'
  end
  from storyreel.limits l,
    storyreel.account('all', '') everything,
    storyreel.account('story', p_video::text) story,
    storyreel.account('day', storyreel.day_of(p_at)) today,
    storyreel.account('owner', p_owner::text) owner,
    storyreel.account('owner_day', storyreel.day_of(p_at) || ' ' || p_owner) owner_today;
$$;

-- Begin nothing more at the provider until then. Several that are turned away at once make one pause; what a person must
-- resume stays paused.
create function storyreel.pause(p_provider text, p_now timestamptz, p_until timestamptz, p_code text, p_message text)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  update storyreel.providers p
  set paused_until = greatest(p.paused_until, p_until), pause_code = p_code, pause_message = p_message,
      pauses = p.pauses + case when p.paused_until > p_now then 0 else 1 end
  where p.name = p_provider and p.paused_until is distinct from 'infinity';
$$;

-- The pause is over. A bill before now says nothing against the next ones.
create function storyreel.resume(p_provider text, p_now timestamptz default now()) returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update storyreel.providers p
  set paused_until = null, pause_code = null, pause_message = null, pauses = 0, resumed_at = p_now
  where p.name = p_provider and p.paused_until is not null;
  if found then
    perform storyreel.hint('admit');
    return true;
  end if;
  return false;
end
$$;

-- Stop where the last bills came to far more than was expected. Three bills at least: one says nothing yet.
create function storyreel.stop_on_overrun(p_provider text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  l        storyreel.limits;
  bills    integer;
  billed   numeric;
  expected numeric;
begin
  select * into strict l from storyreel.limits;
  select count(*), sum(b.cost_usd), sum(b.estimate_usd) into bills, billed, expected
  from (
    select r.cost_usd, r.estimate_usd from storyreel.renders r join storyreel.providers p on p.name = r.provider
    where r.provider = p_provider and r.billable_units is not null and r.status = 'delivered' and r.settled_at > p.resumed_at
    order by r.settled_at desc limit l.overrun_bills
  ) b;
  if bills >= least(3, l.overrun_bills) and billed > l.overrun_factor * expected then
    perform storyreel.pause(p_provider, now(), 'infinity', 'overrun', format(
      'the last %s bills came to $%s where $%s were expected, more than %s times as much',
      bills, round(billed, 4), round(expected, 4), l.overrun_factor));
  end if;
end
$$;

-- A limit that is changed is looked at at once, by everything that waits for it.
create function storyreel.look_again() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform storyreel.wake(array(
    select r.id from storyreel.renders r where r.waits_for in ('owner', 'day', 'owner_day', 'story', 'total')
    for update skip locked));
  perform storyreel.hint('admit');
  return null;
end
$$;
create trigger limits_changed after update of day_usd, owner_day_usd, story_usd, total_usd on storyreel.limits
  for each statement execute function storyreel.look_again();
create function storyreel.plan_again() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update storyreel.revisions r set held_until = null where r.held_until is not null;
  perform storyreel.hint('plan');
  return null;
end
$$;
create trigger limits_quota_changed after update on storyreel.limits
  for each row when (old.owner_stories_per_hour is distinct from new.owner_stories_per_hour)
  execute function storyreel.plan_again();
create trigger providers_changed after update of slots, owner_slots, per_minute on storyreel.providers
  for each statement execute function storyreel.look_again();

revoke execute on function
  storyreel.day_of, storyreel.book_ledger, storyreel.account, storyreel.cap_passed, storyreel.pause, storyreel.resume,
  storyreel.stop_on_overrun, storyreel.look_again, storyreel.plan_again
  from public, anon, authenticated;
grant execute on function
  storyreel.day_of, storyreel.account, storyreel.cap_passed, storyreel.pause, storyreel.resume, storyreel.stop_on_overrun
  to storyreel;
