"""The engine's own tables, in a schema of their own: installed, and brought up to the installed package's release.

Procrastinate comes with its SQL; no copy of it stands here. What we add: a search_path on its functions, no rights
for the public, and all that is needed for the workers' login. Nothing here outlives a transaction.
"""

from importlib.metadata import version
from importlib.resources import files

import psycopg
from psycopg import sql

ENGINE_SCHEMA = "procrastinate"
# As the first of our migrations makes it. Roles belong to the server and stand in no dump of a database; so it is
# seen to each time. What is right already is left alone: altering takes rights that an owner may lack by now.
ROLE = """
do $$
declare
  r pg_catalog.pg_roles;
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'storyreel') then
    create role storyreel login noinherit;
  end if;
  select * into r from pg_catalog.pg_roles where rolname = 'storyreel';
  if r.rolinherit then
    alter role storyreel noinherit;
  end if;
  if not pg_has_role('storyreel', 'authenticated', 'member') then
    grant authenticated to storyreel;
  end if;
  if not coalesce(r.rolconfig @> array['search_path=procrastinate, storyreel, pg_temp'], false) then
    alter role storyreel set search_path = procrastinate, storyreel, pg_temp;
  end if;
  if not coalesce(r.rolconfig @> array['idle_in_transaction_session_timeout=30s'], false) then
    alter role storyreel set idle_in_transaction_session_timeout = '30s';
  end if;
end $$;
"""
# The engine comes without a search_path on its functions and with every one of them open to everybody.
_LOCK_DOWN_ENGINE = """
do $$
declare
  f regprocedure;
begin
  for f in
    select p.oid::regprocedure from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace where n.nspname = 'procrastinate'
  loop
    execute format('alter function %s set search_path = procrastinate, pg_temp', f);
    execute format('revoke execute on function %s from public', f);
    execute format('grant execute on function %s to storyreel', f);
  end loop;
end
$$;
grant usage on schema procrastinate to storyreel;
grant select, insert, update, delete on all tables in schema procrastinate to storyreel;
grant usage, select on all sequences in schema procrastinate to storyreel;
"""


def engine_sql() -> str:
    """The whole of the engine's installation as one script, from the installed package."""
    schema = files("procrastinate").joinpath("sql", "schema.sql").read_text()
    return (
        f"{ROLE}create schema {ENGINE_SCHEMA};\nset search_path = {ENGINE_SCHEMA}, pg_catalog;\n"
        f"{schema}\nreset search_path;\n{_LOCK_DOWN_ENGINE}"
        f"comment on schema {ENGINE_SCHEMA} is '{version('procrastinate')}';\n"
    )


def apply_engine(connection: psycopg.Connection) -> list[str]:
    """Install or upgrade within the caller's transaction; what was done, nothing where nothing was to do."""
    row = connection.execute(
        "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = %s", (ENGINE_SCHEMA,)
    ).fetchone()
    wanted = version("procrastinate")
    if row is None:
        connection.execute(engine_sql().encode())
        return [f"procrastinate {wanted}"]
    if _release(row[0]) < _release(wanted):
        _upgrade_engine(connection, row[0], wanted)
        return [f"procrastinate {row[0]} -> {wanted}"]
    return []


def _upgrade_engine(connection: psycopg.Connection, installed: str, wanted: str) -> None:
    """Apply the engine's own migrations of every version after the installed one, up to ours."""
    folder = files("procrastinate").joinpath("sql", "migrations")
    scripts = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    after, until = _release(installed), _release(wanted)
    connection.execute(f"set local search_path = {ENGINE_SCHEMA}, pg_catalog")
    for script in scripts:
        if after < _release(script.name.split("_")[0]) <= until:
            connection.execute(script.read_text().encode())
    connection.execute("set local search_path = default")
    connection.execute(_LOCK_DOWN_ENGINE)
    connection.execute(
        sql.SQL("comment on schema {} is {}").format(sql.Identifier(ENGINE_SCHEMA), sql.Literal(wanted))
    )


def _release(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:3])
