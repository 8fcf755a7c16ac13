-- The three doors and the one function behind them: the insert trigger, the generate-video handler and the
-- rerender command all end in storyreel.request_videos.

-- Tell the engine that there may be work for a step, unless it has been told: every deferred job notifies,
-- and NOTIFY serialises the commits of the app's own inserts. A hint that is skipped because one waits, which
-- then runs before this transaction commits, is made up for by reconcile.
--
-- One number per step, higher first: what is paid for is fetched before anything new is begun.
create function storyreel.step_priority(step text) returns integer
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case step
    when 'reconcile' then 60 when 'fetch' then 50 when 'finish' then 40 when 'admit' then 20 when 'plan' then 10
  end;
$$;

create function storyreel.hint(step text) returns void
language plpgsql volatile security definer
set search_path = procrastinate, pg_temp
as $$
begin
  -- Our migrations do not need the engine to be there first.
  if to_regclass('procrastinate.procrastinate_jobs') is null then
    return;
  end if;
  -- By priority first: that is what the engine's index of waiting jobs is sorted by.
  if not exists (
    select from procrastinate_jobs j
    where j.status = 'todo' and j.priority = storyreel.step_priority(step) and j.task_name = step
  ) then
    perform procrastinate_defer_jobs_v1(array[
      row('storyreel', step, storyreel.step_priority(step), null, null, '{}', null)::procrastinate_job_to_defer_v1
    ]);
  end if;
end
$$;

-- The same for the steps that work on one take.
create function storyreel.hint(step text, take_id uuid) returns void
language plpgsql volatile security definer
set search_path = procrastinate, pg_temp
as $$
begin
  perform procrastinate_defer_jobs_v1(array[
    row('storyreel', step, storyreel.step_priority(step), null, null,
        jsonb_build_object('take_id', take_id), null)::procrastinate_job_to_defer_v1
  ]);
end
$$;

-- The loop a new video starts with: its theme's in its shape, else its theme's in any, else the neutral one's. The variant
-- follows from the story's id, so that a user's stories vary and the same story never does.
create function storyreel.placeholder_for(p_theme text, p_shape text, p_source_id text) returns storyreel.placeholders
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  chosen storyreel.placeholders;
begin
  select p.* into chosen
  from storyreel.placeholders p
  where p.theme = p_theme and p.shape = p_shape
  order by md5(p.variant::text || p_source_id) limit 1;
  if not found then
    select p.* into chosen
    from storyreel.placeholders p
    where p.theme in (p_theme, 'dream')
    order by p.theme = p_theme desc, p.shape = p_shape desc, md5(p.variant::text || p_source_id) limit 1;
  end if;
  return chosen;
end
$$;

-- Videos that began before any loop was published get one now, of the theme that their story has by now; how many did.
create function storyreel.give_placeholders() returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v     storyreel.videos;
  plays storyreel.placeholders;
  given integer := 0;
begin
  for v in select * from storyreel.videos w where w.shows = 'placeholder' and w.path is null order by w.id for update loop
    select storyreel.theme_of(r.story, v.source_id) into v.theme
    from storyreel.revisions r where r.video_id = v.id order by r.number limit 1;
    plays := storyreel.placeholder_for(v.theme, v.shape, v.source_id);
    continue when plays.path is null;
    update storyreel.videos w
    set theme = v.theme, bucket = plays.bucket, path = plays.path, poster_path = plays.poster_path,
        preview_path = plays.preview_path, blurhash = plays.blurhash, width = plays.width, height = plays.height,
        updated_at = now()
    where w.id = v.id;
    given := given + 1;
  end loop;
  return given;
end
$$;

-- What a further revision of a video asks for: what its last one did, or the one that it went back to, but for what is
-- given. Another model is asked with the given parameters alone; the old ones were the old model's.
create function storyreel.next_order(
  p_video uuid, p_kind text, p_model text, p_seed bigint, p_parameters jsonb,
  out model text, out parameters jsonb, out seed bigint)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(p_model, r.model),
         case when p_model is null or p_model = r.model
           then nullif(coalesce(r.parameters, '{}') || coalesce(p_parameters, '{}'), '{}')
           else p_parameters end,
         coalesce(p_seed, case when p_kind = 'rerender' then r.seed end)
  from storyreel.revisions r
  where r.video_id = p_video and r.number = (
    select coalesce(l.restores, l.number) from storyreel.revisions l
    where l.video_id = p_video order by l.number desc limit 1);
$$;

-- One revision that was asked for.
create type storyreel.requested as (video_id uuid, revision_id uuid, source_id text);

-- Stories that have no video yet get one, with a loop that plays at once and a first revision that waits to be planned.
-- This is what the app's own insert waits for. Statements whose plans are kept, one story after the other, take a third
-- of the time of one statement for all of them, for one story as for five thousand.
create function storyreel.begin_videos(
  p_table text, p_ids text[], p_texts text[], p_owners uuid[],
  p_model text, p_seed bigint, p_parameters jsonb, p_shape text, p_preview boolean
) returns setof storyreel.requested
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  -- One character more than pipeline/prompts.py accepts (MAX_STORY_CHARS), so that it still sees "too long".
  kept_chars constant integer := 20001;
  body    text;
  subject text;
  plays   storyreel.placeholders;
  made    storyreel.requested;
