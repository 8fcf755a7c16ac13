-- How the end of a take reaches every video that waits for it. Called inside the transaction that ends the take,
-- or that subscribes a revision to one which has ended, so no video can miss it.

-- Whether one thing may replace another on the screen: final before preview, then the higher revision.
-- pipeline/lifecycle.py has the same rule; a test compares the two over every pair.
create function storyreel.moves_up(shows text, revision integer, offered text, offered_revision integer) returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select (array_position(array['placeholder', 'preview', 'final'], offered), offered_revision)
       > (array_position(array['placeholder', 'preview', 'final'], shows), revision);
$$;

create function storyreel.is_newest(video_id uuid, number integer) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select not exists (
    select from storyreel.revisions r where r.video_id = is_newest.video_id and r.number > is_newest.number);
$$;

-- In one order for everybody, and in a statement of its own: of two takes that end at once, whichever waited here
-- sees the other as ended.
create function storyreel.lock_videos_of(p_take uuid) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select from storyreel.videos v
  where v.id in (
    select r.video_id from storyreel.shots s join storyreel.revisions r on r.id = s.revision_id
    where s.take_id = p_take)
  order by v.id
  for update;
$$;

-- Whether anybody still waits for the take: one whose video would show it.
create function storyreel.is_wanted(take uuid) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from storyreel.shots s
      join storyreel.revisions r on r.id = s.revision_id
      join storyreel.videos v on v.id = r.video_id
    where s.take_id = take and storyreel.moves_up(v.shows, v.shown_revision, s.shows, r.number));
$$;

-- How urgent a take that failed is to those who would have it come back by itself: to newest revisions only, and as a
-- preview only where the final may still come. The highest priority; null where there is nobody.
create function storyreel.comeback_priority(take uuid) returns integer
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select max(r.priority + case s.shows when 'preview' then 5 else 0 end)  -- as storage/plans.py has it
  from storyreel.shots s
    join storyreel.revisions r on r.id = s.revision_id
    join storyreel.videos v on v.id = r.video_id
  where s.take_id = take and storyreel.moves_up(v.shows, v.shown_revision, s.shows, r.number)
    and storyreel.is_newest(v.id, r.number)
    and (s.shows = 'final' or not exists (
      select from storyreel.shots f join storyreel.takes t on t.id = f.take_id
      where f.revision_id = r.id and f.shows = 'final' and t.status = 'failed' and t.failure_permanent));
$$;

-- Whose the cost of a take is: of those that wait for it, the first. One row, nulls where nobody does.
create function storyreel.payer_of(take uuid, out video_id uuid, out owner_id uuid)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select v.id, v.owner_id
  from storyreel.shots s
    join storyreel.revisions r on r.id = s.revision_id
    join storyreel.videos v on v.id = r.video_id
  where s.take_id = take and storyreel.moves_up(v.shows, v.shown_revision, s.shows, r.number)
  order by r.created_at, r.id limit 1;
$$;

-- Show renditions in the videos of those revisions, where that moves them up: what revision n shows is p_shows[n] and
-- p_keys[n]. No video may stand there twice. Locks nothing: the caller has.
create function storyreel.show_revisions(p_revisions uuid[], p_shows text[], p_keys text[], p_now timestamptz) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  update storyreel.videos v
  set shows = shown.shows, shown_revision = shown.number,
      bucket = made.bucket, path = made.path, poster_path = poster.path, preview_path = preview.path,
      blurhash = poster.blurhash, width = made.width, height = made.height,
      work = case when shown.ends then 'idle' else v.work end,
      reason = case when shown.ends then null else v.reason end,
      message = case when shown.ends then null else v.message end,
      updated_at = p_now
  from (
    select r.video_id, r.number, s.shows, s.key,
           s.shows = 'final' and storyreel.is_newest(r.video_id, r.number) as ends
    from unnest(p_revisions, p_shows, p_keys) as s(revision, shows, key)
      join storyreel.revisions r on r.id = s.revision
  ) shown
    join storyreel.renditions made on made.rendition_key = shown.key and made.kind = 'video'
    join storyreel.renditions poster on poster.rendition_key = shown.key and poster.kind = 'poster'
    join storyreel.renditions preview on preview.rendition_key = shown.key and preview.kind = 'preview'
  where v.id = shown.video_id and storyreel.moves_up(v.shows, v.shown_revision, shown.shows, shown.number);
