Statements of local/library/publishing.py and rendering.py: what a library says, as rows. Each that changes rows
tells how many: as a command does, or by one row for each.

-- name: lock
-- One library at a time: variants are numbered over all of them.
select pg_advisory_xact_lock(hashtextextended('storyreel.placeholders', 0));

-- name: unknown_languages
select distinct name from unnest(%(languages)s::text[]) name
where not exists (
  select from pg_catalog.pg_ts_config c
  where c.cfgname = name and c.cfgnamespace = 'pg_catalog'::regnamespace)
order by name;

-- name: had_themes
select theme from storyreel.theme_words where library = %(library)s
union
select theme from storyreel.placeholders where library = %(library)s
order by theme;

-- name: put_languages
insert into storyreel.languages (name) select distinct name from unnest(%(languages)s::text[]) name
on conflict do nothing;

-- name: put_marks
with wanted as (
  select distinct said.language, word.lexeme as mark
  from unnest(%(mark_languages)s::text[], %(marks)s::text[]) said(language, marks)
    cross join lateral unnest(to_tsvector('pg_catalog.simple', said.marks)) word
),
gone as (
  delete from storyreel.language_marks m
  where m.library = %(library)s
    and not exists (select from wanted w where w.mark = m.mark and w.language = m.language)
  returning 1
),
put as (
  insert into storyreel.language_marks (mark, language, library)
  select w.mark, w.language, %(library)s from wanted w
  on conflict do nothing
  returning 1
)
table gone union all table put;

-- name: put_themes
insert into storyreel.themes (name) select name from unnest(%(themes)s::text[]) name
on conflict do nothing;

-- name: put_words
with wanted as (
  select said.language, word.lexeme, said.theme, max(said.weight) as weight
  from unnest(%(word_languages)s::text[], %(word_themes)s::text[], %(weights)s::int[], %(words)s::text[])
      said(language, theme, weight, words)
    cross join lateral unnest(to_tsvector(('pg_catalog.' || quote_ident(said.language))::regconfig, said.words)) word
  group by said.language, word.lexeme, said.theme
),
gone as (
  delete from storyreel.theme_words t
  where t.library = %(library)s
    and not exists (
      select from wanted w where w.language = t.language and w.lexeme = t.lexeme and w.theme = t.theme)
  returning 1
),
put as (
  insert into storyreel.theme_words (language, lexeme, theme, weight, library)
  select w.language, w.lexeme, w.theme, w.weight, %(library)s from wanted w
  on conflict (language, lexeme, theme, library) do update set weight = excluded.weight
  where theme_words.weight <> excluded.weight
  returning 1
)
table gone union all table put;

-- name: drop_loops
delete from storyreel.placeholders p
where p.library = %(library)s
  and not exists (
    select from unnest(%(loop_themes)s::text[], %(shapes)s::text[], %(paths)s::text[], %(posters)s::text[],
                       %(previews)s::text[], %(blurhashes)s::text[]) w(theme, shape, path, poster, preview, blurhash)
    where w.theme = p.theme and w.shape = p.shape and %(bucket)s = p.bucket and w.path = p.path
      and w.poster = p.poster_path and w.preview = p.preview_path and w.blurhash = p.blurhash);

-- name: put_loops
-- Those that are new take the lowest numbers that are free, in the library's order.
with wanted as (
  select *, row_number() over (partition by theme, shape order by place) as turn
  from unnest(%(loop_themes)s::text[], %(shapes)s::text[], %(paths)s::text[], %(posters)s::text[], %(previews)s::text[],
              %(blurhashes)s::text[], %(widths)s::int[], %(heights)s::int[])
    with ordinality w(theme, shape, path, poster, preview, blurhash, width, height, place)
  where not exists (
    select from storyreel.placeholders p
    where p.library = %(library)s and p.theme = w.theme and p.shape = w.shape and p.path = w.path)
),
free as (
  select box.theme, box.shape, number, row_number() over (partition by box.theme, box.shape order by number) as turn
  from (select distinct theme, shape from wanted) box
    cross join generate_series(1, (select count(*) from storyreel.placeholders) + (select count(*) from wanted)) number
  where not exists (
    select from storyreel.placeholders p
    where p.theme = box.theme and p.shape = box.shape and p.variant = number)
)
insert into storyreel.placeholders
  (theme, shape, variant, library, bucket, path, poster_path, preview_path, blurhash, width, height)
select w.theme, w.shape, f.number, %(library)s, %(bucket)s, w.path, w.poster, w.preview, w.blurhash, w.width, w.height
from wanted w join free f on f.theme = w.theme and f.shape = w.shape and f.turn = w.turn;

-- name: drop_themes
delete from storyreel.themes t
where t.name = any (%(had_themes)s) and t.name <> 'dream'
  and not exists (select from storyreel.theme_words w where w.theme = t.name)
  and not exists (select from storyreel.placeholders p where p.theme = t.name);

-- name: drop_languages
delete from storyreel.languages l
where not exists (select from storyreel.language_marks m where m.language = l.name)
  and not exists (select from storyreel.theme_words w where w.language = l.name);

-- name: give
select storyreel.give_placeholders() as given;

-- name: published
select bucket, path from storyreel.placeholders where library = %(library)s;

-- name: takes
-- Of these, the ones that exist or are under way: asked for again, they cost nothing.
select take_key from storyreel.takes
where take_key = any (%(take_keys)s) and status not in ('failed', 'removed');
