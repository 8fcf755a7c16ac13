-- What is paid for. A take belongs to no story: equal stories share it, and deleting a story deletes no clip,
-- no render and no ledger row.

create table storyreel.takes (
  id               uuid primary key default gen_random_uuid(),
  -- Prevents paying twice for the same clip: hash of model, parameters, prompt, seed (pipeline/keys.py).
  take_key         text not null unique,
  model            text not null,
  parameters       jsonb not null,
  prompt           text not null,
  negative_prompt  text not null,
  seed             bigint not null,
  -- Made by the emulator: no money flowed, and no AI made it.
  emulated         boolean not null,

  status           text not null default 'rendering',
  -- Counts the times it was wanted; renders of an earlier round do not use up the tries of this one.
  round            integer not null default 1,
  -- Counts every start of a step, never goes back: fences a worker that was cut off and returns.
  attempt          integer not null default 0,
  -- Counts starts of the present step that came to no end: one that kills its worker each time is given up.
  tries            integer not null default 0,
  -- A failed one that may come right by itself is begun again then; `comebacks` counts how often it was.
  again_at         timestamptz,
  comebacks        integer not null default 0,
  -- Counts ends of the present step with an error that may pass.
  failures         integer not null default 0,
  -- When someone should look again, if nobody has moved it by then.
  due_at           timestamptz,

  render_id        uuid,  -- the render whose clip is used
  clip_url         text,  -- at the provider's; expires there
  bucket           text,
  original_path    text,
  original_sha256  text,
  rendition_key    text,

  failure_code     text,
  failure_message  text,
  failure_permanent boolean,

  created_at       timestamptz not null,
  delivered_at     timestamptz,
  fetched_at       timestamptz,
  ready_at         timestamptz,
  failed_at        timestamptz,

  constraint takes_status_known check (status in ('rendering', 'fetching', 'finishing', 'ready', 'failed', 'removed')),
  constraint takes_due_where_ours check ((status in ('fetching', 'finishing')) = (due_at is not null)),
  constraint takes_clip_where_delivered check (
    status not in ('fetching', 'finishing', 'ready')
    or (render_id is not null and clip_url is not null and delivered_at is not null)),
  constraint takes_original_where_fetched check (
    status not in ('finishing', 'ready')
    or (bucket is not null and original_path is not null and original_sha256 is not null and fetched_at is not null)),
  constraint takes_ready_iff_rendered check ((status = 'ready') = (ready_at is not null and rendition_key is not null)),
  constraint takes_removed_has_no_files check (
    status <> 'removed' or (original_path is null and original_sha256 is null and rendition_key is null and clip_url is null)),
  constraint takes_again_where_failed check (again_at is null or (status = 'failed' and not failure_permanent)),
  constraint takes_failed_iff_reason check (case when status = 'failed'
    then num_nulls(failed_at, failure_code, failure_message, failure_permanent) = 0
    else num_nonnulls(failed_at, failure_code, failure_message, failure_permanent) = 0 end)
);
-- What a provider declined for its content: no other take of the same words is asked for.
create index takes_declined on storyreel.takes (md5(prompt)) where failure_code = 'content_rejected';
-- What a clip of the model usually takes (storyreel.progress).
create index takes_lately on storyreel.takes (model, delivered_at desc) where delivered_at is not null;
-- What `reconcile` looks for: clips that lie at the provider or unfinished in the bucket, and failures to try again.
create index takes_overdue on storyreel.takes (due_at) where due_at is not null;
create index takes_to_begin_again on storyreel.takes (again_at) where again_at is not null;
-- Whose a file is.
create index takes_original on storyreel.takes (original_path) where original_path is not null;
create index takes_rendition on storyreel.takes (rendition_key) where rendition_key is not null;

create table storyreel.shots (
  id           uuid primary key default gen_random_uuid(),
  revision_id  uuid not null references storyreel.revisions on delete cascade,
  number       integer not null,
  -- What the take is to be shown as: a preview comes sooner and gives way to the final.
  shows        text not null default 'final',
  take_id      uuid not null references storyreel.takes on delete restrict,
  -- Prevents planning a revision twice.
  constraint shots_number_key unique (revision_id, number, shows),
  constraint shots_shows_known check (shows in ('preview', 'final')),
  constraint shots_number_positive check (number > 0)
);
create index shots_take on storyreel.shots (take_id);

