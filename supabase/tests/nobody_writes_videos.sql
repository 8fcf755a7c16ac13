-- What a video shows is what was made for it: no role of the API changes a video, not even the service role.
-- Run with `supabase test db`, or with pg_prove; everything is rolled back.
begin;
create extension if not exists pgtap with schema extensions;
select plan(21);

create table public.storyreel_test (id integer primary key, body text, author_id uuid);
select storyreel.attach('public.storyreel_test', 'body', 'author_id');
insert into public.storyreel_test values (1, 'A whale', '00000000-0000-0000-0000-000000000001');
select set_config('request.jwt.claims', '{"sub": "00000000-0000-0000-0000-000000000001"}', true);

create function pg_temp.refused(who text) returns setof text language sql as $$
  select throws_ok(attempt, '42501', null::text, format('%s: %s', who, attempt))
  from unnest(array[
    'insert into public.story_videos (source_table, source_id) values (''t'', ''1'')',
    'update public.story_videos set shows = ''final''',
    'delete from public.story_videos',
    'insert into storyreel.videos (source_table, source_id, theme) values (''t'', ''1'', ''dream'')',
    'update storyreel.videos set owner_id = gen_random_uuid()',
    'delete from storyreel.videos',
    'truncate storyreel.videos cascade'
  ]) attempt;
$$;

set local role anon;
select pg_temp.refused('anon');
set local role authenticated;
select pg_temp.refused('the owner');
set local role service_role;
select pg_temp.refused('service_role');

select * from finish();
rollback;
