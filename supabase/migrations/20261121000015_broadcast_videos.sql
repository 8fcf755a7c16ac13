-- Live to the app, by Broadcast: what changes in a video is told to its owner, on a private topic of their own. Beside the
-- publication (create_videos), which Postgres Changes reads; docs/realtime.md says which of the two is for whom.
--
-- A message is a hint as well: Realtime sends it at most once, to whoever listens just then. Videos that begin are not
-- told: the placeholder is there when the app's insert returns, and telling it would cost that insert a quarter more.

-- Whether the Realtime server has prepared this database for Broadcast. Read from the catalogue, as what follows: a worker
-- asks as well, who has no way into the schema realtime.
create function storyreel.has_realtime() returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_class c on c.relnamespace = n.oid
    where n.nspname = 'realtime' and p.proname = 'send' and oidvectortypes(p.proargtypes) = 'jsonb, text, text, boolean'
      and c.relname = 'messages');
$$;

-- What keeps owners from hearing of their videos, a sentence each with what to do; no row where nothing does.
create function storyreel.missing_broadcasts() returns setof text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if not storyreel.has_realtime() then
    return next 'Changes of videos are not broadcast: this database has no realtime.send, as Supabase Realtime makes it. '
                'Once it has: select storyreel.install_broadcasts()';
    return;
  end if;
  if 2 <> (
    select count(*) from pg_trigger t
    where t.tgrelid = 'storyreel.videos'::regclass and t.tgname in ('videos_updated', 'videos_deleted'))
  then
    return next 'Changes of videos are not broadcast: select storyreel.install_broadcasts()';
  end if;
  if 2 <> (
    select count(*) from pg_policies p
    where p.schemaname = 'realtime' and p.tablename = 'messages'
      and p.policyname in ('storyreel_owners_listen', 'storyreel_owners_only'))
  then
    return next 'Owners may not listen to what is broadcast of their videos: as a role that may make policies on '
                'realtime.messages, select storyreel.install_broadcasts()';
  end if;
end
$$;

-- Have every change of a video told to its owner, and let the owner listen, and nobody else: two triggers, and two policies for the
-- topics 'storyreel:videos:<owner>'. Returns what is missing still. Idempotent, for whoever owns the database: to be called
-- again where Realtime came later, or its schema was made anew.
create function storyreel.install_broadcasts() returns setof text
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
as $install$
declare
  -- Messages to one owner from one statement. Beyond what a project may send in a second (100, of all its users) Realtime
  -- drops them, and nobody would know; so whoever is to hear of more is told once, to read again.
  most     constant integer := 20;
  happened text;
  changed  text;
  -- Written once for both, and not as functions that stand by themselves: where there is no Realtime they would be faulty.
  -- The record is the row of public.story_videos but for its progress. Whoever loses a video hears that it is gone, and
  -- nothing of whom it went to; of a video without an owner nobody hears.
  --
  -- AFTER, once per statement, and only where an owner sees a difference. The app's own delete waits for this: it never
  -- fails because of us, and waits for no lock of Realtime's longer than a second.
  body     constant text := $body$
    declare
      m      record;
      locked boolean := false;
    begin
      for m in
        with changed as (%s),
        told as (
          select (c.was).owner_id as owner, 'DELETE' as operation, null::jsonb as record,
                 jsonb_build_object('id', (c.was).id, 'source_table', (c.was).source_table,
                                    'source_id', (c.was).source_id) as old_record
          from changed c
          where (c.was).owner_id is not null and (c.became).owner_id is distinct from (c.was).owner_id
          union all
          select (c.became).owner_id, case when (c.was).owner_id = (c.became).owner_id then 'UPDATE' else 'INSERT' end,
                 to_jsonb(c.became) || jsonb_build_object(
                   'url', b.public_base_url || '/' || (c.became).path,
                   'poster_url', b.public_base_url || '/' || (c.became).poster_path,
                   'preview_url', b.public_base_url || '/' || (c.became).preview_path),
                 null
          from changed c left join storyreel.buckets b on b.name = (c.became).bucket and b.is_public
          where (c.became).owner_id is not null
        ),
        counted as (
          select t.*, count(*) over (partition by t.owner) > %s as many, row_number() over (partition by t.owner) as place
          from told t
        )
        select 'storyreel:videos:' || c.owner as topic,
               case when c.many then 'REFETCH' else c.operation end as operation,
               case when not c.many then c.record end as record,
               case when not c.many then c.old_record end as old_record
        from counted c where not c.many or c.place = 1
      loop
        if not locked then
          -- As an insert does. In here, since realtime.send swallows its failures: each message would wait anew.
          lock table realtime.messages in row exclusive mode;
          locked := true;
        end if;
        perform realtime.send(
          jsonb_build_object('schema', 'public', 'table', 'story_videos', 'operation', m.operation,
                             'record', m.record, 'old_record', m.old_record),
          m.operation, m.topic, true);
      end loop;
      return null;
    exception when others then
      raise warning 'storyreel could not broadcast what changed in videos: %%', sqlerrm;
      return null;
    end
  $body$;
