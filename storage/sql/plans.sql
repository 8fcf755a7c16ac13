Statements of storage/plans.py: revisions, and the takes and shots they turn into.

-- name: end_holds
-- Those whose hour has come; the app sees when it is planned.
update storyreel.revisions set held_until = null
where id in (
  select id from storyreel.revisions where held_until <= %(now)s
  order by held_until limit %(limit)s for update skip locked);

-- name: claim
-- A first attempt asks no clock: the database's may be a second ahead of this machine's. Materialized, for a join may
-- run a subquery more than once, and each time it would lock other rows.
with due as materialized (
  select id from storyreel.revisions
  where planned_at is null and attempt = 0 and held_until is null
  order by priority desc, created_at, id
  limit %(limit)s
  for update skip locked
)
update storyreel.revisions r
set attempt = 1, due_at = %(now)s + %(lease)s
from due where r.id = due.id
returning r.id, r.attempt, r.postponed, r.kind, r.story, r.model, r.parameters, r.seed, r.priority, r.preview, r.created_at;

-- name: claim_postponed
-- Those of which every attempt came to an end: no moderator could be asked.
with due as materialized (
  select id from storyreel.revisions
  where planned_at is null and attempt > 0 and attempt = postponed and due_at <= %(now)s
  order by priority desc, created_at, id
  limit %(limit)s
  for update skip locked
)
update storyreel.revisions r
set attempt = r.attempt + 1, due_at = %(now)s + %(lease)s
from due where r.id = due.id
returning r.id, r.attempt, r.postponed, r.kind, r.story, r.model, r.parameters, r.seed, r.priority, r.preview, r.created_at;

-- name: claim_again
-- One at a time, the least tried first: a story that kills its planner must not take its neighbours with it.
with due as materialized (
  select id from storyreel.revisions
  where planned_at is null and attempt > postponed and attempt > 0 and due_at <= %(now)s
  order by attempt - postponed, priority desc, created_at, id
  limit 1
  for update skip locked
)
update storyreel.revisions r
set attempt = r.attempt + 1, due_at = %(now)s + %(lease)s
from due where r.id = due.id
returning r.id, r.attempt, r.postponed, r.kind, r.story, r.model, r.parameters, r.seed, r.priority, r.preview, r.created_at;

-- name: hold_over_quota
select storyreel.hold_over_quota(%(ids)s, %(message)s, %(now)s) as id;

-- name: resume_videos
-- Waits for no lock of a video: whoever deletes it waits for its revisions.
with held as materialized (
  select v.id from storyreel.videos v
  where v.work = 'held' and v.reason = 'quota'
    and v.id in (select r.video_id from storyreel.revisions r where r.id = any (%(ids)s))
  order by v.id for update skip locked
)
update storyreel.videos v set work = 'working', reason = null, message = null, updated_at = %(now)s
from held h where v.id = h.id;

-- name: missing_endpoints
select endpoint from storyreel.missing_endpoints where provider = %(provider)s and noted_at > %(since)s;

-- name: lock_video
select v.id from storyreel.videos v join storyreel.revisions r on r.video_id = v.id
where r.id = %(id)s for update of v;

-- name: mark_planned
update storyreel.revisions set planned_at = %(now)s, due_at = null
where id = %(id)s and attempt = %(attempt)s and planned_at is null;

-- name: note_judgement
-- Of a story whose content is not allowed nothing is kept but that.
update storyreel.revisions
set moderation = %(opinion)s, moderated_by = %(by)s, moderation_category = %(category)s,
    story = case when %(opinion)s = 'rejected' then '' else story end
where id = %(id)s;

-- name: postpone
update storyreel.revisions
set postponed = postponed + 1, postponed_for = %(code)s, due_at = %(due_at)s
where id = %(id)s and attempt = %(attempt)s and postponed = %(postponed)s and planned_at is null;

-- name: hold_unjudged
-- Once: it says so until it is planned, however often it is looked at meanwhile.
update storyreel.videos v
set work = 'held', reason = %(reason)s, message = %(message)s, updated_at = %(now)s
from storyreel.revisions r
where r.id = %(id)s and v.id = r.video_id and storyreel.is_newest(v.id, r.number)
  and v.work in ('working', 'held') and v.reason is distinct from %(reason)s;

-- name: resume_unjudged
update storyreel.videos v
set work = 'working', reason = null, message = null, updated_at = %(now)s
from storyreel.revisions r
where r.id = %(id)s and v.id = r.video_id and storyreel.is_newest(v.id, r.number)
  and v.work = 'held' and v.reason = %(reason)s;

