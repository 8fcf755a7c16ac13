-- Waking a deployment that has no standing worker: the database itself calls `run-jobs` over HTTP, by pg_net as soon as
-- there is work, and by pg_cron each minute for whatever that loses. Both are hints; the work is rows. Until wake_by is
-- called nothing here does anything, and where a worker stands nobody needs to call it: it hears of work by NOTIFY.

-- Whom to wake; one row at most. The secret that `run-jobs` asks for lies in Vault, and until a call is sent in pg_net's queue.
create table storyreel.waking (
  only_one         boolean primary key default true,
  url              text not null,
  secret_name      text not null,
  timeout_ms       integer not null,
  -- One call is under way at most: until then nobody makes another. The run that it leads to puts its name here, says
  -- every few seconds that it goes on, and that it has ended; one that is silent is taken for dead then.
  under_way_until  timestamptz not null default '-infinity',
  run              uuid,
  -- The last call, for whoever wonders: its row in net._http_response, for as long as pg_net keeps that.
  called_at        timestamptz,
  request_id       bigint,
  fault            text,  -- why the last call could not even be made

  constraint waking_only_one check (only_one),
  constraint waking_calls_run_jobs check (url ~ '^https?://[^/?#]+/([^?#]*/)?run-jobs$'),
  constraint waking_timeout_sane check (timeout_ms between 100 and 60000)
);
alter table storyreel.waking enable row level security;
grant select on storyreel.waking to storyreel;
create policy waking_worker on storyreel.waking for select to storyreel using (true);

-- What pg_net, pg_cron and Vault make is looked up when it is used, in statements that are put together then: this applies
-- where they are missing, and works as soon as they are there.

-- Whether a run is under way. What is said to last for longer than any run ever says was said by a clock that was wrong.
create function storyreel.is_under_way(w storyreel.waking) returns boolean
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select w.under_way_until between clock_timestamp() and clock_timestamp() + interval '5 minutes';
$$;

-- Queue one call of `run-jobs`; the number that pg_net has for it, null where Vault has lost the secret. It is sent when the
-- transaction commits, and never if it does not.
--
-- pg_net does not begin a batch before the last one has ended, so that who answers late holds up the app's own webhooks.
-- That is why `run-jobs` is asked to answer at once and work on (RFC 7240), and why the wait for it is short: whether the
-- answer is heard changes nothing.
create function storyreel.queue_call(w storyreel.waking) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  secret  text;
  request bigint;
begin
  execute format('select s.decrypted_secret from %s s where s.name = $1', to_regclass('vault.decrypted_secrets'))
  into secret using w.secret_name;
  if secret is not null then
    execute format(
      'select net.%I(url := $1, body := ''{}''::jsonb, params := ''{}''::jsonb, headers := $2, timeout_milliseconds := $3)', 'http_post')
    into request
    using w.url, jsonb_build_object('content-type', 'application/json', 'apikey', secret, 'prefer', 'respond-async'), w.timeout_ms;
  end if;
  return request;
end
$$;

-- Call `run-jobs`, unless a run is under way.
create function storyreel.call_run_jobs() returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '1s'
as $$
declare
  w       storyreel.waking;
  request bigint;
begin
  -- Whoever ends a run has this row as well: either we see that it has ended, or it sees what we have left to do.
  select * into w from storyreel.waking for update;
  if not found or storyreel.is_under_way(w) then
    return;
  end if;
  request := storyreel.queue_call(w);
  if request is null then
    update storyreel.waking set fault = format('Vault has no secret %L', w.secret_name);
    return;
  end if;
  update storyreel.waking
  set under_way_until = clock_timestamp() + interval '30 seconds', run = null,
      called_at = clock_timestamp(), request_id = request, fault = null;
exception when serialization_failure then
  -- An app that reads as of an earlier time, and the row has changed since: it cannot be told whether a run is under way.
  -- A call too many is harmless, one too few is not.
  select * into w from storyreel.waking;
  perform storyreel.queue_call(w);
end
$$;

