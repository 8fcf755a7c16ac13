-- A story has a video in the transaction that inserts it, whoever inserts it, and loses it with its row.
-- Run with `supabase test db`, or with pg_prove; everything is rolled back.
begin;
create extension if not exists pgtap with schema extensions;
select plan(6);

create table public.storyreel_test (id integer primary key, body text, author_id uuid);
grant insert on public.storyreel_test to anon;
select storyreel.attach('public.storyreel_test', 'body', 'author_id');

create temporary view made as
select source_id, owner_id, shows, work from storyreel.videos where source_table = 'public.storyreel_test' order by source_id;

set local role anon;
select lives_ok(
  $$insert into public.storyreel_test
    values (1, 'A whale', null), (2, 'A fox', '00000000-0000-0000-0000-000000000001'), (3, null, null)$$,
  'where the app lets them, visitors insert stories');
reset role;
select results_eq(
  'select * from made',
  $$values ('1', null::uuid, 'placeholder', 'working'),
           ('2', '00000000-0000-0000-0000-000000000001', 'placeholder', 'working'),
           ('3', null, 'placeholder', 'working')$$,
  'and each has a video, whose owner is the story''s');

select lives_ok('delete from public.storyreel_test where id = 1', 'a story is deleted');
select results_eq('select source_id from made', $$values ('2'), ('3')$$, 'and so is its video');
select lives_ok('truncate public.storyreel_test', 'the table is emptied');
select is_empty('select from made', 'and no video is left of it');

select * from finish();
rollback;
