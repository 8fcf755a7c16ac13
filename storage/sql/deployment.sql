Statements of storage/deployment.py: what a process tells the database, and asks it, when it starts.

-- name: check
select current_user as role, 'procrastinate' = any (current_schemas(false)) as engine_on_path,
       to_regclass('storyreel.videos') is not null as migrated,
       coalesce(obj_description(to_regnamespace('storyreel'), 'pg_namespace'), '') as migrated_to,
       to_regclass('procrastinate.procrastinate_jobs') is not null as engine;

-- name: note_bucket
insert into storyreel.buckets (name, public_base_url, is_public) values (%(name)s, %(url)s, %(is_public)s)
on conflict (name) do update set public_base_url = excluded.public_base_url, is_public = excluded.is_public
where (buckets.public_base_url, buckets.is_public) <> (excluded.public_base_url, excluded.is_public);

-- name: jobs_wait
select exists (
  select from procrastinate.procrastinate_jobs where status = 'todo' and queue_name = %(queue)s) as wait;

-- name: hint_reconcile
select storyreel.hint('reconcile');

-- name: run_goes_on
select storyreel.run_goes_on(%(run)s, clock_timestamp() + %(within)s);

-- name: run_ended
select storyreel.run_ended(%(run)s);

-- name: call_run_jobs
select storyreel.call_run_jobs();
