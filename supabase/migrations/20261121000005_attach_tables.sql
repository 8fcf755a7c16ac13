-- The app's own tables: which of them hold stories, the triggers that watch them, and what makes up for a fault.

-- Which tables hold stories. Rows are made by storyreel.attach.
create table storyreel.attachments (
  source_table  text primary key,  -- '<schema>.<table>' when it was attached
  id_column     name not null,
  id_type       text not null,     -- so that a key given as text is looked up by the table's own index
  text_column   name not null,
  owner_column  name,
  -- What its stories are asked of, and the box of the clips that it makes.
  model         text,              -- null: the default model
  shape         text not null,
  constraint attachments_shape_known check (shape in ('square', 'wide', 'tall'))
);

-- Stories whose video could not be made because of a fault of ours: the app's insert went through all the
-- same, and reconcile makes up for it.
create table storyreel.missed (
  source_table  text not null,
  source_id     text not null,
  error         text not null,
  missed_at     timestamptz not null default now(),
  primary key (source_table, source_id)
);

alter table storyreel.attachments enable row level security;
alter table storyreel.missed enable row level security;
grant select on storyreel.attachments to storyreel;
grant select on storyreel.missed to storyreel;
create policy attachments_worker on storyreel.attachments for select to storyreel using (true);
create policy missed_worker on storyreel.missed for select to storyreel using (true);

