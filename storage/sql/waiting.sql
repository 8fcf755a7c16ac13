Statements of storage/waiting.py: renders that wait to be admitted.

-- name: insert
insert into storyreel.renders
  (take_id, round, attempt, provider, endpoint, priority, owner_id, turn, waits_for, estimate_usd, due_at, created_at)
select %(take_id)s, %(round)s, %(attempt)s, %(provider)s, %(endpoint)s, %(priority)s, payer.owner_id,
       storyreel.next_turn(%(provider)s, %(priority)s, payer.owner_id), case when %(due_at)s > %(now)s then 'time' end,
       %(estimate)s, %(due_at)s, %(now)s
from storyreel.payer_of(%(take_id)s) payer;