begin
  for n in 1 .. coalesce(cardinality(p_ids), 0) loop
    body := coalesce(p_texts[n], '');
    subject := storyreel.theme_of(body, p_ids[n]);
    plays := storyreel.placeholder_for(subject, p_shape, p_ids[n]);

    insert into storyreel.videos
      (source_table, source_id, owner_id, theme, shape,
       bucket, path, poster_path, preview_path, blurhash, width, height)
    values
      (p_table, p_ids[n], p_owners[n], subject, p_shape,
       plays.bucket, plays.path, plays.poster_path, plays.preview_path, plays.blurhash, plays.width, plays.height)
    on conflict (source_table, source_id) do nothing
    returning id, source_id into made.video_id, made.source_id;
    continue when not found;

    insert into storyreel.revisions (video_id, number, kind, story, model, parameters, seed, priority, preview)
    values (made.video_id, 1, 'first', left(body, kept_chars), p_model, p_parameters, p_seed, 10, p_preview)
    returning id into made.revision_id;
    return next made;
  end loop;
end
$$;

-- Videos get a further revision, numbered behind the last. They are locked: the count of their revisions is ours alone.
-- No preview is made where a final clip plays: it would not be shown.
create function storyreel.add_revisions(
  p_videos uuid[], p_table text, p_ids text[], p_texts text[],
  p_kind text, p_model text, p_seed bigint, p_parameters jsonb, p_preview boolean
) returns setof storyreel.requested
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  kept_chars constant integer := 20001;  -- as in begin_videos
begin
  perform from storyreel.videos v where v.id = any (p_videos) order by v.id for update;
  update storyreel.videos v
  set work = 'working', reason = null, message = null, updated_at = now()
  where v.id = any (p_videos);

  return query
  with made as (
    insert into storyreel.revisions (video_id, number, kind, story, model, parameters, seed, priority, preview)
    select v.id, (select max(r.number) from storyreel.revisions r where r.video_id = v.id) + 1, p_kind,
           left(coalesce(s.body, ''), kept_chars), o.model, o.parameters, o.seed, 0, p_preview and v.shows <> 'final'
    from unnest(p_ids, p_texts) as s(id, body)
      join storyreel.videos v on v.source_table = p_table and v.source_id = s.id and v.id = any (p_videos)
      cross join lateral storyreel.next_order(v.id, p_kind, p_model, p_seed, p_parameters) o
    returning id, video_id
  )
  select v.id, m.id, v.source_id from made m join storyreel.videos v on v.id = m.video_id;
end
$$;

-- Ask for videos. The stories must be distinct. `kind` first: a story that has a video keeps it, and nothing
-- happens. `rerender`, `new_take`: a story that has one gets a further revision of it, see next_order; a new take needs
-- a seed of its own. `p_model` is a name that `storyreel models` lists or an endpoint's id, `p_parameters` an object of
-- what is asked of it, `p_shape` that of the clip it makes. `p_preview` null: only for what is asked the first time.
-- Returns a row per story that a revision was made for.
create function storyreel.request_videos(
  p_table text,
  p_ids text[],
  p_texts text[],
  p_owners uuid[],
  p_kind text default 'first',
  p_model text default null,
  p_seed bigint default null,
  p_parameters jsonb default null,
  p_shape text default 'square',
  p_preview boolean default null
) returns setof storyreel.requested
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  fresh  storyreel.requested[];
  others uuid[];
begin
  if p_kind not in ('first', 'rerender', 'new_take') then
    raise exception 'a video is asked for as first, rerender or new_take, not as %', p_kind
      using errcode = 'invalid_parameter_value';
  end if;
  if p_kind = 'new_take' and p_seed is null then
    raise exception 'a new take needs a seed: with the old one it would be the old take'
      using errcode = 'null_value_not_allowed';
  end if;

  select array_agg(b) into fresh
  from storyreel.begin_videos(
    p_table, p_ids, p_texts, p_owners, p_model, p_seed, p_parameters, p_shape, coalesce(p_preview, true)) b;
  return query select * from unnest(fresh);

  -- Those that were there before, or were made while we waited above: seen only by another statement.
  if p_kind <> 'first' then
    select array_agg(v.id) into others
    from storyreel.videos v
    where v.source_table = p_table and v.source_id = any (p_ids)
      and not exists (select from unnest(fresh) f where f.video_id = v.id);
    return query select * from storyreel.add_revisions(
      others, p_table, p_ids, p_texts, p_kind, p_model, p_seed, p_parameters, coalesce(p_preview, false));
  end if;

  if fresh is not null or others is not null then
    perform storyreel.hint('plan');
  end if;
end
$$;

revoke execute on function
  storyreel.step_priority, storyreel.hint(text), storyreel.hint(text, uuid), storyreel.placeholder_for,
  storyreel.give_placeholders, storyreel.next_order, storyreel.begin_videos, storyreel.add_revisions, storyreel.request_videos
  from public, anon, authenticated;
grant execute on function
  storyreel.step_priority, storyreel.hint(text), storyreel.hint(text, uuid), storyreel.placeholder_for,
  storyreel.give_placeholders, storyreel.next_order, storyreel.request_videos
  to storyreel;