$$;

-- Show a ready take in every video whose revision is complete with it, as preview or as final; of one revision alone
-- where it is named, which then is all that is looked at. A revision of several shots is complete when every take
-- that is shown alike is ready; its first shot is what shows.
create function storyreel.show_take(p_take uuid, p_now timestamptz, p_revision uuid default null) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  revisions uuid[];
  shows     text[];
  keys      text[];
begin
  if p_revision is null then
    perform storyreel.lock_videos_of(p_take);
  end if;

  with complete as (
    select r.id, r.video_id, r.number, s.shows, shown.rendition_key
    from storyreel.shots s
      join storyreel.revisions r on r.id = s.revision_id
      join storyreel.shots first_shot
        on first_shot.revision_id = r.id and first_shot.number = 1 and first_shot.shows = s.shows
      join storyreel.takes shown on shown.id = first_shot.take_id
    where s.take_id = p_take and (p_revision is null or r.id = p_revision)
      and not exists (
        select from storyreel.shots o join storyreel.takes t on t.id = o.take_id
        where o.revision_id = r.id and o.shows = s.shows and t.status <> 'ready')
  ),
  remembered as (
    -- Once: renditions that are made anew for a later revision leave the earlier ones, and the files they show, alone.
    update storyreel.revisions r set rendition_key = c.rendition_key
    from complete c where r.id = c.id and c.shows = 'final' and r.rendition_key is null
  ),
  best as (
    -- A video may have two revisions of the same take; only its newest counts.
    select distinct on (c.video_id) c.* from complete c order by c.video_id, c.shows = 'final' desc, c.number desc
  )
  select array_agg(b.id), array_agg(b.shows), array_agg(b.rendition_key) into revisions, shows, keys from best b;

  perform storyreel.show_revisions(revisions, shows, keys, p_now);
end
$$;

-- Tell every video whose newest revision wanted the take as its final that there will be no clip. What it shows stays:
-- of a preview that failed nobody hears.
create function storyreel.fall_back(p_take uuid, p_reason text, p_message text, p_now timestamptz) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform storyreel.lock_videos_of(p_take);
  update storyreel.videos v
  -- Of what a provider declined for its content the story cannot become a video, there or anywhere else.
  set work = case p_reason when 'content_rejected' then 'rejected' else 'fallback' end,
      reason = p_reason, message = p_message, updated_at = p_now
  from storyreel.shots s join storyreel.revisions r on r.id = s.revision_id
  where s.take_id = p_take and s.shows = 'final' and v.id = r.video_id
    and (v.work in ('working', 'held') or v.work = 'fallback' and (v.reason, v.message) <> (p_reason, p_message))
    and storyreel.is_newest(v.id, r.number);
end
$$;

-- The videos of those takes wait for something that is nobody's fault, a budget say; what they show stays. Waits for no
-- lock: whoever has one in hand is just changing what is done for it, and reconcile looks again.
create function storyreel.hold_videos(p_takes uuid[], p_reason text, p_message text, p_now timestamptz) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with waiting as materialized (
    select v.id from storyreel.videos v
    where v.work in ('working', 'held') and v.message is distinct from p_message and v.id in (
      select r.video_id from storyreel.shots s join storyreel.revisions r on r.id = s.revision_id
      where s.take_id = any (p_takes) and s.shows = 'final' and storyreel.is_newest(r.video_id, r.number))
    order by v.id for update of v skip locked
  )
  update storyreel.videos v set work = 'held', reason = p_reason, message = p_message, updated_at = p_now
  from waiting w where v.id = w.id;
