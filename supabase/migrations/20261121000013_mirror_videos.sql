-- What an app may want of its attached tables besides: columns of theirs in which they read what plays and how it stands,
-- without asking for the video at all; and a new video whenever the text of a row changes. Both are asked for by name in
-- storyreel.attach, which is made anew here with them.

alter table storyreel.attachments
  add column url_column     name,
  add column status_column  name,
  add column follows_text   boolean not null default false;

-- What is to be made up for: the video of a row ('video'), the new video for its new text ('text'), or what stands in its
-- mirror columns ('mirror').
alter table storyreel.missed
  add column what text not null default 'video',
  add constraint missed_what_known check (what in ('video', 'text', 'mirror')),
  drop constraint missed_pkey,
  add primary key (source_table, source_id, what);

-- How a story stands, in one word: what plays, or why nothing better than that is on its way.
create function storyreel.status_of(shows text, work text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case when shows = 'final' or work in ('idle', 'working') then shows else work end;
$$;

-- The UPDATE that writes the mirror columns of rows whose key is among `keys`, a list of values or a query. What stands
-- there already is not written again: each write is news to whoever listens to the app's table.
create function storyreel.mirror_statement(a storyreel.attachments, keys text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select format(
    'update %1$s s set %2$s from storyreel.videos v
     where s.%3$I in (%4$s) and v.source_table = %5$L and v.source_id = s.%3$I::text and (%6$s) is distinct from (%7$s)',
    a.source_table, string_agg(format('%I = %s', c.name, c.value), ', '), a.id_column, keys, a.source_table,
    string_agg(format('s.%I::text', c.name), ', '), string_agg(c.value, ', '))
  from (values
    (a.url_column, 'storyreel.public_url(v.bucket, v.path)'),
    (a.status_column, 'storyreel.status_of(v.shows, v.work)')
  ) c (name, value)
  where c.name is not null;
$$;

-- Write into a story's row how its video is by now, where its table has columns for it. False: the row is in somebody's
-- hands, or its table does not take it.
--
-- It waits for no lock of the app's: who changes a story holds its row and may want its video next, and here it is the
-- other way round. Of two that would wait for each other for ever, this one goes away.
create function storyreel.mirror(p_table text, p_key text) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '100ms'
as $$
declare
  a     storyreel.attachments;
  free  boolean;
  there boolean;
begin
  select * into a from storyreel.attachments t
  where t.source_table = p_table and num_nonnulls(t.url_column, t.status_column) > 0;
  if not found then
    return true;
  end if;
  execute format(
    'select count(*) > 0 from (select from %s s where s.%I = $1::%s for no key update skip locked) r',
    a.source_table, a.id_column, a.id_type)
  into free using p_key;
  if free then
    execute storyreel.mirror_statement(a, format('$1::%s', a.id_type)) using p_key;
    return true;
  end if;
  execute format('select exists (select from %s s where s.%I = $1::%s)', a.source_table, a.id_column, a.id_type)
  into there using p_key;
  return not there;
exception when others then  -- the app's triggers and checks: they may stop this, and no video
  raise warning 'storyreel could not write into a story of % how its video is: %', p_table, sqlerrm;
  return false;
end
$$;

-- The same, noted where it could not be: reconcile makes up for it.
create function storyreel.mirror_or_note(p_table text, p_key text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if not storyreel.mirror(p_table, p_key) then
    insert into storyreel.missed (source_table, source_id, what, error)
    values (p_table, p_key, 'mirror', 'the row was locked, or its table did not take it')
    on conflict do nothing;
  end if;
end
$$;

-- The same for what was noted. The video stands still meanwhile, so that no later news of it is taken for noted.
create function storyreel.mirror_noted(p_table text, p_key text) returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from storyreel.videos v where v.source_table = p_table and v.source_id = p_key for update skip locked;
  return case
    when found then storyreel.mirror(p_table, p_key)
    else not exists (select from storyreel.videos v where v.source_table = p_table and v.source_id = p_key) end;
end
$$;

-- AFTER UPDATE of what a video shows or how it stands.
create function storyreel.on_video_changed() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform storyreel.mirror_or_note(new.source_table, new.source_id);
  return null;
end
$$;
create trigger videos_mirrored after update on storyreel.videos for each row
  when ((old.bucket, old.path, old.shows, old.work) is distinct from (new.bucket, new.path, new.shows, new.work))
  execute function storyreel.on_video_changed();

-- Ask for a new video of a story whose text has changed. One that nobody has begun to plan takes the new text instead, and
-- what still waits to be rendered of older texts is not waited for any more: who saves with every key they press pays for
-- what the provider had begun. Whoever edits looks at the result, so it does not wait behind people who look at a
-- placeholder, as other re-renders do.
--
-- The caller has the story's row, and then comes the video: in this order for everybody who wants both.
create function storyreel.follow_text(p_table text, p_id text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  a       storyreel.attachments;
  waiting uuid;
begin
  select * into a from storyreel.attachments t where t.source_table = p_table;
  perform from storyreel.videos v where v.source_table = p_table and v.source_id = p_id for update;
  select r.id into waiting
  from storyreel.videos v join storyreel.revisions r on r.video_id = v.id
  where v.source_table = p_table and v.source_id = p_id and r.kind <> 'restore' and storyreel.is_newest(v.id, r.number)
    and r.planned_at is null and r.attempt = 0
  for update of r skip locked;
  if waiting is not null then
    execute format(
      'update storyreel.revisions r set story = left(coalesce(s.%I::text, ''''), 20001) from %s s where r.id = $1 and s.%I = $2::%s',
      a.text_column, a.source_table, a.id_column, a.id_type)
    using waiting, p_id;
    return;
  end if;

  select q.revision_id into waiting from storyreel.request_video_of(p_table, p_id, 'rerender', p_preview => true) q;
  update storyreel.revisions r set priority = 10 where r.id = waiting;
  delete from storyreel.shots s
  using storyreel.revisions r, storyreel.revisions newest, storyreel.renders d
  where newest.id = waiting and r.video_id = newest.video_id and r.number < newest.number and s.revision_id = r.id
    and d.take_id = s.take_id and d.status = 'waiting';
end
$$;

-- AFTER UPDATE of a row's text, where the table follows it.
create function storyreel.on_text_changed() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '1s'
as $$
declare
  key   text;
  fault text;
begin
  begin
    execute format('select ($1).%I::text', tg_argv[1]) into key using new;
    perform storyreel.follow_text(tg_argv[0], key);
  exception when others then
    fault := sqlerrm;
    raise warning 'storyreel could not ask for a video of the new text of a story of %: %. It is tried again by itself.', tg_argv[0], fault;
    begin
      insert into storyreel.missed (source_table, source_id, what, error) values (tg_argv[0], key, 'text', fault)
      on conflict do nothing;
    exception when others then
      raise warning 'storyreel could not even note that: %. Its video stays that of the old text.', sqlerrm;
    end;
  end;
  return null;
end
$$;

-- Write the function behind the insert trigger of an attached table, and return its name, a new one each time: a table
-- may be renamed, and another take its place. One for each table, since a statement whose columns are known keeps its
-- plan (a fifth of what the app's insert waits for).
--
-- It runs AFTER INSERT, once per statement, and waits for no lock of ours longer than a second: a migration under way
-- must not hold up the app. The app's insert must never fail because of us: this is the one place that catches
-- everything. What it caught is written down for reconcile, and said as a WARNING.
create or replace function storyreel.write_insert_function(a storyreel.attachments) returns name
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $write$
declare
  name constant name := 'on_inserted_' || replace(gen_random_uuid()::text, '-', '');
  -- Within the insert's own transaction too, and apart from the videos: what the app's table refuses costs no video.
  mirroring constant text := case when num_nonnulls(a.url_column, a.status_column) > 0 then format(
    $mirroring$
          begin
            execute %2$L;  -- planned each time: a plan for one row must not be kept for ten thousand
          exception when others then
            raise warning 'storyreel could not write into the new rows of %% how their videos are: %%', %1$L, sqlerrm;
            insert into storyreel.missed (source_table, source_id, what, error)
            select %1$L, i.%3$I::text, 'mirror', sqlerrm from inserted i on conflict do nothing;
          end;
    $mirroring$,
    a.source_table, storyreel.mirror_statement(a, format('select i.%I from inserted i', a.id_column)), a.id_column) end;
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
          end if;%7$s
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
    a.model, a.shape, mirroring);
begin
  execute format(
    'create function storyreel.%I() returns trigger language plpgsql security definer
     set search_path = procrastinate, pg_temp set lock_timeout = ''1s'' as %L', name, body);
  execute format('revoke execute on function storyreel.%I from public, anon, authenticated', name);
  return name;
end
$write$;

-- Give a table of the app's stories videos from now on. Rows that are already there get none: a video costs
-- money, and attaching a table is no order for a thousand. `model` is one that `storyreel models` lists, with the shape
-- of its clips; the placeholder is chosen to match. In `url_column` and `status_column` it is written what plays and how
-- it stands (storyreel.status_of), in rows whose videos are there as well; with `follow_text`, a changed text gets a new
-- video, which costs as much as the first. Attaching a table again changes what new rows get; what is not said again ends.
--
-- Reading a row runs code of whoever owns the table or the types of its columns (casts, checks of domains, expressions of
-- indexes), and our functions run as whoever attaches it. So a table of a role that could not act as that one anyway is
-- refused, unless its owner is trusted by name of the parameter.
drop function storyreel.attach;
create function storyreel.attach(
  story_table regclass, text_column name, owner_column name default null, model text default null, shape text default 'square',
  trust_owner boolean default false, url_column name default null, status_column name default null,
  follow_text boolean default false
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set client_min_messages = warning  -- a notice for each trigger that is not there
as $$
declare
  source_name  text;
  key_column   name;
  key_type     text;
  owner_type   regtype;
  key_columns  text;
  missing      name;
  unfit        record;
  stranger     name;
  attached     storyreel.attachments;
  written      regproc;
begin
  select format('%I.%I', n.nspname, c.relname) into source_name
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.oid = story_table;

  select string_agg(quote_ident(a.attname), ', ' order by k.place), min(a.attname), min(format_type(a.atttypid, a.atttypmod))
  into key_columns, key_column, key_type
  from pg_catalog.pg_index i
    cross join lateral unnest(i.indkey[0:i.indnkeyatts - 1]) with ordinality k (attnum, place)
    join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
  where i.indrelid = story_table and i.indisprimary;
  if key_column is null or key_columns <> quote_ident(key_column) then
    raise exception '% has %, and a video is found by a primary key of one column', source_name,
        coalesce(format('the primary key (%s)', key_columns), 'no primary key')
      using errcode = 'invalid_table_definition',
            hint = 'Give it one of type uuid, bigint or text; a unique constraint can take over what the old one kept.';
  end if;

  select c.name into missing
  from unnest(array[text_column, owner_column, url_column, status_column]) as c(name)
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

  select a.attname, format_type(a.atttypid, a.atttypmod) as type into unfit
  from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
  where a.attrelid = story_table and a.attname in (url_column, status_column)
    and (t.typcategory <> 'S' or a.attgenerated <> '' or a.attname in (key_column, text_column) or url_column = status_column
         or a.attname = status_column and a.atttypmod between 0 and 4 + 10)  -- "placeholder" has eleven letters
  limit 1;
  if found then
    raise exception 'the column % of % (%) cannot mirror a video: it must be one of its own, of type text (or varchar of 11 at least), not generated',
        unfit.attname, source_name, unfit.type
      using errcode = 'datatype_mismatch';
  end if;

  select pg_get_userbyid(o.owner) into stranger
  from (
    select c.relowner as owner from pg_catalog.pg_class c where c.oid = story_table
    union all
    select t.typowner from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
    where a.attrelid = story_table and a.attname in (key_column, text_column, url_column, status_column)
  ) o
  where not pg_has_role(o.owner, current_user, 'usage') limit 1;
  if stranger is not null and not trust_owner then
    raise exception '% or the type of a column belongs to %, whose code would run as % whenever a story is read',
        source_name, stranger, current_user
      using errcode = 'insufficient_privilege',
            hint = format('Make %I its owner, or trust %I: attach(…, trust_owner => true).', current_user, stranger);
  end if;

  -- Writing a row, too, runs code: whoever may put a trigger on the table has it run as us. So nobody may who can become
  -- anything but its owner; many projects have granted that to everybody, with all the rest.
  if num_nonnulls(url_column, status_column) > 0 and has_table_privilege('authenticated', story_table, 'trigger') then
    execute format('revoke trigger on %s from public, anon, authenticated', story_table);
    if has_table_privilege('authenticated', story_table, 'trigger') then
      raise exception 'users of the app may put triggers on %, which would run as % when its columns are written', source_name, current_user
        using errcode = 'insufficient_privilege', hint = format('As the owner of the table: revoke trigger on %s from public, anon, authenticated;', source_name);
    end if;
  end if;

  insert into storyreel.attachments
    (source_table, id_column, id_type, text_column, owner_column, model, shape, url_column, status_column, follows_text)
  values
    (source_name, key_column, key_type, text_column, owner_column, model, shape, url_column, status_column, follow_text)
  on conflict (source_table) do update
    set id_column = excluded.id_column, id_type = excluded.id_type, text_column = excluded.text_column,
        owner_column = excluded.owner_column, model = excluded.model, shape = excluded.shape,
        url_column = excluded.url_column, status_column = excluded.status_column, follows_text = excluded.follows_text
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
  execute format(
    'create or replace trigger storyreel_truncated after truncate on %s
     for each statement execute function storyreel.on_stories_truncated(%L)',
    story_table, source_name);
  if owner_column is not null then
    execute format(
      'create or replace trigger storyreel_owner_changed after update on %1$s for each row
       when (old.%4$I is distinct from new.%4$I) execute function storyreel.on_owner_changed(%2$L, %3$L, %4$L)',
      story_table, source_name, key_column, owner_column);
  else
    execute format('drop trigger if exists storyreel_owner_changed on %s', story_table);
  end if;
  if follow_text then
    execute format(
      'create or replace trigger storyreel_text_changed after update on %1$s for each row
       when (old.%4$I::text is distinct from new.%4$I::text)
       execute function storyreel.on_text_changed(%2$L, %3$L)',
      story_table, source_name, key_column, text_column);
  else
    execute format('drop trigger if exists storyreel_text_changed on %s', story_table);
  end if;

  if num_nonnulls(url_column, status_column) > 0 then
    execute storyreel.mirror_statement(attached, format('select k.%I from %s k', key_column, source_name));
    -- A video that changes just now does not know of these columns yet.
    insert into storyreel.missed (source_table, source_id, what, error)
    select v.source_table, v.source_id, 'mirror', 'it changed while its table was attached' from storyreel.videos v
    where v.source_table = source_name and v.work = 'working'
    on conflict do nothing;
  end if;
end
$$;

-- The reverse: no more videos for new rows. What was made stays.
create or replace function storyreel.detach(story_table regclass) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set client_min_messages = warning
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
  execute format('drop trigger if exists storyreel_text_changed on %s', story_table);
  execute format('drop trigger if exists storyreel_truncated on %s', story_table);
  select format('%I.%I', n.nspname, c.relname) into source_name
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.oid = story_table;
  delete from storyreel.missed m where m.source_table = source_name;
  delete from storyreel.attachments a where a.source_table = source_name;
end
$$;

-- Request a video for one row of an attached table, reading the row itself: a webhook is only a hint of it.
-- Returns nothing where there is no such row. The row is locked meanwhile: one being deleted gets no video. Its mirror columns
-- are written as well.
create or replace function storyreel.request_video_of(
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
  perform storyreel.mirror_or_note(p_table, key);
end
$$;

-- Make up for one thing that the triggers missed before that time, the oldest that nobody else has in hand; how many were
-- tried, and how many videos were made. What still fails stays noted, and is tried again after the others. One in each
-- transaction, and without waiting for a story that the app has in hand: what is held meanwhile keeps its users waiting.
create function storyreel.adopt_next(p_before timestamptz, out tried integer, out adopted integer)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '1s'
as $$
declare
  m    storyreel.missed;
  done boolean := true;
begin
  select * into m from storyreel.missed n where n.missed_at < p_before order by n.missed_at limit 1 for update skip locked;
  tried := case when found then 1 else 0 end;
  adopted := 0;
  if tried = 0 then
    return;
  end if;
  begin
    if not storyreel.story_exists(m.source_table, m.source_id) then
      delete from storyreel.videos v where v.source_table = m.source_table and v.source_id = m.source_id;
    elsif m.what = 'mirror' then
      done := storyreel.mirror_noted(m.source_table, m.source_id);
    elsif not storyreel.lock_story(m.source_table, m.source_id) then
      done := false;
    elsif m.what = 'text' then
      perform storyreel.follow_text(m.source_table, m.source_id);
    else
      perform storyreel.request_video_of(m.source_table, m.source_id);
      adopted := case when found then 1 else 0 end;
    end if;
    if done then
      delete from storyreel.missed d
      where d.source_table = m.source_table and d.source_id = m.source_id and d.what = m.what;
      return;
    end if;
  exception when others then
    m.error := sqlerrm;
    adopted := 0;
  end;
  update storyreel.missed u set error = m.error, missed_at = clock_timestamp()
  where u.source_table = m.source_table and u.source_id = m.source_id and u.what = m.what;
end
$$;

-- Hold on to a story's row, unless the app is about to delete it, or has locked it for itself.
create function storyreel.lock_story(p_table text, p_key text) returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  a      storyreel.attachments;
  locked boolean;
begin
  select * into a from storyreel.attachments t where t.source_table = p_table;
  execute format(
    'select count(*) > 0 from (select from %s s where s.%I = $1::%s for key share skip locked) r',
    a.source_table, a.id_column, a.id_type)
  into locked using p_key;
  return locked;
end
$$;

-- For workers of 0.1.0, until they are stopped.
create or replace function storyreel.adopt_missed() returns integer
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select n.adopted from storyreel.adopt_next(clock_timestamp()) n;
$$;

revoke execute on function
  storyreel.status_of, storyreel.mirror_statement, storyreel.mirror, storyreel.mirror_or_note, storyreel.mirror_noted,
  storyreel.on_video_changed, storyreel.follow_text, storyreel.on_text_changed, storyreel.lock_story, storyreel.adopt_next,
  storyreel.attach
  from public, anon, authenticated;
grant execute on function storyreel.adopt_next to storyreel;