begin
  if not storyreel.has_realtime() then
    return query select * from storyreel.missing_broadcasts();
    return;
  end if;

  foreach happened in array array['updated', 'deleted'] loop
    changed := case happened
      when 'updated' then
        'select b as was, a as became from before b join after a on a.id = b.id
         where coalesce(b.owner_id, a.owner_id) is not null
           and to_jsonb(b) - ''updated_at'' <> to_jsonb(a) - ''updated_at'''
      else 'select b as was, null::storyreel.videos as became from before b'
    end;
    -- Plans are kept for a session: one that was made for a single row must not pair thousands one by one. Times are told
    -- as the API tells them.
    execute format(
      'create or replace function storyreel.on_videos_%s() returns trigger language plpgsql volatile security definer
       set search_path = pg_catalog, pg_temp set lock_timeout = ''1s'' set timezone = ''UTC''
       set enable_nestloop = off as %L',
      happened, format(body, changed, most));
    execute format('revoke execute on function storyreel.on_videos_%s from public, anon, authenticated', happened);
  end loop;
  create or replace trigger videos_updated after update on storyreel.videos
    referencing old table as before new table as after for each statement execute function storyreel.on_videos_updated();
  create or replace trigger videos_deleted after delete on storyreel.videos
    referencing old table as before for each statement execute function storyreel.on_videos_deleted();

  -- The Realtime server asks whether the user who joins a private topic would see a message there. The second keeps our
  -- topics to their owners, and anybody from sending on them, whatever the app's own policies allow: `using (true)` is what
  -- one begins with.
  begin
    drop policy if exists storyreel_owners_listen on realtime.messages;
    create policy storyreel_owners_listen on realtime.messages for select to authenticated using (
      extension = 'broadcast'
      and (select realtime.topic()) = 'storyreel:videos:' || (select auth.uid()));
    drop policy if exists storyreel_owners_only on realtime.messages;
    create policy storyreel_owners_only on realtime.messages as restrictive for all to anon, authenticated
      using (topic not like 'storyreel:%' or topic = 'storyreel:videos:' || (select auth.uid()))
      with check (topic not like 'storyreel:%');
  exception
    -- Realtime's own role owns the table; that `postgres` may make policies on it is a setting of hosted projects.
    when insufficient_privilege then
      return query select m || ': ' || sqlerrm from storyreel.missing_broadcasts() m;
      return;
  end;
  return query select * from storyreel.missing_broadcasts();
end
$install$;
revoke execute on function storyreel.has_realtime, storyreel.missing_broadcasts, storyreel.install_broadcasts
  from public, anon, authenticated;
grant execute on function storyreel.has_realtime, storyreel.missing_broadcasts to storyreel;

do $$
declare
  missing text;
begin
  for missing in select * from storyreel.install_broadcasts() loop
    raise warning '%', missing;
  end loop;
end
$$;

comment on schema storyreel is '20261121000015';
