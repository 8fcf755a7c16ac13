-- Which files of a bucket are still somebody's. What is nobody's for long enough, reconcile removes.

-- Whether a rendition is what a video shows.
create index videos_shown on storyreel.videos (path) where shows <> 'placeholder';

-- The takes that a file belongs to: several where their originals are the same bytes.
create function storyreel.takes_of(p_bucket text, p_path text) returns setof uuid
language sql stable rows 2
set search_path = pg_catalog, pg_temp
as $$
  select t.id from storyreel.takes t where t.bucket = p_bucket and t.original_path = p_path
  union all
  select t.id from storyreel.renditions d join storyreel.takes t on t.rendition_key = d.rendition_key
  where d.bucket = p_bucket and d.path = p_path;
$$;

-- A file is used while a take that it belongs to is in hand or is a shot of any revision; a rendition also while a
-- revision has shown it and may again, or a video shows it: of two that share a take one may be shown older renditions
-- than the take has now. A take that only deleted stories had asked for uses nothing.
create function storyreel.is_used(p_bucket text, p_path text) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from storyreel.takes_of(p_bucket, p_path) f join storyreel.takes t on t.id = f
    where t.status in ('fetching', 'finishing') or exists (select from storyreel.shots s where s.take_id = t.id)
  ) or exists (
    select from storyreel.renditions d join storyreel.revisions r on r.rendition_key = d.rendition_key
    where d.bucket = p_bucket and d.path = p_path
  ) or exists (
    select from storyreel.renditions d
      join storyreel.renditions shown on shown.rendition_key = d.rendition_key and shown.kind = 'video'
      join storyreel.videos v on v.path = shown.path and v.bucket = shown.bucket and v.shows <> 'placeholder'
    where d.bucket = p_bucket and d.path = p_path
  );
$$;

-- The files of a take, with those that its original was made into.
create function storyreel.files_of(p_take uuid) returns table (bucket text, path text)
language sql stable rows 4
set search_path = pg_catalog, pg_temp
as $$
  select t.bucket, t.original_path from storyreel.takes t where t.id = p_take and t.original_path is not null
  union all
  select d.bucket, d.path from storyreel.takes t join storyreel.renditions d on d.rendition_key = t.rendition_key
  where t.id = p_take;
$$;

-- Whoever begins to need the files of a take ends the time that they were unused for, whether or not reconcile looks
-- while they are needed.
create function storyreel.keep_files() returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- In one order for everybody, and in a statement of its own: what reconcile is just writing is seen by the next one.
  perform from storyreel.objects o join storyreel.files_of(new.take_id) f on f.bucket = o.bucket and f.path = o.path
  order by o.bucket, o.path for update of o;
  update storyreel.objects o set unused_since = null
  from storyreel.files_of(new.take_id) f
  where o.bucket = f.bucket and o.path = f.path and o.unused_since is not null;
  return null;
end
$$;
create trigger shots_keep_files after insert on storyreel.shots
  for each row execute function storyreel.keep_files();

revoke execute on function storyreel.takes_of, storyreel.is_used, storyreel.files_of, storyreel.keep_files
  from public, anon, authenticated;
grant execute on function storyreel.takes_of, storyreel.is_used, storyreel.files_of to storyreel;
