Statements of storage/uninstall.py: everything of ours in a database, and how much of it there is.

-- name: contents
select (select count(*) from storyreel.videos) as videos,
       (select count(*) from storyreel.objects) + 3 * (select count(*) from storyreel.placeholders) as files,
       (select array_agg(distinct b.bucket order by b.bucket)
        from (select bucket from storyreel.objects union select bucket from storyreel.placeholders) b) as buckets,
       (select array_agg(a.source_table order by a.source_table) from storyreel.attachments a) as tables,
       (select w.secret_name from storyreel.waking w) as secret;

-- name: uninstall
do $$
declare
  policy record;
  empty  boolean;
  theirs text;
begin
  -- What the app has made of ours would go with it, without a word.
  select string_agg(distinct t.name, ', ') into theirs
  from (
    select r.ev_class::regclass::text as name
    from pg_depend d join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
      join pg_class ours on d.refclassid = 'pg_class'::regclass and ours.oid = d.refobjid
      join pg_class c on c.oid = r.ev_class
    where (ours.relnamespace = 'storyreel'::regnamespace or ours.oid = to_regclass('public.story_videos'))
      and c.relnamespace <> 'storyreel'::regnamespace and c.oid <> to_regclass('public.story_videos')
    union all
    select f.conrelid::regclass || ' (' || f.conname || ')'
    from pg_constraint f join pg_class ours on ours.oid = f.confrelid join pg_class c on c.oid = f.conrelid
    where ours.relnamespace = 'storyreel'::regnamespace and c.relnamespace <> 'storyreel'::regnamespace
  ) t;
  if theirs is not null then
    raise exception 'the app has made something of what would go: %', theirs
      using errcode = 'dependent_objects_still_exist', hint = 'Drop it first.';
  end if;

  -- What other schemas hold of ours and would not go with them. Triggers on the app's tables, and policies that ask our
  -- tables or functions, go with those.
  if to_regprocedure('storyreel.wake_no_more()') is not null then
    perform storyreel.wake_no_more();
  end if;
  for policy in
    select p.schemaname, p.tablename, p.policyname from pg_policies p
    where p.schemaname in ('storage', 'realtime') and p.policyname like 'storyreel\_%'
  loop
    execute format('drop policy %I on %I.%I', policy.policyname, policy.schemaname, policy.tablename);
  end loop;

  -- The example, where it is ours and nobody has used it.
  if exists (
    select from pg_policies p where p.schemaname = 'public' and p.tablename = 'stories' and p.policyname = 'stories_owner_all')
  then
    execute 'select not exists (select from public.stories)' into empty;
    if empty then
      drop table public.stories;
    end if;
  end if;

  set local client_min_messages = error;  -- a line for each thing that goes with another
  drop view if exists public.story_videos;
  drop schema if exists storyreel cascade;
  drop schema if exists procrastinate cascade;
  if to_regclass('supabase_migrations.schema_migrations') is not null then
    delete from supabase_migrations.schema_migrations m where m.name = any (%(names)s);
    if not exists (select from supabase_migrations.schema_migrations) then
      drop schema supabase_migrations cascade;  -- whoever migrates next makes it anew, as we did
    end if;
  end if;
  reset client_min_messages;
  if exists (select from pg_roles r where r.rolname = 'storyreel') then
    begin
      drop role storyreel;
    exception when dependent_objects_still_exist then
      raise warning 'the role storyreel stays: another database of this server needs it';
    end;
  end if;
end
$$;
