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

-- Who may do what in here: nobody anything by default. A signed-in user (`authenticated`) reads the videos of their own
-- stories; `anon` has no way in; `service_role`, which passes by row security, reads all videos and asks for more through
-- the doors; `storyreel`, the workers' login, writes what no function writes for it. Every function names its search_path
-- with pg_temp at its end: left out, it would come first for tables and types, and whoever may run SQL could put a type
-- of their own in the way of a function that runs as its owner (CVE-2007-2138).

-- Workers and functions log in as this role. Its search_path is a setting of the role, not of the session, so
-- that it also holds behind a transaction pooler. It has no password until someone sets one.
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'storyreel') then
    create role storyreel login;
  end if;
end
$$;
-- It may take on the role of the app's users, to look at rows as one of them; but has nothing of theirs by itself.
alter role storyreel noinherit;
grant authenticated to storyreel;
alter role storyreel set search_path = procrastinate, storyreel, pg_temp;
-- A machine that is cut off in the middle of a transaction keeps its locks until the server gives it up, by itself after
-- two hours; and behind a lock of `admit` everybody waits. Ours last milliseconds.
alter role storyreel set idle_in_transaction_session_timeout = '30s';

grant usage on schema storyreel to storyreel, authenticated, service_role;

-- Where files lie. Rows elsewhere store bucket and path; this says what address a bucket has, so that a moved bucket or
-- a new domain is one update. Workers write down the bucket they are given.
create table storyreel.buckets (
  name             text primary key,
  public_base_url  text not null,  -- what stands before '/<path>'; of a private bucket's files, a signature behind it
  is_public        boolean not null default true,
  constraint buckets_base_url_bare check (public_base_url not like '%/')
);

-- Who renders, and how much at a time over all machines. Keep limits about a tenth under the provider's own: between
-- our count and the provider's lies a network. Two slots are what a new fal account gets.
create table storyreel.providers (
  name           text primary key,
  slots          integer not null default 2,  -- renders in flight
  owner_slots    integer,                     -- of one owner; null: as many as there are
  -- Renders begun in a minute, evenly; after a quiet time as many at once as there are slots. Null: no limit.
  per_minute     integer,
  -- When the next one may begin at that rate, if none had been saved up (generic cell rate algorithm, ITU-T I.371).
  rate_at        timestamptz,

  -- Nothing is begun until then: the provider told us to come back, or a person must act. After it one render tries
  -- whether it goes again. 'infinity': until a person resumes.
  paused_until   timestamptz,
  pause_code     text,
  pause_message  text,
  pauses         integer not null default 0,  -- in a row
  -- Bills before this do not count against the next ones: a person has seen them.
  resumed_at     timestamptz not null default '-infinity',

  constraint providers_slots_positive check (slots > 0),
  constraint providers_owner_slots_positive check (owner_slots > 0),
  constraint providers_per_minute_positive check (per_minute > 0),
  constraint providers_pause_has_reason check (num_nulls(paused_until, pause_code, pause_message) in (0, 3)),
  constraint providers_pauses_while_paused check ((pauses > 0) = (paused_until is not null))
);
insert into storyreel.providers (name) values ('fal');

-- Endpoints that a provider answered 404 for; the ladder of a model passes them by for a while.
create table storyreel.missing_endpoints (
  provider  text not null references storyreel.providers on delete cascade,
  endpoint  text not null,
  noted_at  timestamptz not null,
  primary key (provider, endpoint)
);

-- What a story can be about. A library of loops brings its themes, their words and its clips along when it is
-- published (`storyreel placeholders publish`); only the neutral theme, which is taken when nothing matches, is
-- always there. Libraries may share themes and languages: `library` says which one a row came with, and publishing one
-- leaves the others' rows alone, as it does those of no library ('').
create table storyreel.themes (
  name  text primary key,
  constraint themes_name_plain check (name ~ '^[a-z][a-z0-9-]{0,39}$')
);
insert into storyreel.themes (name) values ('dream');

-- Languages that stories are read in, by the name of their text search configuration in pg_catalog (as text: an
-- upgrade of Postgres takes along no regconfig), each with the little words that tell it from the others.
create table storyreel.languages (
  name  text primary key
);
create table storyreel.language_marks (
  mark      text collate "C" not null,  -- compared as bytes: three times as quick, and the app's insert waits for it
  language  text not null references storyreel.languages on delete cascade,
  library   text not null default '',
  primary key (mark, language, library)
);

-- The words that call for a theme, stemmed as their language stems them. Weight: how loudly; where two libraries name
-- the same word for a theme, it calls as loudly as both together.
create table storyreel.theme_words (
  language  text not null references storyreel.languages on delete cascade,
  lexeme    text collate "C" not null,  -- likewise
  theme     text not null references storyreel.themes on delete cascade,
  weight    smallint not null,
  library   text not null default '',
  primary key (language, lexeme, theme, library),
  constraint theme_words_weight_known check (weight between 1 and 99)
);