-- name: insert_take
-- What a provider declined for its content is asked of nobody again, whatever the model and the seed. As a preview it
-- may have been declined alone: its final is another matter.
insert into storyreel.takes
  (take_key, model, parameters, prompt, negative_prompt, seed, emulated, created_at,
   status, failed_at, failure_code, failure_message, failure_permanent)
select %(take_key)s, %(model)s, %(parameters)s, %(prompt)s, %(negative_prompt)s, %(seed)s, %(emulated)s, %(now)s,
       case when declined.code is null then 'rendering' else 'failed' end,
       case when declined.code is not null then %(now)s end, declined.code, declined.message,
       case when declined.code is not null then true end
from (select 1) one
  left join lateral (
    select t.failure_code as code, t.failure_message as message
    from storyreel.takes t
    where t.failure_code = 'content_rejected' and md5(t.prompt) = md5(%(prompt)s::text) and t.emulated = %(emulated)s
      and exists (select from storyreel.shots s where s.take_id = t.id and s.shows = 'final')
    limit 1
  ) declined on true
on conflict (take_key) do nothing;

-- name: lock_take
-- Waits for whoever is ending the take right now, so that its end is either seen here or reaches our shot.
-- A statement of its own, so that the next one sees what was committed while this one waited.
select id from storyreel.takes where take_key = %(take_key)s for update;

-- name: read_take
select id, status, round, original_path, clip_url, failure_permanent, failure_code, failure_message,
       coalesce((select max(r.attempt) from storyreel.renders r where r.take_id = t.id), 0) as attempts,
       exists (select from storyreel.renders r
               where r.take_id = t.id and r.status in ('waiting', 'admitted', 'submitted', 'unknown')) as awaited,
       (select r.waits_for from storyreel.renders r
        where r.take_id = t.id and r.waits_for <> 'time') as held_by
from storyreel.takes t where take_key = %(take_key)s;

-- name: insert_shot
insert into storyreel.shots (revision_id, number, shows, take_id)
values (%(revision_id)s, %(number)s, %(shows)s, %(take_id)s);

-- name: take_back
-- Perhaps one more than there are slots: at the provider it is there anyway.
with taken as (
  update storyreel.renders r
  set status = 'submitted', ended_at = null, ask_at = null, due_at = %(now)s
  where r.id = (
    select o.id from storyreel.renders o join storyreel.takes t on t.id = o.take_id
    where o.take_id = %(take_id)s and o.round = t.round and o.status = 'cancelled'
      and o.ask_at is not null and o.submitted_at is not null and o.settled_at is null
    order by o.attempt desc limit 1)
  returning r.id
)
select storyreel.hint('reconcile') from taken;

-- name: look_again
select storyreel.wake(array(select r.id from storyreel.renders r where r.take_id = %(take_id)s and r.waits_for in ('owner', 'owner_day', 'story'))),
       storyreel.hint('admit');

-- name: hold_videos
select storyreel.hold_videos(array[%(take_id)s]::uuid[], %(reason)s, %(message)s, %(now)s);

-- name: raise_priority
-- Of one that is at the provider as well: should it fail, the next try inherits it. One that waits does so in the place of
-- whoever joins it, where that is the better one.
update storyreel.renders r
set priority = greatest(r.priority, %(priority)s),
    turn = case
      when r.status <> 'waiting' then storyreel.served_turn(r.provider, %(priority)s)
      else least(case when r.priority >= %(priority)s then r.turn end,
                 storyreel.next_turn(r.provider, greatest(r.priority, %(priority)s), v.owner_id))
    end
from storyreel.revisions n join storyreel.videos v on v.id = n.video_id
where r.take_id = %(take_id)s and n.id = %(revision_id)s
  and (r.status = 'waiting' or r.status in ('admitted', 'submitted', 'unknown') and r.priority < %(priority)s);

-- name: show_take
-- To this revision alone: whoever subscribed before has been shown it.
select storyreel.show_take(%(take_id)s, %(now)s, %(revision_id)s);

-- name: fall_back
select storyreel.fall_back(%(take_id)s, %(code)s, %(message)s, %(now)s);

-- name: end_work
update storyreel.videos v
set work = %(work)s, reason = %(reason)s, message = %(message)s, updated_at = %(now)s
from storyreel.revisions r
where r.id = %(id)s and v.id = r.video_id and storyreel.is_newest(v.id, r.number);
