Statements of storage/stories.py: the doors, and what a story's video looks like to whoever watches.

-- name: quota_wait
select storyreel.quota_wait(%(owner_id)s, %(source_table)s, %(source_id)s, now()) as wait;

-- name: request
select video_id, revision_id from storyreel.request_videos(
  %(source_table)s, array[%(source_id)s], array[%(text)s], array[%(owner_id)s]::uuid[], %(kind)s, %(model)s, %(seed)s,
  %(parameters)s, %(shape)s, %(preview)s);

-- name: request_of
select video_id, revision_id
from storyreel.request_video_of(%(source_table)s, %(source_id)s, %(kind)s, %(model)s, %(seed)s, %(parameters)s,
                                %(preview)s);

-- name: owner_as_seen
select storyreel.owner_as_seen(%(source_table)s, %(source_id)s, %(claims)s) as owner_id;

-- name: become_user
-- Until the transaction ends: what follows sees what the user's own queries through the API would.
select set_config('role', 'authenticated', true), set_config('request.jwt.claims', %(claims)s, true);

-- name: key
select storyreel.key_of(%(source_id)s, a.id_type) as key from storyreel.attachments a
where a.source_table = %(source_table)s;

-- name: patience
-- Until the transaction ends: policies are the app's code, and its tables may be locked.
select set_config('statement_timeout', '5s', true), set_config('lock_timeout', '3s', true);

-- name: attachment
select wanted.name, a.source_table, a.id_column,
       format('select storyreel.attach(%%L, ''<text column>'', ''<owner column>'');', wanted.name) as how
from (select format('%%I.%%I', %(schema)s::text, %(table)s::text) as name) wanted
  left join storyreel.attachments a on a.source_table = wanted.name;

-- name: find
select v.id, v.source_table, v.source_id, v.theme, v.shape, v.shows, v.shown_revision, v.work, v.reason, v.message,
       v.bucket, v.path, v.poster_path, v.width, v.height, v.blurhash,
       case v.work when 'idle' then 1 when 'working' then storyreel.progress(v.id, %(now)s) else 0 end as progress,
       storyreel.public_url(v.bucket, v.path) as url,
       storyreel.public_url(v.bucket, v.poster_path) as poster_url
from storyreel.videos v
where v.id = %(id)s or (v.source_table = %(source_table)s and v.source_id = %(source_id)s);

-- name: trace
-- The newest revision's way so far: every moment that has passed, null for those to come. Its cost is that of all that
-- was rendered for it or for others since it was asked for, previews as well: null until what was delivered is settled.
select r.created_at, r.planned_at, preview.ready_at as preview_at, t.status as take_status, t.emulated, t.delivered_at, t.fetched_at, t.ready_at,
       d.id as render_id, d.status as render_status, d.endpoint, d.request_id, d.admitted_at, d.submitted_at,
       spent.cost_usd, d.estimate_usd, d.failure_code, d.failure_message
from storyreel.revisions r
  left join storyreel.shots s on s.revision_id = r.id and s.number = 1 and s.shows = 'final'
  left join storyreel.takes t on t.id = s.take_id
  left join storyreel.shots early on early.revision_id = r.id and early.number = 1 and early.shows = 'preview'
  left join storyreel.takes preview on preview.id = early.take_id
  left join lateral (
    select * from storyreel.renders d where d.take_id = t.id
    order by d.id = t.render_id desc nulls last, d.attempt desc limit 1
  ) d on true
  cross join lateral (
    select case when count(*) = 0 and t.id is not null then 0
                when not bool_or(p.status = 'delivered' and p.cost_usd is null) then sum(p.cost_usd) end as cost_usd
    from storyreel.renders p
    where p.take_id in (select o.take_id from storyreel.shots o where o.revision_id = r.id)
      and (p.ended_at is null or p.ended_at > r.created_at)
  ) spent
where r.video_id = %(video_id)s
order by r.number desc limit 1;
