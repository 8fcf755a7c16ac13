-- The example: a table of stories as an app would have it. Nothing of Storyreel refers to it; drop it freely
-- (drop table public.stories) and attach your own. An app that has a table of that name keeps its own.
do $$
begin
  if to_regclass('public.stories') is not null then
    return;
  end if;

  create table public.stories (
    id          uuid primary key default gen_random_uuid(),
    owner_id    uuid default auth.uid(),
    text        text not null,
    created_at  timestamptz not null default now()
  );
  create index stories_owner on public.stories (owner_id);

  alter table public.stories enable row level security;
  -- Whatever the project grants by default: row security would not stop a truncate.
  revoke all on public.stories from public, anon, authenticated, service_role;
  grant select, insert, update, delete on public.stories to authenticated, service_role;
  create policy stories_owner_all on public.stories to authenticated
    using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));

  perform storyreel.attach('public.stories', 'text', 'owner_id');
end
$$;
