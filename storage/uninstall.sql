-- Takes everything of ours out of a database. Run by storage/uninstall.py in a transaction, in which the temporary table
-- storyreel_applied (version, name) holds what may stand of ours in the list of applied migrations.

do $$
declare
  policy record;
  empty  boolean;
  theirs text;
  attached record;
  schemas constant regnamespace[] := array_remove(array[to_regnamespace('storyreel'), to_regnamespace('procrastinate')], null);
begin
  -- What other schemas hold of ours.
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
  for attached in select a.source_table from storyreel.attachments a where to_regclass(a.source_table) is not null loop
    perform storyreel.detach(attached.source_table::regclass);
  end loop;

  -- What the app has made of ours would go with it, without a word: a view, a column of a type of ours, a policy, a trigger.
  -- Each kind of object says in its own way whose schema it is of. What is left of ours in other schemas is gone by now.
  select string_agg(distinct pg_describe_object(d.classid, d.objid, d.objsubid), ', ') into theirs
  from pg_depend d
    join (
      select 'pg_class'::regclass as classid, oid from pg_class
      where relnamespace = any (schemas) or oid = to_regclass('public.story_videos')
      union all select 'pg_proc'::regclass, oid from pg_proc where pronamespace = any (schemas)
      union all select 'pg_type'::regclass, oid from pg_type where typnamespace = any (schemas)
    ) ours on ours.classid = d.refclassid and ours.oid = d.refobjid
    left join (
      select 'pg_class'::regclass as classid, oid, relnamespace as schema from pg_class
      union all select 'pg_proc'::regclass, oid, pronamespace from pg_proc
      union all select 'pg_type'::regclass, oid, typnamespace from pg_type
      union all select 'pg_constraint'::regclass, oid, connamespace from pg_constraint
      union all select 'pg_rewrite'::regclass, r.oid, c.relnamespace from pg_rewrite r join pg_class c on c.oid = r.ev_class
      union all select 'pg_policy'::regclass, p.oid, c.relnamespace from pg_policy p join pg_class c on c.oid = p.polrelid
      union all select 'pg_trigger'::regclass, t.oid, c.relnamespace from pg_trigger t join pg_class c on c.oid = t.tgrelid
      union all select 'pg_attrdef'::regclass, a.oid, c.relnamespace from pg_attrdef a join pg_class c on c.oid = a.adrelid
      union all select 'pg_publication_rel'::regclass, p.oid, c.relnamespace
        from pg_publication_rel p join pg_class c on c.oid = p.prrelid
    ) dependent on dependent.classid = d.classid and dependent.oid = d.objid
  where d.deptype in ('n', 'a') and (dependent.schema is null or dependent.schema <> all (schemas))
    and d.objid not in (select v.oid from pg_rewrite v where v.ev_class = to_regclass('public.story_videos'));
  if theirs is not null then
    raise exception 'the app has made something of what would go: %', theirs
      using errcode = 'dependent_objects_still_exist', hint = 'Drop it first.';
  end if;

  drop view if exists public.story_videos;
  drop schema if exists storyreel cascade;
  drop schema if exists procrastinate cascade;
  if to_regclass('supabase_migrations.schema_migrations') is not null then
    delete from supabase_migrations.schema_migrations m where (m.version, m.name) in (select * from storyreel_applied);
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
