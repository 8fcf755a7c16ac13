Statements of storage/restart.py: takes that begin again.

-- name: render_again
update storyreel.takes
set status = 'rendering', round = round + 1, comebacks = %(comebacks)s, again_at = null,
    clip_url = null, original_path = null, original_sha256 = null, rendition_key = null, ready_at = null,
    failed_at = null, failure_code = null, failure_message = null, failure_permanent = null
where id = %(take_id)s;

-- name: finish_again
-- The clip is in our bucket and paid for: only what comes after it is done again. Renditions that are made anew keep
-- their key until then.
update storyreel.takes
set status = 'finishing', tries = 0, failures = 0, due_at = %(now)s, comebacks = %(comebacks)s, again_at = null,
    ready_at = null,
    failed_at = null, failure_code = null, failure_message = null, failure_permanent = null
where id = %(take_id)s;

-- name: fetch_again
-- The clip is paid for and still lies at the provider.
update storyreel.takes
set status = 'fetching', tries = 0, failures = 0, due_at = %(now)s, comebacks = %(comebacks)s, again_at = null,
    failed_at = null, failure_code = null, failure_message = null, failure_permanent = null
where id = %(take_id)s;

-- name: hint_fetch
select storyreel.hint('fetch', %(take_id)s);

-- name: hint_finish
select storyreel.hint('finish', %(take_id)s);

-- name: hint_admit
select storyreel.hint('admit');
