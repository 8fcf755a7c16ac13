Statements of storage/sweep.py: rows compared with the clock.

-- name: adopt_missed
select storyreel.adopt_missed() as adopted;

-- name: unplanned
select count(*) as found from (
  select from storyreel.revisions where planned_at is null and due_at <= %(now)s limit 1000) r;

-- name: waiting
select count(*) as found from (
  select from storyreel.renders where status = 'waiting' and due_at <= %(now)s limit 1000) r;

-- name: overdue_takes
select id, status from storyreel.takes
where due_at <= %(now)s and status in ('fetching', 'finishing')
order by due_at limit 500;

-- name: hint
select storyreel.hint(%(step)s);

-- name: hint_take
-- Unless its hint is still waiting for a worker: a backlog must not double each minute.
select storyreel.hint(%(step)s, %(id)s)
where not exists (
  select from procrastinate.procrastinate_jobs j
  where j.status = 'todo' and j.priority = storyreel.step_priority(%(step)s)
    and j.task_name = %(step)s and j.args ->> 'take_id' = %(id)s::text);

-- name: overdue_renders
select id, status, provider, endpoint, coalesce(request_id, '') as request_id from storyreel.renders
where due_at <= %(now)s and status in ('admitted', 'submitted', 'unknown')
order by due_at limit %(limit)s;

-- name: look_later
update storyreel.renders set due_at = %(due_at)s where id = %(id)s and status = 'submitted';

-- name: lose_answer
update storyreel.renders set status = 'unknown', due_at = %(due_at)s
where id = %(id)s and status = 'admitted' and due_at <= %(now)s;

-- name: unsettled
select id, provider, endpoint, request_id from storyreel.renders
where status = 'delivered' and settled_at is null and ended_at <= %(before)s and request_id is not null
order by ended_at limit %(limit)s;
