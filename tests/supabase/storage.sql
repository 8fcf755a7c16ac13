-- A stand-in for Supabase Storage's table, which its own server makes in every hosted project: the columns, the index,
-- the owner and the rights that its migrations give it (supabase/storage, migrations/tenant/0002, 0009, 0014, 0017,
-- 0025), and nothing of what else they do. Run by a superuser before our migrations.

do $$
begin
  if not exists (select from pg_roles where rolname = 'supabase_storage_admin') then
    create role supabase_storage_admin noinherit createrole;
  end if;
end
$$;

create schema storage;
grant usage on schema storage to anon, authenticated, service_role;

create table storage.objects (
  id                uuid primary key default gen_random_uuid(),
  bucket_id         text,
  name              text,
  owner             uuid,
  created_at        timestamptz default now(),
  updated_at        timestamptz default now(),
  last_accessed_at  timestamptz default now(),
  metadata          jsonb,
  path_tokens       text[] generated always as (string_to_array(name, '/')) stored,
  version           text,
  owner_id          text,
  user_metadata     jsonb
);
create unique index bucketid_objname on storage.objects (bucket_id, name);
alter table storage.objects enable row level security;
alter table storage.objects owner to supabase_storage_admin;
grant all on storage.objects to anon, authenticated, service_role;
