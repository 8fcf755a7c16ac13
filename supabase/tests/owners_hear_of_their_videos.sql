-- What changes in a video is broadcast to its owner alone, over Realtime. Where that is not installed, all is skipped.
-- Run with `supabase test db`, or with pg_prove; everything is rolled back.
begin;
create extension if not exists pgtap with schema extensions;

select to_regprocedure('realtime.send(jsonb, text, text, boolean)') is null as no_realtime \gset
\if :no_realtime
select plan(1);
select skip('Realtime is not installed', 1);
\else
select plan(9);

create function pg_temp.sign_in(user_number integer, topic text) returns void language sql as $$
  select set_config('request.jwt.claims', format(
    '{"role": "authenticated", "sub": "00000000-0000-0000-0000-00000000000%s"}', user_number), true),
    set_config('realtime.topic', topic, true);
$$;
-- How the server asks: as the user, whether a message of the topic that is joined is there to read.
create function pg_temp.may_join(topic text) returns boolean language plpgsql as $$
begin
  return exists (select from realtime.messages m where m.topic = may_join.topic and m.extension = 'broadcast');
end
$$;
-- What was said on a user's topic since the test began, in order.
create function pg_temp.heard_by(user_number integer) returns table (said text, video text, shows text)
language plpgsql as $$
begin
  return query
  select m.payload ->> 'operation', r.told ->> 'source_id', r.told ->> 'shows'
  from realtime.messages m
    cross join lateral (select coalesce(nullif(m.payload -> 'record', 'null'), m.payload -> 'old_record') as told) r
  where m.private and m.topic = 'storyreel:videos:00000000-0000-0000-0000-00000000000' || user_number
    and r.told ->> 'source_table' = 'public.storyreel_test';
end
$$;

create table public.storyreel_test (id integer primary key, body text, author_id uuid);
select storyreel.attach('public.storyreel_test', 'body', 'author_id');
insert into public.storyreel_test values
  (1, 'A whale', '00000000-0000-0000-0000-000000000001'), (2, 'A fox', '00000000-0000-0000-0000-000000000002'),
  (3, 'A stone', null);

select is_empty($$select storyreel.missing_broadcasts()$$, 'nothing is missing');
select is_empty($$select * from pg_temp.heard_by(1)$$, 'that a video begins is not told: it is there to be read');

update storyreel.videos v
set shows = 'preview', shown_revision = 1, bucket = 'videos', path = 'p.mp4' where v.source_table = 'public.storyreel_test';
update storyreel.videos v set updated_at = now() where v.source_table = 'public.storyreel_test';
select results_eq(
  $$select * from pg_temp.heard_by(1)$$, $$values ('UPDATE', '1', 'preview')$$,
  'each owner is told of their own video, once');

update public.storyreel_test set author_id = '00000000-0000-0000-0000-000000000002' where id = 1;
select set_eq(
  $$select * from pg_temp.heard_by(1)$$,
  $$values ('UPDATE', '1', 'preview'), ('DELETE', '1', null)$$,
  'who gives a story away hears that it is gone');
select set_eq(
  $$select * from pg_temp.heard_by(2)$$,
  $$values ('UPDATE', '2', 'preview'), ('INSERT', '1', 'preview')$$,
  'and who gets it, that it is there');
delete from public.storyreel_test;
select set_eq(
  $$select * from pg_temp.heard_by(2)$$,
  $$values ('UPDATE', '2', 'preview'), ('INSERT', '1', 'preview'), ('DELETE', '1', null), ('DELETE', '2', null)$$,
  'whose stories are deleted hears it');

select pg_temp.sign_in(1, 'storyreel:videos:00000000-0000-0000-0000-000000000001');
set local role authenticated;
select ok(pg_temp.may_join('storyreel:videos:00000000-0000-0000-0000-000000000001'), 'a user may join their own topic');
select pg_temp.sign_in(1, 'storyreel:videos:00000000-0000-0000-0000-000000000002');
select ok(not pg_temp.may_join('storyreel:videos:00000000-0000-0000-0000-000000000002'), 'but not another''s');
select ok(not pg_temp.may_join('storyreel:videos:00000000-0000-0000-0000-000000000001'),
          'nor, joined to that, read what was said on their own');

\endif
select * from finish();
rollback;
