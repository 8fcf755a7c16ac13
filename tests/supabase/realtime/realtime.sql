-- A stand-in, for tests alone: what the Realtime server makes in a project's database, as far as Storyreel and its users
-- touch it. It is not Supabase's code and sends nothing anywhere: names, signatures, rights and what is documented of
-- their effect are those of supabase/realtime, lib/realtime/tenants/repo/migrations (2026-04, 2026-06). Messages stay in
-- their table, where a test looks at them, or serves them to a client (peer.py).
-- Run by a superuser in a database that `project` owns.

create schema realtime authorization supabase_realtime_admin;
grant usage on schema realtime to project, anon, authenticated, service_role;

-- Partitioned by day there, by a server that may be late; since 2026-06 there is a default as well.
create table realtime.messages (
  topic        text not null,
  extension    text not null,
  payload      jsonb,
  event        text,
  private      boolean default false,
  updated_at   timestamp not null default now(),
  inserted_at  timestamp not null default now(),
  id           uuid not null default gen_random_uuid(),
  primary key (id, inserted_at)
) partition by range (inserted_at);
create table realtime.messages_default partition of realtime.messages default;
create index messages_by_topic on realtime.messages (inserted_at desc, topic) where extension = 'broadcast' and private;

alter table realtime.messages enable row level security;
alter table realtime.messages owner to supabase_realtime_admin;
grant select, insert, update on realtime.messages to project, anon, authenticated, service_role;

-- The topic that a policy is asked about.
create function realtime.topic() returns text
language sql stable
as $$ select nullif(current_setting('realtime.topic', true), '') $$;

-- A failure is a warning, never an error; the payload gets an id where it has none.
create function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void
language plpgsql
as $$
declare
  message_id constant uuid := gen_random_uuid();
begin
  perform set_config('realtime.topic', topic, true);
  insert into realtime.messages (id, payload, event, topic, private, extension)
  values (message_id, jsonb_build_object('id', message_id) || payload, event, topic, private, 'broadcast');
exception when others then
  raise warning 'ErrorSendingBroadcastMessage: %', sqlerrm;
end
$$;
