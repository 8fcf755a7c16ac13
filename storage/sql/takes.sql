Statements of storage/takes.py: takes whose clip exists and is on its way to the viewers.

-- name: claim
-- The first start of a step asks no clock: the machine that delivered may be a second ahead of this one.
update storyreel.takes
set attempt = attempt + 1, tries = tries + 1, due_at = %(now)s + %(lease)s
where id = %(id)s and status = %(status)s and ((tries = 0 and failures = 0) or due_at <= %(now)s)
returning id, attempt, tries, failures, render_id, clip_url, original_path, original_sha256;

-- name: fetched
update storyreel.takes
set status = 'finishing', attempt = attempt + 1, tries = 0, failures = 0, due_at = %(now)s,
    bucket = %(bucket)s, original_path = %(path)s, original_sha256 = %(sha256)s, fetched_at = %(now)s
where id = %(id)s and status = 'fetching' and attempt = %(attempt)s;

-- name: hint_finish
select storyreel.hint('finish', %(id)s);

-- name: renditions_exist
select count(*) as kinds from storyreel.renditions where rendition_key = %(rendition_key)s;

-- name: insert_rendition
insert into storyreel.renditions
  (rendition_key, kind, bucket, path, content_type, bytes, width, height, blurhash, created_at)
values
  (%(rendition_key)s, %(kind)s, %(bucket)s, %(path)s, %(content_type)s, %(bytes)s, %(width)s, %(height)s, %(blurhash)s, %(now)s)
on conflict do nothing;

-- name: ready
update storyreel.takes
set status = 'ready', due_at = null, rendition_key = %(rendition_key)s, ready_at = %(now)s
where id = %(id)s and status = 'finishing' and attempt = %(attempt)s;

-- name: show_take
select storyreel.show_take(%(id)s, %(now)s);

-- name: try_again
update storyreel.takes set due_at = %(due_at)s, tries = 0, failures = failures + 1
where id = %(id)s and attempt = %(attempt)s and status in ('fetching', 'finishing');

-- name: hand_back
-- As if it had never been begun: an orderly stop uses up no try, and another worker is told at once.
update storyreel.takes set due_at = %(now)s, tries = greatest(tries - 1, 0)
where id = %(id)s and attempt = %(attempt)s and status in ('fetching', 'finishing')
returning storyreel.hint(case status when 'fetching' then 'fetch' else 'finish' end, id);

-- name: fail
update storyreel.takes
set status = 'failed', due_at = null, failed_at = %(now)s,
    failure_code = %(code)s, failure_message = %(message)s, failure_permanent = %(permanent)s
where id = %(id)s and attempt = %(attempt)s and status in ('fetching', 'finishing');

-- name: fall_back
select storyreel.fall_back(%(id)s, %(code)s, %(message)s, %(now)s);