-- Write the function behind the insert trigger of an attached table, and return its name, a new one each time: a table
-- may be renamed, and another take its place. One for each table, since a statement whose columns are known keeps its
-- plan (a fifth of what the app's insert waits for).
--
-- It runs AFTER INSERT, once per statement, and waits for no lock of ours longer than a second: a migration under way
-- must not hold up the app. The app's insert must never fail because of us: this is the one place that catches
-- everything. What it caught is written down for reconcile, and said as a WARNING.
create function storyreel.write_insert_function(a storyreel.attachments) returns name
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $write$
declare
  name constant name := 'on_inserted_' || replace(gen_random_uuid()::text, '-', '');
  body constant text := format(
    $body$
      #variable_conflict use_variable
      declare
        ids    text[];
        texts  text[];
        owners uuid[];
        fault  text;
      begin
        begin
          select array_agg(i.%2$I::text), array_agg(left(i.%3$I::text, 20001)), array_agg(%4$s)
          into ids, texts, owners from inserted i;
          perform storyreel.begin_videos(%1$L, ids, texts, owners, %5$L, null, null, %6$L, true);
          if found then
            perform storyreel.hint('plan');
          end if;
        exception when others then
          fault := sqlerrm;
          raise warning 'storyreel could not make the videos of %%: %%. The rows are stored; it is tried again by itself.', %1$L, fault;
          begin
            insert into storyreel.missed (source_table, source_id, error)
            select %1$L, i.%2$I::text, fault from inserted i on conflict do nothing;
          exception when others then
            raise warning 'storyreel could not even note that: %%. Those stories have no video.', sqlerrm;
          end;
        end;
        return null;
      end
    $body$,
    a.source_table, a.id_column, a.text_column,
    case when a.owner_column is null then 'null::uuid' else format('i.%I::uuid', a.owner_column) end,
    a.model, a.shape);
begin
  execute format(
    'create function storyreel.%I() returns trigger language plpgsql security definer
     set search_path = procrastinate, pg_temp set lock_timeout = ''1s'' as %L', name, body);
  execute format('revoke execute on function storyreel.%I from public, anon, authenticated', name);
  return name;
end
$write$;

-- The function that a table's insert trigger calls; null where it has none.
create function storyreel.insert_function_of(story_table regclass) returns regproc
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select t.tgfoid::regproc from pg_catalog.pg_trigger t where t.tgrelid = story_table and t.tgname = 'storyreel_inserted';
$$;

-- AFTER DELETE, once per statement: the video goes with its story. Takes stay, others may share them. What fails is
-- noted as missed: adopt_missed finds no such story and removes the video.
create function storyreel.on_stories_deleted() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '1s'
as $$
declare
  fault text;
begin
  begin
    execute format(
      'delete from storyreel.videos v using (
         select w.id from storyreel.videos w join deleted d on w.source_table = $1 and w.source_id = d.%I::text
         order by w.id for update of w) gone
       where v.id = gone.id',
      tg_argv[1])
    using tg_argv[0];
  exception when others then
    fault := sqlerrm;
    raise warning 'storyreel could not remove the videos of stories deleted from %: %', tg_argv[0], fault;
    begin
      execute format(
        'insert into storyreel.missed (source_table, source_id, error)
         select $1, d.%I::text, $2 from deleted d on conflict do nothing', tg_argv[1])
      using tg_argv[0], fault;
    exception when others then
      raise warning 'storyreel could not even note that: %', sqlerrm;
    end;
  end;
  return null;
end
$$;

-- AFTER UPDATE of a row's owner: the video is theirs from now on, and no longer whose it was. What fails is noted as
-- missed: adopt_missed asks for the story's video, and whoever does sees to its owner (follow_owner).
create function storyreel.on_owner_changed() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '1s'
as $$
declare
  fault text;
begin
  begin
    execute format(
      'update storyreel.videos v set owner_id = ($1).%I::uuid, updated_at = now()
       where v.source_table = $2 and v.source_id = ($1).%I::text', tg_argv[2], tg_argv[1])
    using new, tg_argv[0];
  exception when others then
    fault := sqlerrm;
    raise warning 'storyreel could not give the video of a story of % to its new owner: %', tg_argv[0], fault;
    begin
      execute format(
        'insert into storyreel.missed (source_table, source_id, error)
         values ($1, ($2).%I::text, $3) on conflict do nothing', tg_argv[1])
      using tg_argv[0], new, fault;
    exception when others then
      raise warning 'storyreel could not even note that: %', sqlerrm;
    end;
  end;
  return null;
end
$$;

-- AFTER TRUNCATE: every story of the table is gone.
create function storyreel.on_stories_truncated() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '1s'
as $$
begin
  delete from storyreel.videos v where v.source_table = tg_argv[0];
  return null;
exception when others then
  raise warning 'storyreel could not remove the videos of %: %', tg_argv[0], sqlerrm;
  return null;
end
$$;

-- Give a table of the app's stories videos from now on. Rows that are already there get none: a video costs
-- money, and attaching a table is no order for a thousand. `model` is one that `storyreel models` lists, with the shape
-- of its clips; the placeholder is chosen to match. Attaching it again changes what new rows get.
--
-- Reading a row runs code of whoever owns the table or the types of its columns (casts, checks of domains, expressions of
-- indexes), and our functions run as whoever attaches it. So a table of a role that could not act as that one anyway is
-- refused, unless its owner is trusted by name of the parameter.
create function storyreel.attach(
  story_table regclass, text_column name, owner_column name default null, model text default null, shape text default 'square',
  trust_owner boolean default false
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  source_name  text;
  key_column   name;
  key_type     text;
  owner_type   regtype;
  missing      name;
  stranger     name;
  attached     storyreel.attachments;
  written      regproc;
begin
  select format('%I.%I', n.nspname, c.relname) into source_name
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.oid = story_table;

  select a.attname, format_type(a.atttypid, a.atttypmod) into key_column, key_type
  from pg_catalog.pg_index i join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
  where i.indrelid = story_table and i.indisprimary and i.indnkeyatts = 1;
  if key_column is null then
    raise exception '% has no primary key of one column, by which its videos could be found', source_name
      using errcode = 'invalid_table_definition';
  end if;

  select c.name into missing
  from unnest(array[text_column, owner_column]) as c(name)
  where c.name is not null and not exists (
    select from pg_catalog.pg_attribute a
    where a.attrelid = story_table and a.attname = c.name and a.attnum > 0 and not a.attisdropped);
  if missing is not null then
    raise exception '% has no column %', source_name, missing using errcode = 'undefined_column';
  end if;

  select a.atttypid::regtype into owner_type
  from pg_catalog.pg_attribute a where a.attrelid = story_table and a.attname = owner_column;
  if owner_type <> 'uuid'::regtype then
    raise exception 'the owner column % of % is of type %; it must be uuid, as auth.uid() is', owner_column, source_name, owner_type
      using errcode = 'datatype_mismatch';
  end if;

  select pg_get_userbyid(o.owner) into stranger
  from (
    select c.relowner as owner from pg_catalog.pg_class c where c.oid = story_table
    union all
    select t.typowner from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
    where a.attrelid = story_table and a.attname in (key_column, text_column)
  ) o
  where not pg_has_role(o.owner, current_user, 'usage') limit 1;
  if stranger is not null and not trust_owner then
    raise exception '% or the type of a column belongs to %, whose code would run as % whenever a story is read',
        source_name, stranger, current_user
      using errcode = 'insufficient_privilege',
            hint = format('Make %I its owner, or trust %I: attach(…, trust_owner => true).', current_user, stranger);
  end if;

  insert into storyreel.attachments (source_table, id_column, id_type, text_column, owner_column, model, shape)
  values (source_name, key_column, key_type, text_column, owner_column, model, shape)
  on conflict (source_table) do update
    set id_column = excluded.id_column, id_type = excluded.id_type, text_column = excluded.text_column,
        owner_column = excluded.owner_column, model = excluded.model, shape = excluded.shape
  returning * into attached;

  written := storyreel.insert_function_of(story_table);
  execute format(
    'create or replace trigger storyreel_inserted after insert on %s referencing new table as inserted
     for each statement execute function storyreel.%I()',
    story_table, storyreel.write_insert_function(attached));
  if written is not null then
    execute format('drop function %s()', written);
  end if;
  execute format(
    'create or replace trigger storyreel_deleted after delete on %s referencing old table as deleted
     for each statement execute function storyreel.on_stories_deleted(%L, %L)',
    story_table, source_name, key_column);
  if owner_column is not null then
    execute format(
      'create or replace trigger storyreel_owner_changed after update on %1$s for each row
       when (old.%4$I is distinct from new.%4$I) execute function storyreel.on_owner_changed(%2$L, %3$L, %4$L)',
      story_table, source_name, key_column, owner_column);
  elsif exists (
    select from pg_catalog.pg_trigger t where t.tgrelid = story_table and t.tgname = 'storyreel_owner_changed')
  then
    execute format('drop trigger storyreel_owner_changed on %s', story_table);
  end if;
  execute format(
    'create or replace trigger storyreel_truncated after truncate on %s
     for each statement execute function storyreel.on_stories_truncated(%L)',
    story_table, source_name);
end
$$;

-- The reverse: no more videos for new rows. What was made stays.
create function storyreel.detach(story_table regclass) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  source_name text;
  written     constant regproc := storyreel.insert_function_of(story_table);
begin
  execute format('drop trigger if exists storyreel_inserted on %s', story_table);
  if written is not null then
    execute format('drop function %s()', written);
  end if;
  execute format('drop trigger if exists storyreel_deleted on %s', story_table);
  execute format('drop trigger if exists storyreel_owner_changed on %s', story_table);
  execute format('drop trigger if exists storyreel_truncated on %s', story_table);
  select format('%I.%I', n.nspname, c.relname) into source_name
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.oid = story_table;
  delete from storyreel.missed m where m.source_table = source_name;
  delete from storyreel.attachments a where a.source_table = source_name;
end
$$;

-- The key that a text spells, as Postgres writes it and videos have it: a uuid in capitals, a number with zeros in front
-- are spellings of the same one. Null for what no key of that type can be; such a row is nobody's.
create function storyreel.key_of(p_id text, p_type text) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  key text;
begin
  execute format('select ($1::%s)::text', p_type) into key using p_id;
  return key;
exception when data_exception or integrity_constraint_violation then  -- the latter: a domain that refuses it
  return null;
end
$$;

-- Give the video of a row to whoever owns the row by now. The row's key is locked by the caller, and the video first
-- here: an owner who changes meanwhile is either seen by the second statement, or waits for us.
create function storyreel.follow_owner(a storyreel.attachments, p_key text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if a.owner_column is null then
    return;
  end if;
  perform from storyreel.videos v where v.source_table = a.source_table and v.source_id = p_key for update;
  execute format(
    'update storyreel.videos v set owner_id = s.owner, updated_at = now()
     from (select s.%1$I::uuid as owner from %2$s s where s.%3$I = $2::%4$s) s
     where v.source_table = $1 and v.source_id = $2 and v.owner_id is distinct from s.owner',
    a.owner_column, a.source_table, a.id_column, a.id_type)
  using a.source_table, p_key;
end
$$;

-- Request a video for one row of an attached table, reading the row itself: a webhook is only a hint of it.
-- Returns nothing where there is no such row. The row is locked meanwhile: one being deleted gets no video.
create function storyreel.request_video_of(
  p_table text, p_id text, p_kind text default 'first', p_model text default null, p_seed bigint default null,
  p_parameters jsonb default null, p_preview boolean default null
) returns setof storyreel.requested
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  a           storyreel.attachments;
  key         text;
  table_model text;
begin
  select * into a from storyreel.attachments t where t.source_table = p_table;
  if not found then
    raise exception 'the table % is not attached', p_table
      using errcode = 'undefined_table',
            hint = format('select storyreel.attach(%L, ''<text column>'', ''<owner column>'');', p_table);
  end if;
  key := storyreel.key_of(p_id, a.id_type);
  if key is null then
    return;
  end if;
  -- A video that is there keeps the model it was last asked of.
  if not exists (select from storyreel.videos v where v.source_table = p_table and v.source_id = key) then
    table_model := a.model;
  end if;
  return query execute format(
    'select r.*
     from (select s.%1$I::text as id, s.%2$I::text as body, %3$s as owner
           from %4$s s where s.%1$I = $1::%5$s for key share) s
       cross join lateral storyreel.request_videos(
         $2, array[s.id], array[s.body], array[s.owner], $3, $4, $5, $6, $7, $8) r',
    a.id_column, a.text_column,
    case when a.owner_column is null then 'null::uuid' else format('s.%I::uuid', a.owner_column) end,
    p_table, a.id_type)
  using key, p_table, p_kind, coalesce(p_model, table_model), p_seed, p_parameters, a.shape, p_preview;
  perform storyreel.follow_owner(a, key);
end
$$;

-- The owner of a row, as the user of those claims sees it through the API: null where RLS hides the row, where it has no
-- owner, and where there is none.
--
-- Invoker, as it must be to take on another role: whoever calls it is a member of `authenticated`. A policy's own
-- functions find their tables as they do under PostgREST.
create function storyreel.owner_as_seen(p_table text, p_id text, p_claims jsonb) returns uuid
language plpgsql volatile
set search_path = public, extensions, pg_temp
as $$
declare
  a        storyreel.attachments;
  previous text := current_setting('role');
  found_by uuid;
begin
  select * into a from storyreel.attachments t where t.source_table = p_table;
  if a.owner_column is null or storyreel.key_of(p_id, a.id_type) is null then
    return null;
  end if;
  -- All that PostgREST sets, for policies that look at it.
  perform set_config('request.jwt.claims', p_claims::text, true), set_config('request.headers', '{}', true),
          set_config('request.cookies', '{}', true), set_config('request.method', 'POST', true),
          set_config('request.path', '', true), set_config('role', 'authenticated', true);
  execute format('select s.%I::uuid from %s s where s.%I = $1::%s', a.owner_column, p_table, a.id_column, a.id_type)
  into found_by using p_id;
  perform set_config('role', previous, true), set_config('request.jwt.claims', '', true);
  return found_by;
exception
  -- Users may not read that table at all, or a policy refuses by raising. The role is as it was before.
  when insufficient_privilege or raise_exception or data_exception then
    return null;
end
$$;

create function storyreel.story_exists(p_table text, p_id text) returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  a     storyreel.attachments;
  there boolean;
begin
  select * into strict a from storyreel.attachments t where t.source_table = p_table;
  execute format('select exists (select from %s s where s.%I = $1::%s)', p_table, a.id_column, a.id_type)
  into there using p_id;
  return there;
end
$$;

-- Make up for what the triggers missed. Returns how many videos were made; what still fails stays noted.
create function storyreel.adopt_missed() returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  m       storyreel.missed;
  adopted integer := 0;
begin
  for m in select * from storyreel.missed order by missed_at limit 500 for update skip locked loop
    begin
      if not storyreel.story_exists(m.source_table, m.source_id) then
        delete from storyreel.videos v where v.source_table = m.source_table and v.source_id = m.source_id;
      else
        perform storyreel.request_video_of(m.source_table, m.source_id);
        adopted := adopted + case when found then 1 else 0 end;
      end if;
      delete from storyreel.missed d where d.source_table = m.source_table and d.source_id = m.source_id;
    exception when others then
      update storyreel.missed u set error = sqlerrm, missed_at = now()
      where u.source_table = m.source_table and u.source_id = m.source_id;
    end;
  end loop;
  return adopted;
end
$$;

revoke execute on function
  storyreel.insert_function_of, storyreel.write_insert_function, storyreel.on_stories_deleted, storyreel.on_owner_changed,
  storyreel.on_stories_truncated, storyreel.attach, storyreel.detach, storyreel.key_of, storyreel.follow_owner,
  storyreel.request_video_of, storyreel.owner_as_seen, storyreel.story_exists, storyreel.adopt_missed
  from public, anon, authenticated;
grant execute on function storyreel.request_video_of, storyreel.adopt_missed to storyreel;
grant execute on function storyreel.request_video_of to service_role;
grant execute on function storyreel.key_of, storyreel.owner_as_seen to storyreel;
