-- Functions are closed to everybody but those they are for, and cannot be led astray.
-- Run with `supabase test db`, or with pg_prove; everything is rolled back.
begin;
create extension if not exists pgtap with schema extensions;
select plan(10);

create table public.storyreel_test (id integer primary key, body text);
select storyreel.attach('public.storyreel_test', 'body');

create temporary view ours as
select p.oid, p.proname::text as name, p.pronamespace::regnamespace::text as schema, p.proconfig, p.prorettype
from pg_catalog.pg_proc p where p.pronamespace::regnamespace::text in ('storyreel', 'procrastinate');

create function pg_temp.run_by(who name) returns setof text language sql as $$
  select distinct o.name from ours o where has_function_privilege(who, o.oid, 'execute');
$$;

select is_empty($$select pg_temp.run_by('anon')$$, 'visitors may call no function of ours or of the engine');
select set_eq(
  $$select pg_temp.run_by('authenticated')$$, $$values ('progress'), ('public_url'), ('placeholder_files')$$,
  'signed-in users may call what the view and the policy on files are made of');
select set_eq(
  $$select pg_temp.run_by('service_role')$$,
  $$values ('progress'), ('public_url'), ('request_video_of'), ('restore_video')$$,
  'the service role may ask for a video as well, and go back to what one showed before');
select is_empty(
  $$select o.name from ours o join pg_catalog.pg_proc p on p.oid = o.oid
      cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0$$,
  'PUBLIC has no right on any');
select is_empty(
  $$select o.name from ours o where o.schema = 'storyreel' and has_function_privilege('storyreel', o.oid, 'execute')
      and (o.prorettype = 'trigger'::regtype or o.name in ('attach', 'detach', 'begin_videos', 'add_revisions'))$$,
  'workers attach no table, and call no trigger''s function');

-- Left out of the path, pg_temp comes first for types: `text` would be whatever the caller has made of it.
select is_empty(
  $$select o.name from ours o
    where not exists (select from unnest(o.proconfig) c where c ~ '^search_path=.+, pg_temp$')$$,
  'every function has a path of its own, with pg_temp at its end');

select set_eq(
  $$select r.rolname::text, n.nspname::text
    from pg_catalog.pg_namespace n
      cross join lateral aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
      join pg_catalog.pg_roles r on r.oid = a.grantee
    where n.nspname in ('storyreel', 'procrastinate') and a.grantee <> n.nspowner and a.privilege_type = 'USAGE'$$,
  $$values ('authenticated', 'storyreel'), ('service_role', 'storyreel'), ('storyreel', 'storyreel'),
           ('storyreel', 'procrastinate')$$,
  'visitors do not even reach our schema');
select is_empty(
  $$select n.nspname, r.rolname from pg_catalog.pg_namespace n, pg_catalog.pg_roles r
    where n.nspname in ('storyreel', 'procrastinate', 'public', 'auth')
      and r.rolname in ('storyreel', 'anon', 'authenticated', 'service_role')
      and has_schema_privilege(r.oid, n.oid, 'create')$$,
  'and none of them makes anything in a schema');
select is_empty(
  $$select r.rolname from pg_catalog.pg_roles r where r.rolname = 'storyreel'
      and (r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls or r.rolinherit)$$,
  'the workers'' login has no attribute, and inherits nothing');
select set_eq(
  $$select m.roleid::regrole::text from pg_catalog.pg_auth_members m where m.member = 'storyreel'::regrole$$,
  $$values ('authenticated')$$,
  'it may become a signed-in user, and nobody else');

select * from finish();
rollback;
