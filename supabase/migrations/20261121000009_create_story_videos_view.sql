-- What the app reads: a video with its public addresses and how far along it is.

-- How far the final clip of a video's newest revision is, 0 to 1, computed when it is read: no write per tick.
-- Planning and waiting are worth a tenth; the provider's part grows with the time since the submit against what the
-- last clips of that model had taken by then; fetching and finishing are the rest. It never claims to be done before
-- it is, and turns back only where a render failed and another is made.
--
-- Definer: the app's users may not read renders, and this tells them only a number about a video they can see.
create function storyreel.progress(video_id uuid, at timestamptz default now()) returns real
language sql stable security definer
set search_path = ''
as $$
  with newest as (
    select r.id, r.planned_at from storyreel.revisions r
    where r.video_id = progress.video_id order by r.number desc limit 1
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
revoke execute on function storyreel.progress from public;
grant execute on function storyreel.progress to storyreel, anon, authenticated, service_role;

create view public.story_videos with (security_invoker = true) as
select
  v.id, v.source_table, v.source_id, v.owner_id, v.theme, v.shape,
  v.shows, v.shown_revision, v.work, v.reason, v.message,
  case v.work when 'idle' then 1 when 'working' then storyreel.progress(v.id) else 0 end as progress,
  storyreel.public_url(v.bucket, v.path) as url,
  storyreel.public_url(v.bucket, v.poster_path) as poster_url,
  storyreel.public_url(v.bucket, v.preview_path) as preview_url,
  v.blurhash, v.width, v.height, v.created_at, v.updated_at
from storyreel.videos v;
comment on view public.story_videos is 'One row per story with a video: what plays, and how the work on it stands.';
revoke all on public.story_videos from public, anon, authenticated;
grant select on public.story_videos to authenticated, service_role;