-- At the commit of whatever gave the engine a job; the app's insert among it, which never fails because of us. What this
-- misses the next minute finds.
create function storyreel.on_job_deferred() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform storyreel.call_run_jobs();
  return null;
exception when others then
  raise warning 'storyreel could not wake run-jobs: %', sqlerrm;
  return null;
end
$$;

-- As in request_videos; and where a job has waited for longer than any call takes, its call was lost, and another is made.
create or replace function storyreel.hint(step text) returns void
language plpgsql volatile security definer
set search_path = procrastinate, pg_temp
as $$
begin
  -- Our migrations do not need the engine to be there first.
  if to_regclass('procrastinate.procrastinate_jobs') is null then
    return;
  end if;
  -- By priority first: that is what the engine's index of waiting jobs is sorted by.
  if not exists (
    select from procrastinate_jobs j
    where j.status = 'todo' and j.priority = storyreel.step_priority(step) and j.task_name = step
  ) then
    perform procrastinate_defer_jobs_v1(array[
      row('storyreel', step, storyreel.step_priority(step), null, null, '{}', null)::procrastinate_job_to_defer_v1
    ]);
  elsif exists (
    select from storyreel.waking w where not storyreel.is_under_way(w) and w.called_at < clock_timestamp() - interval '1 minute')
  then
    begin
      perform storyreel.call_run_jobs();
    exception when others then
      raise warning 'storyreel could not wake run-jobs: %', sqlerrm;
    end;
  end if;
end
$$;

-- What pg_cron runs each minute. Its own record of that would grow by as many rows: those of ours are kept for a day.
create function storyreel.tick() returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform storyreel.call_run_jobs();
  execute format(
    'delete from %s d using %s j where j.jobid = d.jobid and j.jobname = $1 and d.end_time < now() - interval ''1 day''',
    to_regclass('cron.job_run_details'), to_regclass('cron.job'))
  using 'storyreel-run-jobs';
end
$$;

-- Have `run-jobs` at that address called from now on, with the secret of that name in Vault:
--
--   select vault.create_secret('<one of STORYREEL_RUN_JOBS_SECRETS>', 'storyreel_run_jobs');
--   select storyreel.wake_by('https://<host>/functions/v1/run-jobs');
--
-- Said again, it changes what was said before.
create function storyreel.wake_by(url text, secret_name text default 'storyreel_run_jobs', timeout_ms integer default 2000) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set client_min_messages = warning
as $$
declare
  lacking text;
  known   boolean;
begin
  select string_agg(part.name, ', ' order by part.name) into lacking
  from (values ('pg_net', to_regnamespace('net') is null), ('Vault', to_regclass('vault.decrypted_secrets') is null),
               ('the engine (storyreel db migrate)', to_regclass('procrastinate.procrastinate_jobs') is null)) part (name, lacks)
  where part.lacks;
  if lacking is not null then
    raise exception 'this database cannot call run-jobs; it lacks %', lacking
      using errcode = 'undefined_object',
            hint = 'On Supabase: create extension pg_net; create extension supabase_vault. Or let a scheduler call it, or a worker stand.';
  end if;
  execute format('select exists (select from %s s where s.name = $1)', to_regclass('vault.decrypted_secrets'))
  into known using secret_name;
  if not known then
    raise exception 'Vault has no secret %', secret_name
      using errcode = 'undefined_object', hint = format('select vault.create_secret(''<one of STORYREEL_RUN_JOBS_SECRETS>'', %L);', secret_name);
  end if;

  insert into storyreel.waking as w (url, secret_name, timeout_ms) values (wake_by.url, wake_by.secret_name, wake_by.timeout_ms)
  on conflict (only_one) do update
    set url = excluded.url, secret_name = excluded.secret_name, timeout_ms = excluded.timeout_ms, under_way_until = '-infinity',
        run = null;
  -- Deferred: at the commit there is little between our look at the row above and everybody's look at the job.
  execute format('drop trigger if exists storyreel_wake on %s', to_regclass('procrastinate.procrastinate_jobs'));
  execute format(
    'create constraint trigger storyreel_wake after insert on %s deferrable initially deferred
     for each row when (new.queue_name = ''storyreel'') execute function storyreel.on_job_deferred()',
    to_regclass('procrastinate.procrastinate_jobs'));
  if to_regnamespace('cron') is null then
    raise warning 'this database has no pg_cron: a call that is lost is made up for by the next story only'
      using hint = 'create extension pg_cron; and call storyreel.wake_by again. Or let a scheduler call run-jobs each minute.';
  else
    execute format('select cron.%I($1, $2, $3)', 'schedule') using 'storyreel-run-jobs', '* * * * *', 'select storyreel.tick()';
  end if;
  perform storyreel.call_run_jobs();
