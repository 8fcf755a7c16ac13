"""`health`: 200 while the work can be done, 503 with a sentence while it cannot, and 200 again after."""

import asyncio

import httpx
import psycopg
import pytest
from psycopg import sql

from functions.services import open_services
from functions.settings import read
from local.postgres import EmbeddedPostgres
from pipeline.errors import BadSetting
from tests.conftest import DatabaseUrls
from tests.functions.serving import CALLS, HEALTH, Door, assert_problem, open_door


async def test_health_needs_no_key(shared_door: Door) -> None:
    """A load balancer has none; the answer tells nothing secret."""
    async with httpx.AsyncClient(base_url=shared_door.url, trust_env=False) as http:
        answer = await http.get(HEALTH)

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("schema", ["procrastinate", "storyreel"])
async def test_a_database_that_is_not_migrated_is_503(
    door: Door, owner: psycopg.AsyncConnection, schema: str
) -> None:
    """Without our tables or the engine's, the answer names the command that brings them."""
    await owner.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))

    assert_problem(await door.http.get(HEALTH), 503, "storyreel db migrate")


async def test_a_wrong_role_is_refused_with_the_mend(database_urls: DatabaseUrls) -> None:
    """The owner may do everything, but brings no search_path: the variable, both roles and the mend are named."""
    settings = read(
        {
            "SUPABASE_URL": "http://127.0.0.1:1",
            "SUPABASE_DB_URL": database_urls.owner,
            "SUPABASE_SECRET_KEY": "sb_secret_0123456789",
            "FAL_KEY": "k",
        },
        cores=1,
    )

    with pytest.raises(BadSetting, match=r"SUPABASE_DB_URL.*'postgres'.*storyreel.*alter role"):
        async with open_services(settings):
            pass


async def test_a_role_that_loses_its_search_path_is_503(
    postgres: EmbeddedPostgres, database_urls: DatabaseUrls
) -> None:
    """A role `storyreel` that somebody reset is noticed while we run, and named."""
    name = database_urls.owner.partition("@/")[2].partition("?")[0]
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        role = sql.SQL("alter role storyreel in database {} {}")
        async with open_door(database_urls.worker) as door:
            connection.execute(role.format(sql.Identifier(name), sql.SQL("set search_path = public")))
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,)
            )

            assert_problem(await door.http.get(HEALTH), 503, "storyreel", "search_path")


async def test_while_the_database_is_away_it_is_503(
    postgres: EmbeddedPostgres, door: Door, database_urls: DatabaseUrls
) -> None:
    """Health and calls both say 503, so that callers come again; both work again once the database is back."""
    name = database_urls.owner.partition("@/")[2].partition("?")[0]
    shut = sql.SQL("alter database {} with allow_connections {}")
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(shut.format(sql.Identifier(name), sql.SQL("false")))
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,))
        try:
            health, call = await asyncio.gather(
                door.http.get(HEALTH), door.http.post(CALLS, json={"text": "A whale"})
            )
        finally:
            connection.execute(shut.format(sql.Identifier(name), sql.SQL("true")))

    assert_problem(health, 503, "database")
    while (await door.http.get(HEALTH)).status_code != 200:
        pass
    assert_problem(call, 503)
