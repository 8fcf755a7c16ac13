Statements of storage/choices.py: which videos are chosen, what would be asked of them, and the way back.

-- name: tables
-- Those attached first; of others that have videos, stories that stand in no table, or not any more.
select source_table, true as attached from storyreel.attachments
union
select source_table, false from storyreel.videos v
where not exists (select from storyreel.attachments a where a.source_table = v.source_table)
group by source_table
order by attached desc, source_table;

-- name: others
select distinct source_table from storyreel.videos where source_table <> %(table)s order by source_table;

-- name: themes
select name from storyreel.themes order by name;

-- name: was_asked
select exists (select from storyreel.revisions where model = %(model)s) as was_asked;

-- name: select
-- An argument that is null chooses nothing out.
select v.source_id
from storyreel.videos v
  join lateral (
    select r.model from storyreel.revisions r where r.video_id = v.id order by r.number desc limit 1
  ) newest on true
where v.source_table = %(table)s
  and (%(ids)s::text[] is null or v.source_id = any (%(ids)s::text[]))
  and (%(works)s::text[] is null or v.work = any (%(works)s::text[]))
  and (%(since)s::timestamptz is null or v.created_at >= %(since)s::timestamptz)
  and (%(models)s::text[] is null or coalesce(newest.model, %(default_model)s) = any (%(models)s::text[]))
  and (%(themes)s::text[] is null or v.theme = any (%(themes)s::text[]))
  and (%(owners)s::uuid[] is null or v.owner_id = any (%(owners)s::uuid[]))
order by v.created_at, v.id;

-- name: existing
select t.source_id, (v.id is not null) as has_video
from storyreel.texts_of(%(table)s, %(ids)s) t
  left join storyreel.videos v on v.source_table = %(table)s and v.source_id = t.source_id;

-- name: orders
-- What would be asked of each now, as request_videos reckons it.
select c.id as source_id, t.body as story, v.id is null as first,
       case when v.id is null then coalesce(%(model)s, a.model) else o.model end as model,
       case when v.id is null then %(parameters)s::jsonb else o.parameters end as parameters,
       case when v.id is null then c.seed else o.seed end as seed,
       coalesce(v.shows = 'final', false) as shows_final
from unnest(%(ids)s::text[], %(seeds)s::bigint[]) with ordinality as c(id, seed, place)
  left join storyreel.texts_of(%(table)s, %(ids)s::text[]) t on t.source_id = c.id
  left join storyreel.attachments a on a.source_table = %(table)s
  left join storyreel.videos v on v.source_table = %(table)s and v.source_id = c.id
  left join lateral storyreel.next_order(v.id, %(kind)s, %(model)s, c.seed, %(parameters)s::jsonb) o on true
order by c.place;

-- name: takes
select take_key, status, original_path, clip_url, failure_permanent, failure_code,
       exists (select from storyreel.renders r
               where r.take_id = t.id and r.status in ('waiting', 'admitted', 'submitted', 'unknown')) as awaited
from storyreel.takes t where take_key = any (%(keys)s);

-- name: undo
-- Locked in the order that everybody locks videos in; each goes back once.
with chosen as (
  select v.id, v.work from storyreel.videos v
  where v.source_table = %(table)s and v.source_id = any (%(ids)s)
  order by v.id for update
)
select count(back.video_id) as restored,
       count(back.video_id) filter (where c.work in ('working', 'held')) as under_way
from chosen c cross join lateral storyreel.restore_video(c.id, %(now)s) back;