end
$$;

-- The reverse; the secret stays in Vault, it is not ours.
create function storyreel.wake_no_more() returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set client_min_messages = warning
as $$
begin
  delete from storyreel.waking;
  if to_regclass('procrastinate.procrastinate_jobs') is not null then
    execute format('drop trigger if exists storyreel_wake on %s', to_regclass('procrastinate.procrastinate_jobs'));
  end if;
  if to_regclass('cron.job') is not null then
    execute format('select cron.%I(j.jobid) from %s j where j.jobname = $1', 'unschedule', to_regclass('cron.job'))
    using 'storyreel-run-jobs';
  end if;
end
$$;

-- For whoever looks why nothing happens: whether every job calls and pg_cron has our tick, and what came of the last call as
-- far as pg_net still knows: the HTTP status, why there was none, or that it was not waited for, which is no fault.
create function storyreel.last_call(
  out hears boolean, out scheduled boolean, out status integer, out error text, out timed_out boolean)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  hears := exists (
    select from pg_trigger t
    where t.tgrelid = to_regclass('procrastinate.procrastinate_jobs') and t.tgname = 'storyreel_wake' and t.tgenabled <> 'D');
  scheduled := false;
  if to_regclass('cron.job') is not null then
    execute format('select exists (select from %s j where j.jobname = $1 and j.active)', to_regclass('cron.job'))
    into scheduled using 'storyreel-run-jobs';
  end if;
  if to_regclass('net._http_response') is not null then
    execute format(
      'select r.status_code, case when not coalesce(r.timed_out, false) then r.error_msg end, coalesce(r.timed_out, false)
       from %s r join storyreel.waking w on w.request_id = r.id', to_regclass('net._http_response'))
    into status, error, timed_out;
  end if;
end
$$;

-- A run begins, or goes on: until then nobody needs to call another. Where one is under way already, that one says so.
create function storyreel.run_goes_on(p_run uuid, p_until timestamptz) returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  update storyreel.waking w set under_way_until = p_until, run = p_run
  where w.run is null or w.run = p_run or not storyreel.is_under_way(w);
$$;

-- It has ended. What was given to the engine until now is seen by whoever looks after this has committed; what is given
-- later calls again.
create function storyreel.run_ended(p_run uuid) returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  update storyreel.waking w set under_way_until = '-infinity', run = null where w.run = p_run;
$$;

revoke execute on function
  storyreel.is_under_way, storyreel.queue_call, storyreel.call_run_jobs, storyreel.on_job_deferred, storyreel.tick,
  storyreel.wake_by, storyreel.wake_no_more, storyreel.last_call, storyreel.run_goes_on, storyreel.run_ended
  from public, anon, authenticated;
grant execute on function storyreel.call_run_jobs, storyreel.last_call, storyreel.run_goes_on, storyreel.run_ended to storyreel;

do $$
declare
  lacking text;
begin
  select string_agg(part.name, ', ') into lacking
  from (values ('pg_net', 'net'), ('pg_cron', 'cron'), ('Vault', 'vault')) part (name, schema)
  where to_regnamespace(part.schema) is null;
  if lacking is not null then
    raise warning 'left out: this database cannot wake run-jobs by itself, for it lacks %', lacking
      using hint = 'Where a worker stands, nothing is amiss. Else: create these extensions, and call storyreel.wake_by.';
  end if;
end
$$;

-- The newest migration says so: processes compare it with what they were made for. Each further one says it anew.
comment on schema storyreel is '20261121000014';
