-- What the app reads: a video with its addresses and how far along it is; and in a private bucket, the files themselves.

-- How far the final clip of a video's newest revision is, 0 to 1, computed when it is read: no write per tick.
-- Planning and waiting are worth a tenth; the provider's part grows with the time since the submit against what the
-- last clips of that model had taken by then; fetching and finishing are the rest. It never claims to be done before
-- it is, and turns back only where a render failed and another is made.
--
-- Definer: the app's users may not read renders. It tells them a number about their own videos; of another's it says
-- what it says of one that does not exist. Workers, and who passes by row security, hear of any.
create function storyreel.progress(video_id uuid, at timestamptz default now()) returns real
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  with caller as (
    -- In here the current user is the function's owner; who asks is who the session has become, or has logged in as.
    select p.rolname = 'storyreel' or p.rolbypassrls or p.rolsuper as sees_all
    from pg_roles p where p.rolname = coalesce(nullif(current_setting('role'), 'none'), session_user)
  ),
  newest as (
    select r.id from caller c cross join storyreel.revisions r join storyreel.videos v on v.id = r.video_id
    where r.video_id = progress.video_id and (c.sees_all or v.owner_id = auth.uid())
    order by r.number desc limit 1
  ),
  take as (
    select t.id, t.status, t.model, d.submitted_at from newest n
      join storyreel.shots s on s.revision_id = n.id and s.shows = 'final'
      join storyreel.takes t on t.id = s.take_id
      left join storyreel.renders d on d.take_id = t.id and d.status = 'submitted'
  ),
  part as (
    select case k.status
      when 'ready' then 1.0
      when 'finishing' then 0.92
      when 'fetching' then 0.85
      when 'failed' then 0.0
      else coalesce(
        0.1 + 0.75 * (1 - exp(-2 * extract(epoch from greatest(at - k.submitted_at, interval '0')) / greatest(usual.seconds, 0.1))),
        0.05)
    end as done
    from take k cross join lateral (
      -- Seconds from submit to delivery of the last clips of the model; eight until one was seen. Only those that were
      -- there when this one was submitted: a slower one that comes meanwhile must not turn it back.
      select coalesce(avg(extract(epoch from r.delivered_at - r.submitted_at)), 8) as seconds
      from (
        select t.delivered_at, d.submitted_at
        from storyreel.takes t join storyreel.renders d on d.id = t.render_id
        where t.model = k.model and t.delivered_at <= k.submitted_at and d.submitted_at is not null
        order by t.delivered_at desc limit 20
      ) r
    ) usual
  )
  select coalesce(avg(p.done), 0)::real from part p;
$$;
revoke execute on function storyreel.progress from public, anon;
grant execute on function storyreel.progress to storyreel, authenticated, service_role;

create view public.story_videos with (security_invoker = true) as
select
  v.id, v.source_table, v.source_id, v.owner_id, v.theme, v.shape,
  v.shows, v.shown_revision, v.work, v.reason, v.message,
  case v.work when 'idle' then 1 when 'working' then storyreel.progress(v.id) else 0 end as progress,
  storyreel.public_url(v.bucket, v.path) as url,
  storyreel.public_url(v.bucket, v.poster_path) as poster_url,
  storyreel.public_url(v.bucket, v.preview_path) as preview_url,
  -- For the files of a private bucket, which have no public address: createSignedUrl(path) of the bucket.
  v.bucket, v.path, v.poster_path, v.preview_path,
  v.blurhash, v.width, v.height, v.created_at, v.updated_at
from storyreel.videos v;
comment on view public.story_videos is 'One row per story with a video: what plays, and how the work on it stands.';
-- Whatever the project grants by default on what is made in public.
revoke all on public.story_videos from public, anon, authenticated, service_role;
grant select on public.story_videos to authenticated, service_role;

-- The placeholders' files: what every signed-in user may see, since any story may begin with them.
create function storyreel.placeholder_files() returns table (bucket text, path text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select p.bucket, f.path
  from storyreel.placeholders p cross join unnest(array[p.path, p.poster_path, p.preview_path]) as f (path);
$$;
revoke execute on function storyreel.placeholder_files from public, anon;
grant execute on function storyreel.placeholder_files to authenticated;

-- In a private bucket of Supabase Storage users sign addresses themselves: Storage asks as the user whether the file's
-- row in storage.objects is there. They see those of the videos that they see, and no others.
--
-- This stands before every look of a user's at any file of the app, a listing's thousands too. So neither subquery
-- speaks of the file that is looked at: each is run once for a query, hashed, and costs one scan of videos_owner.
do $$
begin
  if to_regclass('storage.objects') is null then
    return;  -- plain Postgres: files lie elsewhere
  end if;

  create policy storyreel_users_read on storage.objects for select to authenticated using (
    (bucket_id, name) in (
      select v.bucket, f.path
      from storyreel.videos v cross join unnest(array[v.path, v.poster_path, v.preview_path]) as f (path)
      where v.owner_id = (select auth.uid()) and f.path is not null)
    or (bucket_id, name) in (select p.bucket, p.path from storyreel.placeholder_files() p)
  );
exception
  -- Storage's own role owns the table; that `postgres` may make policies on it is a setting of hosted projects.
  when insufficient_privilege then
    raise warning 'users of the app cannot sign addresses of files in a private bucket: %', sqlerrm
      using hint = 'As a role that may, create the policy storyreel_users_read of this migration on storage.objects.';
end
$$;
