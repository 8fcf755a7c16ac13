-- What the app sees: one video per story, and the revisions that were asked of it. Both go with the story;
-- nothing that was paid for hangs below them.

create table storyreel.videos (
  id              uuid primary key default gen_random_uuid(),
  -- The app's row: '<schema>.<table>' and its key as text. No foreign key: any table can be attached.
  source_table    text not null,
  source_id       text not null,
  owner_id        uuid,
  theme           text not null,
  -- The box that the app keeps for it: that of the clip it is going to get.
  shape           text not null default 'square',

  -- What plays, and which revision it came from (0: the placeholder, which is nobody's revision).
  shows           text not null default 'placeholder',
  shown_revision  integer not null default 0,
  -- Null only for a placeholder that was never published.
  bucket          text,
  path            text,
  poster_path     text,
  preview_path    text,
  blurhash        text,
  width           integer,
  height          integer,

  -- What is being done, apart from what plays. `reason` is a word for programs, `message` a sentence for people.
  work            text not null default 'working',
  reason          text,
  message         text,

  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),

  -- Prevents two videos of one story: the same row inserted twice, or by trigger and webhook at once.
  constraint videos_source_key unique (source_table, source_id),
  -- pipeline/lifecycle.py holds the same words; a test compares the two.
  constraint videos_shape_known check (shape in ('square', 'wide', 'tall')),
  constraint videos_shows_known check (shows in ('placeholder', 'preview', 'final')),
  constraint videos_work_known check (work in ('idle', 'working', 'held', 'fallback', 'rejected', 'cancelled')),
  constraint videos_reason_where_stuck check ((work in ('held', 'fallback', 'rejected', 'cancelled')) = (reason is not null)),
  constraint videos_message_with_reason check ((reason is null) = (message is null)),
  constraint videos_revision_where_made check ((shows = 'placeholder') = (shown_revision = 0)),
  constraint videos_made_is_playable check (shows = 'placeholder' or (bucket is not null and path is not null))
);
create index videos_owner on storyreel.videos (owner_id, created_at);
create index videos_held on storyreel.videos (id) where work = 'held';

create table storyreel.revisions (
  id          uuid primary key default gen_random_uuid(),
  video_id    uuid not null references storyreel.videos on delete cascade,
  number      integer not null,
  kind        text not null,
  -- The text as it was when asked, at most one character more than is ever used (see request_videos).
  story       text not null,
  model       text,    -- null: the default model
  parameters  jsonb,   -- null: the model's own; else what replaces or joins them
  seed        bigint,  -- null: derived from the text
  -- Re-renders wait behind people who look at a placeholder.
  priority    integer not null,
  -- Whether a preview is wanted before the final clip; a deployment may make none all the same.
  preview     boolean not null,
  -- What this revision showed once it was complete, for going back to it; and which one it goes back to itself.
  rendition_key  text,
  restores       integer,

  -- What was said of the text at the moderation door, by whom and for what; null until it was judged. Of what was
  -- rejected the text is not kept. Where nobody, or not everybody, could be asked it is unchecked.
  moderation           text,
  moderated_by         text,
  moderation_category  text,

  -- Planning: `attempt` fences a planner that was cut off and returns; past `due_at` another may try. `postponed` counts
  -- the attempts that ended because no moderator could be asked, and why the last one could not: they are no failures.
  attempt        integer not null default 0,
  postponed      integer not null default 0,
  postponed_for  text,
  due_at      timestamptz default now(),
  planned_at  timestamptz,
  -- Its owner has asked for more in an hour than is allowed: not planned before then.
  held_until  timestamptz,
  created_at  timestamptz not null default now(),

  -- Prevents two revisions that both claim to be the newest.
  constraint revisions_number_key unique (video_id, number),
  constraint revisions_number_positive check (number > 0),
  constraint revisions_kind_known check (kind in ('first', 'rerender', 'new_take', 'restore')),
  constraint revisions_restore_goes_back check ((kind = 'restore') = (restores is not null and restores < number)),
  constraint revisions_seed_31_bits check (seed between 0 and 2147483647),
  -- pipeline/parameters.py holds the same limits, and more; these keep every row readable for a planner.
  constraint revisions_parameters_object check (jsonb_typeof(parameters) = 'object'),
  constraint revisions_parameters_small check (length(parameters::text) <= 8192),
  constraint revisions_parameters_flat check (not jsonb_path_exists(parameters, '$.**{9}')),
  constraint revisions_parameters_exact check (
    not jsonb_path_exists(parameters, '$.** ? (@ > 9007199254740992 || @ < -9007199254740992)')),
  constraint revisions_due_until_planned check ((due_at is null) = (planned_at is not null)),
  constraint revisions_held_until_planned check (held_until is null or (planned_at is null and attempt = 0)),
  constraint revisions_moderation_known check (moderation in ('passed', 'rejected', 'unchecked')),
  constraint revisions_moderator_known check (moderated_by in ('rules', 'endpoint')),
  constraint revisions_judged_by_somebody check (
    coalesce(moderation in ('passed', 'rejected'), false) = (moderated_by is not null)),
  constraint revisions_category_where_rejected check (
    coalesce(moderation = 'rejected', false) = (moderation_category is not null)),
  constraint revisions_category_plain check (moderation_category ~ '^[a-z0-9][a-z0-9/_-]{0,59}$'),
  constraint revisions_rejected_has_no_text check (moderation <> 'rejected' or story = ''),
  constraint revisions_postponed_attempts check (postponed between 0 and attempt),
  constraint revisions_postponed_for_a_reason check ((postponed > 0) = (postponed_for is not null))
);
-- What `plan` takes first: those never tried, the most urgent and oldest ahead.
create index revisions_next on storyreel.revisions (priority desc, created_at, id)
  where planned_at is null and attempt = 0 and held_until is null;
create index revisions_held on storyreel.revisions (held_until) where held_until is not null;
-- Whether a rendition is still somebody's.
create index revisions_rendition on storyreel.revisions (rendition_key) where rendition_key is not null;
-- What `plan` takes again. One that was never tried stands in the index above alone: each costs the app's insert.
create index revisions_unplanned on storyreel.revisions (due_at) where planned_at is null and attempt > 0;

alter table storyreel.videos enable row level security;
alter table storyreel.revisions enable row level security;

grant select on storyreel.videos to authenticated, service_role;
-- Made and removed by functions alone.
grant select, update on storyreel.videos, storyreel.revisions to storyreel;

create policy videos_owner_reads on storyreel.videos for select to authenticated
  using (owner_id = (select auth.uid()));
create policy videos_worker on storyreel.videos to storyreel using (true) with check (true);
create policy revisions_worker on storyreel.revisions to storyreel using (true) with check (true);

-- The app hears of every change over Realtime; the policy above decides who does.
alter publication supabase_realtime add table storyreel.videos;
