Statements of storage/takes.py: takes whose clip exists and is on its way to the viewers.

-- name: claim
-- The first start of a step asks no clock: the machine that delivered may be a second ahead of this one.
update storyreel.takes
set attempt = attempt + 1, tries = tries + 1, due_at = %(now)s + %(lease)s
where id = %(id)s and status = %(status)s and tries < %(suspect)s and ((tries = 0 and failures = 0) or due_at <= %(now)s)
returning id, attempt, tries, failures, comebacks, render_id, clip_url, original_path, original_sha256;

-- name: is_suspect
select true as yes from storyreel.takes
where id = %(id)s and status = %(status)s and tries >= %(suspect)s and due_at <= %(now)s;

-- name: lock_suspects
-- Two are never begun at once.
select pg_advisory_xact_lock(hashtextextended('storyreel.suspects', 0));

-- name: claim_suspect
-- A step that has killed its worker, or was in the same worker as one that did: only one of them is in hand at a time, so
-- that the guilty one takes nobody along for ever.
update storyreel.takes t
set attempt = attempt + 1, tries = tries + 1, due_at = %(now)s + %(lease)s
where id = %(id)s and status = %(status)s and tries >= %(suspect)s and due_at <= %(now)s and not exists (
  select from storyreel.takes o where o.id <> t.id and o.due_at > %(now)s and o.tries > %(suspect)s)
returning id, attempt, tries, failures, comebacks, render_id, clip_url, original_path, original_sha256;

-- name: renew
update storyreel.takes set due_at = %(due_at)s
where id = %(id)s and attempt = %(attempt)s and status in ('fetching', 'finishing');

-- name: fetched
update storyreel.takes
set status = 'finishing', attempt = attempt + 1, tries = 0, failures = 0, due_at = %(now)s,
    bucket = %(bucket)s, original_path = %(path)s, original_sha256 = %(sha256)s, fetched_at = %(now)s
where id = %(id)s and status = 'fetching' and attempt = %(attempt)s;

-- name: hint_finish
select storyreel.hint('finish', %(id)s);

-- name: note_files
-- Counts the files that may be put: one that is being removed may not, until its remover has been silent for too long.
-- Nobody looks at it for a day: by then it has been put, and its take says so.
insert into storyreel.objects (bucket, path, due_at)
select %(bucket)s, path, %(now)s + interval '1 day' from unnest(%(paths)s::text[]) as path order by path
on conflict (bucket, path) do update set due_at = excluded.due_at, unused_since = null, removing_at = null
  where objects.removing_at is null or objects.due_at <= %(now)s;

-- name: renditions
select path from storyreel.renditions where rendition_key = %(rendition_key)s order by kind;

-- name: keep_renditions
-- Theirs until this take refers to them: whoever looks at them for removal passes over them, or was first.
with made as materialized (
  select o.bucket, o.path from storyreel.renditions d
    join storyreel.objects o on o.bucket = d.bucket and o.path = d.path
  where d.rendition_key = %(rendition_key)s
  order by o.bucket, o.path for update of o
)
update storyreel.objects o set unused_since = null from made m
where o.bucket = m.bucket and o.path = m.path and o.removing_at is null;

-- name: insert_rendition
insert into storyreel.renditions
  (rendition_key, kind, bucket, path, content_type, bytes, width, height, blurhash, created_at)
values
  (%(rendition_key)s, %(kind)s, %(bucket)s, %(path)s, %(content_type)s, %(bytes)s, %(width)s, %(height)s, %(blurhash)s, %(now)s)
on conflict do nothing;

-- name: ready
update storyreel.takes
set status = 'ready', attempt = attempt + 1, due_at = null, rendition_key = %(rendition_key)s, ready_at = %(now)s
where id = %(id)s and status = 'finishing' and attempt = %(attempt)s;

-- name: show_take
select storyreel.show_take(%(id)s, %(now)s);

-- name: try_again
update storyreel.takes set due_at = %(due_at)s, attempt = attempt + 1, tries = 0, failures = failures + 1
where id = %(id)s and attempt = %(attempt)s and status in ('fetching', 'finishing');

-- name: hand_back
-- As if it had never been begun: an orderly stop uses up no try, and another worker is told at once.
update storyreel.takes set due_at = %(now)s, tries = greatest(tries - 1, 0)
where id = %(id)s and attempt = %(attempt)s and status in ('fetching', 'finishing')
returning storyreel.hint(case status when 'fetching' then 'fetch' else 'finish' end, id);

-- name: fail
update storyreel.takes
set status = 'failed', attempt = attempt + 1, due_at = null, failed_at = %(now)s, again_at = %(again_at)s,
    failure_code = %(code)s, failure_message = %(message)s, failure_permanent = %(permanent)s
where id = %(id)s and attempt = %(attempt)s and status in ('fetching', 'finishing');

-- name: keep
-- The old renditions could not be made anew: they are as good as before.
update storyreel.takes
set status = 'ready', attempt = attempt + 1, due_at = null, ready_at = %(now)s
where id = %(id)s and attempt = %(attempt)s and status = 'finishing' and rendition_key is not null;

-- name: show_kept
-- To whoever has seen nothing of it yet: who told an equal story meanwhile, or asked anew for one that had been rejected. Not
-- to who asked for it anew and sees it already.
select storyreel.show_take(%(id)s, %(now)s, r.id)
from storyreel.shots s join storyreel.revisions r on r.id = s.revision_id join storyreel.videos v on v.id = r.video_id
where s.take_id = %(id)s and (r.kind <> 'rerender' or v.shows <> 'final') and r.rendition_key is null;

-- name: lock_videos
select storyreel.lock_videos_of(%(id)s);

-- name: fall_back
select storyreel.fall_back(%(id)s, %(code)s, %(message)s, %(now)s);
