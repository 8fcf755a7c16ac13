-- Every right that the API's roles, the workers and everybody (PUBLIC) have on what is ours; there is no other.
-- Run with `supabase test db`, or with pg_prove; everything is rolled back.
begin;
create extension if not exists pgtap with schema extensions;
select plan(5);

create temporary view granted as
select c.relnamespace::regnamespace::text as schema, c.relname::text as name, coalesce(r.rolname::text, 'PUBLIC') as who,
       string_agg(lower(a.privilege_type), ', ' order by a.privilege_type) as may
from pg_catalog.pg_class c
  cross join lateral aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
  left join pg_catalog.pg_roles r on r.oid = a.grantee
where c.relkind in ('r', 'p', 'v', 'm', 'f')
  and (a.grantee = 0 or r.rolname in ('anon', 'authenticated', 'service_role', 'storyreel'))
group by 1, 2, 3;

select set_eq(
  $$select name, who, may from granted where schema = 'storyreel' and who <> 'storyreel'$$,
  $$values ('videos', 'authenticated', 'select'), ('videos', 'service_role', 'select')$$,
  'of our tables the API''s roles read videos alone');
select set_eq(
  $$select who, may from granted where schema = 'public' and name = 'story_videos'$$,
  $$values ('authenticated', 'select'), ('service_role', 'select')$$,
  'the view is read by signed-in users and by the service role, and by no visitor');
select is_empty(
  $$select from granted where schema = 'procrastinate' and who <> 'storyreel'$$,
  'the engine''s tables are the workers'' alone');

select set_eq(
  $$select name, may from granted where schema = 'storyreel' and who = 'storyreel'$$,
  $$values
    -- What came of the app's rows: made and removed by functions, changed by workers.
    ('videos', 'select, update'), ('revisions', 'select, update'),
    ('attachments', 'select'), ('missed', 'select'), ('departed', 'select'), ('waking', 'select'),
    -- What is paid for; what was received and what was spent is only ever added to.
    ('takes', 'insert, select, update'), ('renders', 'insert, select, update'),
    ('shots', 'insert, select'), ('deliveries', 'insert, select'), ('ledger', 'insert, select'),
    ('accounts', 'delete, select'), ('limits', 'select, update'), ('providers', 'select, update'),
    ('missing_endpoints', 'insert, select, update'),
    -- Files.
    ('buckets', 'insert, select, update'), ('renditions', 'delete, insert, select'),
    ('objects', 'delete, insert, select, update'),
    -- Placeholders.
    ('themes', 'delete, insert, select'), ('languages', 'delete, insert, select'),
    ('language_marks', 'delete, insert, select'), ('placeholders', 'delete, insert, select'),
    ('theme_words', 'delete, insert, select, update'),
    -- The operator's commands, and what reconcile found.
    ('rerenders', 'insert, select, update'), ('rerender_items', 'insert, select, update'),
    ('findings', 'insert, select, update')$$,
  'workers write what no function writes for them');
select set_eq(
  $$select c.relname::text, a.attname::text, r.rolname::text, lower(x.privilege_type)
    from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
      cross join lateral aclexplode(a.attacl) x left join pg_catalog.pg_roles r on r.oid = x.grantee
    where c.relnamespace in ('storyreel'::regnamespace, 'procrastinate'::regnamespace)$$,
  $$values ('deliveries', 'outcome', 'storyreel', 'update'), ('deliveries', 'cost_usd', 'storyreel', 'update')$$,
  'of a delivery they may change what came of it, not what was received');

select * from finish();
rollback;