$$;

-- They wait no more.
create function storyreel.resume_videos(p_takes uuid[], p_now timestamptz) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with held as materialized (
    select v.id from storyreel.videos v
    where v.work = 'held' and v.id in (
      select r.video_id from storyreel.shots s join storyreel.revisions r on r.id = s.revision_id
      where s.take_id = any (p_takes) and s.shows = 'final' and storyreel.is_newest(r.video_id, r.number))
    order by v.id for update of v skip locked
  )
  update storyreel.videos v set work = 'working', reason = null, message = null, updated_at = p_now
  from held h where v.id = h.id;
$$;

-- Videos that say they are held while nothing of theirs is; how many were set right.
create function storyreel.mend_held(p_now timestamptz) returns integer
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with free as materialized (
    select v.id from storyreel.videos v
    where v.work = 'held' and not exists (
      select from storyreel.revisions r
        left join storyreel.shots s on s.revision_id = r.id and s.shows = 'final'
        left join storyreel.renders d on d.take_id = s.take_id and d.waits_for in ('day', 'owner_day')
      where r.video_id = v.id and storyreel.is_newest(v.id, r.number)
        and (d.id is not null or r.planned_at is null))
    limit 500 for update of v skip locked
  ),
  mended as (
    update storyreel.videos v set work = 'working', reason = null, message = null, updated_at = p_now
    from free f where v.id = f.id returning 1
  )
  select count(*)::integer from mended;
$$;

-- Go back: a further revision that shows what an earlier one did, at once and for nothing: the last one before what is
-- shown now that looked different. Going back twice goes on from there; what is still being made for the video is
-- not waited for any more. Returns null where there is nothing to go back to.
create function storyreel.restore_video(p_video uuid, p_now timestamptz) returns storyreel.requested
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v        storyreel.videos;
  shown    storyreel.revisions;
  earlier  storyreel.revisions;
  restored storyreel.revisions;
begin
  select * into v from storyreel.videos w where w.id = p_video for update;
  select * into shown from storyreel.revisions r where r.video_id = v.id and r.number = v.shown_revision;
  select * into earlier
  from storyreel.revisions r
  where r.video_id = v.id and r.number < coalesce(shown.restores, shown.number)
    and r.rendition_key <> shown.rendition_key
  order by r.number desc limit 1;
  if earlier.id is null then
    return null;
  end if;

  insert into storyreel.revisions
    (video_id, number, kind, story, model, parameters, seed, priority, preview, restores, rendition_key, due_at, planned_at)
  select v.id, max(r.number) + 1, 'restore', earlier.story, earlier.model, earlier.parameters, earlier.seed, 0, false,
         earlier.number, earlier.rendition_key, null, p_now
  from storyreel.revisions r where r.video_id = v.id
  returning * into restored;
  perform storyreel.show_revisions(array[restored.id], array['final'], array[restored.rendition_key], p_now);
  return (v.id, restored.id, v.source_id);
end
$$;

revoke execute on function
  storyreel.moves_up, storyreel.is_newest, storyreel.lock_videos_of, storyreel.is_wanted, storyreel.comeback_priority, storyreel.payer_of,
  storyreel.show_revisions, storyreel.show_take, storyreel.fall_back, storyreel.hold_videos, storyreel.resume_videos,
  storyreel.mend_held, storyreel.restore_video
  from public, anon, authenticated;
grant execute on function
  storyreel.moves_up, storyreel.is_newest, storyreel.lock_videos_of, storyreel.is_wanted, storyreel.comeback_priority, storyreel.payer_of,
  storyreel.show_revisions, storyreel.show_take, storyreel.fall_back, storyreel.hold_videos, storyreel.resume_videos,
  storyreel.mend_held, storyreel.restore_video
  to storyreel;
grant execute on function storyreel.restore_video to service_role;