-- The loops that play from the first moment. `shape` is that of the clip a story is going to get, so that an app
-- can keep its box; `variant` counts a theme's loops of one shape.
create table storyreel.placeholders (
  theme         text not null references storyreel.themes on delete cascade,
  shape         text not null,
  variant       integer not null,
  library       text not null default '',
  bucket        text not null,
  path          text not null,
  poster_path   text not null,
  preview_path  text not null,
  blurhash      text not null,
  width         integer not null,
  height        integer not null,
  primary key (theme, shape, variant),
  constraint placeholders_shape_known check (shape in ('square', 'wide', 'tall')),
  constraint placeholders_variant_positive check (variant > 0)
);

alter table storyreel.buckets enable row level security;
alter table storyreel.providers enable row level security;
alter table storyreel.missing_endpoints enable row level security;
alter table storyreel.themes enable row level security;
alter table storyreel.languages enable row level security;
alter table storyreel.language_marks enable row level security;
alter table storyreel.theme_words enable row level security;
alter table storyreel.placeholders enable row level security;

grant select, insert, update on storyreel.buckets to storyreel;
grant select, update on storyreel.providers to storyreel;
grant select, insert, update on storyreel.missing_endpoints to storyreel;
grant select, insert, delete on storyreel.themes, storyreel.languages, storyreel.language_marks, storyreel.placeholders
  to storyreel;
grant select, insert, update, delete on storyreel.theme_words to storyreel;

create policy buckets_worker on storyreel.buckets to storyreel using (true) with check (true);
create policy providers_worker on storyreel.providers to storyreel using (true) with check (true);
create policy missing_endpoints_worker on storyreel.missing_endpoints to storyreel using (true) with check (true);
create policy themes_worker on storyreel.themes to storyreel using (true) with check (true);
create policy languages_worker on storyreel.languages to storyreel using (true) with check (true);
create policy language_marks_worker on storyreel.language_marks to storyreel using (true) with check (true);
create policy theme_words_worker on storyreel.theme_words to storyreel using (true) with check (true);
create policy placeholders_worker on storyreel.placeholders to storyreel using (true) with check (true);

-- The theme of a story, and the only place that decides it: the one whose words the story calls most loudly. Equal
-- ones are told apart by the story's id, so that a user's stories vary and the same story never does. Only the head
-- is read: it is where a story says what it is about, and reading is what a bulk insert of long stories spends its
-- time on. A story is read in the language that most of its little words belong to; one without any, in all of them;
-- and always in `simple`, which stems nothing: names are the same everywhere, and in French only an unstemmed `mer`,
-- the sea, differs from `mère`, the mother. A word counts once: a refrain is no argument.
create function storyreel.theme_of(story text, story_id text) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
-- The marks are few enough for the planner to read them all, word by word: that takes twice as long as all the rest.
set enable_seqscan = off
as $$
declare
  head       text := left(story, 500);
  plain      text[] := tsvector_to_array(to_tsvector('pg_catalog.simple', head));
  languages  text[];
  stems      text[];
  found_one  text;
begin
  select array_agg(marked.language) into languages
  from (
    select m.language, rank() over (order by count(distinct m.mark) desc) as place
    from storyreel.language_marks m
    where m.mark = any (plain)
    group by m.language
  ) marked
  where marked.place = 1;

  if cardinality(languages) = 1 then
    -- Nearly every story. The app's insert waits for this: two indexes are asked for the few words at hand.
    stems := tsvector_to_array(to_tsvector(languages[1]::regconfig, head));
    select called.theme into found_one
    from (
      select w.theme, w.weight from storyreel.theme_words w where w.language = 'simple' and w.lexeme = any (plain)
      union all
      select w.theme, w.weight from storyreel.theme_words w where w.language = languages[1] and w.lexeme = any (stems)
    ) called
    group by called.theme
    order by sum(called.weight) desc, md5(called.theme || story_id)
    limit 1;
  else
    -- `offset 0` keeps the planner from a join that reads every word of every theme.
    select called.theme into found_one
    from storyreel.languages l
      cross join lateral (
        select tsvector_to_array(to_tsvector(l.name::regconfig, head)) as lexemes offset 0
      ) reading
      cross join lateral (
        select w.theme, w.weight from storyreel.theme_words w
        where w.language = l.name and w.lexeme = any (reading.lexemes)
        offset 0
      ) called
    where languages is null or l.name = any (languages) or l.name = 'simple'
    group by called.theme
    order by sum(called.weight) desc, md5(called.theme || story_id)
    limit 1;
  end if;

  return coalesce(found_one, 'dream');
end
$$;
revoke execute on function storyreel.theme_of from public, anon, authenticated;
grant execute on function storyreel.theme_of to storyreel;

-- The public address of an object; null in a private bucket, whose addresses are signed by whoever may read the file.
-- Definer: the app's users need the address, not the table.
create function storyreel.public_url(bucket text, path text) returns text
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select b.public_base_url || '/' || public_url.path
  from storyreel.buckets b where b.name = public_url.bucket and b.is_public;
$$;
revoke execute on function storyreel.public_url from public, anon;
grant execute on function storyreel.public_url to storyreel, authenticated, service_role;
