Statements of storage/waiting.py: renders that wait to be admitted.

-- name: insert
insert into storyreel.renders
  (take_id, round, attempt, provider, endpoint, priority, estimate_usd, due_at, created_at)
values
  (%(take_id)s, %(round)s, %(attempt)s, %(provider)s, %(endpoint)s, %(priority)s, %(estimate)s, %(due_at)s, %(now)s);
