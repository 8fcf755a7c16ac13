Statements of storage/limits.py: what may be spent, and done at a time.

-- name: limits
select day_usd, owner_day_usd, story_usd, total_usd, owner_stories_per_hour, overrun_factor, overrun_bills
from storyreel.limits;

-- name: lock_limits
-- Whoever sets one keeps the others as they are, also where somebody else sets those at the same moment.
select from storyreel.limits for update;

-- name: set_limits
update storyreel.limits
set day_usd = %(day_usd)s, owner_day_usd = %(owner_day_usd)s, story_usd = %(story_usd)s, total_usd = %(total_usd)s,
    owner_stories_per_hour = %(owner_stories_per_hour)s,
    overrun_factor = %(overrun_factor)s, overrun_bills = %(overrun_bills)s;

-- name: providers
select name, slots, owner_slots, per_minute from storyreel.providers order by name;

-- name: lock_providers
select from storyreel.providers order by name for no key update;

-- name: set_provider
update storyreel.providers set slots = %(slots)s, owner_slots = %(owner_slots)s, per_minute = %(per_minute)s
where name = %(name)s;

-- name: paused
select name, pause_code as code, pause_message as message from storyreel.providers
where paused_until is not null order by name;

-- name: resume
select storyreel.resume(%(name)s, %(now)s) as resumed;