create table storyreel.renders (
  id              uuid primary key default gen_random_uuid(),
  take_id         uuid not null references storyreel.takes on delete restrict,
  round           integer not null,
  attempt         integer not null,  -- over all rounds
  provider        text not null references storyreel.providers on delete restrict,
  endpoint        text not null,
  priority        integer not null,
  -- In whose name it waits: of those that wait for the take, the first. Null where nobody owns the story.
  owner_id        uuid,
  -- Its place among all that wait, so that owners take turns (storyreel.next_turn).
  turn            bigint not null,
  -- Why it is not even looked at: it waits for a time, for its owner's other renders, for room in a budget.
  waits_for       text,

  status          text not null default 'waiting',
  -- Counts admissions; fences a worker that was cut off and returns.
  tries           integer not null default 0,
  -- Waiting: not before this. Admitted, submitted, unknown: nobody has heard anything if nothing moved by then.
  due_at          timestamptz,
  request_id      text,  -- the provider's name for it

  estimate_usd    numeric(12, 6) not null,
  billable_units  numeric,
  cost_usd        numeric(12, 6),  -- null: not known (yet)

  failure_code    text,
  failure_message text,
  -- It failed for us, and may have been billed all the same.
  billed          boolean not null default false,
  -- The provider announced an end and not which, of a render that nobody waits for any more: its result is asked
  -- for from then on.
  ask_at          timestamptz,

  created_at      timestamptz not null,
  admitted_at     timestamptz,
  submitted_at    timestamptz,
  ended_at        timestamptz,
  -- Null until the ledger has the actual cost; only what was delivered is settled.
  settled_at      timestamptz,

  -- Prevents two workers from each making the next attempt.
  constraint renders_attempt_key unique (take_id, attempt),
  constraint renders_attempt_positive check (attempt > 0),
  constraint renders_status_known check (status in (
    'waiting', 'admitted', 'submitted', 'unknown', 'delivered', 'failed', 'lost', 'cancelled')),
  constraint renders_due_while_awaited check (
    (status in ('waiting', 'admitted', 'submitted', 'unknown')) = (due_at is not null)),
  constraint renders_ended_iff_over check (
    (status in ('delivered', 'failed', 'lost', 'cancelled')) = (ended_at is not null)),
  constraint renders_waits_for_known check (waits_for in ('time', 'owner', 'day', 'owner_day', 'story', 'total')),
  constraint renders_waits_while_waiting check (waits_for is null or status = 'waiting'),
  constraint renders_waiting_has_no_slot check (status <> 'waiting' or admitted_at is null),
  constraint renders_slot_was_admitted check (
    status not in ('admitted', 'submitted', 'unknown') or admitted_at is not null),
  constraint renders_submitted_has_request check (
    status <> 'submitted' or (request_id is not null and submitted_at is not null)),
  constraint renders_failed_has_reason check (
    status <> 'failed' or (failure_code is not null and failure_message is not null)),
  constraint renders_settled_has_cost check (settled_at is null or cost_usd is not null)
);
-- Prevents one request of the provider from being taken for two renders.
create unique index renders_request_key on storyreel.renders (provider, request_id) where request_id is not null;
-- Prevents two renders of one take at a time. A `lost` one may still be running, but nobody waits for it.
create unique index renders_one_live on storyreel.renders (take_id)
  where status in ('waiting', 'admitted', 'submitted', 'unknown');
-- What `admit` takes next: the best first. A hundred thousand waiting rows cost it one step down this index.
create index renders_next on storyreel.renders (provider, priority desc, turn, created_at, id)
  where status = 'waiting' and waits_for is null;
-- What it looks at again, by time and by owner.
create index renders_parked on storyreel.renders (provider, due_at) where waits_for <> 'owner';
create index renders_parked_owner on storyreel.renders (provider, owner_id, priority desc, turn) where waits_for = 'owner';
-- What it found to pass a cap for good.
create index renders_over_cap on storyreel.renders (provider) where waits_for in ('story', 'total');
-- What it counts.
create index renders_in_flight on storyreel.renders (provider, owner_id) where status in ('admitted', 'submitted', 'unknown');
-- Whose turn it was last: of an owner, and of anybody.
create index renders_turn on storyreel.renders (provider, priority, coalesce(owner_id, '00000000-0000-0000-0000-000000000000'), turn)
  where status = 'waiting' or tries > 0;
create index renders_turn_now on storyreel.renders (provider, priority, turn) where tries > 0 and status <> 'waiting';
-- What an endpoint usually takes, and whether its bills are as expected.
create index renders_lately on storyreel.renders (provider, endpoint, ended_at desc)
  where status = 'delivered' and submitted_at is not null;
create index renders_billed on storyreel.renders (provider, settled_at desc) where billable_units is not null;
-- What `reconcile` looks for.
create index renders_overdue on storyreel.renders (due_at) where status in ('admitted', 'submitted', 'unknown');
create index renders_to_ask on storyreel.renders (ask_at) where ask_at is not null;
create index renders_unsettled on storyreel.renders (ended_at)
  where status in ('delivered', 'lost', 'cancelled') and settled_at is null;

