-- Storyreel keeps its own schema, so that it never collides with an app's tables. The app reads what it needs
-- through the view public.story_videos and, over Realtime, from storyreel.videos.
--
-- The words, once for all: a *video* is what the app shows for one of its stories; a *revision* is one go at
-- it; a *shot* is one prompt's worth of a revision; a *take* is one paid clip, shared by every shot that asks
-- for the same one; a *render* is one try at a take with one provider; a *delivery* is one webhook POST; an
-- *original* is the provider's clip as it came; a *rendition* is a file made from it.
--
-- Rows are the truth. Jobs of the engine are hints that a row wants looking at; losing one costs a minute.

create schema storyreel;

-- Workers and functions log in as this role. Its search_path is a setting of the role, not of the session, so
-- that it also holds behind a transaction pooler. It has no password until someone sets one.
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'storyreel') then
    create role storyreel login;
  end if;
end
$$;
alter role storyreel set search_path = procrastinate, storyreel, pg_temp;

grant usage on schema storyreel to storyreel, anon, authenticated, service_role;

-- Where files lie. Rows elsewhere store bucket and path; this says what public address a bucket has, so that a
-- moved bucket or a new domain is one update. Workers write down the bucket they are given.
create table storyreel.buckets (
  name             text primary key,
  public_base_url  text not null,  -- what stands before '/<path>'
  constraint buckets_base_url_bare check (public_base_url not like '%/')
);

-- Who renders, and how many clips at a time over all machines. Keep it about a tenth under the provider's own
-- limit: between our count and the provider's lies a network. Two is what a new fal account gets.
create table storyreel.providers (
  name   text primary key,
  slots  integer not null default 2,
  constraint providers_slots_positive check (slots > 0)
);
insert into storyreel.providers (name) values ('fal');

-- Endpoints that a provider answered 404 for; the ladder of a model passes them by for a while.
create table storyreel.missing_endpoints (
  provider  text not null references storyreel.providers on delete cascade,
  endpoint  text not null,
  noted_at  timestamptz not null,
  primary key (provider, endpoint)
);

-- A theme is chosen by its words; `dream` has none and is taken when nothing matches.
create table storyreel.themes (
  name   text primary key,
  words  tsquery
);
insert into storyreel.themes (name, words) values
  ('space',  to_tsquery('pg_catalog.english', 'space | star | planet | moon | galaxy | rocket | astronaut | comet | orbit | universe | alien | nebula | cosmos | meteor | spaceship')),
  ('ocean',  to_tsquery('pg_catalog.english', 'ocean | sea | wave | whale | fish | island | beach | sail | ship | boat | coral | shark | dolphin | tide | harbour | mermaid | captain | sailor')),
  ('forest', to_tsquery('pg_catalog.english', 'forest | wood | tree | fox | wolf | owl | leaf | moss | fern | firefly | fairy | elf | deer | bear | mushroom | grove | jungle')),
  ('dream',  null);

-- The loops that play from the first moment. Rows are made by publishing the files, not by a migration.
create table storyreel.placeholders (
  theme         text not null references storyreel.themes on delete cascade,
  variant       integer not null default 1,
  bucket        text not null,
  path          text not null,
  poster_path   text not null,
  preview_path  text not null,
  blurhash      text not null,
  width         integer not null,
  height        integer not null,
  primary key (theme, variant)
);

alter table storyreel.buckets enable row level security;
alter table storyreel.providers enable row level security;
alter table storyreel.missing_endpoints enable row level security;
alter table storyreel.themes enable row level security;
alter table storyreel.placeholders enable row level security;

grant select, insert, update on storyreel.buckets, storyreel.providers to storyreel;
grant select, insert, update, delete on storyreel.missing_endpoints, storyreel.themes, storyreel.placeholders to storyreel;
grant select, insert, update, delete on all tables in schema storyreel to service_role;

create policy buckets_worker on storyreel.buckets to storyreel using (true) with check (true);
create policy providers_worker on storyreel.providers to storyreel using (true) with check (true);
create policy missing_endpoints_worker on storyreel.missing_endpoints to storyreel using (true) with check (true);
create policy themes_worker on storyreel.themes to storyreel using (true) with check (true);
create policy placeholders_worker on storyreel.placeholders to storyreel using (true) with check (true);

-- The theme of a story. The only place that decides it. Only the head is read: it is where a story says what
-- it is about, and reading is what a bulk insert of long stories spends its time on.
create function storyreel.theme_of(story text) returns text
language sql stable
set search_path = ''
as $$
  select coalesce(
    (
      select t.name
      from storyreel.themes t, to_tsvector('pg_catalog.english', left(story, 500)) as head
      where head @@ t.words
      order by ts_rank(head, t.words) desc, t.name
      limit 1
    ),
    'dream'
  );
$$;
revoke execute on function storyreel.theme_of from public, anon, authenticated;
grant execute on function storyreel.theme_of to storyreel, service_role;

-- The public address of an object. Definer: the app's users need the address, not the table.
create function storyreel.public_url(bucket text, path text) returns text
language sql stable security definer
set search_path = ''
as $$
  select b.public_base_url || '/' || public_url.path from storyreel.buckets b where b.name = public_url.bucket;
$$;
revoke execute on function storyreel.public_url from public;
grant execute on function storyreel.public_url to storyreel, anon, authenticated, service_role;
