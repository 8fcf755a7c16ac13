-- Who is not signed in sees no video, nor does a token that names no user; the service role sees all.
-- Run with `supabase test db`, or with pg_prove; everything is rolled back.
begin;
create extension if not exists pgtap with schema extensions;
select plan(9);

create table public.storyreel_test (id integer primary key, body text, author_id uuid);
select storyreel.attach('public.storyreel_test', 'body', 'author_id');
insert into public.storyreel_test values (1, 'A whale', gen_random_uuid()), (2, 'A fox', null);

select set_config('request.jwt.claims', '{"role": "anon"}', true);
set local role anon;
select throws_ok('select from public.story_videos', '42501', null, 'a visitor may not read the view');
select throws_ok('select from storyreel.videos', '42501', null, 'nor the table');
select throws_ok(
  $$select storyreel.public_url('videos', '')$$, '42501', null, 'nor call what the view is made of');
select throws_ok($$select storyreel.progress(gen_random_uuid())$$, '42501', null, 'nor ask how far a video is');

select set_config('request.jwt.claims', '{"role": "authenticated"}', true);
set local role authenticated;
select is_empty('select from public.story_videos', 'a token without a user owns nothing');
select is_empty('select from storyreel.videos', 'not even what nobody owns');
select set_config('request.jwt.claims', format('{"role": "authenticated", "sub": "%s"}', gen_random_uuid()), true);
select is_empty('select from public.story_videos', 'a user without stories sees no video');
select throws_ok('select from storyreel.revisions', '42501', null, 'what lies behind the videos is closed to users');

select set_config('request.jwt.claims', '{"role": "service_role"}', true);
set local role service_role;
select results_eq(
  $$select source_id from public.story_videos where source_table = 'public.storyreel_test' order by 1$$,
  $$values ('1'), ('2')$$,
  'the service role sees the videos of everybody');

select * from finish();
rollback;
