-- What every hosted Supabase project has and plain Postgres lacks, as far as the migrations use it.
-- Idempotent; run by a superuser before the migrations, never on a hosted project.

do $$
declare
  wanted name;
begin
  foreach wanted in array array['anon', 'authenticated', 'service_role']::name[] loop
    if not exists (select from pg_catalog.pg_roles r where r.rolname = wanted) then
      execute format('create role %I nologin noinherit %s', wanted,
                     case when wanted = 'service_role' then 'bypassrls' else '' end);
    end if;
  end loop;
end
$$;

-- Since 2026-10-30 hosted projects grant nothing on new tables; plain Postgres never did.
grant usage on schema public to anon, authenticated, service_role;

create schema if not exists extensions;
grant usage on schema extensions to anon, authenticated, service_role;
create schema if not exists auth;
grant usage on schema auth to anon, authenticated, service_role;

-- As on hosted: the claims of the signed-in user, as PostgREST puts them into the session.
create or replace function auth.jwt() returns jsonb
language sql stable
as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')
  )::jsonb
$$;
create or replace function auth.uid() returns uuid
language sql stable
as $$
  select coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''), auth.jwt() ->> 'sub')::uuid
$$;

do $$
begin
  if not exists (select from pg_catalog.pg_publication where pubname = 'supabase_realtime') then
    create publication supabase_realtime;
  end if;
end
$$;
