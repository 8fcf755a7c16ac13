-- How the end of a take reaches every video that waits for it. Called inside the transaction that ends the take,
-- or that subscribes a revision to one which has ended, so no video can miss it.

-- Whether one thing may replace another on the screen: final before preview, then the higher revision.
-- pipeline/lifecycle.py has the same rule; a test compares the two over every pair.
create function storyreel.moves_up(shows text, revision integer, offered text, offered_revision integer) returns boolean
language sql immutable
set search_path = ''
as $$
  select (array_position(array['placeholder', 'preview', 'final'], offered), offered_revision)
       > (array_position(array['placeholder', 'preview', 'final'], shows), revision);
$$;

create function storyreel.is_newest(video_id uuid, number integer) returns boolean
language sql stable
set search_path = ''
as $$
  select not exists (
    select from storyreel.revisions r where r.video_id = is_newest.video_id and r.number > is_newest.number);
$$;

-- In one order for everybody, and in a statement of its own: of two takes that end at once, whichever waited here
-- sees the other as ended.
create function storyreel.lock_videos_of(p_take uuid) returns void
language sql volatile
set search_path = ''
as $$
  select from storyreel.videos v
  where v.id in (
    select r.video_id from storyreel.shots s join storyreel.revisions r on r.id = s.revision_id
    where s.take_id = p_take)
  order by v.id
  for update;
$$;

-- Show the renditions of a ready take in every video whose revision is complete with it. A revision of several
-- shots is complete when every take is; its first shot is what shows.
create function storyreel.show_take(p_take uuid, p_now timestamptz) returns void
language plpgsql volatile
set search_path = ''
as $$
begin
  perform storyreel.lock_videos_of(p_take);
  with complete as (
    -- A video may have two revisions of the same take; only its newest counts.
    select distinct on (r.video_id) r.video_id, r.number, first_shot.take_id
    from storyreel.shots s
      join storyreel.revisions r on r.id = s.revision_id
      join storyreel.shots first_shot on first_shot.revision_id = r.id and first_shot.number = 1
    where s.take_id = p_take and not exists (
      select from storyreel.shots o join storyreel.takes t on t.id = o.take_id
      where o.revision_id = r.id and t.status <> 'ready')
    order by r.video_id, r.number desc
  ),
  made as (
    select c.video_id, c.number, v.bucket, v.path, v.width, v.height,
           poster.path as poster_path, poster.blurhash, preview.path as preview_path
    from complete c
      join storyreel.takes t on t.id = c.take_id
      join storyreel.renditions v on v.rendition_key = t.rendition_key and v.kind = 'video'
      join storyreel.renditions poster on poster.rendition_key = t.rendition_key and poster.kind = 'poster'
      join storyreel.renditions preview on preview.rendition_key = t.rendition_key and preview.kind = 'preview'
  )
  update storyreel.videos v
  set shows = 'final', shown_revision = m.number,
      bucket = m.bucket, path = m.path, poster_path = m.poster_path, preview_path = m.preview_path,
      blurhash = m.blurhash, width = m.width, height = m.height,
      work = case when storyreel.is_newest(v.id, m.number) then 'idle' else v.work end,
      reason = case when storyreel.is_newest(v.id, m.number) then null else v.reason end,
      message = case when storyreel.is_newest(v.id, m.number) then null else v.message end,
      updated_at = p_now
  from made m
  where v.id = m.video_id and storyreel.moves_up(v.shows, v.shown_revision, 'final', m.number);
end
$$;

-- Tell every video whose newest revision wanted the take that there will be no clip. What it shows stays.
create function storyreel.fall_back(p_take uuid, p_reason text, p_message text, p_now timestamptz) returns void
language plpgsql volatile
set search_path = ''
as $$
begin
  perform storyreel.lock_videos_of(p_take);
  update storyreel.videos v
  set work = 'fallback', reason = p_reason, message = p_message, updated_at = p_now
  from storyreel.shots s join storyreel.revisions r on r.id = s.revision_id
  where s.take_id = p_take and v.id = r.video_id and v.work in ('working', 'held')
    and storyreel.is_newest(v.id, r.number);
end
$$;

revoke execute on function
  storyreel.moves_up, storyreel.is_newest, storyreel.lock_videos_of, storyreel.show_take, storyreel.fall_back
  from public, anon, authenticated;
grant execute on function
  storyreel.moves_up, storyreel.is_newest, storyreel.lock_videos_of, storyreel.show_take, storyreel.fall_back
  to storyreel, service_role;
