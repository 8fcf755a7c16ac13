-- What a hosted project has beside local/bootstrap.sql, as far as rights go: an owner that is no superuser, the login
-- of the API, and users. Run by a superuser in a database that `project` owns, before the migrations.
-- Source: supabase/postgres, migrations/db.

alter role anon inherit;
alter role authenticated inherit;
alter role service_role inherit;
grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role to project with admin option;
alter role project set search_path = "$user", public, extensions;

alter schema extensions owner to project;
grant usage on schema auth to project;
alter publication supabase_realtime owner to project;

-- Until 2026-10-30 a project granted everything on whatever was made in public; one that asked for it still does.
alter default privileges for role project in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges for role project in schema public grant all on functions to anon, authenticated, service_role;
alter default privileges for role project in schema public grant all on sequences to anon, authenticated, service_role;

create table auth.users (id uuid primary key, email text);
insert into auth.users values (gen_random_uuid(), 'ann@example.com');
