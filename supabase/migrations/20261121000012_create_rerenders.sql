-- Re-renders of many videos at once (`storyreel rerender`). What was chosen is frozen here before anything is asked, so
-- that whoever is cut off in the middle can go on, and nothing is asked twice.

create table storyreel.rerenders (
  id            bigint generated always as identity primary key,
  source_table  text not null,
  -- What is asked of each, as storyreel.request_videos takes it.
  kind          text not null,
  model         text,
  parameters    jsonb,
  preview       boolean,
  -- What was reckoned when it was chosen, before anything was asked.
  estimate_usd  numeric(12, 6) not null,
  created_at    timestamptz not null,
  ended_at      timestamptz,
  constraint rerenders_kind_known check (kind in ('rerender', 'new_take')),
  constraint rerenders_parameters_object check (jsonb_typeof(parameters) = 'object'),
  constraint rerenders_estimate_not_negative check (estimate_usd >= 0)
);

-- One story of a re-render. No foreign key but to its re-render: a story may be deleted meanwhile, and deleting it must
-- neither wait for whoever asks nor lose the count.
create table storyreel.rerender_items (
  rerender_id  bigint not null references storyreel.rerenders on delete cascade,
  number       integer not null,
  source_id    text not null,
  seed         bigint,  -- of a new take
  revision_id  uuid,    -- null until it was asked
  outcome      text,    -- null until it has ended; overtaken: a later revision, or a way back, was first
  reason       text,
  message      text,
  paid         boolean, -- whether a render was begun for it; null until it has ended
  primary key (rerender_id, number),
  -- Prevents asking one story twice.
  constraint rerender_items_story_key unique (rerender_id, source_id),
  constraint rerender_items_number_positive check (number > 0),
  constraint rerender_items_seed_31_bits check (seed between 0 and 2147483647),
  constraint rerender_items_outcome_known check (outcome in ('done', 'failed', 'gone', 'overtaken')),
  constraint rerender_items_asked_unless_gone check (outcome is null or outcome = 'gone' or revision_id is not null),
  constraint rerender_items_reason_where_failed check (
    coalesce(outcome = 'failed', false) = (reason is not null) and (reason is null) = (message is null)),
  constraint rerender_items_paid_once_ended check ((outcome is null) = (paid is null))
);
-- What is asked next, and what is looked at.
create index rerender_items_open on storyreel.rerender_items (rerender_id, number) where outcome is null;

alter table storyreel.rerenders enable row level security;
alter table storyreel.rerender_items enable row level security;

grant select, insert, update on storyreel.rerenders, storyreel.rerender_items to storyreel;

create policy rerenders_worker on storyreel.rerenders to storyreel using (true) with check (true);
create policy rerender_items_worker on storyreel.rerender_items to storyreel using (true) with check (true);

-- The texts of stories as they are now, at most one character more than is ever used; no row for a story that is gone.
-- Those that stand in no attached table (anymore) are known by what was last asked of them, unless that was not allowed:
-- then nobody has their text.
create function storyreel.texts_of(p_table text, p_ids text[]) returns table (source_id text, body text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  kept_chars constant integer := 20001;  -- as in begin_videos
  a storyreel.attachments;
begin
  select * into a from storyreel.attachments t where t.source_table = p_table;
  if not found then
    return query
    select v.source_id, r.story
    from storyreel.videos v join storyreel.revisions r on r.video_id = v.id and storyreel.is_newest(v.id, r.number)
    where v.source_table = p_table and v.source_id = any (p_ids) and r.moderation is distinct from 'rejected';
    return;
  end if;
  return query execute format(
    'select s.%1$I::text, left(coalesce(s.%2$I::text, ''''), $2) from %3$s s where s.%1$I = any ($1::%4$s[])',
    a.id_column, a.text_column, p_table, a.id_type)
  using (select array_agg(i.id) from unnest(p_ids) i(id) where storyreel.key_of(i.id, a.id_type) is not null), kept_chars;
end
$$;

-- Ask for a further revision of one story's video, with its text as it is now; for its first, where the row is there and
-- has none. Returns nothing where the story is gone.
create function storyreel.ask_again(
  p_table text, p_id text, p_kind text, p_model text, p_seed bigint, p_parameters jsonb, p_preview boolean
) returns setof storyreel.requested
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from storyreel.attachments a where a.source_table = p_table) then
    return query select * from storyreel.request_video_of(p_table, p_id, p_kind, p_model, p_seed, p_parameters, p_preview);
    return;
  end if;
  -- Locked first: one that is deleted meanwhile must not come back as a new one.
  perform from storyreel.videos v where v.source_table = p_table and v.source_id = p_id for update;
  return query
  select r.*
  from storyreel.texts_of(p_table, array[p_id]) t
    cross join lateral storyreel.request_videos(
      p_table, array[t.source_id], array[t.body], array[null::uuid], p_kind, p_model, p_seed, p_parameters,
      p_preview => p_preview) r;
end
$$;

revoke execute on function storyreel.texts_of, storyreel.ask_again from public, anon, authenticated;
grant execute on function storyreel.texts_of, storyreel.ask_again to storyreel;
