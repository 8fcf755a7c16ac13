-- A stand-in for pg_net and Vault, which cannot be installed here: their documented functions, tables and columns as far
-- as we use them, and nothing behind them. A call is a row, and a NOTIFY for whoever plays pg_net's worker (pg_net.py);
-- secrets lie in clear text. What it cannot show: pg_net's batches, its time-outs, and how it loses its queue.
create schema net;
create unlogged table net.http_request_queue (
  id                    bigint primary key generated always as identity,
  method                text not null default 'POST',
  url                   text not null,
  headers               jsonb not null,
  body                  bytea,
  timeout_milliseconds  integer not null
);
create unlogged table net._http_response (
  id            bigint,
  status_code   integer,
  content_type  text,
  headers       jsonb,
  content       text,
  timed_out     boolean,
  error_msg     text,
  created       timestamptz not null default now()
);
create function net.http_post(
  url text, body jsonb default '{}', params jsonb default '{}',
  headers jsonb default '{"Content-Type": "application/json"}', timeout_milliseconds integer default 5000
) returns bigint
language sql security definer set search_path = net, pg_temp
as $$
  select pg_notify('net', '');
  insert into net.http_request_queue (url, headers, body, timeout_milliseconds)
  values (http_post.url, http_post.headers, convert_to(http_post.body::text, 'UTF8'), http_post.timeout_milliseconds)
  returning id;
$$;

create schema vault;
create table vault.secrets (id uuid primary key default gen_random_uuid(), name text unique, description text, secret text not null);
create view vault.decrypted_secrets as select s.*, s.secret as decrypted_secret from vault.secrets s;
create function vault.create_secret(new_secret text, new_name text default null, new_description text default '')
returns uuid
language sql security definer set search_path = vault, pg_temp
as $$ insert into vault.secrets (secret, name, description) values (new_secret, new_name, new_description) returning id; $$;
