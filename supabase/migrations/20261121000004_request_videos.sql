-- The three doors and the one function behind them: the insert trigger, the generate-video handler and the
-- rerender command all end in storyreel.request_videos.

-- Tell the engine that there may be work for a step, unless it has been told: every deferred job notifies,
-- and NOTIFY serialises the commits of the app's own inserts. A hint that is skipped because one waits, which
-- then runs before this transaction commits, is made up for by reconcile.
--
-- One number per step, higher first: what is paid for is fetched before anything new is begun.
create function storyreel.step_priority(step text) returns integer
language sql immutable
set search_path = ''
as $$
  select case step
    when 'fetch' then 50 when 'finish' then 40 when 'reconcile' then 30 when 'admit' then 20 when 'plan' then 10
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

-- The loop a new video starts with: its theme's, or the neutral one's where that theme has none. The variant
-- follows from the story's id, so that a user's stories vary and the same story never does.
create function storyreel.placeholder_for(theme text, source_id text) returns storyreel.placeholders
language sql stable
set search_path = ''
as $$
  select p.*
  from storyreel.placeholders p
  where p.theme in (placeholder_for.theme, 'dream')
  order by p.theme = placeholder_for.theme desc, md5(p.variant::text || source_id)
  limit 1;
$$;

-- Ask for videos. The stories must be distinct. `kind` first: a story that has a video keeps it, and nothing
-- happens. `rerender`, `new_take`: a story that has one gets a further revision of it. `p_model` is a name that
-- `storyreel models` lists or an endpoint's id, `p_parameters` an object of what is asked of it.
-- Returns a row per story that a revision was made for.
create function storyreel.request_videos(
  p_table text,
  p_ids text[],
  p_texts text[],
  p_owners uuid[],
  p_kind text default 'first',
  p_model text default null,
  p_seed bigint default null,
  p_parameters jsonb default null
) returns table (video_id uuid, revision_id uuid, source_id text)
language plpgsql volatile security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  -- One character more than pipeline/prompts.py accepts (MAX_STORY_CHARS), so that it still sees "too long".
  kept_chars constant integer := 20001;
  fresh_ids  uuid[];
begin
  with fresh as (
    insert into storyreel.videos
      (source_table, source_id, owner_id, theme, bucket, path, poster_path, preview_path, blurhash, width, height)
    select p_table, s.id, s.owner, t.theme, p.bucket, p.path, p.poster_path, p.preview_path, p.blurhash, p.width, p.height
    from unnest(p_ids, p_texts, p_owners) as s(id, body, owner)
      cross join lateral (select storyreel.theme_of(coalesce(s.body, '')) as theme) t
      left join lateral storyreel.placeholder_for(t.theme, s.id) p on true
    on conflict (source_table, source_id) do nothing
    returning id
  )
  select coalesce(array_agg(f.id), '{}') into fresh_ids from fresh f;

  -- Those that were there before, or were made while we waited above: seen and locked only by another statement.
  -- The lock makes the count of their revisions ours alone.
  if p_kind <> 'first' then
    perform from storyreel.videos v
    where v.source_table = p_table and v.source_id = any (p_ids)
    order by v.id for update;
    update storyreel.videos v
    set work = 'working', reason = null, message = null, updated_at = now()
    where v.source_table = p_table and v.source_id = any (p_ids) and v.id <> all (fresh_ids);
  end if;

  return query
  with made as (
    insert into storyreel.revisions (video_id, number, kind, story, model, parameters, seed, priority)
    select v.id,
           coalesce((select max(r.number) from storyreel.revisions r where r.video_id = v.id), 0) + 1,
           case when v.id = any (fresh_ids) then 'first' else p_kind end,
           left(coalesce(s.body, ''), kept_chars), p_model, p_parameters, p_seed,
           case when v.id = any (fresh_ids) then 10 else 0 end
    from unnest(p_ids, p_texts) as s(id, body)
      join storyreel.videos v on v.source_table = p_table and v.source_id = s.id
    where p_kind <> 'first' or v.id = any (fresh_ids)
    returning id, video_id
  )
  select v.id, m.id, v.source_id from made m join storyreel.videos v on v.id = m.video_id;

  if found then
    perform storyreel.hint('plan');
  end if;
end
$$;

revoke execute on function
  storyreel.step_priority, storyreel.hint(text), storyreel.hint(text, uuid), storyreel.placeholder_for,
  storyreel.request_videos
  from public, anon, authenticated;
grant execute on function
  storyreel.step_priority, storyreel.hint(text), storyreel.hint(text, uuid), storyreel.placeholder_for,
  storyreel.request_videos
  to storyreel, service_role;