-- One verified webhook POST. Kept as received, so that a dispute can be settled.
create table storyreel.deliveries (
  id           bigint generated always as identity primary key,
  provider     text not null,
  request_id   text not null,
  body_sha256  text not null,
  body         text not null,
  -- The render its address named; that row may be gone.
  render_id    uuid not null,
  -- accepted: it moved something; late: the clip was paid for but another was first; stale: old news;
  -- orphan: no such render is left, its cost is what was reserved for it.
  outcome      text not null,
  cost_usd     numeric(12, 6),
  received_at  timestamptz not null,
  -- Makes a repeated POST recognisable: providers deliver at least once. At the address of another render it is other
  -- news: what was sent there first must not silence the true one.
  constraint deliveries_once unique (provider, request_id, body_sha256, render_id),
  constraint deliveries_outcome_known check (outcome in ('accepted', 'late', 'stale', 'orphan'))
);

-- Money, append-only. What is spent: sum(settled). What may yet be spent: reserved without settled or released.
create table storyreel.ledger (
  id          bigint generated always as identity primary key,
  render_id   uuid not null,  -- no foreign key: money outlives every row
  -- Another one costs something else: where the first is missing, its reservation is released and a new one made.
  endpoint    text not null,
  kind        text not null,
  amount_usd  numeric(12, 6) not null,
  -- Whose it is: of all that wait for the take, the first. Null where nobody does any more, or the story has no owner.
  video_id    uuid,
  owner_id    uuid,
  at          timestamptz not null,
  -- Prevents counting one render's money twice, however often the step ran.
  constraint ledger_once unique (render_id, endpoint, kind),
  constraint ledger_kind_known check (kind in ('reserved', 'settled', 'released')),
  constraint ledger_amount_not_negative check (amount_usd >= 0)
);

-- One file made from an original. The key names original and recipe, so a new recipe makes new rows, not calls.
create table storyreel.renditions (
  rendition_key  text not null,
  kind           text not null,
  bucket         text not null,
  path           text not null,
  content_type   text not null,
  bytes          bigint not null,
  width          integer not null,
  height         integer not null,
  blurhash       text,  -- of the poster
  created_at     timestamptz not null,
  primary key (rendition_key, kind),
  -- Prevents one file from belonging to two, of which one is removed.
  constraint renditions_path_key unique (bucket, path),
  constraint renditions_kind_known check (kind in ('video', 'poster', 'preview')),
  constraint renditions_blurhash_of_poster check ((kind = 'poster') = (blurhash is not null))
);

-- Every file that is about to be put into a bucket, noted before it is: what no row refers to, reconcile removes after
-- a while, an upload that was cut off as well. Whoever is about to put a file that is being removed waits a moment.
create table storyreel.objects (
  bucket        text not null,
  path          text not null,
  -- When reconcile looks whether anybody needs it; of one that is being removed: until when it is its remover's.
  due_at        timestamptz not null,
  -- When it was first seen that nobody does. Null again as soon as somebody begins to, seen or not.
  unused_since  timestamptz,
  removing_at   timestamptz,
  primary key (bucket, path),
  constraint objects_removed_when_unused check (removing_at is null or unused_since is not null)
);
-- What `reconcile` looks at next.
create index objects_due on storyreel.objects (bucket, due_at);

alter table storyreel.takes enable row level security;
alter table storyreel.shots enable row level security;
alter table storyreel.renders enable row level security;
alter table storyreel.deliveries enable row level security;
alter table storyreel.ledger enable row level security;
alter table storyreel.renditions enable row level security;
alter table storyreel.objects enable row level security;

grant select, insert, update on storyreel.takes, storyreel.renders to storyreel;
grant select, insert, delete on storyreel.renditions to storyreel;
grant select, insert, update, delete on storyreel.objects to storyreel;
grant select, insert on storyreel.shots, storyreel.deliveries, storyreel.ledger to storyreel;
grant update (outcome, cost_usd) on storyreel.deliveries to storyreel;

create policy takes_worker on storyreel.takes to storyreel using (true) with check (true);
create policy shots_worker on storyreel.shots to storyreel using (true) with check (true);
create policy renders_worker on storyreel.renders to storyreel using (true) with check (true);
create policy deliveries_worker on storyreel.deliveries to storyreel using (true) with check (true);
create policy ledger_worker on storyreel.ledger to storyreel using (true) with check (true);
create policy renditions_worker on storyreel.renditions to storyreel using (true) with check (true);
create policy objects_worker on storyreel.objects to storyreel using (true) with check (true);
