-- A signed-in user sees the videos of their own stories, and of nobody else's learns anything.
-- Run with `supabase test db`, or with pg_prove; everything is rolled back.
begin;
create extension if not exists pgtap with schema extensions;
select plan(9);

create table public.storyreel_test (id integer primary key, body text, author_id uuid default auth.uid());
alter table public.storyreel_test enable row level security;
grant select, insert, delete on public.storyreel_test to authenticated;
create policy storyreel_test_author on public.storyreel_test to authenticated
  using (author_id = (select auth.uid())) with check (author_id = (select auth.uid()));
select storyreel.attach('public.storyreel_test', 'body', 'author_id');

create function pg_temp.sign_in(user_number integer) returns void language sql as $$
  select set_config('request.jwt.claims', format(
    '{"role": "authenticated", "sub": "00000000-0000-0000-0000-00000000000%s"}', user_number), true);
$$;

select pg_temp.sign_in(1);
set local role authenticated;
select lives_ok($$insert into public.storyreel_test values (1, 'A whale')$$, 'one user tells a story');
select pg_temp.sign_in(2);
select lives_ok($$insert into public.storyreel_test values (2, 'A fox')$$, 'so does another');

select results_eq(
  $$select source_id, shows, work from public.story_videos where source_table = 'public.storyreel_test'$$,
  $$values ('2', 'placeholder', 'working')$$,
  'each sees the video of their own story through the view');
select results_eq(
  $$select source_id from storyreel.videos where source_table = 'public.storyreel_test'$$,
  $$values ('2')$$,
  'and in the table, which Realtime reads');
select is_empty(
  $$select from public.story_videos where owner_id = '00000000-0000-0000-0000-000000000001'$$,
  'asking for the other by name finds nothing');

-- How far a video is. That of the first user is nearly done.
reset role;
with take as (
  insert into storyreel.takes
    (take_key, model, parameters, prompt, negative_prompt, seed, emulated, status, due_at, created_at, render_id, clip_url,
     delivered_at, bucket, original_path, original_sha256, fetched_at)
  values ('storyreel test', 'lightning', '{}', '', '', 1, true, 'finishing', now(), now(), gen_random_uuid(), '',
          now(), '', '', '', now())
  returning id
)
insert into storyreel.shots (revision_id, number, take_id)
select r.id, 1, take.id from take, storyreel.revisions r join storyreel.videos v on v.id = r.video_id
where v.source_table = 'public.storyreel_test' and v.source_id = '1';
select set_config('storyreel_test.video', v.id::text, true)
from storyreel.videos v where v.source_table = 'public.storyreel_test' and v.source_id = '1';

select pg_temp.sign_in(1);
set local role authenticated;
select results_eq(
  $$select progress from public.story_videos where source_table = 'public.storyreel_test'$$,
  $$values (0.92::real)$$,
  'its owner sees how far it is');
select pg_temp.sign_in(2);
select is(
  storyreel.progress(current_setting('storyreel_test.video')::uuid), 0::real,
  'another, who knows its id, is told what is told of one that does not exist');

select lives_ok($$delete from public.storyreel_test$$, 'who deletes all stories they may');
reset role;
select results_eq(
  $$select source_id from storyreel.videos where source_table = 'public.storyreel_test'$$,
  $$values ('1')$$,
  'has deleted the videos of their own');

select * from finish();
rollback;
