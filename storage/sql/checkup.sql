Statements of storage/checkup.py: what can be seen of a database without being its owner.

-- name: server
select current_user as role, current_setting('server_version_num')::integer / 10000 as postgres,
       'procrastinate' = any (current_schemas(false)) as engine_on_path,
       coalesce(obj_description(to_regnamespace('storyreel'), 'pg_namespace'), '') as migrated_to,
       obj_description(to_regnamespace('procrastinate'), 'pg_namespace') as engine,
       clock_timestamp() as now;

-- name: contents
select (select array_agg(a.source_table order by a.source_table) from storyreel.attachments a) as tables,
       (select count(*) from storyreel.placeholders) as placeholders,
       (select count(*) from storyreel.missed) as missed,
       exists (
         select from pg_publication_tables p
         where p.pubname = 'supabase_realtime' and p.schemaname = 'storyreel' and p.tablename = 'videos') as published,
       (select count(*) from procrastinate.procrastinate_workers w where w.last_heartbeat > now() - interval '1 minute') as workers;

-- name: missing_broadcasts
select storyreel.missing_broadcasts() as sentence;

-- name: waking
select w.url, w.secret_name, w.called_at, w.fault, c.hears, c.scheduled, c.status, c.error, c.timed_out
from storyreel.waking w cross join storyreel.last_call() c;
